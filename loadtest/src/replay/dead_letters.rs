//! Takes the poison out of the ingest queue's dead-letter queue again, each message as it was sent.

use std::convert::Infallible;
use std::time::Duration;

use aws_sdk_sqs::types::Message;
use tokio::time::sleep;

use super::event_json;
use super::findings::Kind;
use super::stage::Stage;

/// After a look that failed.
const PAUSE: Duration = Duration::from_secs(1);

impl Stage<'_> {
    pub(super) async fn collect_poison(&self) -> Infallible {
        loop {
            match self.aws.parked().await {
                Ok(messages) => {
                    for message in messages {
                        self.parked(&message).await;
                    }
                }
                Err(fault) => {
                    let what = format!("look for poison: {fault}");
                    self.oracle.borrow_mut().findings.add(Kind::RequestsFailed, what);
                    sleep(PAUSE).await;
                }
            }
            self.tell();
        }
    }

    async fn parked(&self, message: &Message) {
        let body = message.body().unwrap_or_default();
        let Some(number) = event_json::poison_number(&self.job.run, body) else {
            // In somebody's own account the queue may hold anything.
            if self.options.place.endpoint_url.is_none() {
                let what = "a message that is no poison of ours was parked";
                self.oracle.borrow_mut().findings.add(Kind::Unexpected, what);
            }
            return;
        };
        let sent = self.poison.borrow_mut().remove(&number);
        // Parked twice (sent to the dead-letter queue, and a crash before the delete): allowed, and already counted.
        if let Some(kind) = sent {
            let mut record = self.record.borrow_mut();
            record.totals.parked += 1;
            record.series.at(self.now()).parked += 1;
            if event_json::poison(&self.job.run, number, kind) != body {
                let what = format!("poison {number} was parked with another body");
                self.oracle.borrow_mut().findings.add(Kind::WrongBytes, what);
            }
        }
        if let Err(fault) = self.aws.delete_parked(message).await {
            self.oracle.borrow_mut().findings.add(Kind::RequestsFailed, format!("take poison away: {fault}"));
        }
    }
}
