//! The states of a transfer and the steps between them, as a table. Pure.
//!
//! ```text
//!           ──queue──▶ queued ──claim──▶ processing ──complete──▶ completed
//!                       ▲                │ │  ▲ │  ──fail──────▶ failed
//!                       └────release─────┘ └──┘ └──supersede───▶ superseded
//!                                    claim, progress
//! ```
//! `uploaded` is for items that something else than the dispatcher makes (a file that was seen and not routed yet); they can be
//! claimed as queued ones. `claim` leaves `processing` too: the attempt before may have died without a word. Every claim raises the
//! attempt number, and that number is the fence: an attempt's later steps hold only while the item still carries it.

use std::fmt;

/// Where a transfer stands. `uploaded` is an event that was seen and not yet queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    Uploaded,
    Queued,
    Processing,
    Completed,
    Failed,
    Superseded,
}

/// What may happen to a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Queue,
    Claim,
    /// An attempt notes what the next one may go on from.
    Progress,
    /// An attempt ends without a verdict.
    Release,
    Complete,
    Fail,
    Supersede,
}

impl Status {
    pub const ALL: [Self; 6] =
        [Self::Uploaded, Self::Queued, Self::Processing, Self::Completed, Self::Failed, Self::Superseded];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Uploaded => "uploaded",
            Self::Queued => "queued",
            Self::Processing => "processing",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Superseded => "superseded",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }

    /// Terminal states absorb: no step leaves them.
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Superseded)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Step {
    pub const ALL: [Self; 7] = [
        Self::Queue,
        Self::Claim,
        Self::Progress,
        Self::Release,
        Self::Complete,
        Self::Fail,
        Self::Supersede,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::Claim => "claim",
            Self::Progress => "progress",
            Self::Release => "release",
            Self::Complete => "complete",
            Self::Fail => "fail",
            Self::Supersede => "supersede",
        }
    }

    /// The states it leaves. `Queue` also makes an item that is not there yet.
    pub const fn from(self) -> &'static [Status] {
        match self {
            Self::Queue => &[Status::Uploaded],
            Self::Claim => &[Status::Uploaded, Status::Queued, Status::Processing],
            Self::Progress | Self::Release | Self::Complete | Self::Fail | Self::Supersede => {
                &[Status::Processing]
            }
        }
    }

    /// The state it leads to.
    pub const fn to(self) -> Status {
        match self {
            Self::Queue | Self::Release => Status::Queued,
            Self::Claim | Self::Progress => Status::Processing,
            Self::Complete => Status::Completed,
            Self::Fail => Status::Failed,
            Self::Supersede => Status::Superseded,
        }
    }

    /// Whether only the attempt that holds the fence may take it.
    pub const fn is_fenced(self) -> bool {
        !matches!(self, Self::Queue | Self::Claim)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_step_leaves_a_terminal_state() {
        for step in Step::ALL {
            assert!(step.from().iter().all(|status| !status.is_terminal()), "{step:?}");
        }
    }

    #[test]
    fn every_state_can_reach_a_terminal_one() {
        let reaches = |status: Status| {
            let mut seen = vec![status];
            let mut at = 0;
            while let Some(status) = seen.get(at).copied() {
                for step in Step::ALL {
                    if step.from().contains(&status) && !seen.contains(&step.to()) {
                        seen.push(step.to());
                    }
                }
                at += 1;
            }
            seen.iter().any(|status| status.is_terminal())
        };
        assert!(Status::ALL.into_iter().all(reaches));
    }

    #[test]
    fn names_round_trip() {
        for status in Status::ALL {
            assert_eq!(Status::parse(status.as_str()), Some(status));
        }
        assert_eq!(Status::parse("done"), None);
    }
}
