//! What the user sees while files move: a bar on a terminal, a line per file otherwise, one JSON object per file with `--json`.
//! Results go to standard output, everything about the command itself to standard error.

use std::io::IsTerminal as _;
use std::time::Duration;

use common::output::{err, name, out, out_json, path};
use common::say;
use indicatif::{ProgressBar, ProgressStyle};

use super::board::Line;
use super::cloud::{ACCESS_KEY, LocalCloud, REGION};
use super::options::Options;
use super::processes::Drained;
use super::put::LANDING;
use super::report::{short, size};

pub(super) struct Display {
    bar: Option<ProgressBar>,
    json: bool,
    /// With `--once` the table tells of each file.
    table_follows: bool,
}

impl Display {
    /// `files` is how many there will be, if that is known.
    pub(super) fn new(options: &Options, files: Option<usize>) -> Self {
        let bar = (std::io::stderr().is_terminal() && !options.json).then(|| match files {
            Some(files) => {
                let bar = ProgressBar::new(files as u64);
                bar.set_style(style("{bar:32} {pos}/{len} files  {msg}  {elapsed}"));
                bar
            }
            None => {
                let bar = ProgressBar::new_spinner();
                bar.set_style(style("{spinner} {msg}"));
                bar
            }
        });
        if let Some(bar) = &bar {
            bar.enable_steady_tick(Duration::from_millis(120));
        }
        Self { bar, json: options.json, table_follows: files.is_some() }
    }

    pub(super) fn banner(&self, cloud: &LocalCloud, options: &Options) {
        let (url, workers, logs) = (cloud.endpoint_url(), options.workers, cloud.folder().join("logs"));
        self.say(&format!(
            "An embedded AWS listens on {url}; one dispatcher and {workers} workers are at work (logs: {}).\n\
             Put a file in with the AWS CLI:\n\n  \
             AWS_ACCESS_KEY_ID={ACCESS_KEY} AWS_SECRET_ACCESS_KEY={ACCESS_KEY} AWS_DEFAULT_REGION={REGION} \\\n    \
             aws --endpoint-url {url} s3 cp FILE s3://landing/\n\n\
             Ctrl-C drains and stops.",
            path(&logs)
        ));
    }

    pub(super) fn say(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| err(text)),
            None => err(text),
        }
    }

    /// Files have been put in.
    pub(super) fn put(&self, put: usize, files: usize) {
        if let Some(bar) = &self.bar {
            bar.set_message(if put < files { format!("putting in {put}") } else { String::new() });
        }
    }

    pub(super) fn moved(&self, (ended, all): (usize, usize)) {
        if let Some(bar) = &self.bar {
            if self.table_follows {
                bar.set_position(ended as u64);
            } else {
                bar.set_message(format!("{ended} of {all} files have come to their end"));
            }
        }
    }

    /// A transfer has come to its end.
    pub(super) fn ended(&self, line: &Line, counts: (usize, usize)) {
        self.moved(counts);
        if self.json {
            if let Ok(json) = serde_json::to_string(line) {
                out_json(&json);
            }
        } else if !self.table_follows {
            let took = line.processing_time_ms.map(|ms| format!("{ms} ms")).unwrap_or_default();
            let why =
                line.error_message.as_deref().map(|why| format!("  ({})", name(why))).unwrap_or_default();
            let target = format!("{}/{}", line.destination_bucket, short(&line.destination_key));
            let text = format!("{:<10} {:>10} {took:>9}  {target}{why}", line.status, size(line.file_size));
            match &self.bar {
                Some(bar) => bar.suspend(|| out(&text)),
                None => out(&text),
            }
        }
    }

    /// What the ledger will never tell of.
    pub(super) fn left_out(&self, key: &str, file_size: Option<u64>, status: &str, why: &str) {
        if self.json {
            let line = serde_json::json!({
                "source_bucket": LANDING,
                "key": key,
                "file_size": file_size,
                "status": status,
                "error_message": why,
            });
            out_json(&line.to_string());
        }
    }

    pub(super) fn draining(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        if !self.table_follows {
            err("Draining.");
        }
    }

    /// A program that reads JSON is told only of what did not drain.
    pub(super) fn finished(&self, drained: &[Drained]) {
        for process in drained.iter().filter(|process| !self.json || process.was_killed) {
            let memory =
                process.peak_kib.map(|kib| format!(", peak memory {} MiB", kib / 1024)).unwrap_or_default();
            say!("{} {}{memory}", process.name, process.how);
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
