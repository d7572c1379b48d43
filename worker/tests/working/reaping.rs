//! Multipart uploads that belong to nobody go, those of transfers stay.

use std::time::Duration;

use common::ledger::{Completion, Held, Reason, Status, Upload, attribute};
use common::transfer::Transfer;
use common::wire;
use drayage_worker::reap::{Counts, Done, Finding, Notice, Orphan, Reaper, Rules};

use super::crashes::die_at;
use super::yard::{MIB, Yard, bytes};

pub(crate) const HOUR: Duration = Duration::from_secs(3_600);
pub(crate) const DAY: Duration = Duration::from_secs(86_400);

/// What a sweep came to, and what it told.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) counts: Counts,
    pub(crate) findings: Vec<Finding>,
    pub(crate) stopped_by: Option<common::fault::Fault>,
}

impl Told {
    pub(crate) fn done(&self) -> Vec<&Done> {
        self.findings.iter().map(|finding| &finding.done).collect()
    }

    /// It went through the whole bucket.
    #[track_caller]
    pub(crate) fn whole(self) -> Self {
        assert!(self.stopped_by.is_none() && self.counts.failed == 0, "{self:?}");
        self
    }
}

pub(crate) async fn sweep(reaper: &Reaper) -> Told {
    let mut findings = Vec::new();
    let swept = reaper.sweep("delivered", |notice| {
        if let Notice::Upload(finding) = notice {
            findings.push(finding.clone());
        }
    });
    let swept = swept.await;
    Told { counts: swept.counts, findings, stopped_by: swept.stopped_by }
}

impl Yard {
    /// Takes uploads older than a day, whoever initiated them.
    pub(crate) fn reaper(&self) -> Reaper {
        self.reaper_of(None)
    }

    pub(crate) fn reaper_of(&self, initiator: Option<&str>) -> Reaper {
        let rules = Rules { older_than: DAY, initiator: initiator.map(str::to_owned) };
        Reaper::new(&self.world.config, topology::TABLE, rules)
    }

    /// An upload that nobody notes.
    pub(crate) async fn orphan(&self, key: &str) -> String {
        let created = self.s3.create_multipart_upload().bucket("delivered").key(key).send().await.unwrap();
        created.upload_id.unwrap()
    }

    /// A claimed transfer that has noted an upload, as attempt `w0/0`.
    pub(crate) async fn noted(&self, key: &str) -> (Transfer, String) {
        let transfer = self.put(key, b"body").await;
        self.ledger.queue(&transfer, &self.lane).await.unwrap();
        let upload = Upload { id: self.orphan(key).await, part_bytes: 8 * MIB as u64 };
        self.ledger.claim(&transfer.id, "w0", "w0/0").await.unwrap();
        self.ledger.note_upload(&held(&transfer), &upload, 1).await.unwrap();
        (transfer, upload.id)
    }
}

/// The fence of [`Yard::noted`].
pub(crate) fn held(transfer: &Transfer) -> Held<'_> {
    Held { id: &transfer.id, fence: 1, owner: "w0/0" }
}

#[tokio::test(start_paused = true)]
async fn an_upload_that_a_crash_kept_from_being_noted_is_reaped_after_its_age_and_not_before() {
    let yard = Yard::new().await;
    let body = bytes(20 * MIB, 1);
    let transfer = yard.land("k", &body).await;
    // The claim is the first update, the note the second.
    die_at(&yard, "DynamoDB", "UpdateItem", 1).await;
    let orphans = yard.uploads().await;
    assert_eq!((orphans.len(), yard.record(&transfer).await.upload), (1, None));
    tokio::time::sleep(DAY - Duration::from_secs(10)).await;
    let told = sweep(&yard.reaper()).await.whole();
    assert_eq!((told.counts.listed, told.counts.young, told.findings.len()), (1, 1, 0));
    assert_eq!(yard.uploads().await, orphans);
    tokio::time::sleep(Duration::from_secs(20)).await;
    let told = sweep(&yard.reaper()).await.whole();
    assert_eq!(told.done(), [&Done::Aborted(Orphan::Unknown)]);
    assert_eq!(told.findings[0].upload_id, orphans[0]);
    assert!(told.findings[0].age > DAY && told.findings[0].age < DAY + HOUR);
    assert_eq!(yard.uploads().await, Vec::<String>::new());
    yard.work_until(Status::Completed).await;
    yard.assert_delivered(&transfer, &body).await;
}

#[tokio::test(start_paused = true)]
async fn an_upload_that_its_transfer_has_noted_is_left_however_old_and_gone_on_with() {
    let yard = Yard::new().await;
    let body = bytes(20 * MIB, 2);
    let transfer = yard.land("k", &body).await;
    die_at(&yard, "S3", "UploadPart", 2).await;
    for (days, forgotten) in [(2, false), (20, true)] {
        tokio::time::sleep(days * DAY).await;
        let told = sweep(&yard.reaper()).await.whole();
        let left = Done::Left { transfer: transfer.id.clone(), status: Status::Processing, forgotten };
        assert_eq!(told.done(), [&left]);
        assert_eq!((told.counts.left, told.counts.forgotten), (1, u64::from(forgotten)));
    }
    // Its message has outlived the queue's retention: somebody sends it again.
    yard.send_body(&wire::encode(&transfer)).await;
    let (creates, parts) = (yard.count("CreateMultipartUpload"), yard.count("UploadPart"));
    yard.work_until(Status::Completed).await;
    assert_eq!((creates.count(), parts.count()), (0, 1));
    yard.assert_delivered(&transfer, &body).await;
}

#[tokio::test(start_paused = true)]
async fn an_upload_that_is_still_there_after_its_transfers_end_is_reaped() {
    let reason = Reason::new("code", "sentence");
    let completion =
        Completion { checksum: None, target_etag: "e".to_owned(), verified_by: "crc64nvme-sent" };
    for end in [Status::Completed, Status::Failed, Status::Superseded] {
        let yard = Yard::new().await;
        let (transfer, upload_id) = yard.noted("k").await;
        let held = held(&transfer);
        match end {
            Status::Completed => yard.ledger.complete(&held, &completion, HOUR).await.unwrap(),
            Status::Failed => yard.ledger.fail(&held, &reason, HOUR).await.unwrap(),
            _ => yard.ledger.supersede(&held, &reason, HOUR).await.unwrap(),
        };
        tokio::time::sleep(DAY + HOUR).await;
        let told = sweep(&yard.reaper()).await.whole();
        assert_eq!(told.done(), [&Done::Aborted(Orphan::Unknown)], "{end}");
        assert_eq!(told.findings[0].upload_id, upload_id);
        assert_eq!(yard.uploads().await, Vec::<String>::new());
        assert_eq!(yard.record(&transfer).await.status, end);
    }
}

#[tokio::test(start_paused = true)]
async fn an_item_at_its_end_holds_no_upload_even_where_it_names_one() {
    let yard = Yard::new().await;
    let (transfer, upload_id) = yard.noted("k").await;
    yard.ledger.fail(&held(&transfer), &Reason::new("code", "sentence"), HOUR).await.unwrap();
    let text = |value: &str| aws_sdk_dynamodb::types::AttributeValue::S(value.to_owned());
    let put_back = yard.world.dynamodb().update_item().table_name(topology::TABLE);
    let put_back = put_back.key(attribute::FILE_ID, text(transfer.id.as_str()));
    let put_back = put_back.update_expression("SET upload_id = :u");
    put_back.expression_attribute_values(":u", text(&upload_id)).send().await.unwrap();
    tokio::time::sleep(DAY + HOUR).await;
    assert_eq!(sweep(&yard.reaper()).await.whole().done(), [&Done::Aborted(Orphan::Ended)]);
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_tells_the_same_and_changes_nothing() {
    let yard = Yard::new().await;
    yard.orphan("a").await;
    let (transfer, _) = yard.noted("b").await;
    tokio::time::sleep(DAY + HOUR).await;
    let (before, aborts) = (yard.uploads().await, yard.count("AbortMultipartUpload"));
    let told = sweep(&yard.reaper().dry(true)).await.whole();
    let left = Done::Left { transfer: transfer.id, status: Status::Processing, forgotten: false };
    assert_eq!(told.done(), [&Done::WouldAbort(Orphan::Unknown), &left]);
    assert_eq!((yard.uploads().await, aborts.count()), (before, 0));
    assert_eq!(sweep(&yard.reaper()).await.whole().done(), [&Done::Aborted(Orphan::Unknown), &left]);
}

#[tokio::test(start_paused = true)]
async fn uploads_that_others_initiated_are_left() {
    let yard = Yard::new().await;
    let upload_id = yard.orphan("k").await;
    tokio::time::sleep(DAY + HOUR).await;
    let told = sweep(&yard.reaper_of(Some("assumed-role/drayage-worker/"))).await.whole();
    assert_eq!((told.counts.foreign, told.findings.len()), (1, 0));
    assert_eq!(yard.uploads().await, [upload_id]);
    // What simcloud says of everybody.
    let told = sweep(&yard.reaper_of(Some(":iam::000000000000:root"))).await.whole();
    assert_eq!((told.counts.foreign, told.counts.aborted), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn every_page_is_swept_whatever_the_keys_and_only_below_the_prefix() {
    let yard = Yard::new().await;
    let keys = ["in/a b", "in/a+b", "in/ü%2B\u{1}", "in/k", "in/k", "in/k", "out/z"];
    for key in keys {
        yard.orphan(key).await;
    }
    let (held, upload_id) = yard.noted("in/held").await;
    tokio::time::sleep(DAY + HOUR).await;
    let (lists, aborts) = (yard.count("ListMultipartUploads"), yard.count("AbortMultipartUpload"));
    let reaper = yard.reaper().with_pages_of(2);
    let told = sweep(&reaper.clone().with_prefix(Some("in/".to_owned()))).await.whole();
    assert_eq!((told.counts.listed, told.counts.aborted, told.counts.left), (7, 6, 1));
    // Four pages; one request for each upload.
    assert_eq!((lists.count(), aborts.count()), (4, 6));
    assert_eq!(yard.uploads().await.len(), 2);
    assert_eq!(sweep(&reaper).await.whole().counts.aborted, 1);
    assert_eq!(yard.uploads().await, [upload_id]);
    assert_eq!(yard.record(&held).await.status, Status::Processing);
}

#[tokio::test(start_paused = true)]
async fn more_uploads_than_one_page_of_s3_holds_are_all_swept() {
    let yard = Yard::new().await;
    for number in 0..1_001 {
        yard.orphan(&format!("k{}", number % 7)).await;
    }
    tokio::time::sleep(DAY + HOUR).await;
    let told = sweep(&yard.reaper()).await.whole();
    assert_eq!((told.counts.listed, told.counts.aborted), (1_001, 1_001));
    assert_eq!(yard.uploads().await, Vec::<String>::new());
}
