//! An actor that cannot reach a service, in one of three ways.

use std::time::Duration;

use simcloud::Effect;

/// How it is cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// Nothing comes back, and nothing arrives.
    Silent,
    /// Connections are refused at once.
    Refused,
    /// What is sent arrives; no reply comes back.
    OneWay,
}

/// One actor, one service, for a while.
#[derive(Debug, Clone)]
pub(super) struct Partition {
    pub(super) actor: String,
    pub(super) service: &'static str,
    pub(super) manner: Manner,
    pub(super) until_ms: u64,
}

/// Longer than any timeout of ours.
const NEVER: Duration = Duration::from_secs(3_600);

impl Manner {
    pub(super) const ALL: [Self; 3] = [Self::Silent, Self::Refused, Self::OneWay];

    pub(super) fn effects(self) -> Vec<Effect> {
        match self {
            Self::Silent => vec![Effect::Delay(NEVER), Effect::DropBefore],
            Self::Refused => vec![Effect::DropBefore],
            Self::OneWay => vec![Effect::DelayAnswer(NEVER), Effect::DropAfter],
        }
    }
}
