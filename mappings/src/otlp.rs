//! OTLP/JSON log exports, split into one flat item for each log record.
//!
//! `ExportLogsServiceRequest` (opentelemetry-proto, `logs/v1`) nests resource → scope → record and
//! writes attributes as lists of typed values. A mapping program wants
//! `.attributes."session.id"`, so an item is:
//!
//! ```json
//! {"signal": "log", "resource": {"service.name": "…"}, "scope": {"name": "…", "version": "…"},
//!  "name": "…", "body": …, "attributes": {"session.id": "…"},
//!  "time_unix_nano": 1, "observed_time_unix_nano": 1,
//!  "severity_number": 9, "severity_text": "INFO", "trace_id": "…", "span_id": "…"}
//! ```
//!
//! What is absent in the export is absent in the item. 64-bit integers come as numbers or as
//! text and become numbers. Attribute keys stay dotted and flat; a key that comes twice keeps its
//! last value, as in the protocol's own SDKs. There is one JSON form only: whoever receives
//! protobuf converts it to this one first. Metrics and traces have other items and come with their
//! own `signal`.

use crate::value::{KeyString, ObjectMap, Value, text};

/// True where the document is an export of logs.
pub(crate) fn is_export(document: &Value) -> bool {
    document
        .as_object()
        .and_then(|object| object.get("resourceLogs"))
        .is_some_and(Value::is_array)
}

/// Takes the export apart. What is not of the form gives no item: an empty export is a valid one.
pub(crate) fn items(document: Value) -> Vec<Value> {
    let mut items = Vec::new();
    let Value::Object(mut document) = document else {
        return items;
    };
    for group in take_array(&mut document, "resourceLogs") {
        let Value::Object(mut group) = group else {
            continue;
        };
        let resource = take_attributes(group.get_mut("resource"));
        for scoped in take_array(&mut group, "scopeLogs") {
            if let Value::Object(scoped) = scoped {
                push_scope(scoped, &resource, &mut items);
            }
        }
    }
    items
}

fn push_scope(mut scoped: ObjectMap, resource: &ObjectMap, items: &mut Vec<Value>) {
    let mut scope = ObjectMap::new();
    if let Some(Value::Object(given)) = scoped.get_mut("scope") {
        move_key(given, "name", &mut scope, "name");
        move_key(given, "version", &mut scope, "version");
    }
    for record in take_array(&mut scoped, "logRecords") {
        if let Value::Object(record) = record {
            items.push(item(record, resource.clone(), scope.clone()));
        }
    }
}

fn item(mut record: ObjectMap, resource: ObjectMap, scope: ObjectMap) -> Value {
    let mut item = ObjectMap::new();
    item.insert("signal".into(), "log".into());
    item.insert("resource".into(), resource.into());
    item.insert("scope".into(), scope.into());
    let attributes = attributes(take_array(&mut record, "attributes"));
    item.insert("attributes".into(), attributes.into());
    if let Some(body) = record.remove("body") {
        item.insert("body".into(), any_value(body));
    }
    for (theirs, ours) in [
        ("eventName", "name"),
        ("severityText", "severity_text"),
        ("traceId", "trace_id"),
        ("spanId", "span_id"),
    ] {
        move_key(&mut record, theirs, &mut item, ours);
    }
    for (theirs, ours) in [
        ("timeUnixNano", "time_unix_nano"),
        ("observedTimeUnixNano", "observed_time_unix_nano"),
        ("severityNumber", "severity_number"),
    ] {
        // A zero stands for absence in protobuf.
        if let Some(number) = record.get(theirs).and_then(integer).filter(|n| *n != 0) {
            item.insert(ours.into(), number.into());
        }
    }
    Value::Object(item)
}

fn move_key(from: &mut ObjectMap, theirs: &str, to: &mut ObjectMap, ours: &str) {
    if let Some(value) = from.remove(theirs) {
        to.insert(KeyString::from(ours), value);
    }
}

fn take_array(object: &mut ObjectMap, key: &str) -> Vec<Value> {
    match object.remove(key) {
        Some(Value::Array(values)) => values,
        _ => Vec::new(),
    }
}

fn take_attributes(holder: Option<&mut Value>) -> ObjectMap {
    match holder {
        Some(Value::Object(holder)) => attributes(take_array(holder, "attributes")),
        _ => ObjectMap::new(),
    }
}

/// `[{key, value: {…}}]` as an object.
fn attributes(list: Vec<Value>) -> ObjectMap {
    let pairs = list.into_iter().filter_map(|entry| {
        let Value::Object(mut entry) = entry else {
            return None;
        };
        let key = KeyString::from(text(entry.get("key")?)?);
        Some((key, any_value(entry.remove("value")?)))
    });
    pairs.collect()
}

/// An `AnyValue`, which names its type, as the plain value. What is none is kept as it is.
fn any_value(value: Value) -> Value {
    let Value::Object(mut typed) = value else {
        return value;
    };
    if typed.len() != 1 {
        return if typed.is_empty() {
            Value::Null
        } else {
            Value::Object(typed)
        };
    }
    let Some((kind, inner)) = typed.pop_first() else {
        return Value::Null;
    };
    match kind.as_str() {
        "stringValue" | "boolValue" | "doubleValue" | "bytesValue" => inner,
        "intValue" => integer(&inner).map_or(inner, Value::from),
        "arrayValue" => match inner {
            Value::Object(mut list) => take_array(&mut list, "values")
                .into_iter()
                .map(any_value)
                .collect::<Vec<_>>()
                .into(),
            other => other,
        },
        "kvlistValue" => match inner {
            Value::Object(mut list) => attributes(take_array(&mut list, "values")).into(),
            other => other,
        },
        _ => Value::Object(ObjectMap::from([(kind, inner)])),
    }
}

/// A 64-bit integer, which proto3's JSON form writes as text.
fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Integer(number) => Some(*number),
        other => text(other)?.parse().ok(),
    }
}

#[cfg(test)]
mod tests;
