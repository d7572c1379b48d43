//! Scale-in protection: while a worker works on something long, ECS does not choose its task when it scales in or deploys.
//!
//! 1. [`Busy`] knows since when each message is held;
//! 2. [`machine`] (pure) says what to ask for next: protect, renew at half time, release when nothing long was held for a while;
//! 3. [`Protection`] asks, through the agent's endpoint of the task or, where there is none, through the ECS API.
//!
//! It is a courtesy and never a condition: no message waits for it, and what fails is counted, logged now and then, and tried
//! again. A crash leaves a protection that expires by itself; a task that ECS stops in spite of it gives its messages back as on
//! any SIGTERM.
//!
//! Only what is held for a while asks for protection. What ends sooner needs none, for a stop lets it finish; and a lane of small
//! files that never runs dry would hold its tasks for ever, so that no deployment would end.

mod agent;
mod busy;
mod door;
mod ecs;
mod failure;
mod http;
mod keeper;
mod machine;
mod settings;
#[cfg(test)]
mod tests;

pub use busy::{Busy, Hold};
pub use door::{Door, Surroundings};
pub use failure::Failure;
pub use keeper::{Counts, Protection};
pub use machine::{Ask, MINUTES_MAX, MINUTES_MIN, Policy};
pub(crate) use settings::{SETTINGS, read};
