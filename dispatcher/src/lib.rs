//! The dispatcher: drains the ingest queue, routes every file event, and fans transfers out to the lane queues.
//!
//! Data moves one way: bytes → [`event`] → routes → ledger (`queued`) → lane queue → delete. The delete is the commit point: a
//! crash before it brings the message back, and everything before it can happen again without harm, because a transfer's id
//! derives from what it is.

mod counters;
mod drain;
pub mod event;
mod order;
mod plan;
mod service;
mod settings;

pub use counters::Counters;
pub use drain::Drain;
pub use service::run;
pub use settings::{Settings, command};
