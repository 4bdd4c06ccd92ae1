//! What an alert shows of the events behind it: curated fields, bounded, of sealed events only.
//!
//! Evidence is kept flat (dotted path → value), because an alert about several events shows the
//! fields in which all of them agree, and that is an intersection of maps.

use std::collections::BTreeMap;

use chaperone_mappings::Value;
use serde_json::Value as Json;

/// Fields that are evidence: these and what lies below them.
const FIELDS: [&str; 22] = [
    "event.action",
    "event.category",
    "event.dataset",
    "event.outcome",
    "event.reason",
    "event.type",
    "user",
    "source",
    "destination",
    "gen_ai",
    "vcs",
    "cicd",
    "mcp",
    "process.command_line",
    "url",
    "file",
    "host",
    "organization",
    "chaperone.source",
    "chaperone.repository",
    "chaperone.change",
    "related",
];
/// Longer texts are cut.
const TEXT_BYTES_MAX: usize = 512;
/// Longer lists are cut.
const ITEMS_MAX: usize = 16;
/// Fields beyond this many bytes are left out, the later ones first.
const BYTES_MAX: usize = 4096;

/// Evidence of one event, or what several events agree in.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Evidence(BTreeMap<String, Json>);

impl Evidence {
    pub(crate) fn of(body: &Value) -> Self {
        let mut found = Self::default();
        let mut budget = BYTES_MAX;
        for field in FIELDS {
            let mut values = Vec::new();
            crate::naive::at_path(body, field, &mut values);
            for value in values {
                found.add(field, value, &mut budget);
            }
        }
        found
    }

    fn add(&mut self, path: &str, value: &Value, budget: &mut usize) {
        let value = match value {
            Value::Object(map) => {
                for (key, value) in map {
                    self.add(&format!("{path}.{key}"), value, budget);
                }
                return;
            }
            Value::Array(items) => {
                let items = items.iter().filter_map(scalar).take(ITEMS_MAX);
                Json::Array(items.collect())
            }
            other => match scalar(other) {
                Some(value) => value,
                None => return,
            },
        };
        let bytes = path.len() + value.to_string().len() + 4;
        if bytes <= *budget {
            *budget -= bytes;
            self.0.insert(path.to_owned(), value);
        }
    }

    /// Compact JSON: one flat object.
    pub(crate) fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(&self.0).expect("a map of JSON values serializes")
    }

    /// Reads back [`Self::to_json`]; anything else is no evidence.
    pub(crate) fn from_json(json: &[u8]) -> Self {
        Self(serde_json::from_slice(json).unwrap_or_default())
    }

    /// Keeps the fields in which the other agrees.
    pub(crate) fn agree(&mut self, other: &Self) {
        self.0
            .retain(|path, value| other.0.get(path) == Some(value));
    }

    pub(crate) fn fields(&self) -> impl Iterator<Item = (&String, &Json)> {
        self.0.iter()
    }
}

fn scalar(value: &Value) -> Option<Json> {
    Some(match value {
        Value::Integer(value) => (*value).into(),
        Value::Float(value) => value.into_inner().into(),
        Value::Boolean(value) => (*value).into(),
        other => cut(&crate::naive::text(other)?).into(),
    })
}

fn cut(text: &str) -> String {
    if text.len() <= TEXT_BYTES_MAX {
        return text.to_owned();
    }
    let end = (0..=TEXT_BYTES_MAX)
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0);
    format!("{}…", &text[..end])
}
