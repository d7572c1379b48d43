use super::*;

const WINDOW: u64 = 10;

fn names() -> Names {
    Names::new("r1")
}

fn oracle() -> Oracle {
    Oracle::new(names(), "delivered", WINDOW)
}

fn version(version: u8, size_bytes: u64) -> Version {
    Version { file: 3, version, size_bytes }
}

fn told(status: &str, size_bytes: u64) -> Told {
    let key = names().key(1, 3);
    Told {
        file_id: format!("id-{size_bytes}"),
        key: key.clone(),
        size_bytes,
        status: status.into(),
        target: ("delivered".into(), key),
        checksum: Some(format!("sum-{size_bytes}")),
        error: None,
    }
}

fn put(oracle: &mut Oracle, version: Version) {
    oracle.announce(version.file + u64::from(version.version), version.file, 1);
    oracle.putting(version, &format!("sum-{}", version.size_bytes), Duration::from_secs(1));
    oracle.put(version, Duration::from_secs(2), Ok(()));
    oracle.release(version.file);
}

fn kinds(oracle: &Oracle) -> Vec<(Kind, u64)> {
    oracle.findings.0.iter().map(|(kind, finding)| (*kind, finding.count)).collect()
}

#[test]
fn a_completed_file_is_looked_at_and_forgotten_once_it_is_past() {
    let mut oracle = oracle();
    put(&mut oracle, version(0, 7));
    let ended = oracle.ended(&told("completed", 7)).unwrap();
    assert_eq!(
        (ended.tenant, ended.due, ended.put_at),
        (1, Duration::from_secs(1), Some(Duration::from_secs(2)))
    );
    assert_eq!(oracle.unfinished(), 0);
    oracle.advance(3 + WINDOW);
    assert_eq!((oracle.next_settled(), oracle.held()), (None, 1));
    oracle.advance(4 + WINDOW);
    let settled = oracle.next_settled().unwrap();
    assert_eq!((settled.newest, &*settled.checksum), (version(0, 7), "sum-7"));
    assert_eq!((oracle.held(), kinds(&oracle)), (0, vec![]));
}

#[test]
fn an_older_version_may_be_superseded_or_completed_and_the_newest_must_be_completed() {
    for first in ["completed", "superseded"] {
        let mut oracle = oracle();
        put(&mut oracle, version(0, 7));
        put(&mut oracle, version(1, 8));
        oracle.ended(&told(first, 7));
        oracle.advance(100);
        assert_eq!(oracle.next_settled(), None);
        oracle.ended(&told("completed", 8));
        assert_eq!(oracle.next_settled().unwrap().newest, version(1, 8));
        assert_eq!(kinds(&oracle), vec![]);
    }
    let mut oracle = oracle();
    put(&mut oracle, version(0, 7));
    put(&mut oracle, version(1, 8));
    oracle.ended(&told("completed", 7));
    oracle.ended(&told("superseded", 8));
    oracle.advance(100);
    assert_eq!(kinds(&oracle), [(Kind::Lost, 1), (Kind::Untruthful, 1)]);
}

#[test]
fn what_an_event_still_refers_to_is_remembered() {
    let mut oracle = oracle();
    put(&mut oracle, version(0, 7));
    oracle.announce(13, 3, 1);
    oracle.ended(&told("completed", 7));
    oracle.advance(100);
    assert_eq!((oracle.transfer(version(0, 7)), oracle.held()), (Some("id-7"), 1));
    oracle.release(3);
    assert_eq!(oracle.held(), 0);
    assert!(oracle.next_settled().is_some());
}

#[test]
fn what_the_ledger_says_is_compared() {
    let mut oracle = oracle();
    put(&mut oracle, version(0, 7));
    oracle.ended(&Told {
        checksum: Some("other".into()),
        target: ("x".into(), "y".into()),
        ..told("completed", 7)
    });
    assert_eq!(kinds(&oracle), [(Kind::Untruthful, 2)]);
}

#[test]
fn transfers_of_nothing_and_second_transfers_are_unexpected() {
    let mut oracle = oracle();
    put(&mut oracle, version(0, 7));
    assert!(oracle.ended(&Told { key: "elsewhere".into(), ..told("completed", 7) }).is_none());
    assert!(oracle.ended(&told("completed", 9)).is_none());
    assert!(oracle.ended(&told("completed", 7)).is_some());
    assert!(oracle.ended(&told("completed", 7)).is_none());
    assert_eq!(oracle.findings.count(Kind::Unexpected), 2);
    assert!(oracle.ended(&Told { file_id: "other".into(), ..told("completed", 7) }).is_none());
    assert_eq!(kinds(&oracle), [(Kind::Unexpected, 3)]);
}

#[test]
fn failed_transfers_and_open_ones_are_told() {
    let mut oracle = oracle();
    put(&mut oracle, version(0, 7));
    put(&mut oracle, version(1, 8));
    oracle.ended(&Told { error: Some("denied".into()), ..told("failed", 7) });
    oracle.give_up();
    assert_eq!(kinds(&oracle), [(Kind::Lost, 1), (Kind::Failed, 1)]);
    assert_eq!(oracle.unfinished(), 0);
}

#[test]
fn a_put_that_failed_is_waited_for_no_longer_and_may_end_all_the_same() {
    let mut oracle = oracle();
    oracle.announce(3, 3, 1);
    oracle.putting(version(0, 7), "sum-7", Duration::ZERO);
    assert!(!oracle.may_put(version(1, 8)));
    oracle.put(version(0, 7), Duration::ZERO, Err("no".into()));
    oracle.release(3);
    assert!(oracle.may_put(version(1, 8)) && !oracle.may_put(version(2, 9)));
    assert!(oracle.is_hopeless(version(0, 7)));
    assert_eq!(oracle.unfinished(), 0);
    oracle.ended(&told("completed", 7));
    assert_eq!(oracle.unfinished(), 0);
    oracle.advance(100);
    assert_eq!((oracle.next_settled(), oracle.held()), (None, 0));
    assert_eq!(kinds(&oracle), [(Kind::RequestsFailed, 1)]);
}
