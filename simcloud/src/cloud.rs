//! The cloud: its options, and its services wired to one another.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use crate::clock::Clock;
use crate::dynamodb::DynamoDb;
use crate::entropy::Entropy;
use crate::events::EventBus;
use crate::fault::Faults;
use crate::journal::{self, Journal, Slot};
use crate::s3::{S3Store, VirtualChecksum, VirtualObject, VirtualTraffic};
use crate::sqs::Sqs;

/// How a cloud is made.
#[derive(Debug, Clone)]
pub struct Options {
    /// The only region there is. Requests signed for another one are refused when `access_key_id` is set.
    pub region: String,
    /// The account that owns everything: twelve digits.
    pub account_id: String,
    /// The only access key id that is accepted; `None` accepts every one (and every region).
    pub access_key_id: Option<String>,
    /// The secret key that presigned requests have to be signed with; `None` verifies no signature. Their times count in any case.
    pub secret_access_key: Option<String>,
    /// Object bytes go below this folder; `None` keeps them in memory.
    pub data_dir: Option<PathBuf>,
    /// `data_dir` is scratch space that no later cloud goes on with: nothing is written there but bytes, and those of small objects
    /// (up to 256 KiB) only once all of these together take more memory than this, in bytes. `None`: everything is in `data_dir`.
    pub scratch_memory_bytes: Option<u64>,
    /// Where identifiers come from.
    pub seed: u64,
    /// Objects that are put, and parts, get an ETag made from their checksum instead of their MD5, which costs most of a streaming
    /// upload's time. For benchmarks and simulations only: AWS's ETags are MD5 sums where no KMS key encrypts, and some clients check that.
    pub fast_etags: bool,
    /// What one GetObject sends in a second at the most, in tokio's time; `None`: as fast as it is read.
    pub stream_bytes_per_second: Option<u64>,
    /// Wall-clock time at the start; from there on it follows tokio's clock.
    pub epoch: SystemTime,
    /// Who looks on; nobody at first.
    pub observer: crate::Observer,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            region: "us-east-1".to_owned(),
            account_id: "000000000000".to_owned(),
            access_key_id: None,
            secret_access_key: None,
            data_dir: None,
            scratch_memory_bytes: None,
            seed: 0,
            fast_etags: false,
            stream_bytes_per_second: None,
            epoch: SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_780_000_000),
            observer: crate::Observer::default(),
        }
    }
}

/// A handle to one cloud; clones share it.
#[derive(Debug, Clone)]
pub struct Cloud {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) options: Options,
    pub(crate) clock: Clock,
    pub(crate) entropy: Arc<Entropy>,
    pub(crate) faults: Faults,
    pub(crate) sqs: Arc<Sqs>,
    pub(crate) dynamodb: Arc<DynamoDb>,
    pub(crate) events: Arc<EventBus>,
    pub(crate) s3: S3Store,
    journal: Slot,
}

impl Cloud {
    /// A new, empty cloud. Must be called within a tokio runtime (its clock is the cloud's).
    ///
    /// # Errors
    /// When `data_dir` cannot be created or written to.
    pub fn new(options: Options) -> std::io::Result<Self> {
        let clock = Clock::starting_at(options.epoch);
        let entropy = Arc::new(Entropy::new(options.seed));
        let journal = Slot::default();
        let sqs = Sqs::new(&options, clock.clone(), Arc::clone(&entropy), journal.clone());
        let dynamodb = Arc::new(DynamoDb::new(&options, clock.clone(), journal.clone()));
        let events = Arc::new(EventBus::new(&options, clock.clone(), Arc::clone(&entropy), Arc::clone(&sqs)));
        let faults = Faults::new(options.seed);
        let s3 = S3Store::new(&options, clock.clone(), Arc::clone(&entropy), Arc::clone(&events))?;
        let inner = Inner { options, clock, entropy, faults, sqs, dynamodb, events, s3, journal };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The faults that this cloud plays; empty at first.
    pub fn faults(&self) -> &Faults {
        &self.inner.faults
    }

    /// Every change of an item of `table`, from now on, in order: for progress displays and tests, as a stream would carry it.
    pub fn item_changes(&self, table: &str) -> tokio::sync::mpsc::UnboundedReceiver<crate::ItemChange> {
        self.inner.dynamodb.subscribe(table)
    }

    /// The queues with their messages, the event rules, and the tables with their items, as they are now.
    ///
    /// Who holds a message is not part of it: after [`Cloud::restore`], messages that were in flight are visible.
    pub fn snapshot(&self) -> serde_json::Value {
        serde_json::json!({
            "queues": self.inner.sqs.snapshot(),
            "rules": self.inner.events.snapshot(),
            "tables": self.inner.dynamodb.snapshot(),
        })
    }

    /// Replaces queues, rules and tables by those of a [`Cloud::snapshot`]; what it does not hold stays as it is.
    ///
    /// # Errors
    /// `InvalidData` when it is no snapshot.
    pub fn restore(&self, snapshot: serde_json::Value) -> std::io::Result<()> {
        self.restore_with(snapshot, Vec::new())
    }

    /// Goes on with the queues, rules and tables that `folder` keeps, and from now on writes every change of a message or an item there as
    /// it happens: what a request was answered survives a kill of the process. A change of a queue's, rule's or table's own settings
    /// writes everything.
    ///
    /// # Errors
    /// When the folder cannot be read or written, or holds what is not ours.
    pub fn keep_in(&self, folder: &Path) -> std::io::Result<()> {
        let mut found = journal::read(folder)?;
        let changes = std::mem::take(&mut found.changes);
        self.restore_with(found.state.take().unwrap_or_else(|| serde_json::json!({})), changes)?;
        self.inner.journal.set(Journal::open(folder, &found)?)?;
        self.checkpoint()
    }

    /// Writes everything to the folder of [`Cloud::keep_in`] and begins a new journal. Does nothing without one.
    ///
    /// # Errors
    /// When it cannot be written. What was written before still counts.
    pub fn checkpoint(&self) -> std::io::Result<()> {
        match self.inner.journal.journal() {
            Some(journal) => journal.checkpoint(|| self.settings(), || self.snapshot()),
            None => Ok(()),
        }
    }

    /// A checkpoint if a queue, a rule or a table itself has changed since the last one: journals know of messages and items only.
    pub(crate) fn keep_settings(&self) -> std::io::Result<()> {
        match self.inner.journal.journal() {
            Some(journal) if !journal.has_settings(&self.settings()) => self.checkpoint(),
            _ => Ok(()),
        }
    }

    /// The snapshot without messages and items.
    fn settings(&self) -> serde_json::Value {
        serde_json::json!({
            "queues": self.inner.sqs.settings(),
            "rules": self.inner.events.snapshot(),
            "tables": self.inner.dynamodb.settings(),
        })
    }

    /// Brings what was written to the disk, and begins a new journal when this one lacks a change or has more than `journal_bytes_max`
    /// bytes and than twice the state. To be called now and then. It blocks for as long as the disk takes.
    ///
    /// # Errors
    /// Why changes are kept in memory only, for now.
    pub fn sync_journal(&self, journal_bytes_max: u64) -> Result<(), String> {
        let Some(journal) = self.inner.journal.journal() else { return Ok(()) };
        if journal.is_due(journal_bytes_max) {
            self.checkpoint().map_err(|error| error.to_string())?;
        }
        journal.sync()
    }

    fn restore_with(
        &self,
        mut snapshot: serde_json::Value,
        changes: Vec<serde_json::Value>,
    ) -> std::io::Result<()> {
        let (of_tables, of_queues): (Vec<_>, Vec<_>) =
            changes.into_iter().partition(|change| change.get("table").is_some());
        let invalid = |what: String| std::io::Error::new(std::io::ErrorKind::InvalidData, what);
        if let Some(queues) = snapshot.get_mut("queues") {
            let restored = self.inner.sqs.restore(queues.take(), of_queues);
            restored.map_err(|error| invalid(error.to_string()))?;
        }
        if let Some(rules) = snapshot.get_mut("rules") {
            self.inner.events.restore(rules.take()).map_err(|error| invalid(error.message))?;
        }
        if let Some(tables) = snapshot.get_mut("tables") {
            self.inner.dynamodb.restore(tables.take()).map_err(|error| invalid(error.message))?;
        }
        for change in of_tables {
            self.inner.dynamodb.replay(change).map_err(|error| invalid(error.message))?;
        }
        Ok(())
    }

    /// One EventBridge call, such as `PutRule`, for callers that have no SDK client for it.
    ///
    /// # Errors
    /// The refusal: its code and message.
    pub async fn event_bridge(
        &self,
        operation: &str,
        request: serde_json::Value,
    ) -> Result<serde_json::Value, String> {
        let caller = crate::api::Caller {
            base_url: "http://simcloud.local".to_owned(),
            ..crate::api::Caller::default()
        };
        let answer = self.inner.events.call(&caller, operation, request).await;
        let answer = answer.map_err(|refusal| format!("{}: {}", refusal.code, refusal.message))?;
        self.keep_settings().map_err(|error| error.to_string())?;
        Ok(answer)
    }

    /// Puts an object whose bytes are generated and not kept, of any size up to S3's limit (48.8 TiB). The bytes that are written
    /// back from it are not kept either, and still verified one by one. Whoever listens is told as of a completed upload.
    ///
    /// # Errors
    /// The refusal: its code and message. A cloud with a `data_dir` has no virtual objects.
    pub fn put_virtual_object(
        &self,
        bucket: &str,
        key: &str,
        size_bytes: u64,
        checksum: VirtualChecksum,
    ) -> Result<VirtualObject, String> {
        self.inner.s3.put_virtual_object(bucket, key, size_bytes, checksum)
    }

    /// How many bytes of virtual objects have moved so far.
    pub fn virtual_traffic(&self) -> VirtualTraffic {
        self.inner.s3.virtual_traffic()
    }

    /// How many events a rule matched and no queue took, not even the target's dead-letter queue.
    pub fn undelivered_events(&self) -> u64 {
        self.inner.events.undelivered()
    }
}
