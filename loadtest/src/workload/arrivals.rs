//! Exactly so many instants, in order, as if each were drawn by itself from the curve: a Poisson process, given its number of events.
//!
//! The smallest of n uniform draws is 1 − V^(1/n), and the next of the n − 1 that are left is drawn the same way from what is left:
//! sorted draws, one after the other, that need no list.

use fastrand::Rng;

use super::curve::{At, Curve};

#[derive(Debug, Clone)]
pub(super) struct Arrivals {
    curve: Curve,
    rng: Rng,
    left: u64,
    /// −ln of the share of the span that is left.
    spent: f64,
}

impl Arrivals {
    pub(super) fn new(curve: Curve, events: u64, rng: Rng) -> Self {
        Self { curve, rng, left: events, spent: 0.0 }
    }
}

impl Iterator for Arrivals {
    type Item = At;

    fn next(&mut self) -> Option<At> {
        if self.left == 0 {
            return None;
        }
        // 1 − f64() is above 0.
        self.spent -= (1.0 - self.rng.f64()).ln() / self.left as f64;
        self.left -= 1;
        Some(self.curve.at(-(-self.spent).exp_m1()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::Shape;

    fn arrivals(seed: u64, shape: &Shape) -> Arrivals {
        let mut rng = Rng::with_seed(seed);
        let curve = Curve::new(shape, &mut rng);
        Arrivals::new(curve, shape.events, rng)
    }

    #[test]
    fn as_many_as_asked_in_order_and_within_the_span() {
        for seed in 0..50 {
            let shape = Shape { events: 1 + seed * 37, span_s: 50.0, ..Shape::default() };
            let all: Vec<f64> = arrivals(seed, &shape).map(|at| at.s).collect();
            assert_eq!(all.len() as u64, shape.events);
            assert!(all.is_sorted(), "seed {seed}");
            assert!(all.iter().all(|at| (0.0..=50.0).contains(at)), "seed {seed}");
        }
    }

    #[test]
    fn a_flat_curve_is_even() {
        let shape = Shape { events: 100_000, span_s: 10.0, ..Shape::default() }.flat();
        let mut by_second = [0_u32; 10];
        for at in arrivals(7, &shape) {
            by_second[(at.s as usize).min(9)] += 1;
        }
        // Five standard deviations of a binomial with p = 0.1.
        assert!(by_second.iter().all(|count| count.abs_diff(10_000) < 475), "{by_second:?}");
    }
}
