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

    /// At least one: an empty object has one empty part.
    pub fn parts(&self) -> impl Iterator<Item = Part> + use<> {
        let Self { size_bytes, part_bytes } = *self;
        let count = size_bytes.div_ceil(part_bytes).max(1);
        (0..count).zip(1_i32..).map(move |(index, number)| {
            let offset = index * part_bytes;
            Part { number, offset, len_bytes: part_bytes.min(size_bytes - offset) }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(plan: Plan) {
        let (mut end, mut count) = (0, 0);
        for part in plan.parts() {
            assert_eq!(part.offset, end);
            end += part.len_bytes;
            count += 1;
            assert_eq!(i64::from(part.number), count);
            assert!(part.len_bytes <= PART_BYTES_MAX);
            assert!(part.len_bytes >= PART_BYTES_MIN || end == plan.size_bytes);
        }
        assert_eq!(end, plan.size_bytes);
        assert!((1..=i64::try_from(PARTS_MAX).unwrap()).contains(&count));
    }

    #[test]
    fn the_limits_themselves_fit() {
        for size in
            [0, 1, PART_BYTES_MIN, PART_BYTES_MIN + 1, PARTS_MAX * PART_BYTES_MIN + 1, OBJECT_BYTES_MAX]
        {
            check(Plan::new(size, 8 * MIB).unwrap());
        }
        assert_eq!(Plan::new(OBJECT_BYTES_MAX + 1, 8 * MIB), None);
        assert_eq!(Plan::new(OBJECT_BYTES_MAX, 0).unwrap().part_bytes, PART_BYTES_MAX);
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
            check(Plan::new(size >> shift, preferred).unwrap());
        }
    }
}
