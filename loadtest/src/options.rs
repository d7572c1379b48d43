//! Options: declared once, read one by one, every mistake reported at once.

use std::fmt::Display;

use clap::{Arg, ArgMatches, Command};

use crate::error::Error;

/// One option with a value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Flag {
    pub(crate) name: &'static str,
    /// What stands for the value in the help text.
    pub(crate) value: &'static str,
    pub(crate) default: Option<&'static str>,
    pub(crate) help: &'static str,
}

/// Adds the options to a command. Their values stay text, so that all mistakes come out together.
pub(crate) fn with_flags(command: Command, flags: &[Flag]) -> Command {
    flags.iter().fold(command, |command, flag| {
        let arg = Arg::new(flag.name).long(flag.name).value_name(flag.value).help(flag.help);
        command.arg(match flag.default {
            Some(default) => arg.default_value(default),
            None => arg,
        })
    })
}

/// Reads options and remembers what was wrong with them.
#[derive(Debug)]
pub(crate) struct Reading<'m> {
    matches: &'m ArgMatches,
    mistakes: Vec<String>,
}

impl<'m> Reading<'m> {
    pub(crate) fn new(matches: &'m ArgMatches) -> Self {
        Self { matches, mistakes: Vec::new() }
    }

    /// `None` when the option is absent or wrong.
    pub(crate) fn read<T, E: Display>(
        &mut self,
        flag: &Flag,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Option<T> {
        let given = self.matches.get_one::<String>(flag.name)?;
        match parse(given) {
            Ok(value) => Some(value),
            Err(expected) => {
                self.mistake(format!("--{} is {given:?}: {expected}", flag.name));
                None
            }
        }
    }

    pub(crate) fn mistake(&mut self, mistake: String) {
        self.mistakes.push(mistake);
    }

    /// # Errors
    /// [`Error::Usage`] with everything that was wrong.
    pub(crate) fn finish<T>(self, options: Option<T>) -> Result<T, Error> {
        match options {
            Some(options) if self.mistakes.is_empty() => Ok(options),
            _ => Err(Error::Usage(self.mistakes.join("\n"))),
        }
    }
}
