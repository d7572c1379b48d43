//! Events as AWS documents them, one file each.

use std::collections::BTreeSet;
use std::path::Path;

use dispatcher::event::{Created, Event, parse};

/// `bucket/key size etag version sequencer time`, or why not.
fn shown(event: Event) -> String {
    match event {
        Event::Created(created) => {
            let Created { source, uploaded_at } = *created;
            let version_id = source.version_id.as_deref().unwrap_or("-");
            let sequencer = source.sequencer.as_ref().map_or("-", |sequencer| sequencer.as_str());
            format!(
                "{}/{} {} {} {version_id} {sequencer} {uploaded_at}",
                source.bucket, source.key, source.size_bytes, source.etag
            )
        }
        Event::Ignored(why) => format!("ignored: {why}"),
        Event::Malformed(why) => format!("malformed: {why}"),
    }
}

const PUT: &str = "landing/acme/inbound/März + 1%2F.csv 5 b1946ac92492d2347c6235b4d2611184 - 617F08299329D189 2026-11-12T00:00:00Z";
const SEVERAL: &[&str] = &[
    "landing/acme/inbound/März + 1%2F.csv 1024 d41d8cd98f00b204e9800998ecf8427e 096fKKXTRTtl3on89fVO.nfljtsv6qko \
     0055AED6DCD90281E5 2026-11-12T00:00:00.123Z",
    "landing/\u{1f69a}/\u{ffff} 6000000 9b2cf535f27731c974343645a3985328-2 - 0055AED6DCD90281E6 2026-11-12T00:00:00.123Z",
    "ignored: an S3 event other than ObjectCreated",
    "landing/HappyFace.jpg 0 b1946ac92492d2347c6235b4d2611184 - 0055AED6DCD90281E8 2026-11-12T00:00:00.123Z",
];
const FOREIGN: &str = "malformed: the body is neither an EventBridge event nor an S3 notification";

macro_rules! golden {
    ($($name:literal => $expected:expr,)+) => {
        pub(crate) const BODIES: &[&str] = &[$(include_str!(concat!("../events/", $name, ".json"))),+];
        const GOLDEN: &[(&str, &str, &[&str])] =
            &[$(($name, include_str!(concat!("../events/", $name, ".json")), $expected)),+];
    };
}

golden! {
    "eventbridge-put" => &[PUT],
    "eventbridge-put-versioned" => &[
        "landing/example-key 5 b1946ac92492d2347c6235b4d2611184 IYV3p45BT0ac8hjHg1houSdS1a.Mro8e 617F08299329D189 \
         2026-11-12T00:00:00Z",
    ],
    "eventbridge-post" => &[
        "landing/example-key 0 d41d8cd98f00b204e9800998ecf8427e - 617F08299329D18A 2026-11-12T00:00:00Z",
    ],
    "eventbridge-copy-versioned" => &[
        "landing/../example key 1024 b1946ac92492d2347c6235b4d2611184 QW9g1Z99LUNbvaaYVpW9xDlOLU.qxgF \
         617F08299329D18B 2026-11-12T00:00:00Z",
    ],
    "eventbridge-complete-multipart" => &[
        "landing/big.bin 53687091200000 9b2cf535f27731c974343645a3985328-10000 - 617F08299329D18C 2026-11-12T00:00:00Z",
    ],
    "eventbridge-deleted" => &["ignored: an S3 event other than Object Created"],
    "eventbridge-restored" => &["ignored: an S3 event other than Object Created"],
    "notification-several" => SEVERAL,
    "notification-partly-bad" => &[
        "landing/good.csv 1 b1946ac92492d2347c6235b4d2611184 - 01 2026-11-12T00:00:00.123Z",
        "malformed: s3.object.size is missing or wrong: expected a whole number",
        "malformed: s3.object.key is missing or wrong: expected form-encoded UTF-8",
        "malformed: eventSource is `aws:ses`: expected `aws:s3`",
    ],
    "s3-test-event" => &["ignored: s3:TestEvent"],
    "sns-eventbridge" => &[PUT],
    "sns-notification" => SEVERAL,
    "sns-test-event" => &["ignored: s3:TestEvent"],
    "sns-in-sns" => &["malformed: SNS envelopes within SNS envelopes"],
    "sns-text" => &[FOREIGN],
    "foreign-eventbridge" => &["malformed: source is `aws.ec2`: expected `aws.s3`"],
    "notification-other-store" => &[
        "malformed: eventSource is `minio:s3`: expected `aws:s3`",
        "malformed: eventSource is `ceph:s3`: expected `aws:s3`",
    ],
    "foreign-records" => &[FOREIGN],
    "no-records" => &["malformed: Records is missing or wrong: expected at least one record"],
}

#[test]
fn every_documented_event_is_read_as_what_it_is() {
    for (name, body, expected) in GOLDEN {
        let read: Vec<String> = parse(body).into_iter().map(shown).collect();
        assert_eq!(read, *expected, "{name}");
    }
}

#[test]
fn no_file_is_left_out() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/events");
    let names =
        std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let expected = GOLDEN.iter().map(|(name, ..)| format!("{name}.json"));
    assert_eq!(names.collect::<BTreeSet<_>>(), expected.collect::<BTreeSet<_>>());
}

#[test]
fn a_missing_or_wrong_field_is_named() {
    let body = BODIES[0];
    for (was, now, expected) in [
        ("\"landing\"", "7", "detail.bucket.name is missing or wrong: expected a non-empty string"),
        ("\"key\"", "\"kee\"", "detail.object.key is missing or wrong: expected a non-empty string"),
        ("\"size\": 5", "\"size\": -5", "detail.object.size is missing or wrong: expected a whole number"),
        ("\"size\": 5", "\"size\": \"5\"", "detail.object.size is missing or wrong: expected a whole number"),
        ("\"etag\"", "\"tag\"", "detail.object.etag is missing or wrong: expected a non-empty string"),
        (
            "617f08299329d189",
            "0x61",
            "detail.object.sequencer is missing or wrong: expected 1 to 64 hex digits",
        ),
        ("\"time\"", "\"tyme\"", "time is missing or wrong: expected a non-empty string"),
    ] {
        assert!(body.contains(was), "{was}");
        let read: Vec<String> = parse(&body.replace(was, now)).into_iter().map(shown).collect();
        assert_eq!(read, [format!("malformed: {expected}")], "{was} → {now}");
    }
}

#[test]
fn a_key_is_1_to_1024_bytes() {
    for (key, fits) in [("k".repeat(1_024), true), ("k".repeat(1_025), false), ("ä".repeat(513), false)] {
        let bodies =
            [crate::bodies::event(&key, 1), crate::bodies::notification(&[crate::bodies::record(&key, 1)])];
        for body in bodies {
            assert_eq!(matches!(parse(&body)[..], [Event::Created(_)]), fits, "{} bytes", key.len());
        }
    }
}

#[test]
fn the_null_version_names_no_version_in_any_envelope() {
    for (body, was) in
        [(GOLDEN[1].1, "IYV3p45BT0ac8hjHg1houSdS1a.Mro8e"), (GOLDEN[7].1, "096fKKXTRTtl3on89fVO.nfljtsv6qko")]
    {
        assert!(body.contains(was));
        let Event::Created(created) = parse(&body.replace(was, "null")).remove(0) else {
            panic!("not created")
        };
        assert_eq!(created.source.version_id, None);
    }
}

#[test]
fn what_is_not_json_says_where_and_not_what() {
    let read: Vec<String> = parse("{\"secret\": \n tru}").into_iter().map(shown).collect();
    assert_eq!(read, ["malformed: the body is not JSON (line 2, column 5)"]);
    assert_eq!(parse("").len(), 1);
}

#[test]
fn fields_that_aws_may_add_are_skipped() {
    let body = BODIES[0].replace("\"size\": 5", "\"size\": 5, \"colour\": {\"Records\": [1]}");
    assert_eq!(parse(&body).into_iter().map(shown).collect::<Vec<_>>(), [PUT]);
}
