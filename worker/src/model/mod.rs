//! The protocol between dispatchers, workers, SQS, the ledger and the target, small enough to be explored whole.
//!
//! What decides in production decides here too: `ledger::Step` says which states a step leaves and whether it is fenced, `verdict`
//! what an outcome means, `standing` what an object at the target means, `lease::Timing` when a lease is extended and `queue::void_at`
//! when it is void. What is modelled is
//! what lies between them: requests that are refused, applied with their reply lost, or applied long after they were given up on;
//! crashes and messages that come back at every step; duplicates. Faults are counted down from a budget, everything else is free.
//!
//! [`explore`] is the checker, [`world`] the state, [`dispatching`] and [`working`] the moves, [`lease`] a machine of its own.

mod dispatching;
mod explore;
mod lease;
mod protocol;
mod tests;
mod working;
mod world;
