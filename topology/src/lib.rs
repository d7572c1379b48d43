//! What Terraform owns in AWS, made on simcloud: buckets, the EventBridge rule, queues with their dead-letter queues, the table.
//!
//! Making it twice is making it once, so `drayage local --data` can go on with what is there. [`World`] is a cloud in process with
//! all of it, for tests.

mod isolation;
mod make;
mod world;

pub use isolation::{isolate, replace_aws_variables};
pub use make::{CreateError, INGEST, LANES, TABLE, create, lanes};
pub use world::World;
