//! `loadtest day`: what a fleet of many workers does with a day of many events, and which limit of AWS it meets first.
//!
//! The production services over simcloud take a core for a fifth of a millisecond a request, so a hundred million events would take
//! them days. Instead:
//! - [`model`] is the fleet as a discrete-event model, with production's pure code where there is some;
//! - [`calibrate`] runs the production services with the real SDK on a small load, and the model on the same one, and compares them;
//! - [`runs`] asks the model: how throughput scales, what a noisy neighbour does, what a day comes to.
//!
//! docs/scaling.md says what is assumed and what came of it.

mod calibrate;
mod load;
mod model;
mod options;
mod report;
mod runs;

use clap::ArgMatches;

use crate::error::Error;
use crate::output::{Machine, out, write_json};
pub(crate) use options::command;
use options::{Options, Run};
use report::Report;

pub(crate) fn main(matches: &ArgMatches) -> Result<(), Error> {
    let options = Options::read(matches)?;
    let mut report = Report::new(&options, Machine::look());
    let wants = |run: Run| options.runs.contains(&run);
    if wants(Run::Calibrate) {
        report.calibration = calibrate::run(&options)?;
    }
    if wants(Run::Scaling) {
        report.scaling = runs::scaling(&options);
    }
    if wants(Run::Neighbour) {
        report.neighbour = runs::neighbour(&options);
    }
    if wants(Run::Day) {
        report.days = runs::days(&options);
    }
    report.judge();
    out(&report.text());
    if let Some(path) = &options.report {
        write_json(path, &report)?;
    }
    report.verdict()
}
