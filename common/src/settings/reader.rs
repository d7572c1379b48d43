//! Reads settings one by one and collects what is wrong with them.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Arg, ArgMatches, Command};

use super::parse::EX_USAGE;

/// One setting: `visibility-timeout-s` is the flag `--visibility-timeout-s` and the variable `DRAYAGE_VISIBILITY_TIMEOUT_S`.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    pub name: &'static str,
    /// What stands for the value in the help text.
    pub value: &'static str,
    pub default: Option<&'static str>,
    pub help: &'static str,
}

impl Setting {
    pub fn variable(&self) -> String {
        format!("DRAYAGE_{}", self.name.to_ascii_uppercase().replace('-', "_"))
    }
}

/// Everything wrong with a configuration; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistakes(pub Vec<String>);

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for Mistakes {}

/// Adds a flag for each setting to a command. Values stay text: the reader parses them, so that all mistakes come out together.
#[must_use]
pub fn with_flags(command: Command, settings: &[&[Setting]]) -> Command {
    settings.iter().copied().flatten().fold(command, |command, setting| {
        let default = setting.default.map(|default| format!(", default {default}")).unwrap_or_default();
        command.arg(Arg::new(setting.name).long(setting.name).value_name(setting.value).help(format!(
            "{} [env {}{default}]",
            setting.help,
            setting.variable()
        )))
    })
}

/// Parses this process's arguments. Help and version are printed and end it well, a wrong flag ends it with [`EX_USAGE`].
///
/// # Errors
/// The exit status, when there is nothing to run.
pub fn arguments(command: Command) -> Result<ArgMatches, ExitCode> {
    command.try_get_matches().map_err(|error| {
        // Nothing can be done about a terminal that takes no text.
        let _ = error.print();
        match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => ExitCode::SUCCESS,
            _ => ExitCode::from(EX_USAGE),
        }
    })
}

/// Looks an environment variable up. Its value may be any bytes: what is not UTF-8 is a mistake of the reader's, not an absent value.
pub type Variable<'e> = &'e dyn Fn(&str) -> Option<OsString>;

/// Where values come from, and what was wrong with them so far.
pub struct Reader<'e> {
    flags: BTreeMap<String, String>,
    variable: Variable<'e>,
    mistakes: Vec<String>,
}

impl fmt::Debug for Reader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("mistakes", &self.mistakes).finish_non_exhaustive()
    }
}

impl<'e> Reader<'e> {
    /// `variable` looks an environment variable up.
    pub fn new(matches: &ArgMatches, settings: &[&[Setting]], variable: Variable<'e>) -> Self {
        let names = settings.iter().copied().flatten().map(|setting| setting.name);
        let flags = names.filter_map(|name| {
            let value = matches.try_get_one::<String>(name).ok()??;
            Some((name.to_owned(), value.clone()))
        });
        Self { flags: flags.collect(), variable, mistakes: Vec::new() }
    }

    /// The parsed value; `None` when it is not given or not right. A setting without a default that is not given is a mistake.
    pub fn required<T>(
        &mut self,
        setting: &Setting,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let given = self.is_given(setting);
        let value = self.optional(setting, parse);
        if !given && setting.default.is_none() {
            let variable = setting.variable();
            self.mistakes.push(format!("--{} (or {variable}) is missing: {}", setting.name, setting.help));
        }
        value
    }

    /// The parsed value; `None` when it is not given (and has no default) or not right.
    pub fn optional<T>(
        &mut self,
        setting: &Setting,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let (origin, value) = if self.is_given(setting) {
            self.given(setting)?
        } else {
            (format!("the default of --{}", setting.name), setting.default?.to_owned())
        };
        match parse(&value) {
            Ok(value) => Some(value),
            Err(expected) => {
                self.mistakes.push(format!("{origin} is {value:?}: {expected}"));
                None
            }
        }
    }

    /// The parsed value of a variable that is no setting of ours; `None` when it is not given or not right.
    pub fn variable<T>(&mut self, name: &str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let value = self.text_of(name)?;
        let parsed = parse(&value);
        parsed.map_err(|expected| self.mistakes.push(format!("{name} is {value:?}: {expected}"))).ok()
    }

    /// Whether a flag or a variable gives it.
    pub fn is_given(&self, setting: &Setting) -> bool {
        let set = |name: &str| (self.variable)(name).is_some_and(|value| !value.is_empty());
        self.flags.contains_key(setting.name) || set(&setting.variable())
    }

    /// A mistake that no single setting shows.
    pub fn mistake(&mut self, message: impl Into<String>) {
        self.mistakes.push(message.into());
    }

    /// The whole configuration, or everything that is wrong with it.
    ///
    /// # Errors
    /// All mistakes.
    pub fn finish<T>(self, value: Option<T>) -> Result<T, Mistakes> {
        match value {
            Some(value) if self.mistakes.is_empty() => Ok(value),
            _ => Err(Mistakes(self.mistakes)),
        }
    }

    /// Where the value comes from, and the value. An empty variable counts as not given. `None` as well when it is not text, which is
    /// noted as a mistake.
    fn given(&mut self, setting: &Setting) -> Option<(String, String)> {
        if let Some(value) = self.flags.get(setting.name) {
            return Some((format!("--{}", setting.name), value.clone()));
        }
        let variable = setting.variable();
        let value = self.text_of(&variable)?;
        Some((variable, value))
    }

    /// The text of a variable. Bytes that are not UTF-8 are a mistake: to take them for an absent value would start a service with a
    /// default that its operator had changed.
    fn text_of(&mut self, variable: &str) -> Option<String> {
        let value = (self.variable)(variable).filter(|value| !value.is_empty())?;
        let not_text = |value: OsString| {
            let shown = value.to_string_lossy();
            let mistake = format!("{variable} is {shown:?}, which is not UTF-8: expected text");
            if !self.mistakes.contains(&mistake) {
                self.mistakes.push(mistake);
            }
        };
        value.into_string().map_err(not_text).ok()
    }
}
