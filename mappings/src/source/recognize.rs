//! Whether an item is of a source: conditions over paths and headers, all of them explicit.

use std::collections::BTreeMap;

use super::spec::{Recognize, Scalar};
use crate::record::Origin;
use crate::value::{self, Value};

/// The compiled `recognize` entries of a source.
pub(crate) struct Recognizer {
    entries: Vec<Entry>,
}

struct Entry {
    has: Vec<String>,
    lacks: Vec<String>,
    headers: Vec<String>,
    equals: Vec<(String, Vec<Pattern>)>,
    unlike: Vec<(String, Vec<Pattern>)>,
    weight: usize,
}

/// A value, or a text with any text before or after it.
pub(crate) enum Pattern {
    Exact(Scalar),
    Starts(String),
    Ends(String),
    Holds(String),
}

impl Recognizer {
    pub(super) fn new(entries: &[Recognize]) -> Self {
        Self {
            entries: entries.iter().map(Entry::new).collect(),
        }
    }

    /// How many conditions hold: those of the strongest entry that holds in full.
    pub(crate) fn weigh(&self, item: &Value, origin: &Origin) -> Option<usize> {
        let holding = self
            .entries
            .iter()
            .filter(|entry| entry.holds(item, origin));
        holding.map(|entry| entry.weight).max()
    }
}

impl Entry {
    fn new(entry: &Recognize) -> Self {
        Self {
            has: entry.has.clone(),
            lacks: entry.lacks.clone(),
            headers: entry.headers.clone(),
            equals: patterns(&entry.equals),
            unlike: patterns(&entry.unlike),
            // An exact value says more than the presence of a key.
            weight: entry.has.len()
                + entry.lacks.len()
                + entry.unlike.len()
                + 2 * (entry.headers.len() + entry.equals.len()),
        }
    }

    fn holds(&self, item: &Value, origin: &Origin) -> bool {
        self.headers
            .iter()
            .all(|name| origin.header(name).is_some())
            && self
                .equals
                .iter()
                .all(|(path, patterns)| fits(item, path, patterns))
            && self.has.iter().all(|path| is_there(item, path))
            && !self.lacks.iter().any(|path| is_there(item, path))
            && !self
                .unlike
                .iter()
                .any(|(path, patterns)| fits(item, path, patterns))
    }
}

fn is_there(item: &Value, path: &str) -> bool {
    value::lookup(item, path).is_some_and(|found| !found.is_null())
}

fn patterns(conditions: &BTreeMap<String, Vec<Scalar>>) -> Vec<(String, Vec<Pattern>)> {
    let conditions = conditions.iter();
    conditions
        .map(|(path, values)| (path.clone(), values.iter().map(Pattern::new).collect()))
        .collect()
}

fn fits(item: &Value, path: &str, patterns: &[Pattern]) -> bool {
    value::lookup(item, path)
        .is_some_and(|found| patterns.iter().any(|pattern| pattern.matches(found)))
}

impl Pattern {
    pub(super) fn new(scalar: &Scalar) -> Self {
        let Scalar::Text(text) = scalar else {
            return Self::Exact(scalar.clone());
        };
        match (text.strip_prefix('*'), text.strip_suffix('*')) {
            (Some(_), Some(_)) => Self::Holds(text.trim_matches('*').to_owned()),
            (Some(end), None) => Self::Ends(end.to_owned()),
            (None, Some(start)) => Self::Starts(start.to_owned()),
            (None, None) => Self::Exact(scalar.clone()),
        }
    }

    pub(crate) fn matches(&self, found: &Value) -> bool {
        let text = |holds: &dyn Fn(&str) -> bool| value::text(found).is_some_and(holds);
        match self {
            Self::Exact(scalar) => scalar.is(found),
            Self::Starts(start) => text(&|text| text.starts_with(start)),
            Self::Ends(end) => text(&|text| text.ends_with(end)),
            Self::Holds(part) => text(&|text| text.contains(part)),
        }
    }
}

impl Scalar {
    /// True where the value is this one.
    pub(crate) fn is(&self, found: &Value) -> bool {
        match (self, found) {
            (Self::Boolean(one), Value::Boolean(other)) => one == other,
            (Self::Integer(one), Value::Integer(other)) => one == other,
            (Self::Text(one), other) => value::text(other) == Some(one),
            _ => false,
        }
    }
}
