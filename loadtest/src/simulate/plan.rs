//! What a seed draws before its world begins. Which kinds of faults are about differs from world to world, so that some meet a few
//! kinds often rather than all kinds rarely.

use std::time::Duration;

use super::actors::keys::key;
use super::facts::{BULK_OVER_BYTES, Content};
use super::faults::{Kind, Rates};

const KIB: usize = 1024;
/// Parts of 5 MiB, the smallest that S3 takes.
pub(super) const PART_BYTES: u64 = 5 << 20;

/// Kinds with such a rate strike only at requests that there are few of.
const RARE: f64 = 0.4;

/// One thing that the client does.
#[derive(Debug, Clone)]
pub(super) enum Deed {
    Put(String, Content),
    Delete(String),
}

#[derive(Debug)]
pub(super) struct Plan {
    pub(super) visibility: Duration,
    pub(super) wait: Duration,
    pub(super) grace: Duration,
    /// How long faults strike.
    pub(super) chaos: Duration,
    pub(super) dispatchers: usize,
    pub(super) pollers: usize,
    pub(super) workers: usize,
    pub(super) permits: [usize; 2],
    pub(super) parts_in_flight: usize,
    /// What the store copies in one request; larger files it copies by parts.
    pub(super) copy_object_bytes_max: u64,
    pub(super) rates: Rates,
    /// In order of time.
    pub(super) deeds: Vec<(Duration, Deed)>,
    /// The bulk lane's objects cannot be reached, and nothing else is wrong.
    pub(super) is_lane_trouble: bool,
}

impl Plan {
    pub(super) fn draw(seed: u64, files: usize) -> Self {
        let mut draws = fastrand::Rng::with_seed(seed ^ 0x706c_616e);
        let is_calm = seed % 32 == 9;
        let is_lane_trouble = seed % 16 == 5;
        let mut rates = [0.0; Kind::COUNT];
        for (kind, rate) in Kind::ALL {
            // What strikes only at the one Complete of a large file must be about more often to be met; what ends that Complete for good,
            // most often.
            let about = match rate {
                0.9.. => 0.9,
                RARE.. => 0.6,
                _ => 0.3,
            };
            if draws.f64() < about && !is_calm && !is_lane_trouble {
                rates[kind.index()] = (rate * [0.5, 1.0, 2.0][draws.usize(0..3)]).min(0.8);
            }
        }
        if is_lane_trouble {
            rates[Kind::LaneInTrouble.index()] = 1.0;
        }
        let visibility = Duration::from_secs(draws.u64(30..=60));
        let chaos = Duration::from_secs(draws.u64(60..=180));
        Self {
            visibility,
            wait: Duration::from_secs(draws.u64(1..=19)),
            grace: Duration::from_secs(draws.u64(30..=110)),
            chaos,
            dispatchers: draws.usize(1..=2),
            pollers: draws.usize(1..=2),
            workers: draws.usize(2..=4),
            permits: [draws.usize(1..=8), draws.usize(1..=3)],
            parts_in_flight: draws.usize(1..=3),
            copy_object_bytes_max: [50_000, 1_000_000, 9 << 20][draws.usize(0..3)],
            rates,
            deeds: deeds(&mut draws, files, chaos, !is_lane_trouble),
            is_lane_trouble,
        }
    }
}

/// Without `mixes_lanes` all versions of a file go through one lane.
fn deeds(
    draws: &mut fastrand::Rng,
    files: usize,
    chaos: Duration,
    mixes_lanes: bool,
) -> Vec<(Duration, Deed)> {
    let within = |draws: &mut fastrand::Rng, from: f64| chaos.mul_f64(from + draws.f64() * (0.9 - from));
    let mut deeds = Vec::new();
    for number in 0..files {
        let key = key(draws, number);
        // Large files are dear: one in most worlds, and a second one in some.
        let large_share = match number {
            0 => 0.95,
            1 => 0.25,
            _ => 0.0,
        };
        let len = if draws.f64() < large_share { large(draws) } else { small(draws) };
        let first = Content::new(len, draws.usize(..));
        let at = within(draws, 0.0);
        deeds.push((at, Deed::Put(key.clone(), first)));
        let mut later = at;
        while draws.f64() < 0.3 {
            later += Duration::from_millis(draws.u64(10..20_000));
            let content = match draws.u8(0..3) {
                // The same bytes again; the same length; anything.
                0 => first,
                2 if mixes_lanes => Content::new(small(draws), draws.usize(..)),
                _ => Content::new(len, draws.usize(..)),
            };
            deeds.push((later, Deed::Put(key.clone(), content)));
        }
        if draws.f64() < 0.06 {
            let at = later + Duration::from_millis(draws.u64(10..20_000));
            deeds.push((at, Deed::Delete(key)));
        }
    }
    deeds.sort_by_key(|(at, _)| *at);
    deeds
}

fn small(draws: &mut fastrand::Rng) -> usize {
    let bulk = usize::try_from(BULK_OVER_BYTES).unwrap_or(usize::MAX);
    match draws.u8(0..100) {
        0..8 => 0,
        8..14 => 1,
        14..60 => draws.usize(2..4 * KIB),
        60..74 => 256 * KIB - 1 + draws.usize(0..3),
        74..84 => draws.usize(256 * KIB..600 * KIB),
        84..88 => bulk + draws.usize(0..2),
        _ => draws.usize(4 * KIB..200 * KIB),
    }
}

/// More than the 8 MiB of a single PUT: two or three parts.
fn large(draws: &mut fastrand::Rng) -> usize {
    (8 << 20) + 1 + draws.usize(0..(3 << 20))
}
