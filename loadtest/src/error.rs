//! Why a run ends early.

use std::fmt;

use common::settings::EX_USAGE;

/// What ended the command.
#[derive(Debug)]
pub(crate) enum Error {
    /// Wrong options: every mistake, one a line.
    Usage(String),
    /// Everything else; the text says what failed.
    Failed(String),
}

impl Error {
    /// `what` completes "failed to".
    pub(crate) fn failed_to(what: impl fmt::Display, why: impl fmt::Display) -> Self {
        Self::Failed(format!("failed to {what}: {why}"))
    }

    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => EX_USAGE,
            Self::Failed(_) => 1,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(text) | Self::Failed(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for Error {}
