//! A log record. Its item has also:
//!
//! ```json
//! {"body": …, "observed_time_unix_nano": 1, "severity_number": 9, "severity_text": "INFO",
//!  "trace_id": "…", "span_id": "…"}
//! ```
//!
//! and `name` is the name of the event.

use super::any::{any_value, attributes, move_integer, move_key, take_array};
use super::{Items, Parent};
use crate::value::{ObjectMap, Value};

pub(super) fn push(mut record: ObjectMap, parent: &Parent, items: &mut Items) {
    let mut item = parent.item("log");
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
        move_integer(&mut record, theirs, &mut item, ours);
    }
    items.push(Value::Object(item));
}
