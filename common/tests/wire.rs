//! The wire form: what was once written stays readable, and nothing that can arrive makes the decoder fall over.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

extern crate drayage_common as common;

use common::transfer::{
    CopyOptions, Encryption, Fidelity, Sequencer, SourceVersion, Strategy, TagPolicy, Target, Transfer,
    TransferId,
};
use common::wire::{self, WireError};
use proptest::prelude::*;

fn transfer(key: &str, version_id: Option<&str>) -> Transfer {
    let source = SourceVersion {
        bucket: "landing".into(),
        key: key.into(),
        size_bytes: 524_288_001,
        etag: "d41d8cd98f00b204e9800998ecf8427e".into(),
        version_id: version_id.map(Into::into),
        sequencer: Some(Sequencer::parse("0055AED6DCD90281E5").unwrap()),
    };
    let target = Target { bucket: "delivered".into(), key: key.into() };
    Transfer {
        id: TransferId::derive(&source, &target),
        source,
        target,
        customer: "acme".into(),
        rule: "everything".into(),
        options: CopyOptions::default(),
        uploaded_at: "2026-11-23T07:21:47.000Z".into(),
    }
}

fn options() -> CopyOptions {
    CopyOptions { storage_class: Some("GLACIER_IR".into()), tags: TagPolicy::Drop, ..CopyOptions::default() }
}

const KEY: &str = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

fn every_option() -> CopyOptions {
    CopyOptions {
        strategy: Strategy::ServerSide,
        encryption: Encryption::SseKms { key: KEY.into(), bucket_key: Some(true) },
        fidelity: Fidelity::Strict,
        ..options()
    }
}

#[test]
fn golden_files_are_what_is_written_and_read() {
    let plain = transfer("acme/inbound/März + 1%2F.csv", None);
    let full = Transfer {
        options: options(),
        ..transfer("a/\u{1f69a}\u{ffff}\u{1}/../b\n", Some("3HL4kqtJlcpXroDTDmJ"))
    };
    let options = Transfer { options: every_option(), ..transfer("k", None) };
    for (golden, transfer) in [
        (include_str!("golden/transfer-v1-options.json"), options),
        (include_str!("golden/transfer-v1-plain.json"), plain),
        (include_str!("golden/transfer-v1-full.json"), full),
    ] {
        assert_eq!(wire::encode(&transfer), golden.trim_end());
        assert_eq!(wire::decode(golden).as_ref(), Ok(&transfer));
    }
}

#[test]
fn fields_of_a_newer_dispatcher_are_skipped_and_newer_versions_refused() {
    let body = wire::encode(&transfer("k", None));
    let newer = body.replacen("\"customer\"", "\"colour\":[1,{}],\"customer\"", 1);
    assert_eq!(wire::decode(&newer), Ok(transfer("k", None)));
    assert_eq!(wire::decode(&body.replacen("\"v\":1", "\"v\":2", 1)), Err(WireError::UnknownVersion(2)));
}

#[test]
fn every_option_comes_back_and_an_unknown_one_is_refused() {
    for strategy in [Strategy::Stream, Strategy::ServerSide, Strategy::Auto] {
        for encryption in [
            Encryption::BucketDefault,
            Encryption::SseS3,
            Encryption::SseKms { key: "alias/files".into(), bucket_key: None },
        ] {
            let options = CopyOptions { strategy, encryption: encryption.clone(), ..options() };
            let transfer = Transfer { options, ..transfer("k", None) };
            assert_eq!(wire::decode(&wire::encode(&transfer)), Ok(transfer));
        }
    }
    let body = wire::encode(&Transfer { options: every_option(), ..transfer("k", None) });
    for (from, to, refused) in [
        ("\"server-side\"", "\"teleport\"", "options.strategy"),
        ("\"sse-kms\"", "\"rot13\"", "options.encryption"),
        ("\"sse-kms\"", "\"sse-s3\"", "options.encryption"),
        ("\"encryption\":\"sse-kms\",", "", "options.encryption"),
        (KEY, "a key", "options.kms_key"),
        ("\"strict\"", "\"lax\"", "options.fidelity"),
    ] {
        let decoded = wire::decode(&body.replacen(from, to, 1));
        assert!(matches!(decoded, Err(WireError::Invalid { field, .. }) if field == refused), "{decoded:?}");
    }
}

#[test]
fn what_is_no_transfer_says_why() {
    assert_eq!(wire::decode("hello"), Err(WireError::NotJson { line: 1, column: 1 }));
    assert_eq!(wire::decode("{}"), Err(WireError::NoVersion));
    assert_eq!(wire::decode("[1]"), Err(WireError::NoVersion));
    assert!(matches!(wire::decode("{\"v\":1}"), Err(WireError::Shape { .. })));
    let body = wire::encode(&transfer("k", None));
    assert_eq!(wire::decode(&body.replace("\"key\":\"k\"", "\"key\":\"l\"")), Err(WireError::WrongId));
    assert!(matches!(
        wire::decode(&body.replace("\"key\":\"k\"", "\"key\":\"\"")),
        Err(WireError::Invalid { field: "source key", .. })
    ));
}

#[test]
fn a_bucket_name_that_s3_would_refuse_is_refused() {
    for (field, pick) in [("source bucket", 0), ("target bucket", 1)] {
        let mut transfer = transfer("k", None);
        let bucket = [&mut transfer.source.bucket, &mut transfer.target.bucket];
        bucket.into_iter().nth(pick).unwrap().push('/');
        transfer.id = TransferId::derive(&transfer.source, &transfer.target);
        let decoded = wire::decode(&wire::encode(&transfer));
        assert!(
            matches!(decoded, Err(WireError::Invalid { field: named, .. }) if named == field),
            "{decoded:?}"
        );
    }
}

proptest! {
    #[test]
    fn any_key_comes_back_as_it_was(key in "\\PC{1,200}|[\\x00-\\x1f\\x7f]{1,20}|(\\.\\./){1,30}", version in proptest::option::of("[ -~]{1,40}")) {
        let transfer = transfer(&key, version.as_deref());
        let body = wire::encode(&transfer);
        prop_assert!(body.bytes().all(|b| (0x20..0x7f).contains(&b)));
        prop_assert_eq!(wire::decode(&body), Ok(transfer));
    }

    #[test]
    fn no_text_makes_the_decoder_panic(text in any::<String>()) {
        let _ = wire::decode(&text);
    }

    #[test]
    fn no_damaged_body_makes_the_decoder_panic(at in 0usize..400, with in any::<char>()) {
        let mut body: Vec<char> = wire::encode(&transfer("k", Some("v"))).chars().collect();
        let at = at % body.len();
        body[at] = with;
        let _ = wire::decode(&body.into_iter().collect::<String>());
    }
}
