//! Every property over its seeds, and over what random changes make of them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::Path;

use properties::ALL;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

/// The committed corpus of one target.
fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus").join(target);
    let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| std::fs::read(file).unwrap()).collect()
}

/// One change of an input: a byte replaced, a stretch cut out, a stretch of another seed put in.
#[derive(Debug, Clone)]
enum Change {
    Replace { at: prop::sample::Index, with: u8 },
    Cut { at: prop::sample::Index, len: usize },
    PutIn { at: prop::sample::Index, seed: prop::sample::Index, from: prop::sample::Index, len: usize },
}

fn any_change() -> impl Strategy<Value = Change> {
    let index = any::<prop::sample::Index>;
    // Bytes that mean something to a parser come more often.
    let byte = prop_oneof![any::<u8>(), prop::sample::select(b"{}[]\":;,.+%/\\\n=-01aF ".to_vec())];
    prop_oneof![
        3 => (index(), byte).prop_map(|(at, with)| Change::Replace { at, with }),
        1 => (index(), 1usize..40).prop_map(|(at, len)| Change::Cut { at, len }),
        1 => (index(), index(), index(), 1usize..80)
            .prop_map(|(at, seed, from, len)| Change::PutIn { at, seed, from, len }),
    ]
}

fn changed(mut input: Vec<u8>, changes: &[Change], seeds: &[Vec<u8>]) -> Vec<u8> {
    for change in changes {
        let len = input.len();
        let within = |at: &prop::sample::Index, len: usize| if len == 0 { 0 } else { at.index(len) };
        match change {
            Change::Replace { at, with } if len > 0 => input[at.index(len)] = *with,
            Change::Cut { at, len: cut } => {
                let at = within(at, len);
                input.drain(at..(at + cut).min(len));
            }
            Change::PutIn { at, seed, from, len: more } => {
                let other = &seeds[seed.index(seeds.len())];
                let from = within(from, other.len());
                let piece = other[from..(from + more).min(other.len())].to_vec();
                let at = within(at, len);
                input.splice(at..at, piece);
            }
            Change::Replace { .. } => {}
        }
    }
    input
}

#[test]
fn hold_for_every_seed() {
    for (target, property) in ALL {
        let seeds = seeds(target);
        assert!(!seeds.is_empty(), "{target} has no seeds");
        seeds.iter().for_each(|seed| property(seed));
    }
}

#[test]
fn hold_for_what_changes_make_of_the_seeds() {
    for (target, property) in ALL {
        let seeds = seeds(target);
        let input = (any::<prop::sample::Index>(), prop::collection::vec(any_change(), 0..12));
        let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) };
        let ran = TestRunner::new(config).run(&input, |(seed, changes)| {
            property(&changed(seeds[seed.index(seeds.len())].clone(), &changes, &seeds));
            Ok(())
        });
        assert!(ran.is_ok(), "{target}: {ran:?}");
    }
}

#[test]
fn hold_for_any_bytes() {
    for (target, property) in ALL {
        let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) };
        let ran = TestRunner::new(config).run(&prop::collection::vec(any::<u8>(), 0..400), |bytes| {
            property(&bytes);
            Ok(())
        });
        assert!(ran.is_ok(), "{target}: {ran:?}");
    }
}
