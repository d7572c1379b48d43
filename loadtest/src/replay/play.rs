//! One run, from the first event to the last look.
//!
//! 1. Send what is intended, each at its instant; hear of ends; look at each file once nothing refers to it any more.
//! 2. When all is sent: wait until all has ended and was looked at, or the patience is over.
//! 3. Look at what is left: messages in the queues, objects in the buckets.

use std::time::Duration;

use indicatif::ProgressBar;
use serde::Serialize;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};

use super::aws::Aws;
use super::findings::{Findings, Kind};
use super::follow::Source;
use super::measures::Summary;
use super::options::Options;
use super::processes::{Processes, Used};
use super::record::{Record, Totals};
use super::series::Series;
use super::stage::{Job, Stage};
use crate::error::Error;
use crate::workload::Names;

/// Deletes of messages follow the ledger's last write, and copies of events have nothing that tells of them.
const QUEUES_EMPTY_IN: Duration = Duration::from_secs(30);
const QUEUE_LOOKS: Duration = Duration::from_millis(500);

/// What came of a run.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Played {
    pub(super) totals: Totals,
    /// From the start to the last put's answer, and to the last end.
    pub(super) put_s: f64,
    pub(super) ended_s: f64,
    pub(super) completed_per_s: f64,
    pub(super) end_to_end: Option<Summary>,
    pub(super) quiet_tenants: Option<Summary>,
    pub(super) from_put: Option<Summary>,
    pub(super) put: Option<Summary>,
    pub(super) send_lag: Option<Summary>,
    pub(super) tenants: Vec<Tenant>,
    pub(super) processes: Vec<Used>,
    /// What was on its way when the last event was sent.
    pub(super) backlog_when_sent: u64,
    pub(super) findings: Findings,
    pub(super) series: Series,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct Tenant {
    pub(super) name: String,
    pub(super) puts: u64,
    pub(super) end_to_end: Option<Summary>,
}

pub(super) async fn play(
    options: &Options,
    aws: &Aws,
    source: &mut Source,
    job: &Job,
    bar: &ProgressBar,
) -> Result<Played, Error> {
    let local = match source {
        Source::Local(local) => Some(local.process()?),
        Source::Ledger(_) => None,
    };
    let stage = Stage::new(options, aws, job);
    let mut processes = Processes::new(local);
    let mut times = Times::default();
    let story = async {
        stage.send_all().await;
        times.sent = stage.now();
        times.backlog = stage.oracle.borrow().unfinished();
        let quiet = async {
            while !stage.is_quiet() {
                stage.changed.notified().await;
            }
        };
        let _ = timeout(job.patience, quiet).await;
        times.quiet = stage.now();
        stage.remove().await;
    };
    let follow = source.follow(aws, |end| {
        let at = stage.now().saturating_sub(end.age);
        let ended = stage.oracle.borrow_mut().ended(&end.told);
        if let Some(ended) = ended {
            stage.record.borrow_mut().ended(ended, &end.told.status, end.worker, at);
        }
        stage.tell();
    });
    tokio::select! {
        biased;
        ended = Box::pin(follow) => match ended? {},
        never = Box::pin(stage.verify()) => match never {},
        never = Box::pin(stage.send_copies()) => match never {},
        never = Box::pin(stage.collect_poison()) => match never {},
        () = tick(&stage, &mut processes, bar) => {}
        () = Box::pin(story) => {}
    }
    let by_worker = stage.record.borrow().by_worker.clone();
    let totals = stage.record.borrow().totals;
    let used = processes.since_first(totals.completed + totals.superseded + totals.failed, &by_worker);
    bar.set_message("looking at what is left");
    look_at_the_rest(&stage).await?;
    Ok(finish(stage, &times, used))
}

#[derive(Debug, Default)]
struct Times {
    sent: Duration,
    quiet: Duration,
    backlog: u64,
}

/// Closes each second, for ever.
async fn tick(stage: &Stage<'_>, processes: &mut Processes, bar: &ProgressBar) {
    let mut ticks = interval(Duration::from_secs(1));
    // One tick for each second, late or not, so that the series has no gap.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    ticks.tick().await;
    for second in 0.. {
        ticks.tick().await;
        let at = Duration::from_secs(second);
        let backlog = stage.oracle.borrow().unfinished();
        let mut record = stage.record.borrow_mut();
        let Record { totals, .. } = &*record;
        let done = totals.completed + totals.superseded + totals.failed;
        bar.set_position(done + totals.copies + totals.parked);
        let second = record.close_second(at, backlog);
        second.processes = processes.since_last();
        let p99 = second.end_to_end.map_or("-".to_owned(), |moment| format!("{:.0} ms", moment.p99_ms));
        bar.set_message(format!(
            "{} put/s, {} completed/s, {backlog} on their way, p99 {p99}",
            second.put, second.completed
        ));
    }
}

async fn look_at_the_rest(stage: &Stage<'_>) -> Result<(), Error> {
    let deadline = Instant::now() + QUEUES_EMPTY_IN;
    let left = loop {
        let mut left = stage.aws.messages().await?;
        left.retain(|(_, count)| *count > 0);
        // Queues of somebody's own may never be empty.
        if left.is_empty() || Instant::now() > deadline || stage.options.place.endpoint_url.is_some() {
            break left;
        }
        sleep(QUEUE_LOOKS).await;
    };
    let mut findings = Findings::default();
    for (queue, count) in left {
        findings.add_many(Kind::LeftOver, count, format!("{count} messages in the queue {queue}"));
    }
    for number in stage.poison.borrow().keys() {
        findings.add(Kind::PoisonUnparked, format!("poison {number} was not parked"));
    }
    let was_ended = stage.oracle.borrow().unfinished() == 0;
    stage.oracle.borrow_mut().give_up();
    // What is there, and must not be: after a run that kept or lost files, only the keys themselves can be judged.
    let prefixes: Vec<String> = if stage.options.removes && stage.options.place.endpoint_url.is_none() {
        vec![String::new()]
    } else {
        (0..stage.job.shape.tenants).map(|tenant| stage.names.prefix(tenant)).collect()
    };
    let removed = stage.options.removes && was_ended;
    for bucket in [&stage.aws.place.landing, &stage.aws.place.delivered] {
        for prefix in &prefixes {
            let judge = |key: &str| {
                if stage.names.file(key).is_none() {
                    findings.add(Kind::Unexpected, format!("{bucket} has {key}, which nobody put in"));
                } else if removed && !stage.kept.borrow().contains(key) {
                    findings.add(Kind::Unexpected, format!("{bucket} has {key}, which was removed"));
                }
            };
            stage.aws.keys(bucket, prefix, judge).await?;
        }
    }
    stage.oracle.borrow_mut().findings.extend(&findings);
    Ok(())
}

fn finish(stage: Stage<'_>, times: &Times, processes: Vec<Used>) -> Played {
    let Stage { oracle, record, .. } = stage;
    let (oracle, record) = (oracle.into_inner(), record.into_inner());
    let ended_s = record.last_end.as_secs_f64();
    let tenants = record.tenants.iter().zip(0_u16..).map(|(tenant, number)| Tenant {
        name: Names::tenant(number),
        puts: tenant.puts,
        end_to_end: tenant.end_to_end.summary(),
    });
    Played {
        totals: record.totals,
        put_s: times.sent.as_secs_f64(),
        ended_s,
        completed_per_s: record.totals.completed as f64 / ended_s.max(f64::EPSILON),
        end_to_end: record.end_to_end.all.summary(),
        quiet_tenants: record.quiet_tenants().summary(),
        from_put: record.from_put.summary(),
        put: record.put.summary(),
        send_lag: record.send_lag.summary(),
        tenants: tenants.collect(),
        processes,
        backlog_when_sent: times.backlog,
        findings: oracle.findings,
        series: record.series,
    }
}
