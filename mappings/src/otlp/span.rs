//! A span. Its item has also:
//!
//! ```json
//! {"trace_id": "…", "span_id": "…", "start": "2026-11-12T09:14:07.412Z", "end": "…", "duration": 1,
//!  "outcome": "success", "span": {
//!    "name": "…", "kind": "client", "parent_id": "…", "status": "error", "message": "…",
//!    "events": [{"name": "…", "time": "…", "attributes": {}}],
//!    "links": [{"trace_id": "…", "span_id": "…", "attributes": {}}]}}
//! ```
//!
//! `time_unix_nano` is that of the start, `duration` is in nanoseconds. `outcome` is what ECS has for
//! it: a failure where the status or the attribute `error.type` says so, else a success, since a span
//! that went well has no status by the protocol's own rules.

use super::any::{attributes, instant, integer, move_key, named, take_array};
use super::{Items, Parent};
use crate::value::{ObjectMap, Value};

const KINDS: [(i64, &str, &str); 5] = [
    (1, "SPAN_KIND_INTERNAL", "internal"),
    (2, "SPAN_KIND_SERVER", "server"),
    (3, "SPAN_KIND_CLIENT", "client"),
    (4, "SPAN_KIND_PRODUCER", "producer"),
    (5, "SPAN_KIND_CONSUMER", "consumer"),
];

const CODES: [(i64, &str, &str); 2] = [
    (1, "STATUS_CODE_OK", "ok"),
    (2, "STATUS_CODE_ERROR", "error"),
];

pub(super) fn push(mut span: ObjectMap, parent: &Parent, items: &mut Items) {
    let mut item = parent.item("span");
    set_times(&span, &mut item);
    let attributes = attributes(take_array(&mut span, "attributes"));
    let mut about = about(&mut span);
    let is_error = about
        .get("status")
        .is_some_and(|status| *status == Value::from("error"));
    let outcome = if is_error || attributes.contains_key("error.type") {
        "failure"
    } else {
        "success"
    };
    item.insert("outcome".into(), outcome.into());
    item.insert("attributes".into(), attributes.into());
    if let Some(name) = span.remove("name") {
        about.insert("name".into(), name.clone());
        item.insert("name".into(), name);
    }
    move_key(&mut span, "traceId", &mut item, "trace_id");
    move_key(&mut span, "spanId", &mut item, "span_id");
    item.insert("span".into(), about.into());
    items.push(Value::Object(item));
}

fn set_times(span: &ObjectMap, item: &mut ObjectMap) {
    let nanos = |key: &str| span.get(key).and_then(integer).filter(|nanos| *nanos > 0);
    let (start, end) = (nanos("startTimeUnixNano"), nanos("endTimeUnixNano"));
    for (key, time) in [("start", start), ("end", end)] {
        if let Some(time) = time.and_then(instant) {
            item.insert(key.into(), time);
        }
    }
    if let Some(start) = start.or(end) {
        item.insert("time_unix_nano".into(), start.into());
    }
    if let (Some(start), Some(end)) = (start, end)
        && end >= start
    {
        item.insert("duration".into(), (end - start).into());
    }
}

/// What is said of the span itself.
fn about(span: &mut ObjectMap) -> ObjectMap {
    let mut about = ObjectMap::new();
    move_key(span, "parentSpanId", &mut about, "parent_id");
    if let Some(kind) = span.get("kind").and_then(|kind| named(kind, &KINDS)) {
        about.insert("kind".into(), kind.into());
    }
    if let Some(Value::Object(mut status)) = span.remove("status") {
        if let Some(code) = status.get("code").and_then(|code| named(code, &CODES)) {
            about.insert("status".into(), code.into());
        }
        move_key(&mut status, "message", &mut about, "message");
    }
    for (list, keys) in [
        ("events", &[("name", "name")][..]),
        ("links", &[("traceId", "trace_id"), ("spanId", "span_id")]),
    ] {
        let entries = take_array(span, list).into_iter();
        let entries: Vec<Value> = entries.map(|entry| entry_of(entry, keys)).collect();
        if !entries.is_empty() {
            about.insert(list.into(), entries.into());
        }
    }
    about
}

/// An event of the span, or a link to another one.
fn entry_of(entry: Value, keys: &[(&str, &str)]) -> Value {
    let Value::Object(mut given) = entry else {
        return entry;
    };
    let mut entry = ObjectMap::new();
    for (theirs, ours) in keys {
        move_key(&mut given, theirs, &mut entry, ours);
    }
    let time = given.get("timeUnixNano").and_then(integer);
    if let Some(time) = time.and_then(instant) {
        entry.insert("time".into(), time);
    }
    let attributes = attributes(take_array(&mut given, "attributes"));
    if !attributes.is_empty() {
        entry.insert("attributes".into(), attributes.into());
    }
    Value::Object(entry)
}
