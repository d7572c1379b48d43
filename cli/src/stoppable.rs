//! What a stop signal ends in order, from the first moment of the process on.
//!
//! 1. The handlers are installed, before the command line is read: what comes earlier, while the system still loads the program,
//!    ends it as it ends any program.
//! 2. Settings are read on a thread of their own, beside a look-out for a signal: a rules file may be a pipe, or lie on a disk that
//!    does not answer.
//! 3. The role runs, and has the signals.

use std::ffi::OsStr;
use std::time::Duration;

use clap::ArgMatches;
use common::service::StartError;
use common::shutdown::StopSignals;
use tokio::runtime::{Builder, Runtime};

/// What open connections of the embedded AWS may still take at the end.
const LINGER: Duration = Duration::from_secs(1);

/// A runtime, and the signals that come from now on.
#[derive(Debug)]
pub(crate) struct Stoppable {
    runtime: Runtime,
    signals: StopSignals,
    linger: Duration,
}

impl Stoppable {
    /// For the role that is named first on the command line; `None` for what only prints or asks, which any signal may end at once.
    pub(crate) fn begin(role: Option<&OsStr>) -> std::io::Result<Option<Self>> {
        let (mut builder, linger) = match role.and_then(OsStr::to_str) {
            // A service is one future, and scales by processes. In the end everything is settled; a look-up of a name that hangs on
            // a thread of its own must not keep it.
            Some("dispatcher" | "worker" | "reap") => (Builder::new_current_thread(), Duration::ZERO),
            // An embedded AWS serves many connections.
            Some("local") => (Builder::new_multi_thread(), LINGER),
            _ => return Ok(None),
        };
        let runtime = builder.enable_all().build()?;
        let signals = {
            let _within = runtime.enter();
            StopSignals::listen()
        };
        Ok(Some(Self { runtime, signals, linger }))
    }

    /// Runs a role to its end.
    pub(crate) fn run(
        self,
        role: impl AsyncFnOnce(StopSignals) -> Result<(), StartError>,
    ) -> Result<(), StartError> {
        let Self { runtime, signals, linger } = self;
        let ended = runtime.block_on(role(signals));
        runtime.shutdown_timeout(linger);
        ended
    }
}

/// Does what blocks, unless a stop comes first: then `None`.
pub(crate) async fn unless_stopped<T: Send + 'static>(
    signals: &mut StopSignals,
    work: impl FnOnce() -> Result<T, StartError> + Send + 'static,
) -> Result<Option<T>, StartError> {
    tokio::select! {
        biased;
        () = signals.next() => Ok(None),
        done = tokio::task::spawn_blocking(work) => match done {
            Ok(done) => done.map(Some),
            Err(error) => Err(StartError::Local(format!("failed to start: {error}"))),
        },
    }
}

/// Settings of a role; `None` when a stop came before they were read.
pub(crate) async fn settings<T: Send + 'static>(
    matches: &ArgMatches,
    signals: &mut StopSignals,
    read: impl FnOnce(&ArgMatches) -> Result<T, StartError> + Send + 'static,
) -> Result<Option<T>, StartError> {
    let matches = matches.clone();
    unless_stopped(signals, move || read(&matches)).await
}
