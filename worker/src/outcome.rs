//! How an attempt ends.

use common::fault::{Class, Fault};
use common::ledger::{Completion, Reason, Upload};

/// Every way a copy ends early. `?` carries it from wherever it happens to the verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// A newer version makes this one pointless.
    Superseded(Reason),
    /// No attempt will ever succeed.
    Permanent(Reason),
    /// This attempt failed; another may succeed, within the limit.
    Failed(Reason),
    /// Others write the target's key more often than one copy takes. Tried again without counting, until the file has cost
    /// as many uploads as the verdict allows.
    Contended(Reason),
    /// Nobody's fault: throttling, network, somebody else at work. Tried again without counting.
    Passing(Fault),
    /// The service stops, or the lease nears its cap: the next attempt goes on from here.
    Interrupted,
    /// Another worker holds the message or the fence. Nothing may be written any more.
    LeaseLost,
}

/// What a copy comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub result: Result<Completion, End>,
    /// The multipart upload that is left for the next attempt to go on with.
    pub left: Option<Upload>,
}

impl Outcome {
    /// An end that leaves no upload.
    pub fn clean(result: Result<Completion, End>) -> Self {
        Self { result, left: None }
    }
}

impl From<Fault> for End {
    /// The meaning of a fault where its place gives it no other.
    fn from(fault: Fault) -> Self {
        let reason = |code: &str| Reason::new(code, fault.to_string());
        match fault.class {
            Class::Throttled | Class::Transient | Class::Conflict | Class::Precondition => {
                Self::Passing(fault)
            }
            Class::Denied => Self::Failed(reason("access_denied")),
            Class::Missing => Self::Failed(reason("not_found")),
            Class::Corrupt => Self::Failed(reason("checksum_mismatch")),
            Class::Archived => Self::Permanent(reason("source_archived")),
            Class::Invalid => Self::Permanent(reason("refused")),
        }
    }
}
