//! The real binary, run as processes over loopback: what a user sees of it, and what no simulation in one process shows.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a check fails by panicking")]

mod canaries;
mod data;
mod exhausted;
mod health;
mod help;
mod interactive;
mod killed;
mod logs;
mod machine_settings;
mod metrics;
mod once;
mod once_folders;
mod once_found;
mod once_rules;
mod output;
mod protected;
mod reap;
mod rebuilt;
mod refusals;
mod rules;
mod signals;
mod starting;
mod stopped;
mod support;
mod traces;
mod usage;
