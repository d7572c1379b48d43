//! How long a run takes, and a bar that says how far it is.

use std::io::IsTerminal as _;

use indicatif::{ProgressBar, ProgressStyle};

pub(super) fn bar(length: u64, what: &str) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(length).with_message(what.to_owned());
    let style = ProgressStyle::with_template("{bar:32} {percent} % of {msg}  {elapsed}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

/// The only clock here.
pub(super) struct Seconds(std::time::Instant);

impl Seconds {
    #[expect(clippy::disallowed_methods, reason = "how long a run itself takes; nothing is decided on it")]
    pub(super) fn start() -> Self {
        Self(std::time::Instant::now())
    }

    pub(super) fn passed(&self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }
}
