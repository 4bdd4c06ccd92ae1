//! What was removed from an event, read off the markers in it.
//!
//! The list is made from the final text and not from what the scanner did, so it also tells of
//! what was sealed earlier, when the record was received, and is the same whenever it is made.

use std::collections::BTreeMap;

use super::marker;
use crate::value::{self, KeyString, ObjectMap, Value};

/// Where the list stands in an event.
pub(super) const PATH: &str = "chaperone.redactions";
/// More kinds of redactions than this are only counted (`chaperone.redaction.more`).
const ENTRIES_MAX: usize = 64;
const FIELD_LEN_MAX: usize = 200;

type Entries = BTreeMap<(String, String, String), i64>;

/// Makes the list; None where the event holds no marker. The number is of the entries left out.
pub(super) fn list(body: &Value) -> Option<(Value, usize)> {
    let mut entries = Entries::new();
    walk(body, &mut String::new(), &mut entries);
    let left_out = entries.len().saturating_sub(ENTRIES_MAX);
    let list: Vec<Value> = entries
        .into_iter()
        .take(ENTRIES_MAX)
        .map(|((field, rule, fingerprint), count)| {
            let mut entry = ObjectMap::new();
            entry.insert("field".into(), field.into());
            entry.insert("rule".into(), rule.into());
            if !fingerprint.is_empty() {
                entry.insert("fingerprint".into(), fingerprint.into());
            }
            entry.insert("count".into(), count.into());
            Value::Object(entry)
        })
        .collect();
    (!list.is_empty()).then_some((Value::Array(list), left_out))
}

/// Removes an earlier list, so that it is not read as content.
pub(super) fn remove(body: &mut Value) {
    let Some(chaperone) = body.as_object_mut().and_then(|o| o.get_mut("chaperone")) else {
        return;
    };
    if let Some(chaperone) = chaperone.as_object_mut() {
        chaperone.remove("redactions");
        if let Some(redaction) = chaperone
            .get_mut("redaction")
            .and_then(Value::as_object_mut)
        {
            redaction.remove("more");
        }
    }
}

fn walk(value: &Value, path: &mut String, entries: &mut Entries) {
    match value {
        Value::Object(object) => {
            for (key, inner) in object {
                let parent = path.len();
                note(key.as_bytes(), path, entries);
                push(path, key);
                if path != PATH {
                    walk(inner, path, entries);
                }
                path.truncate(parent);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| walk(item, path, entries)),
        _ => {
            if let Some(text) = value::text(value) {
                note(text.as_bytes(), path, entries);
            }
        }
    }
}

fn push(path: &mut String, key: &KeyString) {
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(key);
}

fn note(text: &[u8], path: &str, entries: &mut Entries) {
    for marker in marker::markers(text) {
        let mut field = path.to_owned();
        if field.len() > FIELD_LEN_MAX {
            let cut = (0..=FIELD_LEN_MAX)
                .rev()
                .find(|at| field.is_char_boundary(*at));
            field.truncate(cut.unwrap_or(0));
        }
        let fingerprint = marker
            .seal
            .map(|(_, fingerprint, _)| fingerprint.to_owned());
        let entry = (
            field,
            marker.rule.to_owned(),
            fingerprint.unwrap_or_default(),
        );
        *entries.entry(entry).or_default() += 1;
    }
}
