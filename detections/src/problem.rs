//! What is wrong with a file that a person edits, and where.
//!
//! Every reader of rules and cases reports through this one type, so that all problems of all
//! files come out together, sorted, in the form that editors and CI understand:
//! `path:line:column: what, and what to write instead`.

use std::fmt;

/// Whether a problem keeps a rule from loading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The rule cannot be loaded.
    Error,
    /// The rule loads, but it probably does not mean what its author thinks.
    Warning,
}

/// One problem at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file, as it was named by the caller.
    pub path: String,
    /// 1-based.
    pub line: usize,
    /// 1-based, in characters.
    pub column: usize,
    /// Error or warning.
    pub severity: Severity,
    /// What is wrong and what to write instead.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.severity {
            Severity::Error => "",
            Severity::Warning => "warning: ",
        };
        write!(
            f,
            "{}:{}:{}: {kind}{}",
            self.path, self.line, self.column, self.message
        )
    }
}

/// A place in a file: 1-based line and column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) line: usize,
    /// In characters.
    pub(crate) column: usize,
}

/// Collects the problems of one file.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    path: String,
    list: Vec<Problem>,
    errors: usize,
}

impl Problems {
    pub(crate) fn new(path: &str) -> Self {
        Self {
            path: path.to_owned(),
            ..Self::default()
        }
    }

    pub(crate) fn error(&mut self, place: Place, message: impl Into<String>) {
        self.errors += 1;
        self.push(place, Severity::Error, message.into());
    }

    pub(crate) fn warning(&mut self, place: Place, message: impl Into<String>) {
        self.push(place, Severity::Warning, message.into());
    }

    /// How many errors so far: a reader compares before and after to know whether a part is usable.
    pub(crate) fn errors(&self) -> usize {
        self.errors
    }

    pub(crate) fn into_list(self) -> Vec<Problem> {
        self.list
    }

    fn push(&mut self, place: Place, severity: Severity, message: String) {
        self.list.push(Problem {
            path: self.path.clone(),
            line: place.line.max(1),
            column: place.column.max(1),
            severity,
            message,
        });
    }
}
