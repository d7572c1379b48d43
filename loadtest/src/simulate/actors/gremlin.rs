//! Plays everything that AWS and people do to queues: duplicates, delays, other envelopes, poison, redrives.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_sqs::Client as Sqs;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;
use topology::{INGEST, LANES};

use super::poison;
use crate::simulate::facts::{LANDING, Meaning, MessageContent};
use crate::simulate::faults::Kind;
use crate::simulate::stage::Stage;
use crate::simulate::world::Place;

struct Gremlin {
    stage: Arc<Stage>,
    sqs: Sqs,
    draws: fastrand::Rng,
    number: u64,
}

/// One message as it lies in a queue.
struct Found {
    queue: String,
    body: String,
    group: Option<String>,
}

/// Takes turns until everything is healed.
pub(crate) async fn gremlin(stage: Arc<Stage>, place: Place, seed: u64) {
    let config = place.config_of("gremlin");
    let sqs = common::aws::sqs(&config);
    let draws = fastrand::Rng::with_seed(seed ^ 0x6772_656d);
    let mut gremlin = Gremlin { stage, sqs, draws, number: 0 };
    loop {
        let pause = Duration::from_millis(gremlin.draws.u64(1_000..9_000));
        tokio::select! {
            biased;
            () = gremlin.stage.healed.cancelled() => return,
            () = tokio::time::sleep(pause) => gremlin.turn().await,
        }
    }
}

impl Gremlin {
    async fn turn(&mut self) {
        use Kind as K;
        let kinds = [
            K::EventDuplicated,
            K::EventInOtherEnvelope,
            K::EventDelayed,
            K::TransferDuplicated,
            K::TransferDelayed,
            K::EventPoison,
            K::TransferPoison,
            K::Redrive,
        ];
        for kind in kinds {
            // Only what can be done counts as a hit.
            let possible = match kind {
                K::EventDuplicated => self.any(&[INGEST]).is_some(),
                K::TransferDuplicated => self.any(&LANES).is_some(),
                K::EventInOtherEnvelope => !self.stage.lock().facts.sources.is_empty(),
                K::Redrive => self.has_dead_letters(),
                _ => true,
            };
            if possible && self.stage.strikes(kind) {
                self.stage.say("gremlin", format_args!("{}", kind.name()));
                self.play(kind).await;
            }
        }
    }

    async fn play(&mut self, kind: Kind) {
        self.number += 1;
        let lane = LANES[self.draws.usize(0..LANES.len())];
        match kind {
            Kind::EventDuplicated | Kind::TransferDuplicated => {
                let queues: &[&str] = if kind == Kind::EventDuplicated { &[INGEST] } else { &LANES };
                if let Some(found) = self.any(queues) {
                    self.send(&found.queue, &found.body, found.group).await;
                }
            }
            Kind::EventInOtherEnvelope => {
                if let Some(body) = self.other_envelope() {
                    self.send(INGEST, &body, None).await;
                }
            }
            Kind::EventDelayed => self.hide(INGEST).await,
            Kind::TransferDelayed => self.hide(lane).await,
            Kind::EventPoison => {
                let body = poison::event(&mut self.draws, self.number);
                self.means(&body, Meaning::Poison);
                self.send(INGEST, &body, None).await;
            }
            Kind::TransferPoison => {
                let example = self.any(&LANES).map(|found| found.body).unwrap_or_default();
                let body = poison::transfer(&mut self.draws, self.number, &example);
                self.means(&body, Meaning::Poison);
                self.send(lane, &body, None).await;
            }
            Kind::Redrive => {
                for queue in [INGEST, LANES[0], LANES[1]] {
                    self.redrive(queue).await;
                }
            }
            _ => {}
        }
    }

    fn means(&self, body: &str, meaning: Meaning) {
        self.stage.lock().facts.meanings.insert(body.to_owned(), meaning);
    }

    /// A message that was sent to one of the queues at some time.
    fn any(&mut self, queues: &[&str]) -> Option<Found> {
        let state = self.stage.lock();
        let sent = state.facts.messages.iter().filter(|((queue, _), message)| {
            queues.contains(&queue.as_str()) && message.content != MessageContent::Poison
        });
        let sent: Vec<_> = sent.collect();
        let ((queue, _), message) = sent.get(self.draws.usize(0..sent.len().max(1)))?;
        Some(Found { queue: queue.clone(), body: message.body.clone(), group: message.group.clone() })
    }

    fn has_dead_letters(&self) -> bool {
        let state = self.stage.lock();
        state
            .facts
            .messages
            .iter()
            .any(|((queue, _), message)| queue.ends_with("-dlq") && !message.is_deleted)
    }

    /// An event that there has been, as S3 itself would notify of it, alone or wrapped by SNS.
    fn other_envelope(&mut self) -> Option<String> {
        let state = self.stage.lock();
        let keys: Vec<_> = state.facts.sources.keys().collect();
        let key = (*keys.get(self.draws.usize(0..keys.len().max(1)))?).clone();
        let versions = state.facts.sources.get(&key)?;
        let version = versions.get(self.draws.usize(0..versions.len()))?;
        let encoded = utf8_percent_encode(&key, NON_ALPHANUMERIC).to_string().replace("%20", "+");
        let object = json!({
            "key": encoded, "size": version.content.len_bytes(), "eTag": version.etag, "sequencer": version.sequencer,
        });
        let record = json!({
            "eventVersion": "2.1", "eventSource": "aws:s3", "eventName": "ObjectCreated:Put",
            "eventTime": "2026-11-23T07:21:47.000Z", "s3": { "bucket": { "name": LANDING }, "object": object },
        });
        let notification = json!({ "Records": [record], "number": self.number }).to_string();
        let meaning = Meaning::Events(vec![(key, version.sequencer.clone())]);
        drop(state);
        let body = match self.draws.bool() {
            true => notification,
            false => json!({ "Type": "Notification", "Message": notification }).to_string(),
        };
        self.means(&body, meaning);
        Some(body)
    }

    fn url(queue: &str) -> String {
        format!("http://simcloud.local/000000000000/{queue}")
    }

    async fn send(&self, queue: &str, body: &str, group: Option<String>) {
        let send = self.sqs.send_message().queue_url(Self::url(queue)).message_body(body);
        let _ = send.set_message_group_id(group).send().await;
    }

    /// Takes messages and does nothing with them: they come later, and in another order.
    async fn hide(&mut self, queue: &str) {
        let (most, hidden_s) = (self.draws.i32(1..=10), self.draws.i32(1..=90));
        let receive = self.sqs.receive_message().queue_url(Self::url(queue)).wait_time_seconds(0);
        let _ = receive.max_number_of_messages(most).visibility_timeout(hidden_s).send().await;
    }

    /// What a person does who has set the cause right: everything goes back.
    async fn redrive(&self, queue: &str) {
        let dead = Self::url(&format!("{queue}-dlq"));
        let receive = self.sqs.receive_message().queue_url(&dead).max_number_of_messages(10);
        let receive = receive.message_system_attribute_names("MessageGroupId".into()).send().await;
        for message in receive.ok().and_then(|reply| reply.messages).unwrap_or_default() {
            let group =
                message.attributes.as_ref().and_then(|all| all.get(&"MessageGroupId".into()).cloned());
            let body = message.body.unwrap_or_default();
            self.send(queue, &body, group).await;
            let delete = self.sqs.delete_message().queue_url(&dead);
            let _ = delete.receipt_handle(message.receipt_handle.unwrap_or_default()).send().await;
        }
    }
}
