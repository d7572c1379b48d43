//! A world with a lane, and short words for what tests do in it.

use std::cell::Cell;
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::operation::head_object::HeadObjectOutput;
use aws_sdk_s3::operation::put_object::builders::PutObjectFluentBuilder;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::ChecksumMode;
use common::lane::Lane;
use common::ledger::{Ledger, Record, Status};
use common::queue::{Outgoing, Queue};
use common::transfer::{
    CopyOptions, Sequencer, SourceVersion, Target, Transfer, TransferId, source_key_hash,
};
use common::wire;
use drayage_worker::copy::ServerSide;
use simcloud::{Effect, Fault, Faults};
use topology::World;

pub(crate) const KIB: usize = 1024;
pub(crate) const MIB: usize = 1024 * KIB;
pub(crate) const VISIBILITY: Duration = Duration::from_secs(60);

/// A world whose lane `fast` is worked on.
pub(crate) struct Yard {
    pub(crate) world: World,
    pub(crate) s3: Client,
    pub(crate) ledger: Ledger,
    pub(crate) lane: Lane,
    pub(crate) queue: Queue,
    /// What its workers take for the limits of server-side copies.
    pub(crate) server_side: Cell<ServerSide>,
    numbers: Cell<u64>,
}

/// A message in the dead-letter queue.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Dead {
    pub(crate) body: String,
    pub(crate) code: String,
}

/// Counts requests that simcloud is sent.
pub(crate) struct Counter<'y> {
    faults: &'y Faults,
    name: String,
    before: u64,
}

impl Counter<'_> {
    pub(crate) fn count(&self) -> u64 {
        self.faults.hits().get(&self.name).copied().unwrap_or(0) - self.before
    }
}

/// `len` bytes that differ from place to place and from seed to seed.
pub(crate) fn bytes(len: usize, seed: u64) -> Vec<u8> {
    let mut bytes = vec![0; len];
    fastrand::Rng::with_seed(seed).fill(&mut bytes);
    bytes
}

impl Yard {
    pub(crate) async fn new() -> Self {
        Self::with_visibility(VISIBILITY).await
    }

    pub(crate) async fn with_visibility(visibility: Duration) -> Self {
        let world = World::new().await.unwrap();
        let queue = world.queue("fast", visibility).await.unwrap();
        Self::on(world, queue)
    }

    /// A world whose lane `fast` is a FIFO queue.
    pub(crate) async fn fifo() -> Self {
        let world = World::new().await.unwrap();
        world.add_queue("fast.fifo").await.unwrap();
        let queue = world.queue("fast.fifo", VISIBILITY).await.unwrap();
        Self::on(world, queue)
    }

    fn on(world: World, queue: Queue) -> Self {
        let (s3, ledger) = (world.s3(), world.ledger());
        let (lane, server_side) = (Lane::parse("fast").unwrap(), Cell::default());
        Self { world, s3, ledger, lane, queue, server_side, numbers: Cell::new(0) }
    }

    pub(crate) fn faults(&self) -> &Faults {
        self.world.cloud.faults()
    }

    pub(crate) fn fault(&self, operation: &str, effect: Effect) {
        self.faults().add(Fault::on("S3", operation).effect(effect));
    }

    pub(crate) fn count(&self, operation: &str) -> Counter<'_> {
        self.faults().add(Fault::on("S3", operation).always().effect(Effect::Delay(Duration::ZERO)));
        let name = format!("S3.{operation}:Delay");
        let before = self.faults().hits().get(&name).copied().unwrap_or(0);
        Counter { faults: self.faults(), name, before }
    }

    /// Grows with every call.
    pub(crate) fn next_number(&self) -> u64 {
        self.numbers.set(self.numbers.get() + 1);
        self.numbers.get()
    }

    /// S3 through a client that sends the checksum it is asked for.
    pub(crate) fn summing_s3(&self) -> Client {
        let config = aws_sdk_s3::config::Builder::from(&self.world.config).force_path_style(true);
        Client::from_conf(config.build())
    }

    /// Puts a source object and gives its transfer, which nobody has heard of yet.
    pub(crate) async fn put(&self, key: &str, body: &[u8]) -> Transfer {
        self.put_with(key, body, |put| put).await
    }

    pub(crate) async fn put_with(
        &self,
        key: &str,
        body: &[u8],
        more: impl FnOnce(PutObjectFluentBuilder) -> PutObjectFluentBuilder,
    ) -> Transfer {
        let put = self.s3.put_object().bucket("landing").key(key).body(ByteStream::from(body.to_vec()));
        let etag = more(put).send().await.unwrap().e_tag.unwrap();
        self.transfer(key, body.len() as u64, &etag)
    }

    /// The transfer of a source version that came after all earlier ones.
    pub(crate) fn transfer(&self, key: &str, size_bytes: u64, etag: &str) -> Transfer {
        let source = SourceVersion {
            bucket: "landing".to_owned(),
            key: key.to_owned(),
            size_bytes,
            etag: etag.trim_matches('"').to_owned(),
            version_id: None,
            sequencer: Some(Sequencer::parse(&format!("{:016X}", self.next_number())).unwrap()),
        };
        let target = Target { bucket: "delivered".to_owned(), key: key.to_owned() };
        Transfer {
            id: TransferId::derive(&source, &target),
            source,
            target,
            customer: "acme".to_owned(),
            rule: "everything".to_owned(),
            options: CopyOptions::default(),
            uploaded_at: "2026-11-23T07:21:47.000Z".to_owned(),
        }
    }

    /// Does what the dispatcher does: ledger first, then the lane's queue.
    pub(crate) async fn send(&self, transfer: &Transfer) {
        self.ledger.queue(transfer, &self.lane).await.unwrap();
        self.send_body_for(&transfer.customer, &wire::encode(transfer)).await;
    }

    pub(crate) async fn send_body(&self, body: &str) {
        self.send_body_for("acme", body).await;
    }

    /// A FIFO lane keeps the order of each customer's messages.
    pub(crate) async fn send_body_for(&self, customer: &str, body: &str) {
        let group = self.queue.is_fifo().then(|| customer.to_owned());
        let send_id = self.queue.is_fifo().then(|| self.next_number().to_string());
        let message = Outgoing { body: body.to_owned(), attributes: Default::default(), group, send_id };
        self.queue.send(&[message]).await.remove(0).unwrap();
    }

    /// Puts a source object and sends its transfer.
    pub(crate) async fn land(&self, key: &str, body: &[u8]) -> Transfer {
        let transfer = self.put(key, body).await;
        self.send(&transfer).await;
        transfer
    }

    /// As [`Self::land`], on a route with these options.
    pub(crate) async fn land_on(&self, options: &CopyOptions, key: &str, body: &[u8]) -> Transfer {
        let transfer = Transfer { options: options.clone(), ..self.put(key, body).await };
        self.send(&transfer).await;
        transfer
    }

    /// Puts an object at the target as `publisher` would have, or as a stranger.
    pub(crate) async fn occupy(&self, key: &str, body: &[u8], publisher: Option<&Transfer>) {
        let put = self.s3.put_object().bucket("delivered").key(key).body(ByteStream::from(body.to_vec()));
        let put = match publisher {
            Some(transfer) => put.metadata("drayage", marker(transfer)),
            None => put,
        };
        put.send().await.unwrap();
    }

    /// The bytes at the target.
    pub(crate) async fn delivered(&self, key: &str) -> Option<Vec<u8>> {
        let got = self.s3.get_object().bucket("delivered").key(key).send().await.ok()?;
        Some(got.body.collect().await.unwrap().to_vec())
    }

    pub(crate) async fn head(&self, key: &str) -> HeadObjectOutput {
        let head = self.s3.head_object().bucket("delivered").key(key).checksum_mode(ChecksumMode::Enabled);
        head.send().await.unwrap()
    }

    /// The ids of the multipart uploads that are under way at the target.
    pub(crate) async fn uploads(&self) -> Vec<String> {
        let listed = self.s3.list_multipart_uploads().bucket("delivered").send().await.unwrap();
        listed.uploads().iter().map(|upload| upload.upload_id().unwrap().to_owned()).collect()
    }

    /// Visible and hidden messages of the lane.
    pub(crate) async fn messages(&self) -> (u64, u64) {
        let sqs = self.world.sqs();
        let url = self.queue.url();
        let reply =
            sqs.get_queue_attributes().queue_url(url).attribute_names("All".into()).send().await.unwrap();
        let attributes = reply.attributes.unwrap();
        let number = |name: &str| attributes[&name.into()].parse().unwrap();
        (number("ApproximateNumberOfMessages"), number("ApproximateNumberOfMessagesNotVisible"))
    }

    /// Everything that is visible in the dead-letter queue; it is hidden afterwards.
    pub(crate) async fn dead_letters(&self) -> Vec<Dead> {
        let sqs = self.world.sqs();
        let name = if self.queue.is_fifo() { "fast-dlq.fifo" } else { "fast-dlq" };
        let url = sqs.get_queue_url().queue_name(name).send().await.unwrap().queue_url.unwrap();
        let asked = sqs
            .receive_message()
            .queue_url(url)
            .max_number_of_messages(10)
            .visibility_timeout(43_000)
            .message_attribute_names("All");
        let messages = asked.send().await.unwrap().messages.unwrap_or_default().into_iter();
        let dead = messages.map(|message| {
            let attributes = message.message_attributes.unwrap_or_default();
            let code = attributes.get(common::queue::REASON_CODE).and_then(|code| code.string_value.clone());
            Dead { body: message.body.unwrap(), code: code.unwrap_or_default() }
        });
        dead.collect()
    }

    pub(crate) async fn record(&self, transfer: &Transfer) -> Record {
        self.ledger.read(&transfer.id).await.unwrap().unwrap()
    }

    /// Delivered, recorded, and nothing left over.
    pub(crate) async fn assert_delivered(&self, transfer: &Transfer, body: &[u8]) -> Record {
        let key = &transfer.target.key;
        assert!(self.delivered(key).await.as_deref() == Some(body), "other bytes at {key:?}");
        let (head, record) = (self.head(key).await, self.record(transfer).await);
        assert_eq!(head.metadata().unwrap()["drayage"], marker(transfer));
        assert_eq!(record.status, Status::Completed);
        assert!(record.checksum.is_some());
        assert_eq!(record.checksum.as_deref(), head.checksum_crc64_nvme());
        assert_eq!(record.upload, None);
        self.assert_at_rest().await;
        assert_eq!(self.dead_letters().await, []);
        record
    }

    /// Failed for `code`, parked under it as it was sent, and nothing left over.
    pub(crate) async fn assert_parked(&self, transfer: &Transfer, code: &str) -> Record {
        let record = self.record(transfer).await;
        assert_eq!(record.status, Status::Failed);
        let dead = Dead { body: wire::encode(transfer), code: code.to_owned() };
        assert_eq!(self.dead_letters().await, [dead]);
        self.assert_at_rest().await;
        record
    }

    /// No message in the lane, no upload at the target.
    pub(crate) async fn assert_at_rest(&self) {
        assert_eq!(self.messages().await, (0, 0));
        assert_eq!(self.uploads().await, Vec::<String>::new());
    }
}

/// What a copy writes at the target as `x-amz-meta-drayage`.
pub(crate) fn marker(transfer: &Transfer) -> String {
    let sequencer = transfer.source.sequencer.as_ref().map_or("-", Sequencer::as_str);
    format!("1;{};{};{sequencer};1", transfer.id, source_key_hash(&transfer.source))
}
