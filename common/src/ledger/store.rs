//! The ledger's writes, one conditional write per transition.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};

use super::expression::{Expression, number, text};
use super::item::{self, Record, Upload, attribute as a};
use super::schema::status_shard;
use super::state::{Status, Step};
use super::told;
use crate::clock::WallClock;
use crate::fault::{Class, Fault};
use crate::lane::Lane;
use crate::telemetry;
use crate::transfer::{Transfer, TransferId};

/// A handle to the table.
#[derive(Debug, Clone)]
pub struct Ledger {
    client: Client,
    table: String,
    clock: WallClock,
    /// How long items stay after their end.
    retention: Duration,
}

/// What became of writing `queued`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Queued {
    /// Written now.
    New,
    /// Was already there: it may never have been sent, so it has to be sent (again).
    Again,
    /// Further along: a duplicate event.
    Beyond(Status),
}

/// What became of claiming a transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// Ours, under this fence. `before` is the record as the claim found it.
    Held { fence: u64, before: Record },
    /// It has come to its end: a duplicate message.
    Over(Status),
    /// There is no item: it expired, or the table was restored to an earlier time.
    Missing,
}

/// What became of an attempt's own write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    Done,
    /// Another attempt holds the fence, or the item is gone.
    Lost,
}

/// How a transfer was completed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// CRC64NVME of the whole object, base64.
    pub checksum: Option<String>,
    /// Without quotes.
    pub target_etag: String,
    /// What vouches for the delivered bytes.
    pub verified_by: &'static str,
}

impl Ledger {
    pub fn new(client: Client, table: impl Into<String>, clock: WallClock, retention: Duration) -> Self {
        Self { client, table: table.into(), clock, retention }
    }

    pub fn table(&self) -> &str {
        &self.table
    }

    /// Is the table there, and may we see it? For a clear error at start.
    ///
    /// # Errors
    /// The fault.
    pub async fn check(&self) -> Result<(), Fault> {
        let described = self.client.describe_table().table_name(&self.table).send().await;
        described.map(drop).map_err(|error| Fault::of("DescribeTable", &error))
    }

    /// Writes `queued` unless the transfer is known. After a crash behind this write the event comes again and finds `Again`.
    ///
    /// # Errors
    /// The fault, when the write may not have happened.
    pub async fn queue(&self, transfer: &Transfer, lane: &Lane) -> Result<Queued, Fault> {
        let queued = self.put(transfer, lane).await;
        told::write(Step::Queue, &queued);
        queued
    }

    async fn put(&self, transfer: &Transfer, lane: &Lane) -> Result<Queued, Fault> {
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item::queued(transfer, lane, &self.clock.stamp())))
            .condition_expression("attribute_not_exists(file_id)")
            .set_return_consumed_capacity(told::capacity_wanted())
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match put.send().await {
            Ok(reply) => {
                told::capacity(Step::Queue, reply.consumed_capacity());
                Ok(Queued::New)
            }
            Err(error) => {
                let known = match error.as_service_error() {
                    Some(PutItemError::ConditionalCheckFailedException(failed)) => {
                        failed.item().and_then(Record::read)
                    }
                    _ => return Err(Fault::of("PutItem", &error)),
                };
                match known {
                    Some(Record { status: Status::Uploaded | Status::Queued, .. }) => Ok(Queued::Again),
                    Some(record) => Ok(Queued::Beyond(record.status)),
                    None => Err(Fault::new(Class::Invalid, "PutItem", "ForeignItem")),
                }
            }
        }
    }

    /// Claims a transfer for one attempt. `owner` must be new for every attempt: it tells our own win, whose reply was lost, from
    /// another's.
    ///
    /// # Errors
    /// The fault, when the write may not have happened.
    pub async fn claim(&self, id: &TransferId, worker_id: &str, owner: &str) -> Result<Claim, Fault> {
        let claim = self.claim_once(id, worker_id, owner).await;
        told::write(Step::Claim, &claim);
        claim
    }

    async fn claim_once(&self, id: &TransferId, worker_id: &str, owner: &str) -> Result<Claim, Fault> {
        let stamp = self.clock.stamp();
        let mut update = self.step(Step::Claim, id, &stamp);
        update
            .add(a::ATTEMPTS, 1)
            .set(a::OWNER, text(owner))
            .set(a::PROCESSED_BY, text(worker_id))
            .set(a::PROCESSING, text(&stamp))
            .require_different(a::OWNER, text(owner));
        match self.send(Step::Claim, id, update, ReturnValue::AllOld).await? {
            Sent::Done(Some(before)) => Ok(Claim::Held { fence: before.attempts + 1, before }),
            Sent::Done(None) => Err(Fault::new(Class::Invalid, "UpdateItem", "ForeignItem")),
            Sent::Refused(Some(now))
                if now.status == Status::Processing && now.owner.as_deref() == Some(owner) =>
            {
                let before = Record { attempts: now.attempts - 1, ..now };
                Ok(Claim::Held { fence: before.attempts + 1, before })
            }
            Sent::Refused(Some(now)) if now.status.is_terminal() => Ok(Claim::Over(now.status)),
            Sent::Refused(Some(_)) => Err(Fault::new(Class::Conflict, "UpdateItem", "ClaimRefused")),
            Sent::Refused(None) => Ok(Claim::Missing),
        }
    }

    /// Notes the multipart upload that this attempt began, so that the next attempt can go on with it or remove it.
    /// `uploads` counts those of this transfer, with this one.
    ///
    /// # Errors
    /// The fault, when the write may not have happened.
    pub async fn note_upload(
        &self,
        held: &Held<'_>,
        upload: &Upload,
        uploads: u64,
    ) -> Result<Written, Fault> {
        let mut update = self.step(Step::Progress, held.id, &self.clock.stamp());
        update.set(a::UPLOAD_ID, text(&upload.id)).set(a::UPLOAD_PART_BYTES, number(upload.part_bytes));
        update.set(a::UPLOADS, number(uploads));
        self.fenced(held, Step::Progress, update).await
    }

    /// Ends an attempt without a verdict. `spent` counts it as failed; `keep_upload` leaves the upload to the next attempt.
    ///
    /// # Errors
    /// The fault, when the write may not have happened.
    pub async fn release(
        &self,
        held: &Held<'_>,
        reason: &Reason,
        spent: bool,
        keep_upload: bool,
    ) -> Result<Written, Fault> {
        let mut update = self.step(Step::Release, held.id, &self.clock.stamp());
        update.add(a::RELEASED_ATTEMPTS, 1);
        update.set(a::ERROR_CODE, text(&reason.code)).set(a::ERROR_MESSAGE, text(&reason.message));
        // The next attempt's span has a link to this one's.
        if let Some(context) = telemetry::current_traceparent() {
            update.set(a::RELEASED_TRACEPARENT, text(context));
        }
        if spent {
            update.add(a::FAILED_ATTEMPTS, 1);
        }
        if !keep_upload {
            update.remove(a::UPLOAD_ID).remove(a::UPLOAD_PART_BYTES);
        }
        self.fenced(held, Step::Release, update).await
    }

    /// # Errors
    /// The fault, when the write may not have happened.
    pub async fn complete(
        &self,
        held: &Held<'_>,
        completion: &Completion,
        took: Duration,
    ) -> Result<Written, Fault> {
        let mut update = self.end(Step::Complete, held.id, took);
        update
            .set(a::DESTINATION_ETAG, text(&completion.target_etag))
            .set(a::VERIFIED_BY, text(completion.verified_by))
            .remove(a::ERROR_CODE)
            .remove(a::ERROR_MESSAGE);
        if let Some(checksum) = &completion.checksum {
            update.set(a::CHECKSUM, text(checksum));
        }
        self.fenced(held, Step::Complete, update).await
    }

    /// # Errors
    /// The fault, when the write may not have happened.
    pub async fn fail(&self, held: &Held<'_>, reason: &Reason, took: Duration) -> Result<Written, Fault> {
        let mut update = self.end(Step::Fail, held.id, took);
        update.add(a::FAILED_ATTEMPTS, 1);
        update.set(a::ERROR_CODE, text(&reason.code)).set(a::ERROR_MESSAGE, text(&reason.message));
        self.fenced(held, Step::Fail, update).await
    }

    /// # Errors
    /// The fault, when the write may not have happened.
    pub async fn supersede(
        &self,
        held: &Held<'_>,
        reason: &Reason,
        took: Duration,
    ) -> Result<Written, Fault> {
        let mut update = self.end(Step::Supersede, held.id, took);
        update.set(a::ERROR_CODE, text(&reason.code)).set(a::ERROR_MESSAGE, text(&reason.message));
        self.fenced(held, Step::Supersede, update).await
    }

    /// What the ledger says of a transfer; `None` when it says nothing.
    ///
    /// # Errors
    /// The fault.
    pub async fn read(&self, id: &TransferId) -> Result<Option<Record>, Fault> {
        let got = self
            .client
            .get_item()
            .table_name(&self.table)
            .key(a::FILE_ID, text(id.as_str()))
            .consistent_read(true);
        let reply = got.send().await.map_err(|error| Fault::of("GetItem", &error))?;
        Ok(reply.item().and_then(Record::read))
    }

    /// What every transition writes and demands.
    fn step(&self, step: Step, id: &TransferId, stamp: &str) -> Expression {
        let mut update = Expression::new();
        update
            .set(a::STATUS, text(step.to().as_str()))
            .set(a::STATUS_SHARD, text(status_shard(step.to(), id)))
            .set(a::UPDATED, text(stamp))
            .require_one_of(a::STATUS, step.from().iter().map(|status| text(status.as_str())));
        update
    }

    fn end(&self, step: Step, id: &TransferId, took: Duration) -> Expression {
        let now = self.clock.now();
        let stamp = crate::clock::format_stamp(now);
        let mut update = self.step(step, id, &stamp);
        let expire_at = now.unix_timestamp().saturating_add_unsigned(self.retention.as_secs());
        update
            .set(a::TRANSFERRED, text(&stamp))
            .set(a::PROCESSING_TIME_MS, number(u64::try_from(took.as_millis()).unwrap_or(u64::MAX)))
            .set(a::EXPIRE_AT, number(expire_at))
            .remove(a::UPLOAD_ID)
            .remove(a::UPLOAD_PART_BYTES);
        update
    }

    async fn fenced(&self, held: &Held<'_>, step: Step, update: Expression) -> Result<Written, Fault> {
        let written = self.write_fenced(held, step, update).await;
        told::write(step, &written);
        written
    }

    async fn write_fenced(
        &self,
        held: &Held<'_>,
        step: Step,
        mut update: Expression,
    ) -> Result<Written, Fault> {
        debug_assert!(step.is_fenced());
        update.require_equal(a::ATTEMPTS, number(held.fence)).require_equal(a::OWNER, text(held.owner));
        match self.send(step, held.id, update, ReturnValue::None).await? {
            Sent::Done(_) => Ok(Written::Done),
            // Our own write, whose reply was lost: the item is where this step leads, still under our fence. (A progress note
            // leaves the state as it was, so its condition cannot fail by having happened.)
            Sent::Refused(Some(now))
                if now.status == step.to()
                    && now.attempts == held.fence
                    && now.owner.as_deref() == Some(held.owner) =>
            {
                Ok(Written::Done)
            }
            Sent::Refused(_) => Ok(Written::Lost),
        }
    }

    async fn send(
        &self,
        step: Step,
        id: &TransferId,
        mut update: Expression,
        returned: ReturnValue,
    ) -> Result<Sent, Fault> {
        let (expression, condition) = update.written();
        let request = self
            .client
            .update_item()
            .table_name(&self.table)
            .key(a::FILE_ID, text(id.as_str()))
            .update_expression(expression)
            .condition_expression(condition)
            .set_expression_attribute_names(Some(update.names))
            .set_expression_attribute_values(Some(update.values))
            .return_values(returned)
            .set_return_consumed_capacity(told::capacity_wanted())
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match request.send().await {
            Ok(reply) => {
                told::capacity(step, reply.consumed_capacity());
                Ok(Sent::Done(reply.attributes().and_then(Record::read)))
            }
            Err(error) => refused(&error).ok_or_else(|| Fault::of("UpdateItem", &error)),
        }
    }
}

/// The right to write for a transfer: which one, under which fence, as whom.
#[derive(Debug, Clone, Copy)]
pub struct Held<'a> {
    pub id: &'a TransferId,
    pub fence: u64,
    pub owner: &'a str,
}

/// Why a transfer was released, failed or superseded: a code for machines, a sentence for people, nothing of the customer's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    pub code: String,
    pub message: String,
}

impl Reason {
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into() }
    }
}

enum Sent {
    Done(Option<Record>),
    /// The condition did not hold; the item as it is.
    Refused(Option<Record>),
}

fn refused<R>(error: &SdkError<UpdateItemError, R>) -> Option<Sent> {
    match error.as_service_error() {
        Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
            Some(Sent::Refused(failed.item().and_then(Record::read)))
        }
        _ => None,
    }
}
