//! A rule's `target`: where to, and how.

use super::KeyTemplate;
use super::reader::{At, Fields};
use crate::transfer::{CopyOptions, Encryption, Fidelity, Strategy, TagPolicy, is_kms_key};

const STORAGE_CLASSES: [&str; 8] = [
    "STANDARD",
    "REDUCED_REDUNDANCY",
    "STANDARD_IA",
    "ONEZONE_IA",
    "INTELLIGENT_TIERING",
    "GLACIER",
    "GLACIER_IR",
    "DEEP_ARCHIVE",
];
const TAGS: [(&str, TagPolicy); 2] = [("copy", TagPolicy::Copy), ("drop", TagPolicy::Drop)];
const STRATEGIES: [(&str, Strategy); 3] =
    [("stream", Strategy::Stream), ("server-side", Strategy::ServerSide), ("auto", Strategy::Auto)];
const FIDELITIES: [(&str, Fidelity); 2] =
    [("best-effort", Fidelity::BestEffort), ("strict", Fidelity::Strict)];

/// The bucket, the key's template and the options; every mistake is noted.
pub(super) fn read(target: &mut Fields<'_, '_>) -> Option<(String, KeyTemplate, CopyOptions)> {
    let bucket = target.required_bucket("bucket");
    let key = match target.text("key") {
        None => KeyTemplate::parse("{key}").ok(),
        Some(At { value, span }) => {
            KeyTemplate::parse(value).map_err(|error| target.mistake(&span, &error.to_string())).ok()
        }
    };
    let storage_class = target.text("storage_class");
    if let Some(At { value, span }) = &storage_class
        && !STORAGE_CLASSES.contains(value)
    {
        let known = STORAGE_CLASSES.join("`, `");
        target.mistake(span, &format!("unknown storage class `{value}`: expected one of `{known}`"));
    }
    let options = CopyOptions {
        storage_class: storage_class.map(|at| at.value.to_owned()),
        tags: choice(target, "tags", &TAGS),
        strategy: choice(target, "strategy", &STRATEGIES),
        encryption: encryption(target),
        fidelity: choice(target, "fidelity", &FIDELITIES),
    };
    Some((bucket?.value.to_owned(), key?, options))
}

/// The meaning of one of a few words; the default where the field is absent or wrong.
fn choice<T: Copy + Default>(target: &mut Fields<'_, '_>, name: &'static str, known: &[(&str, T)]) -> T {
    let Some(At { value, span }) = target.text(name) else { return T::default() };
    let found = known.iter().find(|(word, _)| *word == value);
    if found.is_none() {
        let words: Vec<&str> = known.iter().map(|(word, _)| *word).collect();
        target.mistake(&span, &format!("`{name}` is `{value}`: expected `{}`", words.join("` or `")));
    }
    found.map_or_else(T::default, |(_, meaning)| *meaning)
}

fn encryption(target: &mut Fields<'_, '_>) -> Encryption {
    let kind = target.text("encryption");
    let key = target.text("kms_key");
    let bucket_key = target.boolean("bucket_key");
    if let Some(At { value, span }) = &key
        && !is_kms_key(value)
    {
        let expected = "a key's id, its alias (`alias/…`) or the ARN of either";
        target.mistake(span, &format!("`kms_key` names no KMS key: expected {expected}"));
    }
    let kind = match kind {
        Some(At { value: "sse-kms", span }) => {
            if key.is_none() {
                target.mistake(&span, "`encryption = \"sse-kms\"` needs `kms_key`");
            }
            let key = key.map_or_else(String::new, |key| key.value.to_owned());
            return Encryption::SseKms { key, bucket_key: bucket_key.map(|at| at.value) };
        }
        Some(At { value: "sse-s3", .. }) => Encryption::SseS3,
        None | Some(At { value: "bucket-default", .. }) => Encryption::BucketDefault,
        Some(At { value, span }) => {
            let expected = "`bucket-default`, `sse-s3` or `sse-kms`";
            target.mistake(&span, &format!("`encryption` is `{value}`: expected {expected}"));
            return Encryption::BucketDefault;
        }
    };
    let spans = [("kms_key", key.map(|at| at.span)), ("bucket_key", bucket_key.map(|at| at.span))];
    for (name, span) in spans {
        if let Some(span) = span {
            target.mistake(&span, &format!("`{name}` is only for `encryption = \"sse-kms\"`"));
        }
    }
    kind
}
