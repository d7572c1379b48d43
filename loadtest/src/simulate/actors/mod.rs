//! Who acts in a world: the services that are tested, and those who make their life hard.

mod client;
mod gremlin;
pub(super) mod keys;
mod pausable;
mod poison;
mod service;
mod slot;

pub(super) use client::Client;
pub(super) use gremlin::gremlin;
pub(super) use service::{Ended, Role, Service, timed};
pub(super) use slot::slot;
