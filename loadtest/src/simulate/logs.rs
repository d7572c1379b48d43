//! What the services log, as production writes it, kept to be searched for what must not be in it.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use tracing::subscriber::DefaultGuard;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::output::out;

/// Whose events production shows.
const OURS: [&str; 3] = ["drayage_common", "drayage_dispatcher", "drayage_worker"];

/// The log of one thread.
#[derive(Debug, Clone)]
pub(super) struct Logs {
    text: Arc<Mutex<Vec<u8>>>,
    prints: bool,
}

impl Logs {
    /// Collects this thread's logs for as long as the guard lives.
    pub(super) fn collect(prints: bool) -> (Self, DefaultGuard) {
        let logs = Self { text: Arc::default(), prints };
        let writer = logs.clone();
        let layer = tracing_subscriber::fmt::layer()
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            // Wall-clock time means nothing here.
            .without_time()
            .with_writer(move || writer.clone());
        let ours = Targets::new().with_targets(OURS.map(|name| (name, LevelFilter::INFO)));
        let guard = tracing_subscriber::registry().with(layer.with_filter(ours)).set_default();
        (logs, guard)
    }

    pub(super) fn text(&self) -> String {
        let text = self.text.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&text).into_owned()
    }
}

impl io::Write for Logs {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.prints {
            out(&format!("{:>9} {}", "log", String::from_utf8_lossy(line).trim_end()));
        }
        self.text.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
