//! Lifecycle rules at work: what is due goes, and who listens is told.
//!
//! AWS looks once a day and promises no hour. Here an hour may pass between what is due and the next look; looks happen before
//! operations, for between them nobody can tell.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use s3s::S3Result;

use super::bucket::{Bucket, lock};
use super::errors::no_such_key;
use super::lifecycle::{Due, Rule, due};
use super::object::Version;
use super::store::Store;
use crate::events::Cause;
use crate::observe::Event;

/// How often buckets are looked through.
const INTERVAL_S: u64 = 3600;

impl Store {
    /// Called before each operation.
    pub(super) fn expire(&self) {
        let now_s = self.now_s();
        let next_s = self.next_expiry_s.load(Ordering::Relaxed);
        let later_s = now_s.saturating_add(INTERVAL_S);
        let is_mine = now_s >= next_s
            && self
                .next_expiry_s
                .compare_exchange(next_s, later_s, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok();
        if !is_mine {
            return;
        }
        for bucket in self.buckets() {
            let rules = bucket.settings().lifecycle;
            if !rules.is_empty() {
                self.expire_objects(&bucket, &rules, now_s);
                self.abort_uploads(&bucket, &rules, now_s);
            }
        }
    }

    fn expire_objects(&self, bucket: &Bucket, rules: &[Rule], now_s: u64) {
        let found: Vec<(String, Vec<Due>)> = {
            let objects = bucket.objects();
            let keys = objects.by_key().iter();
            keys.map(|(key, versions)| (key.clone(), due(rules, key, versions, now_s)))
                .filter(|(_, due)| !due.is_empty())
                .collect()
        };
        for (key, due) in found {
            for due in due {
                if let Err(error) = self.apply(bucket, &key, &due) {
                    // Something else has taken its place meanwhile, or the disk fails: the next look finds it again, if it is due.
                    tracing::debug!(code = error.code().as_str(), "a version was not expired");
                }
            }
        }
    }

    fn apply(&self, bucket: &Bucket, key: &str, due: &Due) -> S3Result<()> {
        let request_id = self.new_request_id();
        let because = (Cause::Lifecycle, &*request_id);
        let is_still = |version: &Version, sequencer: &str| version.details.sequencer == sequencer;
        match due {
            Due::Expire { sequencer } => {
                let check = |object: Option<&Arc<Version>>| {
                    object.filter(|version| is_still(version, sequencer)).map(|_| ()).ok_or_else(no_such_key)
                };
                self.delete_current(bucket, key, check, because).map(|_| ())
            }
            Due::Remove { version_id, sequencer } => {
                let check = |object: Option<&Arc<Version>>| match object {
                    Some(version) if !is_still(version, sequencer) => Err(no_such_key()),
                    _ => Ok(()),
                };
                self.delete_version(bucket, key, version_id.as_deref(), check, because).map(|_| ())
            }
        }
    }

    fn abort_uploads(&self, bucket: &Bucket, rules: &[Rule], now_s: u64) {
        let aborted: Vec<String> = {
            let mut uploads = lock(&bucket.uploads);
            let all = uploads.by_key().values().flat_map(|uploads| uploads.values());
            let due: Vec<_> = all
                .filter(|upload| rules.iter().any(|rule| rule.aborts(&upload.key, upload.initiated_s, now_s)))
                .cloned()
                .collect();
            due.iter()
                .filter_map(|upload| uploads.remove(&upload.key, &upload.id))
                .map(|it| it.id.clone())
                .collect()
        };
        for upload_id in aborted {
            self.observer.tell(|| Event::UploadAborted { upload_id: &upload_id });
        }
    }
}
