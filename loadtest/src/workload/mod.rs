//! A seeded workload: what a day of many tenants puts in front of the pipeline, one intended event after the other. Pure: no SDK,
//! no runtime, no clock, and memory that does not grow with the number of events.
//!
//! 1. [`Shape`] says what the day looks like.
//! 2. [`curve`] makes its rate over time (diurnal, with bursts), [`arrivals`] exactly so many instants of it, in order.
//! 3. [`Workload`] gives each instant an event: a new file, an overwrite, a copy of an event that was delivered before, poison.
//! 4. [`names`] says a file's key, [`content`] its bytes.
//!
//! An event refers only to files that began at most [`Shape::window`] events before it: who has come past that may forget a file.

mod arrivals;
mod content;
mod curve;
mod event;
mod generate;
mod names;
mod recent;
mod shape;
mod sizes;

pub(crate) use content::Content;
pub(crate) use event::{Form, Intended, Poison, Version, What};
pub(crate) use generate::Workload;
pub(crate) use names::Names;
pub(crate) use shape::Shape;
