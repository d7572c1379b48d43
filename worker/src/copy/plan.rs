//! Cutting an object into parts. Pure.

/// S3's limits.
pub const PART_BYTES_MIN: u64 = 5 * 1024 * 1024;
pub const PART_BYTES_MAX: u64 = 5 * 1024 * 1024 * 1024;
pub const PARTS_MAX: u64 = 10_000;
/// 48.8 TiB, which AWS words as 50 TB.
pub const OBJECT_BYTES_MAX: u64 = PART_BYTES_MAX * PARTS_MAX;

const MIB: u64 = 1024 * 1024;

/// How an object is cut: every part has `part_bytes`, the last one what is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    pub size_bytes: u64,
    pub part_bytes: u64,
}

/// One part. Numbers count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    pub number: i32,
    pub offset: u64,
    pub len_bytes: u64,
}

impl Part {
    /// The value of a `Range` header; `None` for a part without bytes.
    pub fn range(&self) -> Option<String> {
        (self.len_bytes > 0).then(|| format!("bytes={}-{}", self.offset, self.offset + self.len_bytes - 1))
    }
}

impl Plan {
    /// Cuts `size_bytes` into parts of `preferred_bytes`, larger ones where 10,000 of them would not do. `None` when the object is
    /// larger than S3 allows.
    pub fn new(size_bytes: u64, preferred_bytes: u64) -> Option<Self> {
        if size_bytes > OBJECT_BYTES_MAX {
            return None;
        }
        let needed = size_bytes.div_ceil(PARTS_MAX).div_ceil(MIB) * MIB;
        let part_bytes = preferred_bytes.max(needed).clamp(PART_BYTES_MIN, PART_BYTES_MAX);
        Some(Self { size_bytes, part_bytes })
    }

    /// How many parts there are. At least one: an empty object has one empty part.
    pub fn count(&self) -> u64 {
        self.size_bytes.div_ceil(self.part_bytes).max(1)
    }

    /// All parts, in order.
    pub fn parts(&self) -> impl Iterator<Item = Part> + use<> {
        let plan = *self;
        (0..plan.count()).zip(1_i32..).map(move |(index, number)| plan.part(index, number))
    }

    fn part(&self, index: u64, number: i32) -> Part {
        let offset = index * self.part_bytes;
        Part { number, offset, len_bytes: self.part_bytes.min(self.size_bytes - offset) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What must hold of every plan, without a walk over its parts: that all but the last have `part_bytes` and begin at multiples
    /// of it, and that the last one ends where the object does, is contiguity.
    fn check(size_bytes: u64, preferred_bytes: u64) {
        let plan = Plan::new(size_bytes, preferred_bytes).unwrap();
        let (part_bytes, count) = (plan.part_bytes, plan.count());
        assert!((PART_BYTES_MIN..=PART_BYTES_MAX).contains(&part_bytes));
        assert!((1..=PARTS_MAX).contains(&count));
        // What was preferred is what is taken, unless the limits or the number of parts say otherwise; then no more than needed.
        let preferred_bytes = preferred_bytes.clamp(PART_BYTES_MIN, PART_BYTES_MAX);
        assert!(part_bytes >= preferred_bytes);
        assert!(part_bytes == preferred_bytes || part_bytes - MIB < size_bytes.div_ceil(PARTS_MAX));
        for index in [0, 1, count / 2, count - 1] {
            if index >= count {
                continue;
            }
            let part = plan.part(index, i32::try_from(index + 1).unwrap());
            assert_eq!(part.offset, index * part_bytes);
            let end = part.offset + part.len_bytes;
            assert_eq!(end, if index + 1 == count { size_bytes } else { (index + 1) * part_bytes });
            assert!(part.len_bytes > 0 || size_bytes == 0);
        }
    }

    /// The same, part by part.
    fn walk(size_bytes: u64, preferred_bytes: u64) {
        let plan = Plan::new(size_bytes, preferred_bytes).unwrap();
        let (mut end, mut count) = (0, 0);
        for part in plan.parts() {
            assert_eq!(part.offset, end);
            end += part.len_bytes;
            count += 1;
            assert_eq!(i64::from(part.number), count);
            assert!(part.len_bytes <= PART_BYTES_MAX);
            assert!(part.len_bytes >= PART_BYTES_MIN || end == size_bytes);
        }
        assert_eq!(end, size_bytes);
        assert_eq!(u64::try_from(count), Ok(plan.count()));
    }

    /// Where something changes: S3's limits, powers of two, and where the preferred parts become too many.
    fn boundaries() -> impl Iterator<Item = u64> {
        let limits = [0, PART_BYTES_MIN, PART_BYTES_MAX, PARTS_MAX * PART_BYTES_MIN, OBJECT_BYTES_MAX];
        let powers = (0..46).map(|shift| 1_u64 << shift);
        let counts = [8, 16, 64, 1_024, 5_119].map(|mib| PARTS_MAX * mib * MIB);
        let around = |at: u64| [at.saturating_sub(1), at, at + 1];
        limits
            .into_iter()
            .chain(powers)
            .chain(counts)
            .flat_map(around)
            .filter(|size| *size <= OBJECT_BYTES_MAX)
    }

    /// Every order of magnitude is as likely as every other.
    fn log_uniform(random: &mut fastrand::Rng, most: u64) -> u64 {
        let bits = random.u32(0..=u64::BITS - most.leading_zeros());
        random.u64(0..=most) >> (u64::BITS - most.leading_zeros() - bits)
    }

    #[test]
    fn a_million_plans_are_within_the_limits_and_without_gaps() {
        let mut random = fastrand::Rng::with_seed(1);
        for _ in 0..1_000_000 {
            let size_bytes = log_uniform(&mut random, OBJECT_BYTES_MAX);
            check(size_bytes, log_uniform(&mut random, 2 * PART_BYTES_MAX));
        }
    }

    #[test]
    fn plans_at_every_boundary_are_without_gaps() {
        for size_bytes in boundaries() {
            for preferred_bytes in boundaries().filter(|bytes| *bytes <= 2 * PART_BYTES_MAX) {
                check(size_bytes, preferred_bytes);
            }
            walk(size_bytes, 8 * MIB);
        }
        for more in [1, 2, u64::MAX - OBJECT_BYTES_MAX] {
            assert_eq!(Plan::new(OBJECT_BYTES_MAX + more, 8 * MIB), None);
        }
        assert_eq!(Plan::new(OBJECT_BYTES_MAX, 0).unwrap().part_bytes, PART_BYTES_MAX);
        assert_eq!(Plan::new(OBJECT_BYTES_MAX, 0).unwrap().count(), PARTS_MAX);
    }

    #[test]
    fn ranges_are_inclusive() {
        let parts: Vec<Part> = Plan::new(11 * MIB, 8 * MIB).unwrap().parts().collect();
        assert_eq!(parts[1].range().unwrap(), format!("bytes={}-{}", 8 * MIB, 11 * MIB - 1));
        assert_eq!(Plan::new(0, 0).unwrap().parts().next().unwrap().range(), None);
    }

    proptest! {
        #[test]
        fn parts_cover_every_byte_once_within_the_limits(size in 0..=OBJECT_BYTES_MAX, shift in 0u32..46, preferred in 0..=2 * PART_BYTES_MAX) {
            check(size >> shift, preferred);
            walk(size >> shift, preferred);
        }
    }
}
