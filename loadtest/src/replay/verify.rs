//! Looks at what was delivered, file by file as they settle, against the generator's own bytes.

use std::convert::Infallible;

use futures::stream::{self, StreamExt as _};

use super::findings::Kind;
use super::oracle::Settled;
use super::stage::Stage;

const IN_FLIGHT: usize = 8;
/// Keys of one request.
const REMOVALS: usize = 200;

impl Stage<'_> {
    pub(super) async fn verify(&self) -> Infallible {
        let settled = stream::unfold((), |()| async {
            loop {
                let next = self.oracle.borrow_mut().next_settled();
                if let Some(settled) = next {
                    self.checking.set(self.checking.get() + 1);
                    return Some((settled, ()));
                }
                self.changed.notified().await;
            }
        });
        settled
            .for_each_concurrent(IN_FLIGHT, |settled| async move {
                self.check(settled).await;
                self.checking.set(self.checking.get() - 1);
                self.tell();
            })
            .await;
        std::future::pending().await
    }

    async fn check(&self, settled: Settled) {
        let Settled { key, newest, checksum } = settled;
        // Spread over the files, the same ones for the same seed.
        let reads = newest.file.wrapping_mul(37) % 100 < u64::from(self.options.read_percent);
        let found = if reads { self.aws.read(&key).await } else { self.aws.look(&key).await };
        let mut right = false;
        {
            let mut oracle = self.oracle.borrow_mut();
            let mut find = |kind, what: String| oracle.findings.add(kind, format!("{key}: {what}"));
            match found {
                Err(fault) => find(Kind::RequestsFailed, fault.to_string()),
                Ok(None) => find(Kind::Lost, "completed, and nothing is at its target".to_owned()),
                Ok(Some(found)) if found.size_bytes != newest.size_bytes => {
                    let (wanted, found) = (newest.size_bytes, found.size_bytes);
                    find(Kind::WrongBytes, format!("{found} bytes instead of {wanted}"));
                }
                Ok(Some(found)) if found.checksum != checksum => {
                    find(Kind::WrongBytes, "other bytes than were put in".to_owned());
                }
                Ok(Some(_)) => right = true,
            }
        }
        {
            let totals = &mut self.record.borrow_mut().totals;
            totals.checked += 1;
            totals.read += u64::from(reads);
        }
        // What is not right stays, to be looked at.
        if !right {
            self.kept.borrow_mut().insert(key);
        } else if self.options.removes {
            self.removals.borrow_mut().push(key);
            if self.removals.borrow().len() >= REMOVALS {
                self.remove().await;
            }
        }
    }

    /// Removes what was checked, sources and targets.
    pub(super) async fn remove(&self) {
        let keys = std::mem::take(&mut *self.removals.borrow_mut());
        if keys.is_empty() {
            return;
        }
        if let Err(fault) = self.aws.remove(&keys).await {
            self.oracle.borrow_mut().findings.add(Kind::RequestsFailed, format!("remove: {fault}"));
        }
    }
}
