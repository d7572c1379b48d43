//! The worker as it works: the real SDK over simcloud, on paused time, with whatever can go wrong.
//!
//! [`yard`] is the world with its helpers, [`crew`] runs workers beside a test's steps, [`watch`] tells what the ledger says.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests")]

mod crew;
mod watch;
mod yard;

mod copies;
mod crashes;
mod dress;
mod duplicates;
mod intake;
mod leases;
mod multipart_publishing;
mod publishing;
mod records;
mod shutdowns;
mod source_bodies;
mod sources;
mod throttles;
