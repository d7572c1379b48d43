//! The worker: pulls transfers from its lanes, copies, verifies and records them.
//!
//! A message's way: permit → message → [`lease`] → decode → claim (fence) → [`copy`] → outcome → verdict → settle: ledger first,
//! then the message. Each stage takes the former by value and has one caller. A worker is one future and spawns nothing: dropping
//! it stops everything it does, as a crash would.

mod acks;
mod attempt;
pub mod copy;
mod ended;
mod lane;
pub mod lease;
#[cfg(test)]
mod model;
mod outcome;
pub mod pace;
pub mod protect;
pub mod reap;
mod service;
mod settings;
mod settle;
mod spans;
mod verdict;

pub use acks::LINGER as DELETE_LINGER;
pub use copy::THROTTLES_MAX;
pub use lane::{LINGER as RECEIVE_LINGER, Laneworks, Pull, worthwhile};
pub use service::run;
pub use settings::{Settings, command};
pub use settle::TRIES_MAX as LEDGER_TRIES_MAX;
