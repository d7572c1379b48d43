//! The rules file as its writer meets it: what routes where, and what is said of mistakes.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

extern crate drayage_common as common;

use common::lane::Lane;
use common::routes::{DEFAULT_RULES, Decision, Mismatch, Mistakes, Routes, Routing, UNASSIGNED};
use common::transfer::{CopyOptions, Encryption, Fidelity, Sequencer, SourceVersion, Strategy};
use proptest::prelude::*;

fn lanes() -> Vec<Lane> {
    ["fast", "bulk"].map(|lane| Lane::parse(lane).unwrap()).to_vec()
}

fn source(bucket: &str, key: &str, size_bytes: u64) -> SourceVersion {
    SourceVersion {
        bucket: bucket.into(),
        key: key.into(),
        size_bytes,
        etag: "e".into(),
        version_id: None,
        sequencer: Some(Sequencer::parse("01").unwrap()),
    }
}

fn parse(text: &str) -> Result<Routes, Mistakes> {
    Routes::parse(text, &lanes())
}

fn route(rules: &str, key: &str, size_bytes: u64) -> Routing {
    parse(rules).unwrap().route(&source("landing", key, size_bytes), "2026-11-23T00:00:00.000Z")
}

fn targets(routing: &Routing) -> Vec<String> {
    let shown = |(lane, t): &(Lane, common::transfer::Transfer)| {
        format!("{lane} {}/{}", t.target.bucket, t.target.key)
    };
    routing.transfers.iter().map(shown).collect()
}

#[test]
fn the_default_rules_send_more_than_524_288_000_bytes_through_the_bulk_lane() {
    assert_eq!(targets(&route(DEFAULT_RULES, "a/b", 524_288_000)), ["fast delivered/a/b"]);
    assert_eq!(targets(&route(DEFAULT_RULES, "a/b", 524_288_001)), ["bulk delivered/a/b"]);
    let transfer = &route(DEFAULT_RULES, "a/b", 0).transfers[0].1;
    assert_eq!((transfer.customer.as_str(), transfer.rule.as_str()), (UNASSIGNED, "everything"));
}

const FAN_OUT: &str = r#"
version = 1
[lanes]
default = "fast"

[[customer]]
id = "acme"
bucket = "landing"
prefix = "acme/"

[[customer]]
id = "acme-labs"
bucket = "landing"
prefix = "acme/labs/"

[[rule]]
name = "invoices"
match = { bucket = "landing", prefix = "acme/", suffix = ".csv", customers = ["acme"] }
target = { bucket = "erp", key = "{customer}/{rest}" }

[[rule]]
name = "archive"
lane = "bulk"
match = { bucket = "landing" }
target = { bucket = "archive", key = "{key}", storage_class = "DEEP_ARCHIVE", tags = "drop" }

[[rule]]
name = "archive again"
match = { bucket = "landing", size_over_bytes = 10, size_up_to_bytes = 20 }
target = { bucket = "archive" }
"#;

#[test]
fn all_matching_rules_apply_and_each_rule_says_why() {
    let routing = route(FAN_OUT, "acme/in/a.csv", 20);
    assert_eq!(targets(&routing), ["fast erp/acme/in/a.csv", "bulk archive/acme/in/a.csv"]);
    assert_eq!(routing.verdicts[2].decision, Decision::SameTargetAs("archive".into()));

    let routing = route(FAN_OUT, "acme/labs/a.csv", 21);
    assert_eq!(targets(&routing), ["bulk archive/acme/labs/a.csv"]);
    assert_eq!(routing.transfers[0].1.customer, "acme-labs");
    assert_eq!(routing.verdicts[0].decision, Decision::Mismatch(Mismatch::Customer));
    assert_eq!(routing.verdicts[2].decision, Decision::Mismatch(Mismatch::SizeOver { bytes: 20 }));
}

#[test]
fn a_file_nobody_wants_is_explained_without_its_key() {
    let routing = parse(FAN_OUT).unwrap().route(&source("elsewhere", "secret-name.csv", 1), "");
    assert!(routing.transfers.is_empty());
    assert_eq!(
        routing.explain(),
        "invoices: another bucket; archive: another bucket; archive again: another bucket"
    );
}

#[test]
fn a_target_key_that_s3_would_refuse_is_refused_here() {
    let rules = DEFAULT_RULES.replace("{key}", "delivered/{key}");
    let routing = route(&rules, &"k".repeat(1020), 1);
    assert_eq!(routing.misfit().unwrap().decision, Decision::KeyDoesNotFit { key_bytes: 1030 });
    let rules = DEFAULT_RULES.replace("{key}", "{ext}");
    assert!(route(&rules, "no-extension", 1).misfit().is_some());
}

#[test]
fn every_mistake_is_named_with_its_place() {
    let rules = r#"version = 2
colour = "red"
[lanes]
default = "quick"
bulk = "bulk"

[[rule]]
name = "a"
match = { buket = "landing" }
target = { bucket = "xxx", key = "{kee}", storage_class = "COLD" }

[[rule]]
name = "b"
lane = 7
match.bucket = "landing"
target.bucket = "yyy"

[[rule]]
name = "b"
match.bucket = "landing"
match.size_over_bytes = -1
target.bucket = "zzz"
"#;
    let said = parse(rules).unwrap_err().to_string();
    for expected in [
        "line 1, column 11: the file: `version` must be 1",
        "line 2, column 1: the file has an unknown field `colour`: expected `version`, `lanes`, `customer`, `rule`",
        "line 4, column 11: the file lanes: there is no lane `quick`: expected one of `fast`, `bulk`",
        "`bulk` needs `bulk_over_bytes`",
        "line 9, column 11: rule 1 match has an unknown field `buket`",
        "rule 1 match has no `bucket`",
        "unknown variable {kee}: expected one of {key}, {rest}",
        "unknown storage class `COLD`",
        "rule 2 `lane` is a integer: expected a string",
        "a second rule is named `b`",
        "rule 3 match `size_over_bytes` is a integer: expected a whole number of bytes, 0 or more",
    ] {
        assert!(said.contains(expected), "missing: {expected}\nin:\n{said}");
    }
}

#[test]
fn a_bucket_name_that_s3_would_refuse_is_a_mistake_wherever_it_stands() {
    let rules = r#"version = 1
lanes.default = "fast"
[[customer]]
id = "acme"
bucket = "Landing"
[[rule]]
name = "a"
match.bucket = "landing"
target.bucket = "landing/"
[[rule]]
name = "b"
match.bucket = "arn:aws:s3:::landing"
target.bucket = "landing-s3alias"
"#;
    let said = parse(rules).unwrap_err().to_string();
    for expected in [
        "line 5, column 10: customer 1: `bucket` is `Landing`: expected a bucket name of a–z",
        "line 9, column 17: rule 1 target: `bucket` is `landing/`: expected a bucket name of a–z",
        "line 12, column 16: rule 2 match: `bucket` is `arn:aws:s3:::landing`: expected a bucket name of a–z",
        "line 13, column 17: rule 2 target: `bucket` is `landing-s3alias`: expected the bucket's own name",
    ] {
        assert!(said.contains(expected), "missing: {expected}\nin:\n{said}");
    }
}

fn with_target(more: &str) -> Result<Routes, Mistakes> {
    let rules = "version = 1\nlanes.default = \"fast\"\n[[rule]]\nname = \"a\"\nmatch.bucket = \"landing\"\n";
    parse(&format!("{rules}[rule.target]\nbucket = \"delivered\"\n{more}"))
}

fn options(more: &str) -> CopyOptions {
    let routing = with_target(more).unwrap().route(&source("landing", "k", 1), "");
    routing.transfers[0].1.options.clone()
}

#[test]
fn a_target_may_say_how_it_is_copied_encrypted_and_judged() {
    assert_eq!(options(""), CopyOptions::default());
    let defaults =
        "strategy = \"stream\"\nencryption = \"bucket-default\"\nfidelity = \"best-effort\"\ntags = \"copy\"";
    assert_eq!(options(defaults), CopyOptions::default());
    assert_eq!(options("strategy = \"server-side\"").strategy, Strategy::ServerSide);
    assert_eq!(options("strategy = \"auto\"").strategy, Strategy::Auto);
    assert_eq!(options("fidelity = \"strict\"").fidelity, Fidelity::Strict);
    assert_eq!(options("encryption = \"sse-s3\"").encryption, Encryption::SseS3);
    let kms = |bucket_key| Encryption::SseKms { key: "alias/files".into(), bucket_key };
    let written = "encryption = \"sse-kms\"\nkms_key = \"alias/files\"";
    assert_eq!(options(written).encryption, kms(None));
    assert_eq!(options(&format!("{written}\nbucket_key = false")).encryption, kms(Some(false)));
}

#[test]
fn options_that_do_not_go_together_are_named_with_their_places() {
    for (more, expected) in [
        (
            "strategy = \"fast\"",
            "line 8, column 12: rule 1 target: `strategy` is `fast`: expected `stream` or `server-side` or `auto`",
        ),
        ("fidelity = \"lax\"", "`fidelity` is `lax`: expected `best-effort` or `strict`"),
        ("fidelity = 1", "line 8, column 12: rule 1 target `fidelity` is a integer: expected a string"),
        ("encryption = \"aes\"", "`encryption` is `aes`: expected `bucket-default`, `sse-s3` or `sse-kms`"),
        (
            "encryption = \"sse-kms\"",
            "line 8, column 14: rule 1 target: `encryption = \"sse-kms\"` needs `kms_key`",
        ),
        ("kms_key = \"alias/a\"", "`kms_key` is only for `encryption = \"sse-kms\"`"),
        (
            "encryption = \"sse-s3\"\nbucket_key = true",
            "line 9, column 14: rule 1 target: `bucket_key` is only for `encryption = \"sse-kms\"`",
        ),
        (
            "encryption = \"sse-kms\"\nkms_key = \"a key\"",
            "line 9, column 11: rule 1 target: `kms_key` names no KMS key",
        ),
        ("bucket_key = \"yes\"", "`bucket_key` is a string: expected `true` or `false`"),
    ] {
        let said = with_target(more).unwrap_err().to_string();
        assert!(said.contains(expected), "missing: {expected}\nin:\n{said}");
    }
}

#[test]
fn broken_toml_is_said_with_its_place() {
    let said = parse("version = \n[lanes").unwrap_err().to_string();
    assert!(said.starts_with("line 1, column "), "{said}");
    assert!(parse("").unwrap_err().to_string().contains("no [[rule]]"));
}

#[test]
fn a_target_that_feeds_the_rule_is_refused_and_a_chain_is_not() {
    let own = DEFAULT_RULES.replace("\"delivered\"", "\"landing\"");
    let said = parse(&own).unwrap_err().to_string();
    assert!(said.contains("a target feeds the rules again: everything → everything"), "{said}");

    let rule = |name: &str, from: &str, prefix: &str, to: &str, key: &str| {
        format!(
            "[[rule]]\nname = \"{name}\"\nmatch = {{ bucket = \"{from}\", prefix = \"{prefix}\" }}\n\
             target = {{ bucket = \"{to}\", key = \"{key}\" }}\n"
        )
    };
    let head = "version = 1\n[lanes]\ndefault = \"fast\"\n";
    let chain =
        [rule("1", "bucket-a", "", "bucket-b", "{key}"), rule("2", "bucket-b", "", "bucket-c", "{key}")]
            .concat();
    assert!(parse(&format!("{head}{chain}")).is_ok());
    let circle = format!("{head}{chain}{}", rule("3", "bucket-c", "", "bucket-a", "{key}"));
    assert!(parse(&circle).unwrap_err().to_string().contains("1 → 2 → 3 → 1"));
    // Within one bucket, prefixes that cannot meet keep in and out apart.
    assert!(parse(&format!("{head}{}", rule("1", "bucket-a", "in/", "bucket-a", "out/{rest}"))).is_ok());
    assert!(parse(&format!("{head}{}", rule("1", "bucket-a", "in/", "bucket-a", "{key}.bak"))).is_err());
    assert!(parse(&format!("{head}{}", rule("1", "bucket-a", "in/", "bucket-a", "{name}"))).is_err());
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in any::<String>()) {
        let _ = parse(&text);
    }

    #[test]
    fn no_damaged_file_makes_the_reader_panic(at in 0usize..900, with in "\\PC{0,3}") {
        let mut text: Vec<char> = FAN_OUT.chars().collect();
        let at = at % text.len();
        text.splice(at..=at, with.chars());
        let _ = parse(&text.into_iter().collect::<String>());
    }
}
