//! A service that `drayage local` started must not outlive it, however that ends: its standard input is a pipe from the parent,
//! and when the pipe closes it stops as on SIGTERM. Unlike
//! a signal, that waits for a process that is still being loaded.

use std::io::Read as _;

use clap::{Arg, ArgAction, ArgMatches, Command};
use common::say;
use rustix::process::{Signal, getpid, kill_process};

/// The flag that the parent sets.
pub(crate) const STOP_WITH_PARENT: &str = "stop-with-parent";

pub(crate) fn with_flag(command: Command) -> Command {
    let help = "Stop when standard input ends";
    command.arg(
        Arg::new(STOP_WITH_PARENT).long(STOP_WITH_PARENT).action(ArgAction::SetTrue).hide(true).help(help),
    )
}

/// Watches standard input when the flag is set.
pub(crate) fn follow(matches: &ArgMatches) {
    if !matches.get_flag(STOP_WITH_PARENT) {
        return;
    }
    let watch = || {
        let mut nothing = [0; 64];
        let mut input = std::io::stdin().lock();
        while input.read(&mut nothing).is_ok_and(|len| len > 0) {}
        if let Err(error) = kill_process(getpid(), Signal::TERM) {
            say!("drayage: failed to stop with the parent: {error}");
        }
    };
    if let Err(error) = std::thread::Builder::new().name("parent".to_owned()).spawn(watch) {
        say!("drayage: failed to watch the parent: {error}");
    }
}
