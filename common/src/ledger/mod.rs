//! The ledger: one DynamoDB item per transfer, its state known at any moment. The only place that writes it.
//!
//! Every transition is one conditional write: conditional on the state that it leaves and, for an attempt's own writes, on the
//! fence that the attempt holds. A condition that fails returns the item as it is (`ALL_OLD`), which tells our own earlier win
//! (a reply was lost and the SDK sent the write again) from somebody else's.

mod expression;
mod item;
mod schema;
pub mod state;
mod store;
mod told;
mod uploads;

pub use item::{Record, Upload, attribute};
pub use schema::{
    BY_CUSTOMER, BY_STATUS, BY_UPLOAD, CUSTOMER_SHARDS, STATUS_SHARDS, create_table, status_shard,
};
pub use state::{Status, Step};
pub use store::{Claim, Completion, Held, Ledger, Queued, Reason, Written};
pub use uploads::{Owner, Uploads};
