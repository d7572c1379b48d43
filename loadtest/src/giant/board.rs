//! What the ledger said of the file, claim by claim.

use std::time::Duration;

use common::ledger::{Status, attribute};
use serde::Serialize;
use simcloud::ItemChange;
use tokio::time::Instant;

/// One attempt, from its claim to its end.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Attempt {
    pub(super) number: u64,
    pub(super) worker: String,
    pub(super) began_h: f64,
    /// `None` until it ends.
    pub(super) ended_h: Option<f64>,
    pub(super) end: String,
}

#[derive(Debug)]
pub(super) struct Board {
    started: Instant,
    pub(super) status: Option<Status>,
    pub(super) attempts: Vec<Attempt>,
    pub(super) file_id: String,
    pub(super) error: String,
}

pub(super) fn hours(time: Duration) -> f64 {
    time.as_secs_f64() / 3600.0
}

impl Board {
    pub(super) fn new(started: Instant) -> Self {
        Self { started, status: None, attempts: Vec::new(), file_id: String::new(), error: String::new() }
    }

    /// There is one file: every item is its.
    pub(super) fn changed(&mut self, change: &ItemChange) {
        let text = |name: &str| {
            let image = change.new.as_ref()?;
            image.text(name).map(str::to_owned).or_else(|| image.number(name))
        };
        let Some(status) = text(attribute::STATUS).as_deref().and_then(Status::parse) else { return };
        self.file_id = text(attribute::FILE_ID).unwrap_or_default();
        // What an earlier attempt was released for stays on the item.
        let error = text(attribute::ERROR_MESSAGE).filter(|_| status != Status::Completed);
        self.error = error.unwrap_or_default();
        let number = text(attribute::ATTEMPTS).and_then(|number| number.parse().ok()).unwrap_or(0);
        let known = self.attempts.last().map_or(0, |attempt| attempt.number);
        if status == Status::Processing && number > known {
            self.end("its lease ran out");
            let worker = text(attribute::PROCESSED_BY).unwrap_or_default();
            let began_h = hours(self.started.elapsed());
            self.attempts.push(Attempt { number, worker, began_h, ended_h: None, end: String::new() });
        } else if status != Status::Processing {
            // A worker that stops before the lease's cap says so; any other release names its fault.
            let code = text(attribute::ERROR_CODE).filter(|code| code != "interrupted");
            let released = code.map_or("handed over".to_owned(), |code| format!("released: {code}"));
            self.end(if status == Status::Queued { &released } else { status.as_str() });
        }
        self.status = Some(status);
    }

    /// The attempt that is under way, if any, has come to this end.
    pub(super) fn end(&mut self, end: &str) {
        let now_h = hours(self.started.elapsed());
        if let Some(attempt) = self.attempts.last_mut().filter(|attempt| attempt.ended_h.is_none()) {
            attempt.ended_h = Some(now_h);
            end.clone_into(&mut attempt.end);
        }
    }

    /// Who works on the file.
    pub(super) fn holder(&self) -> Option<String> {
        let last = self.attempts.last().filter(|attempt| attempt.ended_h.is_none());
        last.map(|attempt| attempt.worker.clone())
    }

    pub(super) fn is_claimed(&self) -> bool {
        !self.attempts.is_empty()
    }

    pub(super) fn is_over(&self) -> bool {
        self.status.is_some_and(Status::is_terminal)
    }
}
