//! Deliveries that are lines of text: the regular expressions `lines` of `mapping.toml`.
//!
//! An expression says at once that a line is the source's and what its parts are called, so that a
//! log in text is from there on an item like any other: numbers, moves, a program. Expressions are
//! held against the whole line and take time in proportion to it, whatever they say.

use regex::Regex;

use super::spec::Spec;
use crate::problem::Problem;
use crate::value::{ObjectMap, Value};

/// The compiled expressions of a source.
#[derive(Default)]
pub(crate) struct Lines {
    patterns: Vec<Pattern>,
}

struct Pattern {
    regex: Regex,
    /// The named groups, by their number.
    groups: Vec<(usize, String)>,
}

impl Lines {
    /// Compiles the expressions, or names every problem in them; `path` and `text` are the file's.
    pub(super) fn compile(spec: &Spec, path: &str, text: &str) -> Result<Self, Vec<Problem>> {
        let mut patterns = Vec::new();
        let mut problems = Vec::new();
        for line in &spec.lines {
            match Pattern::compile(line.get_ref()) {
                Ok(pattern) => patterns.push(pattern),
                Err(message) => {
                    problems.push(Problem::at(path, text, line.span().start, message));
                }
            }
        }
        if problems.is_empty() {
            Ok(Self { patterns })
        } else {
            Err(problems)
        }
    }

    /// True where an expression fits the line.
    pub(crate) fn reads(&self, line: &str) -> bool {
        let mut patterns = self.patterns.iter();
        patterns.any(|pattern| pattern.regex.is_match(line))
    }

    /// The item that the line is; None where no expression fits it.
    pub(crate) fn read(&self, line: &str) -> Option<Value> {
        self.patterns.iter().find_map(|pattern| pattern.read(line))
    }
}

impl Pattern {
    fn compile(pattern: &str) -> Result<Self, String> {
        let regex = Regex::new(&format!("^(?:{pattern})$"))
            .map_err(|error| format!("is no regular expression: {error}"))?;
        let names = regex.capture_names().enumerate();
        let groups: Vec<_> = names
            .filter_map(|(at, name)| Some((at, name?.to_owned())))
            .collect();
        if groups.is_empty() {
            return Err("names no part of the line; write (?<name>…) around one".to_owned());
        }
        Ok(Self { regex, groups })
    }

    fn read(&self, line: &str) -> Option<Value> {
        let found = self.regex.captures(line)?;
        let fields = self.groups.iter().filter_map(|(at, name)| {
            let text = found.get(*at)?.as_str();
            Some((name.as_str().into(), Value::from(text)))
        });
        Some(Value::Object(fields.collect::<ObjectMap>()))
    }
}

#[cfg(test)]
mod tests;
