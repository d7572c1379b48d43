//! An onlooker's view of a cloud: every request as it comes in, every change as it happens, every answer as it goes out.
//!
//! For simulations, which check what must always hold and decide for each request which faults it meets. Who sent a request is the
//! access key id that signed it, so giving each client credentials of its own is all it takes to tell them apart. The onlooker is
//! called synchronously, where order is decided; it must not call the cloud back.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use http::HeaderMap;

use crate::Effect;
use crate::dynamodb::ItemChange;

/// Who is behind what happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The access key id; `-` for an unsigned request, and for what the cloud does by itself.
    pub actor: Arc<str>,
    /// Counts requests from 1; 0 for what the cloud does by itself.
    pub request: u64,
}

/// A request that has come in. Nothing has been done with it yet.
#[derive(Debug)]
pub struct Incoming<'a> {
    /// `S3`, `SQS`, `DynamoDB`, `EventBridge`.
    pub service: &'static str,
    pub operation: &'a str,
    /// `bucket/key` for S3, the JSON request for the others.
    pub resource: &'a str,
    /// Of an S3 request's address.
    pub query: &'a str,
    pub headers: &'a HeaderMap,
}

/// What happens in a cloud.
#[derive(Debug)]
pub enum Event<'a> {
    /// An object is visible from now on. (Of several uploads of a versioned key, one that started earlier than what is there is not.)
    ObjectPublished {
        bucket: &'a str,
        key: &'a str,
        size_bytes: u64,
        /// Without quotes.
        etag: &'a str,
        /// `CRC64NVME` and its kin.
        algorithm: &'static str,
        /// As S3 writes it.
        checksum: &'a str,
        sequencer: &'a str,
        metadata: &'a BTreeMap<String, String>,
    },
    /// What was visible under the key is not any more. Where versions are kept, what comes to light below it is not told of.
    ObjectDeleted {
        bucket: &'a str,
        key: &'a str,
    },
    UploadCreated {
        bucket: &'a str,
        key: &'a str,
        upload_id: &'a str,
        metadata: &'a BTreeMap<String, String>,
    },
    UploadCompleted {
        upload_id: &'a str,
    },
    UploadAborted {
        upload_id: &'a str,
    },
    ItemWritten {
        table: &'a str,
        change: &'a ItemChange,
    },
    /// `number` names a message within its queue.
    MessageSent {
        queue: &'a str,
        number: u64,
        body: &'a str,
        group: Option<&'a str>,
    },
    MessageReceived {
        queue: &'a str,
        number: u64,
        receive_count: u32,
        /// Until when it is hidden from others, in milliseconds of Unix time.
        until_ms: u64,
    },
    VisibilityChanged {
        queue: &'a str,
        number: u64,
        receive_count: u32,
        until_ms: u64,
    },
    /// A delete that deletes nothing is none.
    MessageDeleted {
        queue: &'a str,
        number: u64,
    },
    /// Received too often, and moved to the dead-letter queue by SQS itself.
    MessageGivenUp {
        queue: &'a str,
        body: &'a str,
    },
    /// The answer goes out; 0 when the connection ends without one.
    Answered {
        status: u16,
    },
}

type OnRequest = dyn Fn(&Caller, &Incoming<'_>) -> Vec<Effect> + Send + Sync;
type OnEvent = dyn Fn(&Caller, &Event<'_>) + Send + Sync;

/// Somebody who looks on, or nobody. Clones share the onlooker.
#[derive(Clone, Default)]
pub struct Observer(Option<Arc<Onlooker>>);

struct Onlooker {
    on_request: Box<OnRequest>,
    on_event: Box<OnEvent>,
    requests: AtomicU64,
}

tokio::task_local! {
    static CALLER: Caller;
}

impl Observer {
    /// `on_request` says which effects a request meets, beside those of the cloud's faults; `on_event` is told what happens.
    pub fn new(
        on_request: impl Fn(&Caller, &Incoming<'_>) -> Vec<Effect> + Send + Sync + 'static,
        on_event: impl Fn(&Caller, &Event<'_>) + Send + Sync + 'static,
    ) -> Self {
        let (on_request, on_event) = (Box::new(on_request), Box::new(on_event));
        Self(Some(Arc::new(Onlooker { on_request, on_event, requests: AtomicU64::new(0) })))
    }

    /// Does `work`, a request's, in the name of `actor`. Without an onlooker nothing is noted.
    pub(crate) async fn within<T>(
        &self,
        actor: impl FnOnce() -> Option<String>,
        work: impl Future<Output = T>,
        status: impl FnOnce(&T) -> u16,
    ) -> T {
        let Some(onlooker) = &self.0 else { return work.await };
        let actor = actor().map_or_else(|| Arc::from("-"), Arc::from);
        let caller = Caller { actor, request: onlooker.requests.fetch_add(1, Ordering::Relaxed) + 1 };
        let done = CALLER.scope(caller.clone(), work).await;
        (onlooker.on_event)(&caller, &Event::Answered { status: status(&done) });
        done
    }

    /// The effects that a request meets.
    pub(crate) fn request(&self, incoming: &Incoming<'_>) -> Vec<Effect> {
        match &self.0 {
            Some(onlooker) => (onlooker.on_request)(&caller(), incoming),
            None => Vec::new(),
        }
    }

    /// `event` is only made when somebody looks on.
    pub(crate) fn tell<'a>(&self, event: impl FnOnce() -> Event<'a>) {
        if let Some(onlooker) = &self.0 {
            (onlooker.on_event)(&caller(), &event());
        }
    }

    pub(crate) fn is_somebody(&self) -> bool {
        self.0.is_some()
    }
}

/// Who sent the request that is being worked on.
fn caller() -> Caller {
    let nobody = |_| Caller { actor: Arc::from("-"), request: 0 };
    CALLER.try_with(Clone::clone).unwrap_or_else(nobody)
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Observer(somebody)" } else { "Observer(nobody)" })
    }
}
