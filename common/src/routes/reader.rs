//! Reads the tables of a TOML file field by field and collects every mistake with its place, instead of ending at the first.

use std::cell::RefCell;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::file::{Mistake, Mistakes};
use crate::transfer::check_bucket_name;

/// The text, and what was found wrong with it so far.
pub(super) struct Reader<'t> {
    text: &'t str,
    mistakes: RefCell<Vec<Mistake>>,
}

/// One table whose fields are read by name; what is left over is unknown.
pub(super) struct Fields<'r, 't> {
    reader: &'r Reader<'t>,
    /// How messages name the table.
    what: String,
    span: Range<usize>,
    table: &'r DeTable<'t>,
    read: Vec<&'static str>,
}

/// A value and where it stands.
pub(super) struct At<T> {
    pub(super) value: T,
    pub(super) span: Range<usize>,
}

impl<'t> Reader<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, mistakes: RefCell::default() }
    }

    pub(super) fn mistake(&self, span: &Range<usize>, message: impl Into<String>) {
        let before = self.text.get(..span.start.min(self.text.len())).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        self.mistakes.borrow_mut().push(Mistake { line, column, message: message.into() });
    }

    /// The value if nothing was wrong.
    pub(super) fn finish<T>(self, value: Option<T>) -> Result<T, Mistakes> {
        let mut mistakes = self.mistakes.into_inner();
        match value {
            Some(value) if mistakes.is_empty() => Ok(value),
            _ => {
                mistakes.sort();
                mistakes.dedup();
                Err(Mistakes(mistakes))
            }
        }
    }

    pub(super) fn fields<'r>(
        &'r self,
        what: &str,
        span: Range<usize>,
        table: &'r DeTable<'t>,
    ) -> Fields<'r, 't> {
        Fields { reader: self, what: what.to_owned(), span, table, read: Vec::new() }
    }
}

impl<'r, 't> Fields<'r, 't> {
    pub(super) fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    fn value(&mut self, name: &'static str) -> Option<&'r Spanned<DeValue<'t>>> {
        self.read.push(name);
        self.table.get(name)
    }

    fn typed<T>(
        &mut self,
        name: &'static str,
        expected: &str,
        read: impl FnOnce(&'r DeValue<'t>) -> Option<T>,
    ) -> Option<At<T>> {
        let value = self.value(name)?;
        let found = read(value.get_ref());
        if found.is_none() {
            let got = value.get_ref().type_str();
            self.reader
                .mistake(&value.span(), format!("{} `{name}` is a {got}: expected {expected}", self.what));
        }
        found.map(|found| At { value: found, span: value.span() })
    }

    pub(super) fn text(&mut self, name: &'static str) -> Option<At<&'r str>> {
        self.typed(name, "a string", DeValue::as_str)
    }

    /// As [`Self::text`]; its absence is a mistake.
    pub(super) fn required_text(&mut self, name: &'static str) -> Option<At<&'r str>> {
        self.require(name);
        let text = self.text(name)?;
        if text.value.is_empty() {
            self.mistake(&text.span, &format!("`{name}` must not be empty"));
            return None;
        }
        Some(text)
    }

    /// A bucket's name as S3 takes it; its absence is a mistake.
    pub(super) fn required_bucket(&mut self, name: &'static str) -> Option<At<&'r str>> {
        let bucket = self.required_text(name)?;
        match check_bucket_name(bucket.value) {
            Ok(()) => Some(bucket),
            Err(expected) => {
                self.mistake(&bucket.span, &format!("`{name}` is `{}`: {expected}", bucket.value));
                None
            }
        }
    }

    pub(super) fn bytes(&mut self, name: &'static str) -> Option<At<u64>> {
        self.typed(name, "a whole number of bytes, 0 or more", |value| {
            let integer = value.as_integer()?;
            u64::from_str_radix(integer.as_str(), integer.radix()).ok()
        })
    }

    pub(super) fn boolean(&mut self, name: &'static str) -> Option<At<bool>> {
        self.typed(name, "`true` or `false`", DeValue::as_bool)
    }

    pub(super) fn texts(&mut self, name: &'static str) -> Option<At<Vec<&'r str>>> {
        self.typed(name, "an array of strings", |value| {
            value.as_array()?.iter().map(|entry| entry.get_ref().as_str()).collect()
        })
    }

    pub(super) fn table(&mut self, name: &'static str) -> Option<Fields<'r, 't>> {
        let what = format!("{} {name}", self.what);
        let table = self.typed(name, "a table", DeValue::as_table)?;
        Some(self.reader.fields(what.trim_start(), table.span, table.value))
    }

    /// As [`Self::table`]; its absence is a mistake.
    pub(super) fn required_table(&mut self, name: &'static str) -> Option<Fields<'r, 't>> {
        self.require(name);
        self.table(name)
    }

    /// The tables of `[[name]]`.
    pub(super) fn tables(&mut self, name: &'static str) -> Vec<Fields<'r, 't>> {
        let Some(array) = self.typed(name, "an array of tables", DeValue::as_array) else {
            return Vec::new();
        };
        let mut tables = Vec::new();
        for (index, entry) in array.value.iter().enumerate() {
            match entry.get_ref().as_table() {
                Some(table) => {
                    tables.push(self.reader.fields(&format!("{name} {}", index + 1), entry.span(), table));
                }
                None => self.reader.mistake(&entry.span(), format!("{name} {} is no table", index + 1)),
            }
        }
        tables
    }

    pub(super) fn mistake(&self, span: &Range<usize>, message: &str) {
        self.reader.mistake(span, format!("{}: {message}", self.what));
    }

    fn require(&self, name: &'static str) {
        if !self.table.contains_key(name) {
            self.reader.mistake(&self.span, format!("{} has no `{name}`", self.what));
        }
    }

    /// Names every field that nobody asked for.
    pub(super) fn end(self) {
        for key in self.table.keys() {
            if !self.read.contains(&key.get_ref().as_ref()) {
                let known = self.read.join("`, `");
                let name = key.get_ref();
                let what = &self.what;
                self.reader.mistake(
                    &key.span(),
                    format!("{what} has an unknown field `{name}`: expected `{known}`"),
                );
            }
        }
    }
}
