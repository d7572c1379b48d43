//! A cloud with its ledger, one transfer, and what a test asks of them.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use common::fault::Fault as Refused;
use common::lane::Lane;
use common::ledger::{Claim, Completion, Held, Ledger, Queued, Reason, Upload, Written};
use common::transfer::{CopyOptions, Sequencer, SourceVersion, Target, Transfer, TransferId};
use simcloud::{Effect, Fault};
use topology::{TABLE, World};

/// An item's attributes as text, numbers too.
pub(crate) type Shown = BTreeMap<String, String>;

pub(crate) const TOOK: Duration = Duration::from_millis(1_234);

pub(crate) struct Bench {
    pub(crate) world: World,
    pub(crate) ledger: Ledger,
    pub(crate) transfer: Transfer,
}

impl Bench {
    /// Nothing is in the ledger yet.
    pub(crate) async fn empty() -> Self {
        let world = World::new().await.unwrap();
        Self { ledger: world.ledger(), world, transfer: transfer("acme/inbound/a.csv") }
    }

    /// The transfer is queued.
    pub(crate) async fn queued() -> Self {
        let bench = Self::empty().await;
        assert_eq!(bench.queue().await, Ok(Queued::New));
        bench
    }

    /// The transfer is claimed by `owner`, under fence 1.
    pub(crate) async fn claimed(owner: &str) -> Self {
        let bench = Self::queued().await;
        assert_eq!(bench.fence(owner).await, 1);
        bench
    }

    pub(crate) async fn queue(&self) -> Result<Queued, Refused> {
        self.ledger.queue(&self.transfer, &Lane::parse("fast").unwrap()).await
    }

    pub(crate) async fn claim(&self, owner: &str) -> Result<Claim, Refused> {
        self.ledger.claim(&self.transfer.id, "worker-7", owner).await
    }

    /// Claims, and must be let.
    pub(crate) async fn fence(&self, owner: &str) -> u64 {
        match self.claim(owner).await.unwrap() {
            Claim::Held { fence, .. } => fence,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn held<'a>(&'a self, fence: u64, owner: &'a str) -> Held<'a> {
        Held { id: &self.transfer.id, fence, owner }
    }

    /// The item as DynamoDB has it; empty when there is none.
    pub(crate) async fn item(&self) -> Shown {
        let dynamodb = self.world.dynamodb();
        let id = AttributeValue::S(self.transfer.id.to_string());
        let got = dynamodb
            .get_item()
            .table_name(TABLE)
            .key("file_id", id)
            .consistent_read(true)
            .send()
            .await
            .unwrap();
        let shown = |value: AttributeValue| match value {
            AttributeValue::S(text) | AttributeValue::N(text) => text,
            other => panic!("{other:?}"),
        };
        got.item.unwrap_or_default().into_iter().map(|(name, value)| (name, shown(value))).collect()
    }

    /// Plants one fault on the writes of the ledger.
    pub(crate) fn fault(&self, operation: &str, times: u64, effect: Effect) {
        self.world.cloud.faults().add(Fault::on("DynamoDB", operation).times(times).effect(effect));
    }

    pub(crate) fn hits(&self, fault: &str) -> u64 {
        self.world.cloud.faults().hits().get(fault).copied().unwrap_or(0)
    }
}

/// What an attempt may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Write {
    NoteUpload,
    Release,
    ReleaseSpent,
    Complete,
    Fail,
    Supersede,
}

impl Write {
    pub(crate) const ALL: [Self; 6] =
        [Self::NoteUpload, Self::Release, Self::ReleaseSpent, Self::Complete, Self::Fail, Self::Supersede];
    pub(crate) const TERMINAL: [Self; 3] = [Self::Complete, Self::Fail, Self::Supersede];

    pub(crate) async fn by(self, ledger: &Ledger, held: &Held<'_>) -> Result<Written, Refused> {
        match self {
            Self::NoteUpload => ledger.note_upload(held, &upload(), 1).await,
            Self::Release => ledger.release(held, &reason(), false, true).await,
            Self::ReleaseSpent => ledger.release(held, &reason(), true, true).await,
            Self::Complete => ledger.complete(held, &completion(), TOOK).await,
            Self::Fail => ledger.fail(held, &reason(), TOOK).await,
            Self::Supersede => ledger.supersede(held, &reason(), TOOK).await,
        }
    }

    pub(crate) fn status(self) -> &'static str {
        match self {
            Self::NoteUpload => "processing",
            Self::Release | Self::ReleaseSpent => "queued",
            Self::Complete => "completed",
            Self::Fail => "failed",
            Self::Supersede => "superseded",
        }
    }
}

pub(crate) fn upload() -> Upload {
    Upload { id: "upload-1".into(), part_bytes: 8_388_608 }
}

pub(crate) fn reason() -> Reason {
    Reason::new("some_code", "a sentence")
}

pub(crate) fn completion() -> Completion {
    Completion { checksum: Some("Y2hlY2tzdW0=".into()), target_etag: "t".into(), verified_by: "crc64nvme" }
}

pub(crate) fn transfer(key: &str) -> Transfer {
    let source = SourceVersion {
        bucket: "landing".into(),
        key: key.into(),
        size_bytes: 42,
        etag: "b1946ac92492d2347c6235b4d2611184".into(),
        version_id: Some("v1".into()),
        sequencer: Some(Sequencer::parse("617F08299329D189").unwrap()),
    };
    let target = Target { bucket: "delivered".into(), key: key.into() };
    Transfer {
        id: TransferId::derive(&source, &target),
        source,
        target,
        customer: "acme".into(),
        rule: "everything".into(),
        options: CopyOptions::default(),
        uploaded_at: "2026-11-12T00:00:00Z".into(),
    }
}
