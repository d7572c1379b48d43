//! The rate over the span: a tide of 24 hours with bursts on it, as a table of short cells of constant rate.

use std::f64::consts::TAU;

use fastrand::Rng;

use super::shape::Shape;

/// A day's are a minute long each.
const CELLS: usize = 1_440;
const DAY_S: f64 = 86_400.0;

/// Where in the span each share of the events has come.
#[derive(Debug, Clone)]
pub(super) struct Curve {
    span_s: f64,
    /// The share of all events that comes before the end of each cell; the last is 1.
    cumulative: Vec<f64>,
    /// The share of each cell's events that are a burst's.
    burst_share: Vec<f64>,
}

/// An instant of the span.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct At {
    pub(super) s: f64,
    /// How probably what happens now is part of a burst.
    pub(super) burst_share: f64,
}

impl Curve {
    pub(super) fn new(shape: &Shape, rng: &mut Rng) -> Self {
        let cell_s = shape.span_s / CELLS as f64;
        let mut in_burst = vec![false; CELLS];
        for _ in 0..whole(shape.bursts_per_day * shape.span_s / DAY_S, rng) {
            let first = rng.usize(..CELLS);
            let cells = ((shape.burst_s / cell_s).round() as usize).max(1);
            in_burst.iter_mut().skip(first).take(cells).for_each(|cell| *cell = true);
        }
        let (mut cumulative, mut burst_share, mut sum) =
            (Vec::with_capacity(CELLS), Vec::with_capacity(CELLS), 0.0);
        for (index, in_burst) in in_burst.into_iter().enumerate() {
            let mid_s = (index as f64 + 0.5) * cell_s;
            // The night is the start of the span.
            let tide = 1.0 - shape.diurnal_swing * (TAU * mid_s / DAY_S).cos();
            let factor = if in_burst { shape.burst_factor } else { 1.0 };
            burst_share.push((factor - 1.0) / factor);
            // A swing of 1 has a rate of 0 at its lowest, but no cell is empty: each share has its one place.
            sum += (tide * factor).max(1e-9);
            cumulative.push(sum);
        }
        cumulative.iter_mut().for_each(|each| *each /= sum);
        Self { span_s: shape.span_s, cumulative, burst_share }
    }

    /// When the share `u` (0 to 1) of all events has come.
    pub(super) fn at(&self, u: f64) -> At {
        let cell = self.cumulative.partition_point(|end| *end <= u).min(CELLS - 1);
        let before = cell.checked_sub(1).and_then(|before| self.cumulative.get(before)).copied();
        let (before, end) = (before.unwrap_or(0.0), self.cumulative.get(cell).copied().unwrap_or(1.0));
        let within = ((u - before) / (end - before)).clamp(0.0, 1.0);
        At {
            s: (cell as f64 + within) * self.span_s / CELLS as f64,
            burst_share: self.burst_share.get(cell).copied().unwrap_or(0.0),
        }
    }
}

/// A whole number whose mean over the seeds is `value`.
fn whole(value: f64, rng: &mut Rng) -> usize {
    value as usize + usize::from(rng.f64() < value.fract())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flat_curve_is_a_straight_line() {
        let shape = Shape { span_s: 100.0, ..Shape::default() }.flat();
        let curve = Curve::new(&shape, &mut Rng::with_seed(1));
        for share in [0.0, 0.25, 0.5, 0.99, 1.0] {
            assert!((curve.at(share).s - share * 100.0).abs() < 1e-6, "{share}");
        }
    }

    #[test]
    fn the_tide_turns_twice_a_day() {
        let shape = Shape { bursts_per_day: 0.0, ..Shape::default() };
        let curve = Curve::new(&shape, &mut Rng::with_seed(1));
        let by = |hour: f64| curve.cumulative.get((hour * 60.0) as usize - 1).copied().unwrap_or(0.0);
        let of = |from: f64, to: f64| by(to) - by(from);
        let (night, day) = (of(0.5, 2.5), of(11.0, 13.0));
        assert!((2.0..2.6).contains(&(day / night)), "{day} {night}");
        assert!((curve.at(0.5).s - DAY_S / 2.0).abs() < 120.0);
    }

    #[test]
    fn bursts_are_the_noisy_tenants() {
        let shape = Shape { diurnal_swing: 0.0, burst_factor: 4.0, ..Shape::default() };
        let curve = Curve::new(&shape, &mut Rng::with_seed(3));
        let bursting = curve.burst_share.iter().filter(|share| **share > 0.0).count();
        assert!((3..=36).contains(&bursting), "{bursting} minutes");
        assert!(curve.burst_share.iter().all(|share| *share == 0.0 || *share == 0.75));
    }
}
