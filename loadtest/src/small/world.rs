//! The server side: simcloud in this very process, on a loopback port and in memory, with the objects, the ledger's items and the
//! lane's messages as a dispatcher leaves them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_sqs::types::QueueAttributeName;
use bytes::Bytes;
use common::aws::{self, Access};
use common::clock::WallClock;
use common::lane::Lane;
use common::ledger::{Ledger, Queued, STATUS_SHARDS, attribute};
use common::queue::{Outgoing, Queue};
use common::transfer::{CopyOptions, SourceVersion, Target, Transfer, TransferId};
use common::wire;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use simcloud::{Cloud, Effect, Fault, FaultId, Gate};
use topology::TABLE;

use super::job::{Job, Update};

pub(super) const REGION: &str = "us-east-1";
/// What requests are signed with; the server takes any.
pub(super) const ACCESS_KEY: &str = "loadtest";
pub(super) const LANE: &str = "fast";
const SOURCE_BUCKET: &str = "landing";
const TARGET_BUCKET: &str = "delivered";
/// The only bucket with events: those of the sources would fill the ingest queue.
const UNUSED_BUCKET: &str = "unused";
const IN_FLIGHT: usize = 32;
const RETENTION: Duration = Duration::from_secs(90 * 86_400);

/// A cloud with files to move.
#[derive(Debug)]
pub(super) struct World {
    pub(super) cloud: Cloud,
    pub(super) address: SocketAddr,
    s3: aws_sdk_s3::Client,
    sqs: aws_sdk_sqs::Client,
    queue_url: String,
    files: usize,
    file_bytes: usize,
    /// Queues and ledger before anybody has worked.
    preloaded: serde_json::Value,
}

fn failed(what: &str, error: impl std::fmt::Display) -> String {
    format!("failed to {what}: {error}")
}

fn key(index: usize) -> String {
    format!("loadtest/{index:06}.bin")
}

/// No two alike.
fn content(index: usize, file_bytes: usize) -> Bytes {
    let mut bytes = vec![0; file_bytes];
    fastrand::Rng::with_seed(index as u64).fill(&mut bytes);
    bytes.into()
}

impl World {
    /// Objects, items and messages for `files` files.
    pub(super) async fn new(
        cloud: Cloud,
        address: SocketAddr,
        files: usize,
        file_bytes: usize,
    ) -> Result<Self, String> {
        let access = Access {
            region: Some(REGION.to_owned()),
            endpoint_url: Some(format!("http://{address}")),
            credentials: Some(Credentials::new(ACCESS_KEY, ACCESS_KEY, None, None, "loadtest")),
            // The benchmark's own requests need no sockets.
            http_client: Some(cloud.http_client()),
        };
        let config = access.load().await;
        let buckets = BTreeSet::from([SOURCE_BUCKET, TARGET_BUCKET]);
        let created = topology::create(&cloud, &config, &BTreeSet::from([UNUSED_BUCKET]), &buckets).await;
        created.map_err(|error| error.to_string())?;
        let sqs = aws::sqs(&config);
        let queue_url = sqs.get_queue_url().queue_name(LANE).send().await;
        let queue_url = queue_url.map_err(|error| failed("find the queue", error))?;
        let queue_url = queue_url.queue_url.unwrap_or_default();
        let s3 = aws::s3(&config);
        let world = Self {
            cloud,
            address,
            s3,
            sqs,
            queue_url,
            files,
            file_bytes,
            preloaded: serde_json::Value::Null,
        };
        world.preload(&aws::dynamodb(&config)).await?;
        Ok(Self { preloaded: world.cloud.snapshot(), ..world })
    }

    async fn preload(&self, dynamodb: &aws_sdk_dynamodb::Client) -> Result<(), String> {
        let ledger = Ledger::new(dynamodb.clone(), TABLE, WallClock::System, RETENTION);
        let lane = Lane::parse(LANE).map_err(|error| failed("name the lane", error))?;
        let queue = Queue::find(&self.sqs, LANE, Duration::from_secs(60)).await;
        let queue = queue.map_err(|fault| failed("find the queue", fault))?;
        let each = stream::iter(0..self.files).map(|index| self.queued(index, &ledger, &lane));
        let messages: Vec<Outgoing> = each.buffered(IN_FLIGHT).try_collect().await?;
        let sent = queue.send(&messages).await.into_iter().find_map(Result::err);
        sent.map_or(Ok(()), |fault| Err(failed("send the messages", fault)))
    }

    /// Puts one object, and its item into the ledger; the message for its lane.
    async fn queued(&self, index: usize, ledger: &Ledger, lane: &Lane) -> Result<Outgoing, String> {
        let put = self.s3.put_object().bucket(SOURCE_BUCKET).key(key(index));
        let put = put.body(content(index, self.file_bytes).into()).send().await;
        let etag = put.map_err(|error| failed("put an object", error))?.e_tag.unwrap_or_default();
        let source = SourceVersion {
            bucket: SOURCE_BUCKET.to_owned(),
            key: key(index),
            size_bytes: self.file_bytes as u64,
            etag: etag.trim_matches('"').to_owned(),
            version_id: None,
            sequencer: None,
        };
        let target = Target { bucket: TARGET_BUCKET.to_owned(), key: key(index) };
        let transfer = Transfer {
            id: TransferId::derive(&source, &target),
            source,
            target,
            customer: "loadtest".to_owned(),
            rule: "loadtest".to_owned(),
            options: CopyOptions::default(),
            uploaded_at: WallClock::System.stamp(),
        };
        match ledger.queue(&transfer, lane).await {
            Ok(Queued::New) => {}
            Ok(other) => return Err(failed("queue a transfer", format!("{other:?}"))),
            Err(fault) => return Err(failed("queue a transfer", fault)),
        }
        let group = Some(transfer.customer.clone());
        Ok(Outgoing { body: wire::encode(&transfer), attributes: BTreeMap::new(), group, send_id: None })
    }

    pub(super) fn job(&self, in_flight: usize) -> Job {
        let names = [("#status", attribute::STATUS), ("#owner", attribute::OWNER)];
        let update = |ours: &str, condition: &str| Update {
            update: format!(
                "SET #status = :to, {} = :shard, {} = :now, {ours}",
                attribute::STATUS_SHARD,
                attribute::UPDATED
            ),
            condition: condition.to_owned(),
        };
        let claim = format!(
            "#owner = :owner, {} = :owner, {} = :now",
            attribute::PROCESSED_BY,
            attribute::PROCESSING
        );
        let complete = format!(
            "{} = :now, {} = :took, {} = :etag",
            attribute::TRANSFERRED,
            attribute::PROCESSING_TIME_MS,
            attribute::DESTINATION_ETAG
        );
        Job {
            endpoint_url: format!("http://{}", self.address),
            region: REGION.to_owned(),
            access_key: ACCESS_KEY.to_owned(),
            queue_url: self.queue_url.clone(),
            table: TABLE.to_owned(),
            table_key: attribute::FILE_ID.to_owned(),
            status_shards: STATUS_SHARDS,
            in_flight,
            names: names.map(|(name, attribute)| (name.to_owned(), attribute.to_owned())).into(),
            claim: update(&claim, "#status = :from"),
            complete: update(&complete, "#status = :from AND #owner = :owner"),
        }
    }

    /// Nobody has worked, and nothing is delivered.
    pub(super) async fn reset(&self) -> Result<(), String> {
        let delete = |index| self.s3.delete_object().bucket(TARGET_BUCKET).key(key(index)).send();
        let deletes = stream::iter(0..self.files).map(delete).buffer_unordered(IN_FLIGHT);
        deletes.try_for_each(async |_| Ok(())).await.map_err(|error| failed("delete the copies", error))?;
        self.cloud.restore(self.preloaded.clone()).map_err(|error| failed("restore the queue", error))
    }

    /// Messages that wait in the queue, and those in somebody's hands.
    pub(super) async fn messages(&self) -> Result<[usize; 2], String> {
        let wanted = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
        ];
        let request = self.sqs.get_queue_attributes().queue_url(&self.queue_url);
        let reply = request.set_attribute_names(Some(wanted.to_vec())).send().await;
        let reply = reply.map_err(|error| failed("look at the queue", error))?;
        let count = |name| reply.attributes()?.get(name)?.parse().ok();
        let [waiting, held] = wanted.each_ref().map(count);
        waiting.zip(held).map(<[usize; 2]>::from).ok_or_else(|| failed("look at the queue", "no counts"))
    }

    /// Lets so many receives through; the next ones wait until the gate opens.
    pub(super) fn hold_receives_after(&self, receives: usize) -> Gate {
        let receives = Fault::on("SQS", "ReceiveMessage").always().skip(receives as u64);
        self.cloud.faults().gate_on(receives)
    }

    /// # Errors
    /// The first file that is not there, or has other bytes.
    pub(super) async fn verify(&self) -> Result<(), String> {
        let check = async |index: usize| {
            let got = self.s3.get_object().bucket(TARGET_BUCKET).key(key(index)).send().await;
            let got = got.map_err(|_| format!("{} was not delivered", key(index)))?;
            let bytes = got.body.collect().await.map_err(|error| failed("read a copy", error))?.into_bytes();
            let right = bytes == content(index, self.file_bytes);
            if right { Ok(()) } else { Err(format!("the copy of {} has other bytes", key(index))) }
        };
        let checks = stream::iter(0..self.files).map(Ok::<_, String>);
        checks.try_for_each_concurrent(IN_FLIGHT, check).await
    }

    /// Counts requests from here on: a fault on every request that finds no byte to change.
    pub(super) fn count(&self) -> Counting<'_> {
        let fault = Fault::on("*", "*").always().effect(Effect::FlipRequestByte { at: u64::MAX });
        Counting { cloud: &self.cloud, fault: self.cloud.faults().add(fault) }
    }
}

/// Requests are being counted; dropping it ends that.
#[derive(Debug)]
pub(super) struct Counting<'c> {
    cloud: &'c Cloud,
    fault: FaultId,
}

impl Counting<'_> {
    /// By service and operation, since the cloud was made.
    pub(super) fn requests(&self) -> BTreeMap<String, u64> {
        let hits = self.cloud.faults().hits().into_iter();
        // Other faults on the same requests, such as a gate, have counts of their own.
        hits.filter_map(|(name, count)| Some((name.strip_suffix(":FlipRequestByte")?.to_owned(), count)))
            .collect()
    }
}

impl Drop for Counting<'_> {
    fn drop(&mut self) {
        self.cloud.faults().remove(self.fault);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    async fn world(files: usize) -> World {
        let cloud = Cloud::new(simcloud::Options::default()).unwrap();
        World::new(cloud, (Ipv4Addr::LOCALHOST, 1).into(), files, 64).await.unwrap()
    }

    async fn put(world: &World, index: usize, bytes: Bytes) {
        let put = world.s3.put_object().bucket(TARGET_BUCKET).key(key(index)).body(bytes.into());
        put.send().await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_copy_that_is_missing_or_wrong_is_found() {
        let world = world(2).await;
        assert_eq!(world.messages().await, Ok([2, 0]));
        put(&world, 0, content(0, 64)).await;
        assert_eq!(world.verify().await, Err("loadtest/000001.bin was not delivered".to_owned()));
        put(&world, 1, content(0, 64)).await;
        assert_eq!(world.verify().await, Err("the copy of loadtest/000001.bin has other bytes".to_owned()));
        put(&world, 1, content(1, 64)).await;
        assert_eq!(world.verify().await, Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_reset_brings_the_messages_back_and_takes_the_copies_away() {
        let world = world(1).await;
        put(&world, 0, content(0, 64)).await;
        world.sqs.purge_queue().queue_url(&world.queue_url).send().await.unwrap();
        assert_eq!(world.messages().await, Ok([0, 0]));
        world.reset().await.unwrap();
        assert_eq!(world.messages().await, Ok([1, 0]));
        assert!(world.verify().await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn requests_are_counted_and_not_changed() {
        let world = world(1).await;
        let counting = world.count();
        let gate = world.cloud.faults().gate("S3", "GetObject");
        put(&world, 0, content(0, 64)).await;
        let (verified, ()) = futures::join!(world.verify(), async {
            gate.reached().await;
            gate.open();
        });
        verified.unwrap();
        let expected = [("S3.GetObject".to_owned(), 1), ("S3.PutObject".to_owned(), 1)];
        assert_eq!(counting.requests(), expected.into());
    }
}
