//! How long requests take: a median and a 99th percentile, drawn from a log-logistic distribution, whose quantiles have a closed form.

use super::Micros;

/// Quantiles that are kept: a draw picks one of them.
const QUANTILES: usize = 4_096;

/// The time of one kind of request, from its sending to the instant at which it takes effect and its answer is there.
#[derive(Debug, Clone)]
pub(crate) struct Latency(Vec<u32>);

impl Latency {
    /// Each of these times as often as each other.
    pub(crate) fn one_of(micros: impl IntoIterator<Item = Micros>) -> Self {
        Self(micros.into_iter().map(|each| u32::try_from(each).unwrap_or(u32::MAX)).collect())
    }

    #[cfg(test)]
    pub(crate) fn fixed(micros: Micros) -> Self {
        Self(vec![u32::try_from(micros).unwrap_or(u32::MAX)])
    }

    /// The longest that is ever drawn is about 8,192^(ln(p99/median)/ln 99) times the median.
    pub(crate) fn spread(median: Micros, p99: Micros) -> Self {
        let slope = (p99 as f64 / median as f64).ln() / 99_f64.ln();
        let quantile = |nth: usize| {
            let u = (nth as f64 + 0.5) / QUANTILES as f64;
            (median as f64 * (u / (1.0 - u)).powf(slope)) as u32
        };
        Self((0..QUANTILES).map(quantile).collect())
    }

    pub(super) fn draw(&self, random: &mut fastrand::Rng) -> Micros {
        let at = if self.0.len() == 1 { 0 } else { random.usize(..self.0.len()) };
        self.0.get(at).copied().map_or(0, Micros::from)
    }

    #[cfg(test)]
    fn mean(&self) -> f64 {
        self.0.iter().map(|micros| f64::from(*micros)).sum::<f64>() / self.0.len().max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_has_the_median_and_the_p99_that_were_asked_for() {
        let latency = Latency::spread(10_000, 50_000);
        let mut random = fastrand::Rng::with_seed(1);
        let mut draws: Vec<Micros> = (0..100_000).map(|_| latency.draw(&mut random)).collect();
        draws.sort_unstable();
        let (median, p99) = (draws[50_000] as f64, draws[99_000] as f64);
        assert!((median / 10_000.0 - 1.0).abs() < 0.02, "{median}");
        assert!((p99 / 50_000.0 - 1.0).abs() < 0.05, "{p99}");
        let mean = draws.iter().sum::<Micros>() as f64 / draws.len() as f64;
        assert!((mean / latency.mean() - 1.0).abs() < 0.02, "{mean}");
    }
}
