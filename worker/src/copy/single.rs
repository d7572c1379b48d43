//! Small objects: one GET, one PUT.
//!
//! The PUT is the commit point. A crash before it leaves nothing; a crash after it leaves an object with our marker, which the
//! next attempt recognises.

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::RequestId as _;
use aws_sdk_s3::operation::put_object::builders::PutObjectFluentBuilder;
use aws_sdk_s3::operation::put_object::{PutObjectError, PutObjectOutput};
use aws_sdk_s3::primitives::ByteStream;
use common::backoff::{self, Delays};
use common::fault::{Class, Fault};
use common::ledger::{Completion, Reason};
use common::transfer::Transfer;

use super::checksum::{Crc64, Own, Sums};
use super::facts::dressed;
use super::floor::{BUFFERED_PATIENCE, BUFFERED_REPLY_PATIENCE, floored};
use super::part::policy;
use super::passage::through;
use super::publish::{Condition, vouched};
use super::trailing::Trailing;
use super::unheard::{Tries, Unheard};
use super::{BUFFERED_BYTES_MAX, CHECKSUM_MISMATCH, Copier};
use crate::outcome::End;
use crate::pace::{self, Permit, Side, Wanted};

/// Publishing races with other transfers to the same key; each lost race means that somebody else got through.
const PUBLISHES_MAX: usize = 8;

/// Reads of a body whose checksum is not the source's, before the attempt has failed.
const MISMATCHES_MAX: u32 = 2;

/// Times that an attempt waits for a store that throttles, before the message is given back.
pub const THROTTLES_MAX: u32 = 3;

/// What one GET and PUT came to.
enum Put {
    /// The PUT's reply, and the checksum of all bytes as far as it is known.
    Sent(Box<Result<PutObjectOutput, Fault>>, Option<Crc64>),
    /// The bytes were not those that the source's store vouches for, and were not sent.
    Mismatch,
}

impl Copier {
    pub(super) async fn single(&self, transfer: &Transfer) -> Result<Completion, End> {
        let mut unheard = Unheard::default();
        let result = self.put_until_known(transfer, &mut unheard).await;
        result.map_err(|end| unheard.end(end))
    }

    async fn put_until_known(&self, transfer: &Transfer, unheard: &mut Unheard) -> Result<Completion, End> {
        let mut condition = Condition::Absent;
        let mut delays = Delays::new(backoff::REQUEST);
        let mut last = Fault::new(Class::Conflict, "PutObject", "PreconditionFailed");
        let (mut mismatches, mut throttles) = (0, 0);
        for _ in 0..PUBLISHES_MAX {
            let tries = Tries::default();
            let (fault, checksum) = match self.paced_put(transfer, &condition, &tries).await? {
                Put::Sent(reply, checksum) => match (*reply, checksum) {
                    (Ok(reply), Some(checksum)) => return self.verified(transfer, &reply, checksum).await,
                    (Ok(_), None) => (Fault::new(Class::Transient, "GetObject", "IncompleteBody"), None),
                    (Err(fault), checksum) => (fault, checksum),
                },
                // A byte changed on its way here, or lies wrong in the store. Nothing was published; reading again tells.
                Put::Mismatch => {
                    mismatches += 1;
                    if mismatches < MISMATCHES_MAX {
                        continue;
                    }
                    let message = "the source's bytes do not have the source's checksum";
                    return Err(End::Failed(Reason::new(CHECKSUM_MISMATCH, message)));
                }
            };
            unheard.note(&fault, &tries);
            match fault.class {
                // Something is there that was not, or is not what was: look, and decide again.
                Class::Precondition => match self.survey(transfer, checksum).await? {
                    Ok(completion) => return Ok(completion),
                    Err(next) => condition = next,
                },
                // What was to be replaced is gone.
                Class::Missing if condition != Condition::Absent && fault.code != "NoSuchBucket" => {
                    condition = Condition::Absent;
                }
                Class::Conflict => tokio::time::sleep(delays.next_delay()).await,
                Class::Throttled if throttles < THROTTLES_MAX => {
                    tokio::time::sleep(backoff::delay_for(policy(&fault), throttles)).await;
                    throttles += 1;
                }
                // A connection that broke while the body was on its way may have swallowed a refusal: what is there says on which
                // condition to try again.
                _ if fault.is_uncertain() => match self.survey(transfer, checksum).await? {
                    Ok(completion) => return Ok(completion),
                    Err(next) if next != condition => condition = next,
                    Err(_) => return Err(End::Passing(fault)),
                },
                _ => return Err(fault.into()),
            }
            last = fault;
        }
        Err(End::Passing(Fault { class: Class::Conflict, ..last }))
    }

    /// One GET and one PUT, with a permit for as long as they take. A throttle of either is told like one of the PUT.
    async fn paced_put(&self, transfer: &Transfer, condition: &Condition, tries: &Tries) -> Result<Put, End> {
        let (source, target) = (&transfer.source, &transfer.target);
        let bytes = pace::whole_bytes(source.size_bytes);
        let wanted =
            Wanted { class: pace::Class::Whole, source: &source.bucket, target: Some(&target.bucket), bytes };
        let permit = self.pace.permit(wanted).await;
        match self.put_once(transfer, condition, tries, &permit).await {
            Err(End::Passing(fault)) if fault.class == Class::Throttled => {
                Ok(Put::Sent(Box::new(Err(fault)), None))
            }
            put => put,
        }
    }

    /// One GET and one PUT. An error is the source's, or final.
    async fn put_once(
        &self,
        transfer: &Transfer,
        condition: &Condition,
        tries: &Tries,
        permit: &Permit,
    ) -> Result<Put, End> {
        let opened = self.open_source(transfer).await;
        permit.heard_end(Side::Source, &opened);
        let (source, facts) = opened?;
        let dress = self.dress(transfer, &facts).await?;
        if facts.size_bytes > BUFFERED_BYTES_MAX {
            let (body, meter) = through(source.body, facts.size_bytes, facts.own, true);
            let put = dressed!(self.put(transfer, condition).body(body), &dress);
            let put = put.interceptor(Trailing { len_bytes: facts.size_bytes });
            let reply = floored("PutObject", &meter, facts.size_bytes, put.send()).await;
            let reply = replied(permit, reply);
            if meter.is_mismatch() {
                return Ok(Put::Mismatch);
            }
            let checksum = meter.finished().map(|sums| sums.crc64).or(facts.own.and_then(Own::crc64));
            return Ok(Put::Sent(Box::new(reply), checksum));
        }
        let body = collected(source.body, facts.size_bytes);
        let bytes = tokio::time::timeout(BUFFERED_PATIENCE, body).await.map_err(|_| late("GetObject"))??;
        let sums = Sums::of(&bytes, facts.own);
        let checksum = sums.crc64;
        if facts.own.is_some_and(|own| own.fits(sums) == Some(false)) {
            return Ok(Put::Mismatch);
        }
        let put = self.put(transfer, condition).checksum_crc64_nvme(checksum.to_string());
        // The checksum is among the signed headers, and the store compares the bytes with it: a hash of them besides would cost more
        // than everything else that is computed here.
        let put = dressed!(put.body(ByteStream::from(bytes)), &dress).disable_payload_signing();
        let put = put.interceptor(tries.clone()).send();
        let reply = tokio::time::timeout(BUFFERED_REPLY_PATIENCE, put).await.map_err(|_| late("PutObject"));
        let reply = replied(permit, reply);
        Ok(Put::Sent(Box::new(reply), Some(checksum)))
    }

    /// Everything but the dress, the body and its checksum.
    fn put(&self, transfer: &Transfer, condition: &Condition) -> PutObjectFluentBuilder {
        let (if_none_match, if_match) = condition.headers();
        self.sending
            .put_object()
            .bucket(&transfer.target.bucket)
            .key(&transfer.target.key)
            .set_if_none_match(if_none_match)
            .set_if_match(if_match)
    }

    /// The store took the bytes under our checksum. A reply that vouches for nothing is decided by what is there.
    async fn verified(
        &self,
        transfer: &Transfer,
        reply: &PutObjectOutput,
        checksum: Crc64,
    ) -> Result<Completion, End> {
        match vouched(reply.e_tag(), reply.checksum_crc64_nvme(), checksum)? {
            Some(completion) => Ok(completion),
            None => {
                let fault = Fault::empty("PutObject", reply.request_id().is_some());
                self.resolve(transfer, Some(checksum), fault).await
            }
        }
    }
}

/// What came of a PUT, which its target's window is told.
fn replied(
    permit: &Permit,
    reply: Result<Result<PutObjectOutput, SdkError<PutObjectError, HttpResponse>>, Fault>,
) -> Result<PutObjectOutput, Fault> {
    let reply = reply.and_then(|reply| reply.map_err(|error| Fault::of("PutObject", &error)));
    permit.heard(Side::Target, reply.as_ref().err());
    reply
}

fn late(operation: &'static str) -> Fault {
    Fault::new(Class::Transient, operation, "TooSlow")
}

/// The whole body, which must be as long as announced; never more than [`BUFFERED_BYTES_MAX`].
async fn collected(body: ByteStream, expected_bytes: u64) -> Result<bytes::Bytes, End> {
    use http_body_util::{BodyExt as _, Limited};
    let limit = usize::try_from(expected_bytes.min(BUFFERED_BYTES_MAX)).unwrap_or(usize::MAX);
    let cut = || Fault::new(Class::Transient, "GetObject", "IncompleteBody");
    let collected = Limited::new(body.into_inner(), limit).collect().await.map_err(|_| cut())?;
    let bytes = collected.to_bytes();
    if bytes.len() as u64 == expected_bytes { Ok(bytes) } else { Err(cut().into()) }
}
