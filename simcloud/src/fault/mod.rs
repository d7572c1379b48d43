//! Faults as data: what goes wrong, where, and how often.
//!
//! ```
//! # use simcloud::{Effect, Fault, Faults};
//! # fn plant(faults: &Faults) {
//! faults.add(Fault::on("SQS", "ReceiveMessage").skip(2).effect(Effect::DropAfter));
//! faults.add(Fault::on("S3", "GetObject").key("reports/").probability(0.1).always().effect(Effect::slow_down()));
//! # }
//! ```
//! Every fault that matches a request fires; their effects add up in the order in which they were added. Draws come from the cloud's
//! seed, so the same requests in the same order meet the same faults.

mod body;
mod effect;
mod firing;
mod gate;
mod registry;
mod trickle;

pub use self::effect::Effect;
pub(crate) use self::firing::Substitute;
pub use self::gate::Gate;
pub use self::registry::{Fault, FaultId, Faults};
