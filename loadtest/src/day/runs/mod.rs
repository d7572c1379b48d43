//! What the model is asked.

mod days;
mod neighbour;
mod progress;
mod scaling;

pub(super) use days::{Day, days};
pub(super) use neighbour::{Neighbour, neighbour};
pub(super) use scaling::{Scaling, scaling};

use serde::Serialize;

use super::model::Model;

/// A limit that refused something.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Bound {
    pub(super) limit: &'static str,
    pub(super) refused: u64,
    pub(super) first_at_s: f64,
}

/// Those that refused something, the first one first.
fn bounds(model: &Model) -> Vec<Bound> {
    let mut bounds: Vec<Bound> = model
        .refusals()
        .map(|(limit, refusals)| Bound {
            limit: limit.name(),
            refused: refusals.count,
            first_at_s: refusals.first_at.unwrap_or(0) as f64 / 1e6,
        })
        .collect();
    bounds.sort_by(|one, other| one.first_at_s.total_cmp(&other.first_at_s));
    bounds
}

/// The share of the fast lane's permits in use over the model's time.
fn utilisation(model: &Model) -> f64 {
    let fast = model.setup().fleet.fast;
    let all = (fast.workers * fast.permits) as f64 * model.now() as f64;
    model.books().fast_at_work.area(model.now()) as f64 / all
}
