//! AWS in a box: the S3, SQS, DynamoDB and EventBridge operations that Drayage and a user of `drayage local` need.
//!
//! One model, two transports: [`Cloud::http_client`] plugs into the AWS SDK in process (so tests and simulations run on tokio's
//! paused clock, without sockets), and [`serve`] answers on a loopback port for other processes, boto3 and the AWS CLI.
//! Time comes from tokio's clock and identifiers from a seed, so the same requests give the same answers.
//!
//! It is not a product. An operation that is not there answers `NotImplemented` and names itself.

mod api;
mod clock;
mod cloud;
mod dynamodb;
mod entropy;
mod events;
mod fault;
mod front;
mod journal;
mod observe;
mod s3;
mod server;
mod smithy;
mod sqs;

pub use cloud::{Cloud, Options};
pub use dynamodb::{Image, ItemChange};
pub use fault::{Effect, Fault, FaultId, Faults, Gate};
pub use observe::{Caller, Event, Incoming, Observer};
pub use s3::{VirtualChecksum, VirtualObject, VirtualTraffic};
pub use server::serve;
pub use sqs::receive_of;
