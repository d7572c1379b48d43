//! Faults as data: which kinds are about in a world, how often each strikes, and what it does to a request.

mod effects;
mod kind;
mod partition;
mod weather;

pub(super) use kind::Kind;
pub(super) use weather::{Rates, Strike, Weather};
