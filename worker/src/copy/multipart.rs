//! Large objects: a multipart upload whose parts stream side by side.
//!
//! 1. Look at the target: it may be done already, or be newer.
//! 2. Go on with the upload that an earlier attempt noted, or create one and note it. A crash between creating and noting leaves
//!    an upload that nobody knows; the reaper ([`crate::reap`]) removes it.
//! 3. Send the parts that are missing. A crash leaves an upload with some parts; the next attempt goes on with it.
//! 4. Complete, under a condition and with the checksum of the whole: the commit point. A crash after it leaves an object with our
//!    marker, which step 1 of the next attempt recognises.
//! 5. When the key was written or deleted since step 2, Complete is refused whatever its condition: remove the upload, look at the
//!    target once, and start again at step 2 on the condition that the look gave, at most [`UPLOADS_IN_A_ROW_MAX`] times. A crash
//!    leaves the ledger with an upload that is gone; the next attempt finds that out and creates one.
//!
//! An attempt that ends for good removes its upload; one that lost its lease touches nothing, for another may go on with it.

use std::collections::BTreeMap;

use aws_sdk_s3::operation::RequestId as _;
use aws_sdk_s3::types::{ChecksumAlgorithm, ChecksumType};
use common::fault::{Class, Fault};
use common::ledger::{Completion, Reason, Upload};
use common::transfer::Transfer;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};

use super::checksum::{Crc64, Own, Sums};
use super::complete::Completed;
use super::facts::{Facts, dressed};
use super::part::Sent;
use super::plan::Plan;
use super::publish::Condition;
use super::source::unquoted;
use super::unheard::Unheard;
use super::{CHECKSUM_MISMATCH, Copier};
use crate::outcome::{End, Outcome};

/// Uploads that one attempt makes in a row of a file whose target changes under each of them, before the message is given back.
pub const UPLOADS_IN_A_ROW_MAX: u32 = 3;

impl Copier {
    pub(super) async fn multipart(
        &self,
        transfer: &Transfer,
        facts: &Facts,
        earlier: Option<Upload>,
        note: impl AsyncFn(&Upload) -> Result<(), End>,
    ) -> Outcome {
        let mut upload = earlier;
        let mut unheard = Unheard::default();
        let uploading = self.upload_until_known(transfer, facts, &mut upload, &mut unheard, note);
        let result = Box::pin(uploading).await.map_err(|end| unheard.end(end));
        Outcome { result, left: upload }.tidied(self, transfer).await
    }

    /// `upload` is the upload as it stands when this ends: `None` when there is none (any more).
    async fn upload_until_known(
        &self,
        transfer: &Transfer,
        facts: &Facts,
        upload: &mut Option<Upload>,
        unheard: &mut Unheard,
        note: impl AsyncFn(&Upload) -> Result<(), End>,
    ) -> Result<Completion, End> {
        let own = facts.own.and_then(Own::crc64);
        let mut condition = match self.survey(transfer, own).await? {
            Ok(completion) => return Ok(completion),
            Err(condition) => condition,
        };
        let mut others_write = false;
        let mut last = Fault::new(Class::Conflict, "CompleteMultipartUpload", "PreconditionFailed");
        for nth in 1..=UPLOADS_IN_A_ROW_MAX {
            let (completed, whole) = self.upload(transfer, facts, upload, &condition, unheard, &note).await?;
            let fault = match completed {
                Completed::Published(completion) => return Ok(completion),
                Completed::Overtaken(fault) => fault,
            };
            // Removed first: no Complete of it that is still under way can publish after the look.
            if let Some(spent) = upload.take() {
                self.abort_upload(transfer, &spent.id).await;
            }
            let place = match self.look(transfer, Some(whole)).await? {
                Ok(completion) => return Ok(completion),
                Err(place) => place,
            };
            tracing::info!(%fault, nth, "the target changed during an upload, which counts for nothing");
            others_write |= !place.has_older_version;
            condition = place.condition;
            last = fault;
        }
        if others_write {
            let message = format!("the target changed during each of {UPLOADS_IN_A_ROW_MAX} uploads");
            return Err(End::Contended(Reason::new("target_contended", message)));
        }
        Err(End::Passing(Fault { class: Class::Conflict, ..last }))
    }

    /// One upload: the one that is there already, or a new one. Gives what its Complete came to, and the checksum of the whole.
    async fn upload(
        &self,
        transfer: &Transfer,
        facts: &Facts,
        upload: &mut Option<Upload>,
        condition: &Condition,
        unheard: &mut Unheard,
        note: &impl AsyncFn(&Upload) -> Result<(), End>,
    ) -> Result<(Completed, Crc64), End> {
        let mut sent = match upload {
            Some(earlier) => self.sent_before(transfer, &earlier.id).await?,
            None => None,
        };
        // What an earlier attempt noted is gone.
        if sent.is_none() {
            *upload = None;
        }
        let (current, plan) = match upload {
            Some(current) => (current.clone(), self.plan(facts, current.part_bytes)?),
            None => {
                let plan = self.plan(facts, self.tuning.part_bytes)?;
                let id = self.create_upload(transfer, facts).await?;
                let created = Upload { id, part_bytes: plan.part_bytes };
                if let Err(end) = note(&created).await {
                    // Nobody else knows of it: it is ours to remove, even if the fence is lost.
                    self.abort_upload(transfer, &created.id).await;
                    return Err(end);
                }
                (upload.insert(created).clone(), plan)
            }
        };
        let have = sent.take().unwrap_or_default();
        let sent = self.send_parts(transfer, &current.id, plan, have, facts.own).await?;
        let whole = whole_sums(&sent, facts.own);
        if facts.own.is_some_and(|own| own.fits(whole) == Some(false)) {
            // A byte changed between the source's store and us. Nothing is published; the upload is thrown away.
            let message = "the parts do not add up to the source's checksum";
            return Err(End::Failed(Reason::new(CHECKSUM_MISMATCH, message)));
        }
        let completed = self.complete(transfer, &current.id, sent, whole.crc64, condition, unheard).await;
        match &completed {
            Ok(Completed::Published(_)) => *upload = None,
            // Gone, and not by our Complete. The ledger is about to forget it, so it is removed in case the store finds it again.
            Err(End::Passing(fault)) if fault.code == "NoSuchUpload" => {
                self.abort_upload(transfer, &current.id).await;
                *upload = None;
            }
            Ok(Completed::Overtaken(_)) | Err(_) => {}
        }
        Ok((completed?, whole.crc64))
    }

    fn plan(&self, facts: &Facts, part_bytes: u64) -> Result<Plan, End> {
        Plan::new(facts.size_bytes, part_bytes)
            .ok_or_else(|| End::Permanent(Reason::new("too_large", "the object is larger than S3 allows")))
    }

    async fn create_upload(&self, transfer: &Transfer, facts: &Facts) -> Result<String, End> {
        let dress = self.dress(transfer, facts).await?;
        let request = self
            .client
            .create_multipart_upload()
            .bucket(&transfer.target.bucket)
            .key(&transfer.target.key)
            .checksum_algorithm(ChecksumAlgorithm::Crc64Nvme)
            .checksum_type(ChecksumType::FullObject);
        let reply = dressed!(request, &dress).send().await;
        let reply = reply.map_err(|error| Fault::of("CreateMultipartUpload", &error))?;
        let is_aws = reply.request_id().is_some();
        let id = reply.upload_id.filter(|id| !id.is_empty());
        id.ok_or_else(|| Fault::unusable("CreateMultipartUpload", is_aws).into())
    }

    /// The parts that have been sent, by whichever attempt; `None` when the upload is gone.
    pub(super) async fn sent_before(
        &self,
        transfer: &Transfer,
        upload_id: &str,
    ) -> Result<Option<BTreeMap<i32, Sent>>, End> {
        let mut sent = BTreeMap::new();
        let mut marker = None;
        loop {
            let request = self
                .client
                .list_parts()
                .bucket(&transfer.target.bucket)
                .key(&transfer.target.key)
                .upload_id(upload_id)
                .set_part_number_marker(marker);
            let reply = match request.send().await.map_err(|error| Fault::of("ListParts", &error)) {
                Ok(reply) => reply,
                Err(fault) if fault.class == Class::Missing => return Ok(None),
                Err(fault) => return Err(fault.into()),
            };
            for part in reply.parts() {
                // A part without a checksum cannot be vouched for: it is sent again.
                let known = part.part_number().zip(part.e_tag());
                let checksum = part.checksum_crc64_nvme().and_then(Crc64::parse);
                let len_bytes = part.size().and_then(|size| u64::try_from(size).ok());
                if let (Some((number, etag)), Some(checksum), Some(len_bytes)) = (known, checksum, len_bytes)
                {
                    sent.insert(
                        number,
                        Sent {
                            number,
                            len_bytes,
                            etag: unquoted(etag),
                            sums: Sums { crc64: checksum, short: None },
                        },
                    );
                }
            }
            marker = reply.next_part_number_marker.filter(|_| reply.is_truncated == Some(true));
            if marker.is_none() {
                return Ok(Some(sent));
            }
        }
    }

    /// Sends every part that is not there in its full length, or that does not hold when it is looked at; all parts, in order.
    async fn send_parts(
        &self,
        transfer: &Transfer,
        upload_id: &str,
        plan: Plan,
        mut have: BTreeMap<i32, Sent>,
        own: Option<Own>,
    ) -> Result<Vec<Sent>, End> {
        // The store's checksums of parts add up to a CRC64NVME, and to nothing else.
        let proven = own.is_none_or(|own| own.crc64().is_some());
        let (mut done, mut to_do) = (Vec::new(), Vec::new());
        for part in plan.parts() {
            // One of another length is of another cut.
            let earlier = have.remove(&part.number).filter(|sent| sent.len_bytes == part.len_bytes);
            match earlier {
                Some(sent) if proven => done.push(sent),
                earlier => to_do.push((part, earlier)),
            }
        }
        tracing::debug!(reused = done.len(), parts = to_do.len(), "sending parts");
        let mut sending = stream::iter(to_do)
            .map(|(part, earlier)| self.part(transfer, upload_id, part, earlier, own))
            .buffer_unordered(self.tuning.parts_in_flight);
        while let Some(sent) = sending.try_next().await? {
            done.push(sent);
        }
        drop(sending);
        done.sort_unstable_by_key(|sent| sent.number);
        Ok(done)
    }

    /// Removes an upload that leads nowhere. Failing leaves it to the reaper.
    pub(super) async fn abort_upload(&self, transfer: &Transfer, upload_id: &str) {
        let target = &transfer.target;
        let request =
            self.client.abort_multipart_upload().bucket(&target.bucket).key(&target.key).upload_id(upload_id);
        match request.send().await.map_err(|error| Fault::of("AbortMultipartUpload", &error)) {
            Err(fault) if fault.class != Class::Missing => {
                tracing::warn!(transfer = %transfer.id, %fault, "failed to abort a multipart upload");
            }
            _ => {}
        }
    }
}

fn whole_sums(sent: &[Sent], own: Option<Own>) -> Sums {
    sent.iter().fold(Sums::of(b"", own), |whole, part| whole.followed_by(part.sums, part.len_bytes, own))
}
