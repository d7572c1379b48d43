//! What became visible in the landing bucket, as the store itself tells it.
//!
//! The client does not know this for sure. Its SDK sends a PUT again when a reply is late, and if both took effect, the bucket has had two
//! versions of equal bytes and equal ETag. Only their sequencers tell them apart, and the older one is rightly superseded.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use simcloud::{Event, Observer};

/// Clones share what they know.
#[derive(Debug, Clone, Default)]
pub(super) struct Landed(Arc<Mutex<BTreeMap<String, Vec<String>>>>);

impl Landed {
    /// Tells it of everything that becomes visible in `bucket`.
    pub(super) fn observer(&self, bucket: &'static str) -> Observer {
        let landed = self.clone();
        let on_event = move |_: &_, event: &Event<'_>| {
            if let Event::ObjectPublished { bucket: published, key, sequencer, .. } = event
                && *published == bucket
            {
                landed.note(key, sequencer);
            }
        };
        Observer::new(|_, _| Vec::new(), on_event)
    }

    pub(super) fn note(&self, key: &str, sequencer: &str) {
        self.lock().entry(key.to_owned()).or_default().push(sequencer.to_owned());
    }

    /// Whether the version with this sequencer is the key's newest.
    pub(super) fn is_newest(&self, key: &str, sequencer: &str) -> bool {
        self.lock().get(key).and_then(|versions| versions.last()).is_some_and(|newest| newest == sequencer)
    }

    /// Versions of all keys.
    pub(super) fn count(&self) -> usize {
        self.lock().values().map(Vec::len).sum()
    }

    pub(super) fn keys(&self) -> Vec<String> {
        self.lock().keys().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Vec<String>>> {
        // Every change is one statement: a panic in between leaves nothing half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
