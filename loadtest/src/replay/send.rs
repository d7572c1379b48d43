//! Sends what is intended, each at its instant, whatever became of those before: an open loop.
//!
//! At most `--in-flight` puts are on their way. When they are all taken the next one begins late: its latency counts from the
//! instant when it was meant to begin all the same, and how late it was is measured and judged (`send_lag`).

use futures::future::Either;
use futures::stream::{self, StreamExt as _};

use super::event_json;
use super::findings::Kind;
use super::stage::{Copy, Stage};
use crate::check::Checksum;
use crate::workload::{Intended, Poison, Version, What};

impl Stage<'_> {
    pub(super) async fn send_all(&self) {
        let sent = stream::iter(self.workload()).map(|event| self.issue(event));
        sent.buffer_unordered(self.options.in_flight).for_each(|()| std::future::ready(())).await;
        // Nothing refers to any file any more.
        self.oracle.borrow_mut().advance(u64::MAX);
        self.tell();
    }

    /// Called in the order of the events, for some ahead of their time.
    fn issue(&self, event: Intended) -> impl Future<Output = ()> {
        let due = self.pace.due(event.at_s);
        let mut oracle = self.oracle.borrow_mut();
        match event.what {
            What::Put(version) => {
                oracle.announce(event.number, version.file, event.tenant);
                self.record.borrow_mut().series.at(due).intended += 1;
                Either::Left(Either::Left(self.put(version, event.tenant, due)))
            }
            // Copies wait for the end of what they copy, which must hold nobody up.
            What::Duplicate { of, form } | What::Late { of, form } => {
                oracle.announce(event.number, of.file, event.tenant);
                self.copies.borrow_mut().push_back(Copy { due, of, form });
                Either::Right(std::future::ready(()))
            }
            What::Poison(poison) => Either::Left(Either::Right(self.poison(event.number, poison, due))),
        }
    }

    async fn put(&self, version: Version, tenant: u16, due: std::time::Duration) {
        self.sleep_until(due).await;
        // The versions of one key go in one after the other, or nobody could say which is the newest.
        while !self.oracle.borrow().may_put(version) {
            self.changed.notified().await;
        }
        let kib = u32::try_from(version.size_bytes.div_ceil(1 << 10)).unwrap_or(u32::MAX);
        let _held = self.bodies.acquire_many(kib).await;
        let key = self.names.key(tenant, version.file);
        let body = self.content.bytes(version.file << 2 | u64::from(version.version), version.size_bytes);
        let mut checksum = Checksum::new();
        checksum.update(&body);
        let checksum = checksum.text();
        let began = self.now();
        self.record.borrow_mut().send_lag.add(began.saturating_sub(due));
        self.oracle.borrow_mut().putting(version, &checksum, due);
        let sent = self.aws.put(&key, body, &checksum).await;
        let at = self.now();
        match &sent {
            Ok(()) => self.record.borrow_mut().put(tenant, version.size_bytes, began, at),
            Err(_) => self.record.borrow_mut().series.at(at).requests_failed += 1,
        }
        let mut oracle = self.oracle.borrow_mut();
        oracle.put(version, at, sent.map_err(|fault| format!("put {key}: {fault}")));
        oracle.release(version.file);
        self.tell();
    }

    async fn poison(&self, number: u64, poison: Poison, due: std::time::Duration) {
        self.sleep_until(due).await;
        self.poison.borrow_mut().insert(number, poison);
        let sent = self.aws.send(event_json::poison(&self.job.run, number, poison)).await;
        let mut record = self.record.borrow_mut();
        record.series.at(self.now()).poison += 1;
        record.totals.poison += 1;
        if let Err(fault) = sent {
            self.poison.borrow_mut().remove(&number);
            self.oracle.borrow_mut().findings.add(Kind::RequestsFailed, format!("send poison: {fault}"));
        }
        self.tell();
    }
}
