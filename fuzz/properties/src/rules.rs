//! The rules file.

use std::collections::BTreeSet;

use common::lane::Lane;
use common::routes::{Mistake, Routes};
use common::transfer::{KEY_BYTES_MAX, SourceVersion, TransferId};

/// - mistakes are named at places that are in the file;
/// - rules without mistakes route anything: to targets that differ, under their own ids, with keys that S3 takes, and the same each
///   time; what nobody wants is explained.
pub fn rules(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let lanes: Vec<Lane> = ["fast", "bulk"].into_iter().filter_map(|name| Lane::parse(name).ok()).collect();
    match Routes::parse(&text, &lanes) {
        Err(mistakes) => {
            assert!(!mistakes.0.is_empty());
            mistakes.0.iter().for_each(|mistake| assert_within(mistake, &text));
        }
        Ok(routes) => {
            for bucket in routes.source_buckets() {
                for (key, size_bytes) in
                    [("acme/in/a.csv", 0), ("a", u64::MAX), ("../\u{ffff}//", 524_288_001)]
                {
                    route(&routes, bucket, key, size_bytes);
                }
                route(&routes, bucket, &"k".repeat(KEY_BYTES_MAX), 1);
            }
        }
    }
}

fn route(routes: &Routes, bucket: &str, key: &str, size_bytes: u64) {
    let source = SourceVersion {
        bucket: bucket.to_owned(),
        key: key.to_owned(),
        size_bytes,
        etag: "etag".to_owned(),
        version_id: None,
        sequencer: None,
    };
    let routing = routes.route(&source, "2026-11-23T07:21:47Z");
    let targets: BTreeSet<_> = routing.transfers.iter().map(|(_, transfer)| &transfer.target).collect();
    assert_eq!(targets.len(), routing.transfers.len());
    for (_, transfer) in &routing.transfers {
        assert_eq!(transfer.id, TransferId::derive(&source, &transfer.target));
        assert!((1..=KEY_BYTES_MAX).contains(&transfer.target.key.len()));
        assert!(routes.target_buckets().contains(transfer.target.bucket.as_str()));
    }
    assert!(!routing.transfers.is_empty() || !routing.explain().is_empty());
    assert_eq!(routes.route(&source, "2026-11-23T07:21:47Z"), routing);
}

fn assert_within(mistake: &Mistake, text: &str) {
    assert!(!mistake.message.is_empty());
    let line = text.split('\n').nth(mistake.line - 1);
    let columns = line.map(|line| line.chars().count() + 1);
    assert!(columns.is_some_and(|columns| (1..=columns).contains(&mistake.column)), "{mistake:?}");
}
