//! Our mark on a delivered object: which transfer published it.
//!
//! One piece of user metadata, `x-amz-meta-drayage: 1;<transfer id>;<source key hash>;<sequencer or ->;<hops>`. It answers "was
//! that publish mine?" after a lost reply, "is what is there newer than mine?" before an overwrite, and "has this file been going
//! round?" before a copy.

use std::collections::HashMap;

use common::transfer::{Sequencer, Transfer, TransferId, source_key_hash};

/// The name of the metadata entry.
pub const METADATA_NAME: &str = "drayage";
/// How often a file may go from target to source again before it is taken for a loop that the rules' check could not see.
const HOPS_MAX: u32 = 16;

/// The mark of one transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker {
    pub transfer: TransferId,
    pub source_key_hash: String,
    pub sequencer: Option<Sequencer>,
    /// How many Drayage copies lie between the first source and this object.
    pub hops: u32,
}

impl Marker {
    /// The mark for a copy of a source that carries `metadata`; `None` when that source has been going round.
    pub fn for_copy(transfer: &Transfer, metadata: &HashMap<String, String>) -> Option<Self> {
        let hops = Self::of(metadata).map_or(0, |earlier| earlier.hops) + 1;
        (hops <= HOPS_MAX).then(|| Self {
            transfer: transfer.id.clone(),
            source_key_hash: source_key_hash(&transfer.source),
            sequencer: transfer.source.sequencer.clone(),
            hops,
        })
    }

    pub fn of(metadata: &HashMap<String, String>) -> Option<Self> {
        let fields: Vec<&str> = metadata.get(METADATA_NAME)?.split(';').collect();
        let ["1", transfer, source_key_hash, sequencer, hops] = fields[..] else { return None };
        Some(Self {
            transfer: TransferId::parse(transfer).ok()?,
            source_key_hash: source_key_hash.to_owned(),
            sequencer: Sequencer::parse(sequencer).ok(),
            hops: hops.parse::<u32>().ok()?.min(1_000),
        })
    }

    pub fn value(&self) -> String {
        let sequencer = self.sequencer.as_ref().map_or("-", Sequencer::as_str);
        format!("1;{};{};{sequencer};{}", self.transfer, self.source_key_hash, self.hops)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use common::transfer::{CopyOptions, SourceVersion, Target};

    fn transfer(sequencer: Option<&str>) -> Transfer {
        let source = SourceVersion {
            bucket: "landing".into(),
            key: "k;1;2".into(),
            size_bytes: 1,
            etag: "e".into(),
            version_id: None,
            sequencer: sequencer.map(|text| Sequencer::parse(text).unwrap()),
        };
        let target = Target { bucket: "delivered".into(), key: "k".into() };
        Transfer {
            id: TransferId::derive(&source, &target),
            source,
            target,
            customer: "c".into(),
            rule: "r".into(),
            options: CopyOptions::default(),
            uploaded_at: String::new(),
        }
    }

    #[test]
    fn what_is_marked_is_read_back() {
        for sequencer in [None, Some("0055AED6DCD90281E5")] {
            let marker = Marker::for_copy(&transfer(sequencer), &HashMap::new()).unwrap();
            let metadata = HashMap::from([(METADATA_NAME.to_owned(), marker.value())]);
            assert_eq!(Marker::of(&metadata), Some(marker));
        }
    }

    #[test]
    fn a_file_that_goes_round_is_stopped() {
        let (mut metadata, mut copies) = (HashMap::new(), 0);
        while let Some(marker) = Marker::for_copy(&transfer(None), &metadata) {
            metadata.insert(METADATA_NAME.to_owned(), marker.value());
            copies += 1;
        }
        assert_eq!(copies, HOPS_MAX);
    }

    #[test]
    fn foreign_marks_are_none() {
        for foreign in ["", "1;2", "2;a;b;c;1", "1;zz;h;-;1", "x"] {
            let metadata = HashMap::from([(METADATA_NAME.to_owned(), foreign.to_owned())]);
            assert_eq!(Marker::of(&metadata), None, "{foreign}");
        }
    }
}
