//! The worker as it works: the real SDK over simcloud, on paused time, with whatever can go wrong.
//!
//! [`yard`] is the world with its helpers, [`crew`] runs workers beside a test's steps, [`watch`] tells what the ledger says,
//! [`lister`] lists parts as other stores may, [`between`] stands in the way to AWS.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests")]

mod between;
mod crew;
mod lister;
mod watch;
mod yard;

mod answers;
mod copies;
mod crashes;
mod deletions;
mod dress;
mod duplicates;
mod encryption;
mod fidelity;
mod floors;
mod intake;
mod leases;
mod multipart_publishing;
mod pacing;
mod partitions;
mod publishing;
mod raw_headers;
mod reaping;
mod reaping_faults;
mod reaping_races;
mod records;
mod resumes;
mod server_side;
mod server_side_faults;
mod server_side_parts;
mod shutdowns;
mod source_bodies;
mod sources;
mod stale_leases;
mod throttles;
mod versions;
