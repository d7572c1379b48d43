//! The real binary, run as processes over loopback: what a user sees of it, and what no simulation in one process shows.

mod help;
mod interactive;
mod killed;
mod once;
mod once_rules;
mod refusals;
mod rules;
mod signals;
mod stopped;
mod support;
mod traces;
mod usage;
