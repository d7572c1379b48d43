//! What the folder of a cloud holds, when it is opened again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::blob::{Blob, Segment};
use super::bucket::Bucket;
use super::disk::{BlobFile, Disk};
use super::object::Version;
use super::records::{BucketRecord, Recorded, VersionRecord};
use super::versions::{DeleteMarker, Revision};

/// The buckets of a folder by name, and the highest sequencer in it.
pub(super) fn restore(disk: &Arc<Disk>) -> std::io::Result<(BTreeMap<String, Arc<Bucket>>, u64)> {
    let mut buckets = BTreeMap::new();
    for record in disk.buckets::<BucketRecord>()? {
        buckets.insert(record.name.clone(), Arc::new(Bucket::new(record, Some(Arc::clone(disk)))));
    }
    let mut entries = disk.entries::<VersionRecord>()?;
    // Of two entries for one version of a key, the later comes last and replaces the other; a change of tags keeps the sequencer,
    // and then the later is the one with the higher id.
    entries.sort_by(|(_, a), (_, b)| a.sequencer().cmp(b.sequencer()));
    let mut kept = BTreeMap::new();
    for (id, record) in entries {
        let version_id = record.version_id().map(str::to_owned);
        let address = (record.bucket.clone(), record.key.clone(), version_id);
        let lost = if buckets.contains_key(&record.bucket) {
            kept.insert(address, (id, record)).map(|(id, _)| id)
        } else {
            Some(id)
        };
        if let Some(id) = lost {
            disk.remove_entry(id)?;
        }
    }
    let used: BTreeSet<u64> =
        kept.values().flat_map(|(_, record)| record.segments().iter().map(|segment| segment.file)).collect();
    disk.remove_orphans(|id| used.contains(&id))?;
    let files: BTreeMap<u64, Arc<BlobFile>> =
        used.into_iter().map(|id| (id, Arc::new(disk.file(id)))).collect();
    let mut last = 0;
    for (id, record) in kept.into_values() {
        last = last.max(u64::from_str_radix(record.sequencer(), 16).unwrap_or_default());
        if let Some(bucket) = buckets.get(&record.bucket) {
            bucket.objects().restore(record.key, revision(id, record.what, &files));
        }
    }
    Ok((buckets, last))
}

fn revision(id: u64, what: Recorded, files: &BTreeMap<u64, Arc<BlobFile>>) -> Revision {
    match what {
        Recorded::Object { details, segments } => {
            let segments = segments.iter().filter_map(|segment| {
                let file = Arc::clone(files.get(&segment.file)?);
                Some(Segment::File { file, offset: segment.offset, length: segment.length })
            });
            let blob = Blob::new(segments.collect());
            Revision::Object(Arc::new(Version { details: *details, blob, entry: Some(id) }))
        }
        Recorded::DeleteMarker { delete_marker } => {
            Revision::DeleteMarker(Arc::new(DeleteMarker { entry: Some(id), ..delete_marker }))
        }
    }
}
