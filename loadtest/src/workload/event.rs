//! What is intended to happen.

/// One event and when it is meant to happen, whatever came of those before it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Intended {
    /// From 0, without gaps.
    pub(crate) number: u64,
    /// Since the start of the span, in the workload's own (uncompressed) time.
    pub(crate) at_s: f64,
    /// The tenant whose event it is; the first one is the noisy one.
    pub(crate) tenant: u16,
    pub(crate) what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// A file is put in: a new one, or (a version above 0) over an earlier one of the same key.
    Put(Version),
    /// The event of a version is delivered once more.
    Duplicate { of: Version, form: Form },
    /// As a duplicate, of a version that a newer one has replaced since: the old event comes after the new one.
    Late { of: Version, form: Form },
    /// Something that is no event of ours comes in; `Intended::number` tells each from the others.
    Poison(Poison),
}

/// One version of one file. Versions of one file differ in size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Version {
    /// The number of the event that put the file in first; it names the file.
    pub(crate) file: u64,
    pub(crate) version: u8,
    pub(crate) size_bytes: u64,
}

/// How an event is worded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    EventBridge,
    /// S3's own notification, its key form-encoded.
    Notification,
    /// An EventBridge event within an SNS envelope.
    Sns,
}

impl Form {
    pub(crate) const ALL: [Self; 3] = [Self::EventBridge, Self::Notification, Self::Sns];
}

/// What is wrong with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Poison {
    /// An event that ends in the middle.
    Truncated,
    /// JSON of somebody else.
    Foreign,
    /// An event without the object's key.
    KeyMissing,
    /// An event whose size is a text.
    SizeIsText,
    /// A notification without a record.
    NoRecords,
    /// Words.
    Words,
}

impl Poison {
    pub(crate) const ALL: [Self; 6] =
        [Self::Truncated, Self::Foreign, Self::KeyMissing, Self::SizeIsText, Self::NoRecords, Self::Words];
}
