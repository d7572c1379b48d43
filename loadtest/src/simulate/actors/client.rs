//! The client whose files are moved: puts, overwrites and deletes source objects, and removes uploads, by plan and because of what the
//! services do. It also plays those who write and delete at the targets beside the services.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_s3::primitives::ByteStream;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crc_fast::CrcAlgorithm;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::simulate::facts::{Content, LANDING};
use crate::simulate::faults::Strike;
use crate::simulate::plan::{Deed, Plan};
use crate::simulate::stage::Stage;

/// Versions of one key. Overwriting without end would keep it from ever coming to rest.
const VERSIONS_MAX: usize = 5;
/// Foreign writes and deletes at one target, for the same reason.
const FOREIGN_MAX: u32 = 3;

pub(crate) struct Client {
    s3: aws_sdk_s3::Client,
    stage: Arc<Stage>,
    draws: fastrand::Rng,
    /// Whether its objects come with a CRC32; where they do not, the store makes a CRC64NVME.
    sends_crc32: bool,
    /// By bucket and key.
    foreign: BTreeMap<(String, String), u32>,
}

impl Client {
    pub(crate) fn new(s3: aws_sdk_s3::Client, stage: Arc<Stage>, seed: u64) -> Self {
        let draws = fastrand::Rng::with_seed(seed ^ 0x636c_6965);
        Self { s3, stage, draws, sends_crc32: seed.is_multiple_of(2), foreign: BTreeMap::new() }
    }

    /// Carries the plan out, and every wish in between, until everything is healed.
    pub(crate) async fn run(mut self, plan: Arc<Plan>, mut wishes: UnboundedReceiver<Strike>) {
        let mut deeds = plan.deeds.iter().peekable();
        loop {
            let next = deeds.peek().map(|(at, _)| *at);
            let wait = next.map_or(Duration::from_secs(3_600), |at| at.saturating_sub(self.stage.elapsed()));
            tokio::select! {
                biased;
                Some(wish) = wishes.recv(), if !self.stage.healed.is_cancelled() => self.grant(wish).await,
                () = tokio::time::sleep(wait), if next.is_some() => {
                    if let Some((_, deed)) = deeds.next() {
                        self.act(deed.clone()).await;
                    }
                }
                () = self.stage.healed.cancelled(), if next.is_none() => return,
            }
        }
    }

    async fn act(&mut self, deed: Deed) {
        match deed {
            Deed::Put(key, content) => self.put(&key, content).await,
            Deed::Delete(key) => self.delete(&key).await,
        }
    }

    async fn grant(&mut self, wish: Strike) {
        let known = |key: &str| {
            let state = self.stage.lock();
            let versions = state.facts.sources.get(key).filter(|versions| versions.len() < VERSIONS_MAX);
            versions.and_then(|versions| versions.last()).map(|newest| newest.content)
        };
        match wish {
            Strike::Overwrite { key, same_bytes } => {
                let Some(old) = known(&key) else { return };
                let len = usize::try_from(old.len_bytes()).unwrap_or(0);
                let content = if same_bytes { old } else { Content::new(len, self.draws.usize(..)) };
                self.put(&key, content).await;
            }
            Strike::Overtake { key } if known(&key).is_some() => {
                let content = Content::new(self.draws.usize(0..4_096), self.draws.usize(..));
                self.put(&key, content).await;
            }
            Strike::WriteTarget { bucket, key } if is_allowed(&mut self.foreign, &bucket, &key) => {
                self.write_target(&bucket, &key).await;
            }
            Strike::DeleteTarget { bucket, key } if is_allowed(&mut self.foreign, &bucket, &key) => {
                if self.stage.lock().facts.visible(&bucket, &key).is_none() {
                    self.write_target(&bucket, &key).await;
                }
                let _ = self.s3.delete_object().bucket(bucket).key(key).send().await;
            }
            Strike::Delete { key } if known(&key).is_some() => self.delete(&key).await,
            Strike::Abort { upload_id } => {
                let Some(upload) = self.stage.lock().facts.uploads.get(&upload_id).cloned() else { return };
                let abort = self.s3.abort_multipart_upload().bucket(upload.bucket).key(upload.key);
                // It may have ended meanwhile.
                let _ = abort.upload_id(upload_id).send().await;
            }
            _ => {}
        }
    }

    async fn put(&self, key: &str, content: Content) {
        self.stage.lock().facts.intended.insert(key.to_owned(), content);
        let bytes = content.bytes();
        let crc32 = self.sends_crc32.then(|| crc32(&bytes));
        let body = ByteStream::from(bytes);
        let put = self.s3.put_object().bucket(LANDING).key(key).body(body);
        // Nobody in a world looks at the client's signature, and its hash would be a tenth of a world's cost.
        let put = put.set_checksum_crc32(crc32).customize().disable_payload_signing().send().await;
        if let Err(error) = put {
            self.stage.violated("simulation", format!("the client failed to put: {error:?}"));
        }
    }

    /// An object without our mark.
    async fn write_target(&mut self, bucket: &str, key: &str) {
        let content = Content::new(self.draws.usize(1..1_024), self.draws.usize(..));
        let put = self.s3.put_object().bucket(bucket).key(key).body(ByteStream::from(content.bytes()));
        if let Err(error) = put.send().await {
            self.stage.violated("simulation", format!("a foreign writer failed to put: {error:?}"));
        }
    }

    async fn delete(&self, key: &str) {
        // A client's delete of what is not there is no harm.
        let _ = self.s3.delete_object().bucket(LANDING).key(key).send().await;
    }
}

/// Whether one more foreign change of a target, by bucket and key, is within the bound.
fn is_allowed(changes: &mut BTreeMap<(String, String), u32>, bucket: &str, key: &str) -> bool {
    let count = changes.entry((bucket.to_owned(), key.to_owned())).or_default();
    *count += 1;
    *count <= FOREIGN_MAX
}

/// As S3 writes it.
fn crc32(bytes: &[u8]) -> String {
    let sum = crc_fast::checksum(CrcAlgorithm::Crc32IsoHdlc, bytes);
    STANDARD.encode(u32::try_from(sum).unwrap_or_default().to_be_bytes())
}
