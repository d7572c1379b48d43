//! SQS: standard and FIFO queues over the JSON protocol.
//!
//! 1. [`Sqs::call`] finds the operation; `queues`, `send`, `receive` and `settle` hold one group of operations each.
//! 2. Everything that can be refused without looking at a queue is (`outgoing`, `batch`, `attributes`, `receipt`).
//! 3. Under one short lock the queue is brought to the present ([`store::MessageStore::advance`]) and changed. That is the
//!    commit point, and nothing is awaited after it: a caller that goes away while it waits for messages has taken none, and
//!    one that goes away later has lost a reply to something that happened.
//! 4. Replies are made outside the lock; messages are shared, not copied, until then.
//!
//! Time is the cloud's clock in milliseconds. Receives are deterministic: what has been visible for longest comes first; in a FIFO
//! queue, all that one group has, and then the group that has waited for longest. Not there, and refused by name: permissions. A `ReceiveRequestAttemptId` is taken and changes nothing.
//! A deleted queue is gone at once and its name is free (AWS keeps it for 60 seconds); policies are kept and shown, but not evaluated.

mod attributes;
mod batch;
mod digest;
mod errors;
mod fifo;
mod message;
mod moves;
mod outgoing;
#[cfg(test)]
mod poll_tests;
mod queue;
mod queues;
mod receipt;
mod receive;
mod redrive;
mod selection;
mod send;
mod settle;
mod snapshot;
mod store;
#[cfg(test)]
mod store_tests;
mod tags;

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use serde_json::{Map, Value};

use self::errors::{missing_parameter, no_such_queue, unsupported};
use self::moves::MoveTask;
use self::queue::Queue;
use crate::api::{ApiError, ApiResult, Caller};
use crate::clock::Clock;
use crate::cloud::Options;
use crate::entropy::Entropy;
use crate::journal::Slot;
use crate::observe::Observer;

/// The message and the receive that a receipt handle names, as [`crate::Event`]s number them. For whoever looks on.
pub fn receive_of(handle: &str) -> Option<(u64, u32)> {
    receipt::Receipt::decode(handle).map(|receipt| (receipt.sequence, receipt.receive_count))
}

type Queues = BTreeMap<String, Queue>;

/// All queues of the account.
#[derive(Debug)]
pub(crate) struct Sqs {
    region: String,
    account_id: String,
    clock: Clock,
    entropy: Arc<Entropy>,
    observer: Observer,
    /// By name. One lock for all, so that a message moves to a dead-letter queue in one step.
    queues: Mutex<Queues>,
    /// Message move tasks, the oldest first. Locked before `queues` where both are.
    moves: Mutex<Vec<MoveTask>>,
    journal: Slot,
    /// For move tasks, which go on without a caller and end with the cloud.
    me: Weak<Self>,
}

/// The queues under their lock. What changed is written to the journal, in one line, when the lock is given up: a message that moves from
/// one queue to another is never in none.
struct Locked<'q> {
    queues: MutexGuard<'q, Queues>,
    journal: &'q Slot,
}

impl Deref for Locked<'_> {
    type Target = Queues;

    fn deref(&self) -> &Queues {
        &self.queues
    }
}

impl DerefMut for Locked<'_> {
    fn deref_mut(&mut self) -> &mut Queues {
        &mut self.queues
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        let queues = &mut self.queues;
        self.journal.write(|| snapshot::changes(queues));
    }
}

impl Sqs {
    pub(crate) fn new(options: &Options, clock: Clock, entropy: Arc<Entropy>, journal: Slot) -> Arc<Self> {
        Arc::new_cyclic(|me| Self {
            region: options.region.clone(),
            account_id: options.account_id.clone(),
            clock,
            entropy,
            observer: options.observer.clone(),
            queues: Mutex::default(),
            moves: Mutex::default(),
            journal,
            me: Weak::clone(me),
        })
    }

    /// One call of the JSON protocol: `operation` is what follows the dot in `X-Amz-Target: AmazonSQS.…`.
    pub(crate) async fn call(&self, caller: &Caller, operation: &str, request: Value) -> ApiResult {
        let Value::Object(request) = request else {
            return Err(ApiError::bad("SerializationException", "The request must be a JSON object."));
        };
        match operation {
            "CreateQueue" => self.create_queue(caller, request),
            "GetQueueUrl" => self.get_queue_url(caller, request),
            "ListQueues" => self.list_queues(caller, request),
            "DeleteQueue" => self.delete_queue(request),
            "PurgeQueue" => self.purge_queue(request),
            "GetQueueAttributes" => self.get_queue_attributes(request),
            "SetQueueAttributes" => self.set_queue_attributes(request),
            "ListDeadLetterSourceQueues" => self.list_dead_letter_source_queues(caller, request),
            "TagQueue" => self.tag_queue(request),
            "UntagQueue" => self.untag_queue(request),
            "ListQueueTags" => self.list_queue_tags(request),
            "SendMessage" => self.send_message(caller, request),
            "SendMessageBatch" => self.send_message_batch(request),
            "ReceiveMessage" => self.receive_message(request).await,
            "DeleteMessage" => self.delete_message(request),
            "DeleteMessageBatch" => self.delete_message_batch(request),
            "ChangeMessageVisibility" => self.change_message_visibility(request),
            "ChangeMessageVisibilityBatch" => self.change_message_visibility_batch(request),
            "StartMessageMoveTask" => self.start_message_move_task(request),
            "ListMessageMoveTasks" => self.list_message_move_tasks(request),
            "CancelMessageMoveTask" => self.cancel_message_move_task(request),
            "AddPermission" | "RemovePermission" => Err(unsupported(operation)),
            _ => Err(ApiError::not_implemented("SQS", operation)),
        }
    }

    fn lock(&self) -> Locked<'_> {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        if self.journal.is_set() {
            queues.values_mut().for_each(|queue| queue.messages.note_changes());
        }
        Locked { queues, journal: &self.journal }
    }

    fn moves(&self) -> MutexGuard<'_, Vec<MoveTask>> {
        self.moves.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn arn(&self, name: &str) -> String {
        format!("arn:aws:sqs:{}:{}:{name}", self.region, self.account_id)
    }

    fn url(&self, caller: &Caller, name: &str) -> String {
        format!("{}/{}/{name}", caller.base_url.trim_end_matches('/'), self.account_id)
    }

    /// Takes the queue's name out of the request's `QueueUrl`.
    fn queue_name(&self, request: &mut Map<String, Value>) -> Result<String, ApiError> {
        let url = match request.remove("QueueUrl") {
            Some(Value::String(url)) if !url.is_empty() => url,
            _ => return Err(missing_parameter("QueueUrl")),
        };
        // A queue's bare name does for its URL.
        if queue::check_name(&url, url.ends_with(".fifo")).is_ok() {
            return Ok(url);
        }
        let (account, name) = queue::parse_url(&url).ok_or_else(|| {
            ApiError::bad("InvalidAddress", format!("The address {url} is not valid for this endpoint."))
        })?;
        if account == self.account_id { Ok(name.to_owned()) } else { Err(no_such_queue()) }
    }

    /// The name in the ARN of a queue of this account and region.
    fn name_of_arn<'a>(&self, arn: &'a str) -> Option<&'a str> {
        let rest = arn.strip_prefix("arn:aws:sqs:")?.strip_prefix(self.region.as_str())?.strip_prefix(':')?;
        rest.strip_prefix(self.account_id.as_str())?.strip_prefix(':')
    }

    /// Does `change` to the queue under the lock, after bringing the queue to the present.
    fn with_queue<T>(&self, name: &str, change: impl FnOnce(&mut Queue, u64) -> T) -> Result<T, ApiError> {
        let mut queues = self.lock();
        let now_ms = self.clock.unix_ms();
        let queue = queues.get_mut(name).ok_or_else(no_such_queue)?;
        queue.advance(now_ms);
        Ok(change(queue, now_ms))
    }
}
