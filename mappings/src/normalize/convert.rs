//! Numbers and booleans that a vendor sends as text, before a program sees them.
//!
//! `mapping.toml` names their paths. A text that is no number stays as it is: a redaction in it is
//! evidence, and a program that wants a number takes it for absent.

use crate::source::Spec;
use crate::value::{self, Value};

/// Makes numbers and booleans of the texts at the paths that the source names.
pub(super) fn convert(item: &mut Value, spec: &Spec) {
    for path in &spec.numbers {
        replace(item, path, |text| {
            if let Ok(number) = text.parse::<i64>() {
                return Some(number.into());
            }
            // JSON's own grammar, so that "inf" and "NaN" are no numbers here.
            let number = value::parse(text.as_bytes()).ok()?;
            matches!(number, Value::Float(_)).then_some(number)
        });
    }
    for path in &spec.booleans {
        replace(item, path, |text| match text {
            "true" | "True" => Some(true.into()),
            "false" | "False" => Some(false.into()),
            _ => None,
        });
    }
}

fn replace(item: &mut Value, path: &str, read: impl Fn(&str) -> Option<Value>) {
    if let Some(found) = at(item, path)
        && let Some(new) = value::text(found).and_then(read)
    {
        *found = new;
    }
}

/// The value at a path, as [`value::lookup`] finds it: the flat key first, then the nested one.
fn at<'a>(item: &'a mut Value, path: &str) -> Option<&'a mut Value> {
    let object = item.as_object_mut()?;
    if object.contains_key(path) {
        return object.get_mut(path);
    }
    let (first, rest) = path.split_once('.')?;
    at(object.get_mut(first)?, rest)
}

#[cfg(test)]
mod tests;
