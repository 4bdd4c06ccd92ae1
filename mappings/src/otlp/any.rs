//! Values as the protocol types them, and the places that all signals have alike.

use crate::time;
use crate::value::{KeyString, ObjectMap, Value, text};

pub(super) fn move_key(from: &mut ObjectMap, theirs: &str, to: &mut ObjectMap, ours: &str) {
    if let Some(value) = from.remove(theirs) {
        to.insert(KeyString::from(ours), value);
    }
}

/// Moves what is a whole number. A zero stands for absence in protobuf.
pub(super) fn move_integer(from: &mut ObjectMap, theirs: &str, to: &mut ObjectMap, ours: &str) {
    if let Some(number) = from.get(theirs).and_then(integer).filter(|n| *n != 0) {
        to.insert(KeyString::from(ours), number.into());
    }
}

/// Nanoseconds since 1970 as RFC 3339, where they are a time.
pub(super) fn instant(nanos: i64) -> Option<Value> {
    time::parse_ms(&nanos.into()).map(|ms| time::format_ms(ms).into())
}

pub(super) fn take_array(object: &mut ObjectMap, key: &str) -> Vec<Value> {
    match object.remove(key) {
        Some(Value::Array(values)) => values,
        _ => Vec::new(),
    }
}

/// The attributes of a resource or of what else has any.
pub(super) fn attributes_of(holder: Option<&mut Value>) -> ObjectMap {
    match holder {
        Some(Value::Object(holder)) => attributes(take_array(holder, "attributes")),
        _ => ObjectMap::new(),
    }
}

/// `[{key, value: {…}}]` as an object.
pub(super) fn attributes(list: Vec<Value>) -> ObjectMap {
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
pub(super) fn any_value(value: Value) -> Value {
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
pub(super) fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Integer(number) => Some(*number),
        other => text(other)?.parse().ok(),
    }
}

/// The name of an enumeration's value, which is a number, or the protocol's own name in capitals.
pub(super) fn named(value: &Value, names: &[(i64, &str, &'static str)]) -> Option<&'static str> {
    let is_it = |number: i64, long: &str| match value {
        Value::Integer(given) => *given == number,
        other => text(other) == Some(long),
    };
    names
        .iter()
        .find(|(number, long, _)| is_it(*number, long))
        .map(|(_, _, name)| *name)
}
