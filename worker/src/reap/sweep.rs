//! One bucket at a time, one upload at a time: the pace of a run is bounded by the latency of its requests, and what throttles is
//! waited for.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_s3::Client;
use aws_smithy_types::DateTime;
use common::aws;
use common::backoff::{self, Delays};
use common::fault::Fault;
use common::ledger::{Status, Uploads};
use common::service::{StartError, sdk_config_of};
use common::transfer::TransferId;

use super::Settings;
use super::decide::{Decision, Listed, Orphan, Rules, Sight, decide};
use super::listing::{self, Page};

/// What S3 lists at a time at the most.
const PAGE_UPLOADS: i32 = 1_000;
/// Tries of one request, over about a minute and a half beside the SDK's own.
const TRIES_MAX: usize = 8;
/// Uploads of one bucket that may resist before the bucket is given up.
const FAILURES_MAX: u64 = 20;

/// What became of one upload that was old enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Done {
    Aborted(Orphan),
    /// A dry run.
    WouldAbort(Orphan),
    /// Somebody was faster: completed, aborted, or an abort of ours whose reply was lost.
    Gone(Orphan),
    Left {
        transfer: TransferId,
        status: Status,
        forgotten: bool,
    },
    Failed(Fault),
}

/// One upload that was old enough. Without its key, which is the customer's: the upload's id finds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub bucket: String,
    pub upload_id: String,
    pub initiated: Option<DateTime>,
    pub age: Duration,
    pub done: Done,
}

/// How many uploads of a bucket were what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub listed: u64,
    pub young: u64,
    pub foreign: u64,
    pub left: u64,
    pub forgotten: u64,
    /// In a dry run: would have been.
    pub aborted: u64,
    pub gone: u64,
    pub failed: u64,
}

/// What a sweep says while it goes on.
#[derive(Debug)]
pub enum Notice<'n> {
    Upload(&'n Finding),
    /// A page is done, and there is another.
    Page(&'n Counts),
}

/// What a sweep came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Swept {
    pub counts: Counts,
    /// Why it ended before the bucket's last upload.
    pub stopped_by: Option<Fault>,
}

impl Swept {
    /// Every upload was looked at, and none resisted.
    pub fn is_whole(&self) -> bool {
        self.stopped_by.is_none() && self.counts.failed == 0
    }
}

/// Sweeps buckets.
#[derive(Debug, Clone)]
pub struct Reaper {
    s3: Client,
    uploads: Uploads,
    rules: Rules,
    prefix: Option<String>,
    dry_run: bool,
    page_uploads: i32,
}

impl Reaper {
    pub fn new(config: &SdkConfig, table: &str, rules: Rules) -> Self {
        let uploads = Uploads::new(aws::dynamodb(config), table);
        let page_uploads = PAGE_UPLOADS;
        Self { s3: aws::s3(config), uploads, rules, prefix: None, dry_run: false, page_uploads }
    }

    /// From settings, once the ledger's index is known to be there: without it every upload would look like nobody's.
    ///
    /// # Errors
    /// When there is no region, no table or no index.
    pub async fn prepare(settings: &Settings) -> Result<Self, StartError> {
        let config = sdk_config_of(&settings.reach.access).await?;
        let table = &settings.reach.table;
        let reaper = Self::new(&config, table, settings.rules.clone());
        let checked = reaper.uploads.check().await;
        checked.map_err(|fault| StartError::Aws {
            what: format!("index {} of table {table}", common::ledger::BY_UPLOAD),
            fault,
        })?;
        Ok(reaper.with_prefix(settings.prefix.clone()).dry(settings.dry_run))
    }

    /// Only keys that begin with this.
    #[must_use]
    pub fn with_prefix(self, prefix: Option<String>) -> Self {
        Self { prefix, ..self }
    }

    /// Decides and tells, and aborts nothing.
    #[must_use]
    pub fn dry(self, dry_run: bool) -> Self {
        Self { dry_run, ..self }
    }

    /// Smaller pages than S3 would give.
    #[must_use]
    pub fn with_pages_of(self, page_uploads: i32) -> Self {
        Self { page_uploads, ..self }
    }

    /// Goes through a bucket. Dropping it stops it; what it has aborted is aborted.
    pub async fn sweep(&self, bucket: &str, mut tell: impl FnMut(Notice<'_>)) -> Swept {
        let mut counts = Counts::default();
        let ended = Box::pin(self.pages(bucket, &mut counts, &mut tell)).await;
        Swept { counts, stopped_by: ended.err() }
    }

    async fn pages(
        &self,
        bucket: &str,
        counts: &mut Counts,
        tell: &mut impl FnMut(Notice<'_>),
    ) -> Result<(), Fault> {
        let page = async |after: Option<&listing::Marker>| {
            let prefix = self.prefix.as_deref();
            patiently(async || listing::page(&self.s3, bucket, prefix, self.page_uploads, after).await).await
        };
        let mut current = page(None).await?;
        loop {
            // The next page begins after an upload of this one, and S3 does not say what it makes of a marker that is gone.
            let next = match current.next.take() {
                Some(marker) => Some(page(Some(&marker)).await),
                None => None,
            };
            self.page(bucket, &current, counts, tell).await?;
            let Some(next) = next else { return Ok(()) };
            tell(Notice::Page(counts));
            current = next?;
        }
    }

    async fn page(
        &self,
        bucket: &str,
        page: &Page,
        counts: &mut Counts,
        tell: &mut impl FnMut(Notice<'_>),
    ) -> Result<(), Fault> {
        for listed in &page.uploads {
            counts.listed += 1;
            let age = match self.rules.sight(listed, page.at) {
                Sight::Candidate { age } => age,
                Sight::Young => {
                    counts.young += 1;
                    continue;
                }
                Sight::Foreign => {
                    counts.foreign += 1;
                    continue;
                }
            };
            let done = self.reap(bucket, listed, page.at).await?;
            counts.count(&done);
            let resisted = match &done {
                Done::Failed(fault) if counts.failed >= FAILURES_MAX => Some(fault.clone()),
                _ => None,
            };
            let (bucket, upload_id) = (bucket.to_owned(), listed.upload_id.clone());
            tell(Notice::Upload(&Finding { bucket, upload_id, initiated: listed.initiated, age, done }));
            if let Some(fault) = resisted {
                return Err(fault);
            }
        }
        Ok(())
    }

    /// One upload that is old enough. A fault is the ledger's: who cannot ask it must not abort.
    async fn reap(&self, bucket: &str, listed: &Listed, at: DateTime) -> Result<Done, Fault> {
        let owners = patiently(async || self.uploads.owners(&listed.upload_id).await).await?;
        let orphan = match decide(&listed.upload_id, &owners, at) {
            Decision::Leave { transfer, status, forgotten } => {
                return Ok(Done::Left { transfer, status, forgotten });
            }
            Decision::Abort(orphan) if self.dry_run => return Ok(Done::WouldAbort(orphan)),
            Decision::Abort(orphan) => orphan,
        };
        let abort = async || {
            let request =
                self.s3.abort_multipart_upload().bucket(bucket).key(&listed.key).upload_id(&listed.upload_id);
            request.send().await.map(drop).map_err(|error| Fault::of("AbortMultipartUpload", &error))
        };
        Ok(match patiently(abort).await {
            Ok(()) => Done::Aborted(orphan),
            Err(fault) if fault.code == "NoSuchUpload" => Done::Gone(orphan),
            Err(fault) => Done::Failed(fault),
        })
    }
}

impl Counts {
    fn count(&mut self, done: &Done) {
        let counter = match done {
            Done::Aborted(_) | Done::WouldAbort(_) => &mut self.aborted,
            Done::Gone(_) => &mut self.gone,
            Done::Left { forgotten, .. } => {
                self.forgotten += u64::from(*forgotten);
                &mut self.left
            }
            Done::Failed(_) => &mut self.failed,
        };
        *counter += 1;
    }
}

/// Waits out what passes: throttling, the network, 5xx.
async fn patiently<T>(request: impl AsyncFn() -> Result<T, Fault>) -> Result<T, Fault> {
    let mut delays = Delays::new(backoff::POLL);
    let mut tries = 1;
    loop {
        match request().await {
            Err(fault) if fault.is_passing() && tries < TRIES_MAX => {
                tries += 1;
                tokio::time::sleep(delays.next_delay()).await;
            }
            ended => return ended,
        }
    }
}
