//! What metrics are told of the ledger's writes.

use aws_sdk_dynamodb::types::{ConsumedCapacity, ReturnConsumedCapacity};

use super::state::Step;
use super::store::{Claim, Queued, Written};
use crate::fault::Fault;
use crate::metrics::requests::{self, Write};

impl From<&Queued> for Write {
    fn from(queued: &Queued) -> Self {
        match queued {
            Queued::New => Self::Done,
            Queued::Again | Queued::Beyond(_) => Self::Conflict,
        }
    }
}

impl From<&Claim> for Write {
    fn from(claim: &Claim) -> Self {
        match claim {
            Claim::Held { .. } => Self::Done,
            Claim::Over(_) | Claim::Missing => Self::Conflict,
        }
    }
}

impl From<&Written> for Write {
    fn from(written: &Written) -> Self {
        match written {
            Written::Done => Self::Done,
            Written::Lost => Self::Conflict,
        }
    }
}

pub(super) fn write<'w, W>(step: Step, written: &'w Result<W, Fault>)
where
    Write: From<&'w W>,
{
    requests::ledger_write(step, written.as_ref().map(Write::from));
}

/// Replies say what they took only when somebody counts it.
pub(super) fn capacity_wanted() -> Option<ReturnConsumedCapacity> {
    requests::wants_capacity().then_some(ReturnConsumedCapacity::Total)
}

pub(super) fn capacity(step: Step, consumed: Option<&ConsumedCapacity>) {
    requests::ledger_capacity(step, consumed.and_then(ConsumedCapacity::capacity_units));
}
