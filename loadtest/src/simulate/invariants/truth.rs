//! S3: `completed` means that the object of the recorded size, checksum and ETag was published under this transfer's mark.

use super::{Moment, What};
use crate::simulate::facts::Facts;

pub(super) const NAME: &str = "S3 completed is true";

pub(super) fn broken(past: &Facts, moment: Moment<'_>) -> Option<String> {
    let What::Item(old, new) = moment.what else { return None };
    if new.status != "completed" || old.is_some_and(|old| old.status == "completed") {
        return None;
    }
    let expected = past.expected.get(&new.id)?;
    let target = (expected.target.bucket.clone(), expected.target.key.clone());
    let published = past.published.get(&target).map(Vec::as_slice).unwrap_or_default();
    let fits = published.iter().any(|publication| {
        publication.transfer == new.id
            && publication.size_bytes == new.size_bytes
            && Some(&publication.etag) == new.target_etag.as_ref()
            && Some(&publication.checksum) == new.checksum.as_ref()
    });
    (!fits).then(|| {
        format!("transfer {} was completed; nothing of its size, checksum and ETag was published", new.id)
    })
}
