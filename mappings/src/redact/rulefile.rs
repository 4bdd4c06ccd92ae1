//! Reading a TOML rule file so that every mistake is found in one go and has its place.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use crate::problem::Problem;

/// A text with its place in the file.
pub(super) type Placed<'a> = (&'a str, Range<usize>);

/// A rule file being read: its name, its text, and what is wrong with it so far.
pub(super) struct RuleFile<'a> {
    path: &'a str,
    text: &'a str,
    pub(super) problems: Vec<Problem>,
}

impl<'a> RuleFile<'a> {
    pub(super) fn new(path: &'a str, text: &'a str) -> Self {
        Self {
            path,
            text,
            problems: Vec::new(),
        }
    }

    /// Notes a mistake at a place.
    pub(super) fn problem(&mut self, at: &Range<usize>, message: impl Into<String>) {
        self.problems
            .push(Problem::at(self.path, self.text, at.start, message));
    }

    /// The file as a table. The parser's own message is kept to its first line.
    pub(super) fn parse(&mut self) -> DeTable<'a> {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        for error in errors {
            let at = error.span().unwrap_or(0..0);
            let message = error.message().lines().next().unwrap_or("not TOML");
            self.problem(&at, format!("not TOML: {message}"));
        }
        table.into_inner()
    }

    /// A string that may be missing.
    pub(super) fn text<'t>(&mut self, table: &'t DeTable<'_>, key: &str) -> Option<Placed<'t>> {
        let value = table.get(key)?;
        match value.get_ref() {
            DeValue::String(text) => Some((text, value.span())),
            _ => self.refuse(value, key, "a string"),
        }
    }

    /// A list of strings; empty where missing.
    pub(super) fn texts<'t>(&mut self, table: &'t DeTable<'_>, key: &str) -> Vec<Placed<'t>> {
        let mut texts = Vec::new();
        for item in self.list(table, key) {
            match item.get_ref() {
                DeValue::String(text) => texts.push((text.as_ref(), item.span())),
                _ => {
                    self.refuse::<()>(item, key, "a list of strings");
                }
            }
        }
        texts
    }

    /// The tables of `[[key]]`; empty where missing.
    pub(super) fn tables<'t, 'i>(
        &mut self,
        table: &'t DeTable<'i>,
        key: &str,
    ) -> Vec<(&'t DeTable<'i>, Range<usize>)> {
        let mut tables = Vec::new();
        for item in self.list(table, key) {
            match item.get_ref() {
                DeValue::Table(inner) => tables.push((inner, item.span())),
                _ => {
                    self.refuse::<()>(item, key, "tables");
                }
            }
        }
        tables
    }

    /// A table that may be missing.
    pub(super) fn table<'t, 'i>(
        &mut self,
        table: &'t DeTable<'i>,
        key: &str,
    ) -> Option<(&'t DeTable<'i>, Range<usize>)> {
        let value = table.get(key)?;
        match value.get_ref() {
            DeValue::Table(inner) => Some((inner, value.span())),
            _ => self.refuse(value, key, "a table"),
        }
    }

    /// A number that may be missing.
    pub(super) fn number(&mut self, table: &DeTable<'_>, key: &str) -> Option<f64> {
        let value = table.get(key)?;
        let number = match value.get_ref() {
            DeValue::Integer(integer) => integer.as_str().parse().ok(),
            DeValue::Float(float) => float.as_str().parse().ok(),
            _ => None,
        };
        number.or_else(|| self.refuse(value, key, "a number"))
    }

    /// A flag; false where missing.
    pub(super) fn flag(&mut self, table: &DeTable<'_>, key: &str) -> bool {
        let Some(value) = table.get(key) else {
            return false;
        };
        match value.get_ref() {
            DeValue::Boolean(flag) => *flag,
            _ => self.refuse(value, key, "true or false").unwrap_or_default(),
        }
    }

    fn list<'t, 'i>(&mut self, table: &'t DeTable<'i>, key: &str) -> &'t [Spanned<DeValue<'i>>] {
        let Some(value) = table.get(key) else {
            return &[];
        };
        match value.get_ref() {
            DeValue::Array(items) => as_slice(items),
            _ => self.refuse(value, key, "a list").unwrap_or_default(),
        }
    }

    fn refuse<T>(&mut self, value: &Spanned<DeValue<'_>>, key: &str, wanted: &str) -> Option<T> {
        self.problem(&value.span(), format!("`{key}` must be {wanted}"));
        None
    }
}

fn as_slice<'t, 'i>(items: &'t DeArray<'i>) -> &'t [Spanned<DeValue<'i>>] {
    items
}
