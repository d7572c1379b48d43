//! Which uploads are old enough to be asked about, and which of those belong to nobody. Pure.

use std::time::Duration;

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use common::ledger::{Owner, Status};
use common::transfer::TransferId;

/// SQS keeps a message for 14 days at the most: a transfer that nothing has touched for longer has no message to wake it.
const MESSAGE_RETENTION_MAX: Duration = Duration::from_secs(14 * 86_400);

/// An upload as the store lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub key: String,
    pub upload_id: String,
    pub initiated: Option<DateTime>,
    /// Who created it: an ARN, or an account's canonical id. Empty when the store does not say.
    pub initiator: String,
}

/// Which uploads may be reaped at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    pub older_than: Duration,
    /// Only uploads whose initiator contains this.
    pub initiator: Option<String>,
}

/// What an upload is at first sight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// The ledger has to be asked.
    Candidate { age: Duration },
    /// Not old enough, or of an unknown age.
    Young,
    /// Initiated by somebody else.
    Foreign,
}

impl Rules {
    /// `now` is the store's own time, as its reply says it.
    pub fn sight(&self, listed: &Listed, now: DateTime) -> Sight {
        if self.initiator.as_ref().is_some_and(|wanted| !listed.initiator.contains(wanted)) {
            return Sight::Foreign;
        }
        match listed.initiated.and_then(|initiated| since(initiated, now)) {
            Some(age) if age > self.older_than => Sight::Candidate { age },
            _ => Sight::Young,
        }
    }
}

/// Why an upload belongs to nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Orphan {
    /// No item has noted it.
    Unknown,
    /// Its transfer has come to its end.
    Ended,
    /// Its transfer goes on with another upload, or without one.
    Replaced,
}

impl Orphan {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Ended => "ended",
            Self::Replaced => "replaced",
        }
    }
}

/// What is to become of an upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    Abort(Orphan),
    /// It belongs to this transfer. `forgotten`: nothing has touched the transfer for longer than any message lives, so its
    /// message is gone or dead-lettered. That is for people to look into: the upload stays, for a redrive goes on with it.
    Leave {
        transfer: TransferId,
        status: Status,
        forgotten: bool,
    },
}

/// Decides from what the ledger says of the transfers that its index names for the upload. One that holds it is enough to leave it.
pub fn decide(upload_id: &str, owners: &[Owner], now: DateTime) -> Decision {
    let holds = |owner: &&Owner| !owner.status.is_terminal() && owner.upload_id.as_deref() == Some(upload_id);
    if let Some(owner) = owners.iter().find(holds) {
        let updated = owner.updated.as_ref().and_then(|at| DateTime::from_str(at, Format::DateTime).ok());
        let idle = updated.and_then(|updated| since(updated, now));
        return Decision::Leave {
            transfer: owner.transfer.clone(),
            status: owner.status,
            forgotten: idle.is_some_and(|idle| idle > MESSAGE_RETENTION_MAX),
        };
    }
    match owners.first() {
        None => Decision::Abort(Orphan::Unknown),
        Some(owner) if owner.status.is_terminal() => Decision::Abort(Orphan::Ended),
        Some(_) => Decision::Abort(Orphan::Replaced),
    }
}

/// Whole seconds from `start` to `now`; `None` when `start` is later.
fn since(start: DateTime, now: DateTime) -> Option<Duration> {
    u64::try_from(now.secs().saturating_sub(start.secs())).ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW_S: i64 = 1_780_000_000;

    fn owner(id: u8, status: Status, upload_id: Option<&str>, idle_s: i64) -> Owner {
        let updated = DateTime::from_secs(NOW_S - idle_s).fmt(Format::DateTime).unwrap();
        Owner {
            transfer: TransferId::parse(&format!("{id:040x}")).unwrap(),
            status,
            upload_id: upload_id.map(str::to_owned),
            updated: Some(updated),
        }
    }

    fn decided(owners: &[Owner]) -> Decision {
        decide("u", owners, DateTime::from_secs(NOW_S))
    }

    fn listed(initiated_s: Option<i64>, initiator: &str) -> Listed {
        let initiated = initiated_s.map(DateTime::from_secs);
        Listed { key: "k".to_owned(), upload_id: "u".to_owned(), initiated, initiator: initiator.to_owned() }
    }

    #[test]
    fn each_orphan_has_its_reason() {
        assert_eq!(decided(&[]), Decision::Abort(Orphan::Unknown));
        assert_eq!(decided(&[owner(1, Status::Failed, Some("u"), 0)]), Decision::Abort(Orphan::Ended));
        assert_eq!(decided(&[owner(1, Status::Processing, Some("v"), 0)]), Decision::Abort(Orphan::Replaced));
        assert_eq!(decided(&[owner(1, Status::Queued, None, 0)]), Decision::Abort(Orphan::Replaced));
    }

    #[test]
    fn a_transfer_that_no_message_can_wake_keeps_its_upload_and_is_named() {
        for (days, expected) in [(13, false), (15, true)] {
            let decision = decided(&[owner(1, Status::Queued, Some("u"), days * 86_400)]);
            assert!(
                matches!(decision, Decision::Leave { forgotten, .. } if forgotten == expected),
                "{days}: {decision:?}"
            );
        }
        let undated = Owner { updated: None, ..owner(1, Status::Queued, Some("u"), 0) };
        assert!(matches!(decided(&[undated]), Decision::Leave { forgotten: false, .. }));
    }

    fn any_owner() -> impl Strategy<Value = Owner> {
        let upload = prop_oneof![Just(None), Just(Some("u")), Just(Some("v"))];
        let status = proptest::sample::select(Status::ALL.to_vec());
        (0..4_u8, status, upload, -100_000_000..100_000_000_i64)
            .prop_map(|(id, status, upload, idle_s)| owner(id, status, upload, idle_s))
    }

    proptest! {
        #[test]
        fn an_upload_is_aborted_exactly_when_no_living_transfer_holds_it(
            owners in proptest::collection::vec(any_owner(), 0..4),
        ) {
            let holders: Vec<&TransferId> = owners
                .iter()
                .filter(|o| !matches!(o.status, Status::Completed | Status::Failed | Status::Superseded))
                .filter(|o| o.upload_id.as_deref() == Some("u"))
                .map(|o| &o.transfer)
                .collect();
            match decided(&owners) {
                Decision::Abort(_) => prop_assert!(holders.is_empty()),
                Decision::Leave { transfer, .. } => prop_assert!(holders.contains(&&transfer)),
            }
        }

        #[test]
        fn only_what_is_older_and_ours_is_asked_about(
            age_s in -200_000..200_000_i64,
            older_than_s in 3_600..100_000_u64,
            ours in any::<bool>(),
            wanted in any::<bool>(),
        ) {
            let rules = Rules {
                older_than: Duration::from_secs(older_than_s),
                initiator: wanted.then(|| "role/worker".to_owned()),
            };
            let by = if ours { "arn:aws:sts::1:assumed-role/worker/task" } else { "arn:aws:iam::1:user/me" };
            let seen = rules.sight(&listed(Some(NOW_S - age_s), by), DateTime::from_secs(NOW_S));
            let expected = if wanted && !ours {
                Sight::Foreign
            } else if i128::from(age_s) > i128::from(older_than_s) {
                Sight::Candidate { age: Duration::from_secs(age_s.unsigned_abs()) }
            } else {
                Sight::Young
            };
            prop_assert_eq!(seen, expected);
        }
    }

    #[test]
    fn an_upload_of_unknown_age_is_never_old_enough() {
        let rules = Rules { older_than: Duration::from_secs(3_600), initiator: None };
        for initiated in [None, Some(i64::MAX)] {
            assert_eq!(rules.sight(&listed(initiated, ""), DateTime::from_secs(NOW_S)), Sight::Young);
        }
        assert!(matches!(
            rules.sight(&listed(Some(i64::MIN), ""), DateTime::from_secs(NOW_S)),
            Sight::Candidate { .. }
        ));
    }
}
