//! OTLP/JSON exports, split into one flat item for each log record, data point and span.
//!
//! An export (opentelemetry-proto, `logs/v1`, `metrics/v1`, `trace/v1`) nests resource → scope →
//! record and writes attributes as lists of typed values. A mapping program wants
//! `.attributes."session.id"`, so an item of whichever signal is:
//!
//! ```json
//! {"signal": "log", "resource": {"service.name": "…"}, "scope": {"name": "…", "version": "…"},
//!  "name": "…", "attributes": {"session.id": "…"}, "time_unix_nano": 1, …}
//! ```
//!
//! and besides that what [`log`], [`metric`] and [`span`] say. What is absent in the export is absent
//! in the item. 64-bit integers come as numbers or as text and become numbers. Attribute keys stay
//! dotted and flat; a key that comes twice keeps its last value, as in the protocol's own SDKs. There
//! is one JSON form only: whoever receives protobuf converts it to this one first.
//!
//! What is not of the form becomes an item as it is: no source knows it, so it is refused by itself.

mod any;
mod log;
mod metric;
mod span;

use any::{attributes, move_key};

use crate::value::{ObjectMap, Value};

/// Where the records of a signal lie, and what one becomes.
struct Signal {
    groups: &'static str,
    scopes: &'static str,
    records: &'static str,
    push: fn(ObjectMap, &Parent, &mut Items),
}

const SIGNALS: [Signal; 3] = [
    Signal {
        groups: "resourceLogs",
        scopes: "scopeLogs",
        records: "logRecords",
        push: log::push,
    },
    Signal {
        groups: "resourceMetrics",
        scopes: "scopeMetrics",
        records: "metrics",
        push: metric::push,
    },
    Signal {
        groups: "resourceSpans",
        scopes: "scopeSpans",
        records: "spans",
        push: span::push,
    },
];

/// What every record of a scope shares.
struct Parent {
    resource: ObjectMap,
    scope: ObjectMap,
}

impl Parent {
    /// The item of a record, with what all signals have.
    fn item(&self, signal: &str) -> ObjectMap {
        ObjectMap::from([
            ("signal".into(), signal.into()),
            ("resource".into(), self.resource.clone().into()),
            ("scope".into(), self.scope.clone().into()),
        ])
    }
}

/// The items so far, and how many are wanted.
struct Items {
    all: Vec<Value>,
    max: usize,
}

impl Items {
    fn push(&mut self, item: Value) {
        if self.all.len() < self.max {
            self.all.push(item);
        }
    }

    /// The elements at a key that are objects. Any other is an item by itself.
    fn objects(&mut self, holder: &mut ObjectMap, key: &str) -> Vec<ObjectMap> {
        let mut objects = Vec::new();
        match holder.remove(key) {
            Some(Value::Array(elements)) => {
                for element in elements {
                    match element {
                        Value::Object(object) => objects.push(object),
                        other => self.push(other),
                    }
                }
            }
            None | Some(Value::Null) => {}
            Some(other) => self.push(other),
        }
        objects
    }
}

/// True where the document is an export.
pub(crate) fn is_export(document: &Value) -> bool {
    document.as_object().is_some_and(|object| {
        SIGNALS
            .iter()
            .any(|signal| object.get(signal.groups).is_some_and(Value::is_array))
    })
}

/// Takes the export apart. An empty one is valid and gives no item; of one with more than `max` only
/// so many are made.
pub(crate) fn items(document: Value, max: usize) -> Vec<Value> {
    let all = Vec::new();
    let mut items = Items { all, max };
    if let Value::Object(mut document) = document {
        for signal in &SIGNALS {
            for group in items.objects(&mut document, signal.groups) {
                open_group(group, signal, &mut items);
            }
        }
    }
    items.all
}

fn open_group(mut group: ObjectMap, signal: &Signal, items: &mut Items) {
    let mut parent = Parent {
        resource: any::attributes_of(group.get_mut("resource")),
        scope: ObjectMap::new(),
    };
    for mut scoped in items.objects(&mut group, signal.scopes) {
        parent.scope = scope(scoped.get_mut("scope"));
        for record in items.objects(&mut scoped, signal.records) {
            (signal.push)(record, &parent, items);
        }
    }
}

fn scope(given: Option<&mut Value>) -> ObjectMap {
    let mut scope = ObjectMap::new();
    if let Some(Value::Object(given)) = given {
        move_key(given, "name", &mut scope, "name");
        move_key(given, "version", &mut scope, "version");
        let attributes = attributes(any::take_array(given, "attributes"));
        if !attributes.is_empty() {
            scope.insert("attributes".into(), attributes.into());
        }
    }
    scope
}

#[cfg(test)]
mod tests;
