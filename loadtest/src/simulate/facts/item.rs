//! A ledger item as the table holds it, read without the code that is being tested.

use simcloud::Image;

/// What the invariants look at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) id: String,
    pub(crate) status: String,
    pub(crate) attempts: u64,
    pub(crate) failed_attempts: u64,
    pub(crate) released_attempts: u64,
    pub(crate) size_bytes: u64,
    pub(crate) customer: String,
    pub(crate) owner: String,
    pub(crate) upload_id: Option<String>,
    pub(crate) checksum: Option<String>,
    pub(crate) target_etag: Option<String>,
    pub(crate) error_code: Option<String>,
    /// All of its texts but the keys.
    pub(crate) texts: Vec<String>,
}

impl Item {
    pub(crate) fn read(image: &Image) -> Self {
        let text = |name: &str| image.text(name).map(str::to_owned);
        let number = |name: &str| image.number(name)?.parse::<u64>().ok();
        let texts = image.attributes().filter(|(name, _)| !matches!(*name, "key" | "destination_key"));
        Self {
            id: text("file_id").unwrap_or_default(),
            status: text("status").unwrap_or_default(),
            attempts: number("attempts").unwrap_or(0),
            failed_attempts: number("failed_attempts").unwrap_or(0),
            released_attempts: number("released_attempts").unwrap_or(0),
            size_bytes: number("file_size").unwrap_or(0),
            customer: text("customer_id").unwrap_or_default(),
            owner: text("owner").unwrap_or_default(),
            upload_id: text("upload_id"),
            checksum: text("checksum_crc64nvme"),
            target_etag: text("destination_etag"),
            error_code: text("error_code"),
            texts: texts.map(|(_, value)| value.to_string()).collect(),
        }
    }

    /// Whether its attempt is one of this worker's; owners are `worker.boot/number`.
    pub(crate) fn is_of(&self, worker: &str) -> bool {
        self.owner.strip_prefix(worker).is_some_and(|rest| rest.starts_with('.'))
    }

    pub(crate) fn is_terminal(&self) -> bool {
        matches!(self.status.as_str(), "completed" | "failed" | "superseded")
    }
}
