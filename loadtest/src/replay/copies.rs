//! Copies of events: duplicates, and old ones that come after newer ones.
//!
//! A copy must say what its event said, the sequencer too, which only the event and the ledger know. So a copy is sent once its
//! version has come to its end, when the ledger's item can be read: never before it is due.

use std::convert::Infallible;
use std::time::Duration;

use futures::stream::{self, StreamExt as _};
use tokio::time::sleep;

use super::event_json;
use super::findings::Kind;
use super::stage::{Copy, Stage};

const LOOKS: Duration = Duration::from_millis(20);
const IN_FLIGHT: usize = 8;

impl Stage<'_> {
    pub(super) async fn send_copies(&self) -> Infallible {
        loop {
            let ready = self.ready_copies();
            self.copies_in_flight.set(ready.len());
            stream::iter(ready).for_each_concurrent(IN_FLIGHT, |copy| self.send_copy(copy)).await;
            self.copies_in_flight.set(0);
            self.tell();
            sleep(LOOKS).await;
        }
    }

    /// Takes those out that are due and whose versions have come to their ends, or never will.
    fn ready_copies(&self) -> Vec<Copy> {
        let (now, oracle) = (self.now(), self.oracle.borrow());
        let mut ready = Vec::new();
        self.copies.borrow_mut().retain(|copy| {
            let is_ready =
                copy.due <= now && (oracle.transfer(copy.of).is_some() || oracle.is_hopeless(copy.of));
            if is_ready {
                ready.push(*copy);
            }
            !is_ready
        });
        ready
    }

    async fn send_copy(&self, copy: Copy) {
        let file_id = self.oracle.borrow().transfer(copy.of).map(str::to_owned);
        if let Some(file_id) = file_id
            && let Err((kind, why)) = self.copy(&file_id, copy).await
        {
            self.oracle.borrow_mut().findings.add(kind, why);
        }
        self.oracle.borrow_mut().release(copy.of.file);
    }

    async fn copy(&self, file_id: &str, copy: Copy) -> Result<(), (Kind, String)> {
        let failed = |what: &str, why: common::fault::Fault| (Kind::RequestsFailed, format!("{what}: {why}"));
        let facts = self.aws.facts(file_id).await.map_err(|fault| failed("read an item", fault))?;
        let facts = facts.ok_or_else(|| (Kind::Untruthful, format!("there is no whole item {file_id}")))?;
        self.aws
            .send(event_json::event(&facts, copy.form))
            .await
            .map_err(|fault| failed("send a copy", fault))?;
        let mut record = self.record.borrow_mut();
        record.totals.copies += 1;
        record.series.at(self.now()).copies += 1;
        Ok(())
    }
}
