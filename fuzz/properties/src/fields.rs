//! Several texts out of one input: split at newlines, so that a corpus file can be written by hand.

use common::transfer::{
    CopyOptions, Encryption, Fidelity, Sequencer, SourceVersion, Strategy, TagPolicy, Target, Transfer,
    TransferId,
};

/// The input as text, and its first `N` lines; absent ones are empty. The last takes the rest, newlines included.
pub(crate) fn lines<const N: usize>(text: &str) -> [&str; N] {
    let mut lines = text.splitn(N, '\n');
    std::array::from_fn(|_| lines.next().unwrap_or_default())
}

/// A transfer whose fields are the lines of a text: target key, version id, sequencer, storage class, source key.
pub(crate) fn transfer(text: &str) -> Transfer {
    let [target_key, version_id, sequencer, storage_class, source_key] = lines(text);
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let source = SourceVersion {
        bucket: "landing".to_owned(),
        key: source_key.to_owned(),
        size_bytes: text.len() as u64,
        etag: target_key.chars().rev().collect(),
        version_id: given(version_id),
        sequencer: Sequencer::parse(sequencer).ok(),
    };
    let target = Target { bucket: "delivered".to_owned(), key: target_key.to_owned() };
    Transfer {
        id: TransferId::derive(&source, &target),
        source,
        target,
        customer: version_id.to_owned(),
        rule: sequencer.to_owned(),
        options: CopyOptions {
            storage_class: given(storage_class),
            tags: if text.len().is_multiple_of(2) { TagPolicy::Copy } else { TagPolicy::Drop },
            strategy: match text.len() % 3 {
                0 => Strategy::Stream,
                1 => Strategy::ServerSide,
                _ => Strategy::Auto,
            },
            encryption: match text.len() % 5 {
                0 => Encryption::BucketDefault,
                1 => Encryption::SseS3,
                rest => Encryption::SseKms {
                    key: "alias/files".to_owned(),
                    bucket_key: (rest > 2).then_some(rest == 3),
                },
            },
            fidelity: if text.len() % 7 > 3 { Fidelity::Strict } else { Fidelity::BestEffort },
        },
        uploaded_at: storage_class.to_owned(),
    }
}
