//! Leases: the right to work on a message, kept by heartbeats.
//!
//! A lease lasts until (start of the last good request + visibility timeout − margin) on the monotonic clock; after that another
//! worker may hold the message. It ends the work by a token: nothing is asked, nothing is written, and an upload is left as it is,
//! for another may own it now. Dropping a lease sends nothing: the message comes back by itself.

mod keeper;
mod timing;

pub use keeper::{Keeper, Lease};
pub use timing::Timing;
