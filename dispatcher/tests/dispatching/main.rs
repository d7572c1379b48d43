//! The dispatcher: what it makes of events, and its way from the ingest queue to the lanes in a cloud in process.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a check fails by panicking")]

extern crate drayage_dispatcher as dispatcher;

mod bench;
mod bodies;
mod crashes;
mod fifo;
mod flow;
mod golden;
mod hostile;
mod parked;
mod refusals;
mod routing;
mod stopping;
