//! What is explored, and that mistakes would be found. `cargo test -p drayage-worker model -- --nocapture` prints the sizes.

use super::explore::{Broken, CIRCLING, Explored, Machine, Move, STUCK, explore};
use super::lease::{self, HELD_ALONE, LEFT_ALONE, Leasing, STAYS_VISIBLE};
use super::protocol::{Bug, Protocol, S3, S4, S5, S6, S7};
use super::world::{Object, World};

const STATES_MAX: usize = 2_000_000;

/// One event from the ingest queue to its end, and its duplicates.
fn one_file(faults: u8) -> World {
    World::new(faults, [1, 0])
}

/// One transfer in its lane, twice: a duplicate that two workers may hold at once.
fn twice_in_the_lane(faults: u8) -> World {
    let mut world = World::new(faults, [0, 0]).dispatched(0);
    world.lane[0] = 2;
    world
}

/// An older and a newer version of one key on their way to one target, where something else lies.
fn two_versions(faults: u8) -> World {
    let world = World::new(faults, [0, 0]).dispatched(0).dispatched(1);
    World { target: Some(Object { by: None, etag: 0 }), ..world }
}

fn holds(name: &str, start: World) -> Explored {
    let explored = explore(&Protocol::new(start), STATES_MAX);
    eprintln!("{name}: {explored:?}");
    explored.unwrap()
}

fn found(start: World, bug: Bug) -> Broken {
    let broken = explore(&Protocol::new(start).with(bug), STATES_MAX).unwrap_err();
    eprintln!("{bug:?}: {broken:#?}");
    broken
}

#[test]
fn one_file_ends_well_whatever_fails() {
    assert!(holds("one file, 3 faults", one_file(3)).good_ends > 0);
}

#[test]
fn a_message_that_is_there_twice_has_one_effect() {
    assert!(holds("twice in the lane, 2 faults", twice_in_the_lane(2)).good_ends > 0);
}

#[test]
fn of_two_versions_the_newer_stays() {
    assert!(holds("two versions, 2 faults", two_versions(2)).good_ends > 0);
}

/// Heartbeats and give-backs of one worker that SQS applies when another holds the message: the fence and the conditional publish keep
/// the results right, and what was hidden comes back.
#[test]
fn visibility_changes_that_land_late_do_no_harm() {
    let start = World::new(3, [0, 0]).dispatched(0);
    let protocol = Protocol { late_visibility: true, ..Protocol::new(start) };
    let explored = explore(&protocol, STATES_MAX);
    eprintln!("late visibility changes, 3 faults: {explored:?}");
    assert!(explored.unwrap().good_ends > 0);
}

#[test]
fn without_the_fence_a_late_give_back_does_harm() {
    let start = World::new(3, [0, 0]).dispatched(0);
    let protocol = Protocol { late_visibility: true, ..Protocol::new(start).with(Bug::FenceIgnored) };
    let broken = explore(&protocol, STATES_MAX).unwrap_err();
    eprintln!("late visibility changes without a fence: {broken:#?}");
    assert_eq!(broken.property, S4);
}

#[test]
fn a_lease_is_held_alone() {
    let explored = explore(&Leasing::new(lease::Bug::None), STATES_MAX).unwrap();
    eprintln!("a lease: {explored:?}");
    assert!(explored.states > 1_000);
}

#[test]
fn mistakes_about_a_lease_are_found() {
    for (bug, property) in [
        (lease::Bug::CountedFromReply, HELD_ALONE),
        (lease::Bug::NotAwaitedAtTheEnd, STAYS_VISIBLE),
        (lease::Bug::HeartbeatUnderVoidLease, LEFT_ALONE),
        (lease::Bug::GiveBackUnderVoidLease, LEFT_ALONE),
        (lease::Bug::LateReplyTrusted, HELD_ALONE),
    ] {
        let broken = explore(&Leasing::new(bug), STATES_MAX).unwrap_err();
        eprintln!("{bug:?}: {broken:#?}");
        assert_eq!(broken.property, property, "{bug:?}");
    }
}

#[test]
fn mistakes_are_found() {
    for (start, bug, property) in [
        (twice_in_the_lane(2), Bug::FenceIgnored, S4),
        (one_file(2), Bug::DeletedBeforeLedger, S7),
        (two_versions(2), Bug::PublishedUnconditionally, S6),
        (two_versions(2), Bug::ExistenceTrusted, S3),
        (one_file(2), Bug::LostReplyTrusted, S3),
        (one_file(3), Bug::FailedWithoutLook, S4),
        (two_versions(2), Bug::NewerNotSeen, S6),
        (one_file(2), Bug::TerminalReclaimed, S5),
        (one_file(2), Bug::QueuedNotSentAgain, S7),
        (one_file(2), Bug::EventDeletedUnsent, S7),
        (one_file(3), Bug::NotParkedAgain, STUCK),
    ] {
        assert_eq!(found(start, bug).property, property, "{bug:?}");
    }
}

/// S3 knows no fence: an attempt that has lost it may publish between the look of the one that holds it and its `failed`. Nothing is
/// at the target, so no condition can prevent it. The bytes are right, and the ledger says `failed`.
#[test]
fn only_an_attempt_without_the_fence_publishes_behind_a_failure() {
    let strict = Protocol { strict: true, ..Protocol::new(one_file(3)) };
    let broken = explore(&strict, STATES_MAX).unwrap_err();
    eprintln!("the known limit: {broken:#?}");
    assert_eq!(broken.property, S4);
}

#[test]
fn what_goes_round_or_stops_halfway_is_found() {
    struct Ring(u8, bool);
    impl Machine for Ring {
        type State = u8;
        fn starts(&self) -> Vec<u8> {
            vec![0]
        }
        fn moves(&self, state: &u8) -> Vec<Move<u8>> {
            let last = *state + 1 == self.0;
            let to = if last { 0 } else { state + 1 };
            let step = Move { name: "on", to, quiet: true, broken: None };
            if last && !self.1 { vec![] } else { vec![step] }
        }
        fn is_good_end(&self, _: &u8) -> bool {
            false
        }
    }
    assert_eq!(explore(&Ring(3, true), 9).unwrap_err().property, CIRCLING);
    assert_eq!(explore(&Ring(3, false), 9).unwrap_err(), Broken { property: STUCK, way: vec!["on", "on"] });
}
