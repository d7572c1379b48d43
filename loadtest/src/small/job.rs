//! What the loops that are not Drayage are given: where everything is, and the two writes to the ledger.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

/// Read from a file by the bare loop, by Node and by Python, so that all three send the same.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Job {
    pub(super) endpoint_url: String,
    pub(super) region: String,
    pub(super) access_key: String,
    pub(super) queue_url: String,
    pub(super) table: String,
    pub(super) table_key: String,
    /// Of every file's status key.
    pub(super) status_shards: u32,
    pub(super) in_flight: usize,
    pub(super) names: BTreeMap<String, String>,
    pub(super) claim: Update,
    pub(super) complete: Update,
}

/// An UpdateItem; its values are the loop's.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Update {
    pub(super) update: String,
    pub(super) condition: String,
}

impl Job {
    pub(super) fn read(path: &Path) -> Result<Self, String> {
        let failed =
            |why: &dyn std::fmt::Display| format!("failed to read the job {}: {why}", path.display());
        let text = std::fs::read_to_string(path).map_err(|error| failed(&error))?;
        serde_json::from_str(&text).map_err(|error| failed(&error))
    }
}
