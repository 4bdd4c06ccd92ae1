//! A TOML file, section by section: a mistake in one hides none in the others.
//!
//! The messages of the TOML reader may quote a value that did not fit, and a value may be a secret
//! in the wrong place; so what stands in quotes after "string" is left out.

use std::collections::BTreeMap;

use chaperone_mappings::problem::Problem;
use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

/// The sections of a file, each read on its own.
pub(super) struct Sections<'t> {
    name: &'t str,
    text: &'t str,
    table: DeTable<'t>,
    starts: BTreeMap<String, usize>,
    problems: Vec<Problem>,
}

impl<'t> Sections<'t> {
    pub(super) fn split(name: &'t str, text: &'t str) -> Self {
        let (table, errors) = DeTable::parse_recoverable(text);
        let table = table.into_inner();
        let starts = table
            .iter()
            .map(|(key, _)| (key.get_ref().to_string(), key.span().start))
            .collect();
        let mut sections = Self {
            name,
            text,
            table,
            starts,
            problems: Vec::new(),
        };
        for error in &errors {
            sections.toml_problem(error);
        }
        sections
    }

    pub(super) fn take<T: Default + for<'de> Deserialize<'de>>(&mut self, section: &str) -> T {
        let Some((_, value)) = self.table.remove_entry(section) else {
            return T::default();
        };
        self.read(value).unwrap_or_default()
    }

    /// Takes the tables of `[[section]]` as they are, each for [`Sections::read`] or in parts.
    pub(super) fn take_tables(&mut self, section: &str) -> Vec<Spanned<DeValue<'t>>> {
        let Some((_, value)) = self.table.remove_entry(section) else {
            return Vec::new();
        };
        match value.into_inner() {
            DeValue::Array(items) => items.into_iter().collect(),
            _ => {
                self.problem(section, format!("write each of them as [[{section}]]"));
                Vec::new()
            }
        }
    }

    fn read<T: for<'de> Deserialize<'de>>(&mut self, value: Spanned<DeValue<'t>>) -> Option<T> {
        self.read_with(value, T::deserialize)
    }

    /// Reads a value, and notes what is wrong with it.
    pub(super) fn read_with<T>(
        &mut self,
        value: Spanned<DeValue<'t>>,
        read: impl FnOnce(ValueDeserializer<'t>) -> Result<T, toml::de::Error>,
    ) -> Option<T> {
        let start = value.span().start;
        match read(serde::de::IntoDeserializer::into_deserializer(value)) {
            Ok(read) => Some(read),
            Err(error) => {
                match error.span() {
                    Some(_) => self.toml_problem(&error),
                    None => self
                        .problems
                        .push(self.problem_at(start, without_values(error.message()))),
                }
                None
            }
        }
    }

    pub(super) fn refuse_the_rest(&mut self) {
        for (section, start) in &self.starts {
            if self.table.contains_key(section.as_str()) {
                let what = format!(
                    "there is no section `{section}`; known are journal, receive, mappings, redaction, rules, context, correlate, sinks"
                );
                self.problems.push(self.problem_at(*start, what));
            }
        }
    }

    fn toml_problem(&mut self, error: &toml::de::Error) {
        let start = error.span().map_or(0, |span| span.start);
        let problem = self.problem_at(start, without_values(error.message()));
        self.problems.push(problem);
    }

    pub(super) fn problem(&mut self, section: &str, what: String) {
        let start = self.starts.get(section).copied().unwrap_or(0);
        self.problems.push(self.problem_at(start, what));
    }

    /// The config where nothing is wrong, else every problem in the order of the file.
    pub(super) fn finish<T>(mut self, config: T) -> Result<T, Vec<Problem>> {
        if self.problems.is_empty() {
            return Ok(config);
        }
        self.problems
            .sort_by_key(|problem| (problem.line, problem.column));
        Err(self.problems)
    }

    fn problem_at(&self, start: usize, message: String) -> Problem {
        Problem::at(self.name, self.text, start, message)
    }
}

/// The reader's message without the text that it quotes: `invalid type: string "…", expected u32`.
fn without_values(message: &str) -> String {
    let Some(at) = message.find("string \"") else {
        return message.to_owned();
    };
    let (before, quoted) = message.split_at(at + "string ".len());
    let rest = quoted.rfind("\", ").map_or("", |end| &quoted[end + 1..]);
    format!("{before}\"…\"{rest}")
}
