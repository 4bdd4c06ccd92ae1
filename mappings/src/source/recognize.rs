//! Whether an item is of a source: conditions over paths and headers, all of them explicit.

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
    weight: usize,
}

enum Pattern {
    Exact(Scalar),
    Prefix(String),
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
        let equals = entry.equals.iter();
        Self {
            has: entry.has.clone(),
            lacks: entry.lacks.clone(),
            headers: entry.headers.clone(),
            equals: equals
                .map(|(path, values)| (path.clone(), values.iter().map(Pattern::new).collect()))
                .collect(),
            // An exact value says more than the presence of a key.
            weight: entry.has.len()
                + entry.lacks.len()
                + 2 * (entry.headers.len() + entry.equals.len()),
        }
    }

    fn holds(&self, item: &Value, origin: &Origin) -> bool {
        self.headers
            .iter()
            .all(|name| origin.header(name).is_some())
            && self.equals.iter().all(|(path, patterns)| {
                value::lookup(item, path)
                    .is_some_and(|found| patterns.iter().any(|pattern| pattern.matches(found)))
            })
            && self.has.iter().all(|path| is_there(item, path))
            && !self.lacks.iter().any(|path| is_there(item, path))
    }
}

fn is_there(item: &Value, path: &str) -> bool {
    value::lookup(item, path).is_some_and(|found| !found.is_null())
}

impl Pattern {
    fn new(scalar: &Scalar) -> Self {
        match scalar {
            Scalar::Text(text) => match text.strip_suffix('*') {
                Some(prefix) => Self::Prefix(prefix.to_owned()),
                None => Self::Exact(scalar.clone()),
            },
            other => Self::Exact(other.clone()),
        }
    }

    fn matches(&self, found: &Value) -> bool {
        match self {
            Self::Exact(scalar) => scalar.is(found),
            Self::Prefix(prefix) => value::text(found).is_some_and(|text| text.starts_with(prefix)),
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
