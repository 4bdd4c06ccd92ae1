//! What `mapping.toml` alone decides, done before the program runs: types and places.
//!
//! Most of a mapping is the same two deeds over and over: this text is a number, this field is that
//! field. Said in a table they cost a tenth of what they cost in a program, and the table is the
//! list of aliases as well. What needs thought is left to the program.
//!
//! A text that is no number stays as it is: a redaction in it is evidence, and a program that wants
//! a number takes it for absent.

use crate::source::Spec;
use crate::value::{self, ObjectMap, Value};

/// Makes the item's values of the types, and puts them into the places, that the source names.
pub(super) fn prepare(item: &mut Value, spec: &Spec) {
    for path in &spec.numbers {
        replace(item, path, number);
    }
    for path in &spec.booleans {
        replace(item, path, boolean);
    }
    for path in &spec.texts {
        replace(item, path, |found| match found {
            Value::Integer(number) => Some(number.to_string().into()),
            _ => None,
        });
    }
    if spec.rest.is_some() || !spec.moves.is_empty() || !spec.constants.is_empty() {
        place(item, spec);
    }
}

fn number(found: &Value) -> Option<Value> {
    let text = value::text(found)?;
    if let Ok(number) = text.parse::<i64>() {
        return Some(number.into());
    }
    // JSON's own grammar, so that "inf" and "NaN" are no numbers here.
    let number = value::parse(text.as_bytes()).ok()?;
    matches!(number, Value::Float(_)).then_some(number)
}

fn boolean(found: &Value) -> Option<Value> {
    match value::text(found)? {
        "true" | "True" => Some(true.into()),
        "false" | "False" => Some(false.into()),
        _ => None,
    }
}

fn replace(item: &mut Value, path: &str, read: impl Fn(&Value) -> Option<Value>) {
    if let Some(found) = at(item, path)
        && let Some(new) = read(found)
    {
        *found = new;
    }
}

/// Moves what has a place, and puts the rest where the source wants it.
fn place(item: &mut Value, spec: &Spec) {
    let mut draft = Value::Object(ObjectMap::new());
    for (from, to) in &spec.moves {
        let Some(found) = item.as_object_mut().and_then(|item| take(item, from)) else {
            continue;
        };
        if found.is_null() {
            continue;
        }
        match nested(&draft, to) {
            None => value::insert(&mut draft, to, found),
            // What is said twice is kept once, and what differs stays with the rest.
            Some(there) if *there == found => {}
            Some(_) => value::insert(item, from, found),
        }
    }
    for (path, constant) in &spec.constants {
        value::insert(&mut draft, path, constant.as_str());
    }
    let rest = std::mem::replace(item, draft);
    let Value::Object(rest) = rest else {
        return;
    };
    match &spec.rest {
        Some(key) => value::insert(item, key, rest),
        None => {
            if let Some(draft) = item.as_object_mut() {
                for (key, found) in rest {
                    draft.entry(key).or_insert(found);
                }
            }
        }
    }
}

/// Takes a value out: the flat key first, then the nested one.
fn take(object: &mut ObjectMap, path: &str) -> Option<Value> {
    if let Some(found) = object.remove(path) {
        return Some(found);
    }
    let (first, rest) = path.split_once('.')?;
    take(object.get_mut(first)?.as_object_mut()?, rest)
}

/// The value at a path whose parts are all nested.
fn nested<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    let mut at = value;
    for part in path.split('.') {
        at = at.as_object()?.get(part)?;
    }
    Some(at)
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
