//! The sustained maximum: the same work at a rising rate, until it is too much.

use indicatif::ProgressBar;
use serde::Serialize;

use super::aws::Aws;
use super::follow::Source;
use super::objectives::Objectives;
use super::options::{Options, StepUp};
use super::play::{Played, play};
use super::processes::Used;
use super::stage::Job;
use crate::error::Error;
use crate::workload::Shape;

/// A rate is held when so much of it is completed while it lasts.
const COMPLETED_LEAST: f64 = 0.95;
const P99_MS_MAX: f64 = 2_000.0;
const SEND_LAG_P99_MS_MAX: f64 = 250.0;
const STEPS_MAX: u32 = 200;

/// One step and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Step {
    pub(super) events_per_s: u32,
    /// New files and overwrites.
    pub(super) puts_per_s: f64,
    /// Until the last end.
    pub(super) completed_per_s: f64,
    pub(super) end_to_end_p99_ms: Option<f64>,
    pub(super) send_lag_p99_ms: Option<f64>,
    pub(super) backlog_when_sent: u64,
    /// CPU cores in use, by process.
    pub(super) cores: Vec<(String, f64)>,
    /// Why the rate was not held.
    pub(super) gave_way: Option<String>,
}

pub(super) async fn climb(
    options: &Options,
    steps: StepUp,
    aws: &Aws,
    source: &mut Source,
    bar: &ProgressBar,
) -> Result<(Vec<Step>, Vec<Played>), Error> {
    let (mut climbed, mut played) = (Vec::new(), Vec::new());
    for number in 0..STEPS_MAX {
        let rate = steps.from_per_s.saturating_add(steps.by_per_s.saturating_mul(number));
        let events = u64::from(rate) * steps.step_s;
        let shape = Shape { events, span_s: steps.step_s as f64, ..options.shape.clone() }.flat();
        let job = Job {
            shape,
            seed: options.seed.wrapping_add(u64::from(number)),
            compress: 1.0,
            run: format!("{}-step-{rate}", super::run_name(options)),
            patience: options.patience,
        };
        bar.set_length(events);
        bar.set_prefix(format!("{rate} events/s"));
        let run = play(options, aws, source, &job, bar).await?;
        let step = Step::of(rate, steps, &run, &options.objectives);
        bar.println(step.line());
        let is_over = step.gave_way.is_some();
        climbed.push(step);
        played.push(run);
        if is_over {
            break;
        }
    }
    Ok((climbed, played))
}

/// The highest rate of completed files that was held.
pub(super) fn sustained_per_s(steps: &[Step]) -> Option<f64> {
    let held = steps.iter().filter(|step| step.gave_way.is_none());
    held.map(|step| step.puts_per_s).reduce(f64::max)
}

impl Step {
    fn of(rate: u32, steps: StepUp, played: &Played, objectives: &Objectives) -> Self {
        let seconds = steps.step_s as f64;
        let most = |name: &str, default: f64| objectives.wanted(name).unwrap_or(default);
        let p99_ms_max = most("end_to_end_p99_ms_max", P99_MS_MAX);
        let lag_ms_max = most("send_lag_p99_ms_max", SEND_LAG_P99_MS_MAX);
        let p99_ms = played.end_to_end.map(|summary| summary.p99_ms);
        let lag_ms = played.send_lag.map(|summary| summary.p99_ms);
        let puts_per_s = played.totals.puts as f64 / seconds;
        let in_time = 1.0 - played.backlog_when_sent as f64 / played.totals.puts.max(1) as f64;
        let gave_way = if p99_ms.is_none_or(|ms| ms > p99_ms_max) {
            Some(format!("p99 {:.0} ms is over {p99_ms_max:.0} ms", p99_ms.unwrap_or(f64::INFINITY)))
        } else if in_time < COMPLETED_LEAST {
            Some(format!("the backlog grew: {} files were on their way at its end", played.backlog_when_sent))
        } else if lag_ms.is_none_or(|ms| ms > lag_ms_max) {
            Some(format!("the load test itself was late: p99 {:.0} ms", lag_ms.unwrap_or(f64::INFINITY)))
        } else {
            None
        };
        Self {
            events_per_s: rate,
            puts_per_s,
            completed_per_s: played.completed_per_s,
            end_to_end_p99_ms: p99_ms,
            send_lag_p99_ms: lag_ms,
            backlog_when_sent: played.backlog_when_sent,
            cores: cores(&played.processes, played.ended_s),
            gave_way,
        }
    }

    fn line(&self) -> String {
        let held = self.gave_way.as_ref().map_or("held".to_owned(), |why| format!("gave way: {why}"));
        format!("{:.0} files/s: {held}", self.puts_per_s)
    }

    /// Who used most of the CPU.
    pub(super) fn busiest(&self) -> String {
        let used: Vec<String> = self.cores.iter().map(|(name, cores)| format!("{name} {cores:.2}")).collect();
        used.join(", ")
    }
}

/// Cores in use, the busiest first.
fn cores(processes: &[Used], seconds: f64) -> Vec<(String, f64)> {
    let each =
        processes.iter().filter_map(|used| Some((used.name.clone(), used.cpu_s? / seconds.max(0.001))));
    let mut cores: Vec<(String, f64)> = each.collect();
    cores.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    cores
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(puts_per_s: f64, gave_way: Option<&str>) -> Step {
        Step {
            events_per_s: 1,
            puts_per_s,
            completed_per_s: puts_per_s,
            end_to_end_p99_ms: None,
            send_lag_p99_ms: None,
            backlog_when_sent: 0,
            cores: vec![],
            gave_way: gave_way.map(str::to_owned),
        }
    }

    #[test]
    fn the_sustained_maximum_is_of_the_steps_that_held() {
        let steps = [step(97.0, None), step(145.0, None), step(190.0, Some("the backlog grew"))];
        assert_eq!(sustained_per_s(&steps), Some(145.0));
        assert_eq!(sustained_per_s(&steps[2..]), None);
    }
}
