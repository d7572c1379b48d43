//! How large a file is.

use fastrand::Rng;

use super::shape::Shape;

pub(super) fn size(shape: &Shape, rng: &mut Rng) -> u64 {
    let mut draw = rng.f64() * 100.0;
    let mut within = |percent: f64| {
        draw -= percent;
        draw < 0.0
    };
    if within(shape.empty_percent) {
        0
    } else if within(shape.large_percent) {
        log_uniform(shape.large_bytes_min, shape.large_bytes_max, rng)
    } else if within(shape.medium_percent) {
        log_uniform(shape.small_bytes_max, shape.medium_bytes_max, rng)
    } else {
        log_uniform(shape.small_bytes_min, shape.small_bytes_max, rng)
    }
}

/// Every doubling is as probable as every other.
fn log_uniform(min: u64, max: u64, rng: &mut Rng) -> u64 {
    let (low, high) = ((min.max(1) as f64).ln(), (max.max(1) as f64).ln());
    ((low + rng.f64() * (high - low)).exp().round() as u64).clamp(min, max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mix_is_as_the_shape_says() {
        let shape = Shape { large_percent: 1.0, ..Shape::default() };
        let mut rng = Rng::with_seed(1);
        let sizes: Vec<u64> = (0..100_000).map(|_| size(&shape, &mut rng)).collect();
        let share =
            |of: &dyn Fn(u64) -> bool| sizes.iter().filter(|size| of(**size)).count() as f64 / 1_000.0;
        assert!((0.05..0.2).contains(&share(&|size| size == 0)));
        assert!((0.8..1.2).contains(&share(&|size| size >= shape.large_bytes_min)));
        assert!((2.7..3.3).contains(&share(&|size| (16 << 10) < size && size <= 4 << 20)));
        assert!(sizes.iter().all(|size| *size <= shape.large_bytes_max));
    }
}
