//! Many seeds, each on a thread of its own, a few at a time.

use std::io::{IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::channel;
use std::time::Duration;

use super::one::{self, Outcome};
use super::options::Options;
use super::report::Report;
use tokio::time::Instant;

const BAR: usize = 30;

pub(super) fn run(options: &Options) -> Report {
    let (next, ended) = (AtomicU64::new(0), AtomicBool::new(false));
    let (sender, outcomes) = channel::<Outcome>();
    let started = Instant::now();
    let mut report = Report::new();
    let mut shown = Duration::ZERO;
    std::thread::scope(|scope| {
        for _ in 0..options.jobs {
            let (sender, next, ended) = (sender.clone(), &next, &ended);
            scope.spawn(move || {
                while !ended.load(Ordering::Relaxed) {
                    let nth = next.fetch_add(1, Ordering::Relaxed);
                    if nth >= options.seeds
                        || sender.send(one::run(options.from + nth, options.files, false)).is_err()
                    {
                        return;
                    }
                }
            });
        }
        drop(sender);
        for outcome in outcomes {
            report.add(outcome);
            report.took = started.elapsed();
            if options.fail_fast && report.violations() > 0 {
                ended.store(true, Ordering::Relaxed);
            }
            let every = Duration::from_secs(if std::io::stderr().is_terminal() { 1 } else { 30 });
            if report.took.saturating_sub(shown) >= every || report.seeds() == options.seeds {
                shown = report.took;
                progress(&report, options.seeds);
            }
        }
    });
    if std::io::stderr().is_terminal() {
        let _ = writeln!(std::io::stderr());
    }
    report
}

fn progress(report: &Report, seeds: u64) {
    let done = report.seeds();
    let filled = usize::try_from(done * BAR as u64 / seeds.max(1)).unwrap_or(BAR);
    let bar: String = (0..BAR).map(|at| if at < filled { '█' } else { '░' }).collect();
    let (start, end) = if std::io::stderr().is_terminal() { ("\r", "  ") } else { ("", "\n") };
    let _ = write!(
        std::io::stderr(),
        "{start}{bar} {done}/{seeds} seeds, {:.1}/s, {} broken{end}",
        report.seeds_per_s(),
        report.violations()
    );
}
