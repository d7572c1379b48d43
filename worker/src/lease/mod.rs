//! Leases: the right to work on a message, kept by heartbeats.
//!
//! A lease lasts until its receipt is void (`common::queue::Receipt`): start of the last good request + visibility timeout − margin, on
//! the monotonic clock. After that another worker may hold the message, and SQS would not say so: it takes heartbeats and give-backs
//! under an old receipt. A lost lease ends the work by a token and gives no receipt any more. So nothing is sent for the message,
//! nothing is written, and an upload is left as it is, for another may own it now.
//!
//! A heartbeat that is answered when its lease is void does not bring the lease back: another worker may have received the message
//! before SQS applied it. A heartbeat that SQS refuses ends the lease: the message has been deleted (by another attempt, by its
//! retention), or it has been hidden for twelve hours.
//!
//! What was sent in time may be applied late. A late heartbeat hides the message for one visibility timeout more; a late give-back
//! lets a second worker work on it. The ledger's fence and the conditional publish keep both harmless (`crate::model`).
//!
//! Dropping a lease sends nothing: the message comes back by itself.

mod keeper;
mod timing;

pub use keeper::{Keeper, Lease};
pub use timing::Timing;
