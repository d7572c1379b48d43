//! The worker: pulls transfers from its lanes, copies, verifies and records them.
//!
//! A message's way: permit → message → [`lease`] → decode → claim (fence) → [`copy`] → outcome → verdict → settle: ledger first,
//! then the message. Each stage takes the former by value and has one caller. A worker is one future and spawns nothing: dropping
//! it stops everything it does, as a crash would.

mod acks;
mod attempt;
pub mod copy;
mod lane;
pub mod lease;
mod outcome;
mod service;
mod settings;
mod settle;
mod verdict;

pub use lane::{Laneworks, Pull};
pub use service::run;
pub use settings::{Settings, command};
