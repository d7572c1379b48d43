//! `loadtest simulate`: production services in simulated worlds, one for each seed.
//!
//! ```text
//! seed ─ plan ─┬─ actors: services (production code, real SDK), client, gremlin
//!              └─ world: simcloud in process, paused clock ── onlooker ─┬─ faults: what each request meets
//!                                                                       ├─ facts: the past, as the cloud saw it
//!                                                                       ├─ invariants: what each change may not be
//!                                                                       └─ trace: a hash of all of it
//! ```
//! Everything that is drawn comes from the seed, so a seed that broke a promise breaks it again. docs/reliability.md says what is
//! promised and how to read a failure.

mod actors;
mod facts;
mod faults;
mod invariants;
mod logs;
mod many;
mod one;
mod options;
mod plan;
mod report;
mod stage;
mod trace;
mod world;

use clap::ArgMatches;

use crate::error::Error;
use crate::output::out;
use options::Options;
pub(crate) use options::command;

pub(crate) fn main(matches: &ArgMatches) -> Result<(), Error> {
    let options = Options::read(matches)?;
    if options.is_single {
        let outcome = one::run(options.from, options.files, options.trace);
        out(&report::single(&outcome));
        let mut report = report::Report::new();
        report.add(outcome);
        return report.verdict(&options);
    }
    let report = many::run(&options);
    out(&report.text(&options));
    report.verdict(&options)
}

#[cfg(test)]
mod tests {
    use super::one;

    #[test]
    fn ten_worlds_keep_every_promise() {
        for seed in 0..10 {
            let outcome = one::run(seed, 4, false);
            assert_eq!(outcome.violation, None, "seed {seed}");
            assert!(outcome.completed + outcome.superseded + outcome.failed > 0, "seed {seed}");
        }
    }
}
