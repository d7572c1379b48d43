//! Metrics, through OpenTelemetry, off unless telemetry is exported.
//!
//! The [`catalogue`] says what there is: name, unit, labels, stability. [`Metrics`] makes instruments from it, and the functions here
//! are what the work calls, each with nouns of its own; labels are made in here, so that nobody else can add a value to one. Without
//! an exporter nothing is installed and each of them returns at once.
//!
//! What is installed is of the process, and write-only: nothing that decides anything reads it, so worlds that share a process
//! (simulations, tests) do not see each other by it.

mod ages;
pub mod catalogue;
mod customers;
mod entry;
mod files;
mod instruments;
mod label;
mod labelled;
mod pace;
mod prices;
mod protection;
pub(crate) mod queues;
pub(crate) mod requests;

use std::sync::OnceLock;

pub use entry::{Entry, Kind, Label, Stability, Values};
pub use files::{AttemptOutcome, EventOutcome, Guard, attempt, copied, events, guarded, state};
pub use instruments::Metrics;
pub use pace::pace;
pub use protection::{Protected, protecting, protection};
pub use queues::{Heartbeat, InFlight, Loss, heartbeat, in_flight, lease_lost, receiving};
pub use requests::counted;

static INSTALLED: OnceLock<Metrics> = OnceLock::new();

/// From now on, what this process does is counted here. The first call counts.
pub(crate) fn install(metrics: Metrics) {
    // Telemetry is started once for each process.
    let _ = INSTALLED.set(metrics);
}

fn installed() -> Option<&'static Metrics> {
    INSTALLED.get()
}

/// Between two wall-clock times of different machines: never negative.
fn seconds_between(from_ms: i64, to_ms: i64) -> f64 {
    let between_ms = to_ms.saturating_sub(from_ms).max(0);
    std::time::Duration::from_millis(between_ms.unsigned_abs()).as_secs_f64()
}
