//! A metric: each of its data points is an item, which has also:
//!
//! ```json
//! {"start": "2026-11-12T09:14:07.412Z", "metric": {
//!    "name": "…", "unit": "…", "type": "sum", "temporality": "delta", "monotonic": true, "value": 1}}
//! ```
//!
//! `type` is `gauge`, `sum`, `histogram`, `exponential_histogram` or `summary`. `temporality` says what
//! a number counts: since `start`, the report before (`delta`), or since `start`, when counting began
//! (`cumulative`). Nothing here adds numbers up or takes them apart. Of the three last types a point
//! has `count`, `sum`, `min`, `max` and its buckets or quantiles instead of a `value`.

use super::any::{attributes, instant, integer, move_key, named, take_array};
use super::{Items, Parent};
use crate::value::{KeyString, ObjectMap, Value};

/// Their keys and our names of the types.
const TYPES: [(&str, &str); 5] = [
    ("gauge", "gauge"),
    ("sum", "sum"),
    ("histogram", "histogram"),
    ("exponentialHistogram", "exponential_histogram"),
    ("summary", "summary"),
];

const TEMPORALITIES: [(i64, &str, &str); 2] = [
    (1, "AGGREGATION_TEMPORALITY_DELTA", "delta"),
    (2, "AGGREGATION_TEMPORALITY_CUMULATIVE", "cumulative"),
];

pub(super) fn push(mut metric: ObjectMap, parent: &Parent, items: &mut Items) {
    let Some((theirs, ours)) = TYPES.iter().find(|(key, _)| metric.contains_key(*key)) else {
        // A type of a later protocol.
        items.push(Value::Object(metric));
        return;
    };
    let mut data = match metric.remove(*theirs) {
        Some(Value::Object(data)) => data,
        None | Some(Value::Null) => return,
        Some(other) => return items.push(other),
    };
    let mut about = ObjectMap::new();
    move_key(&mut metric, "name", &mut about, "name");
    move_key(&mut metric, "unit", &mut about, "unit");
    about.insert("type".into(), (*ours).into());
    let temporality = data.get("aggregationTemporality");
    if let Some(temporality) = temporality.and_then(|given| named(given, &TEMPORALITIES)) {
        about.insert("temporality".into(), temporality.into());
    }
    move_key(&mut data, "isMonotonic", &mut about, "monotonic");
    for point in items.objects(&mut data, "dataPoints") {
        let item = item(point, about.clone(), parent);
        items.push(item);
    }
}

fn item(mut point: ObjectMap, mut metric: ObjectMap, parent: &Parent) -> Value {
    let mut item = parent.item("metric");
    if let Some(name) = metric.get("name") {
        item.insert("name".into(), name.clone());
    }
    let labels = attributes(take_array(&mut point, "attributes"));
    item.insert("attributes".into(), labels.into());
    if let Some(nanos) = point.get("timeUnixNano").and_then(integer) {
        item.insert("time_unix_nano".into(), nanos.into());
    }
    let start = point.get("startTimeUnixNano").and_then(integer);
    if let Some(start) = start.and_then(instant) {
        item.insert("start".into(), start);
    }
    for (theirs, ours) in [
        ("asInt", "value"),
        ("asDouble", "value"),
        ("count", "count"),
        ("sum", "sum"),
        ("min", "min"),
        ("max", "max"),
        ("explicitBounds", "bounds"),
        ("bucketCounts", "bucket_counts"),
        ("scale", "scale"),
        ("zeroCount", "zero_count"),
        ("zeroThreshold", "zero_threshold"),
        ("positive", "positive"),
        ("negative", "negative"),
        ("quantileValues", "quantiles"),
    ] {
        if let Some(given) = point.remove(theirs) {
            metric.insert(ours.into(), numbers(given));
        }
    }
    item.insert("metric".into(), metric.into());
    Value::Object(item)
}

/// Whole numbers that come as text as numbers, at any depth.
fn numbers(value: Value) -> Value {
    match value {
        Value::Array(list) => list.into_iter().map(numbers).collect::<Vec<_>>().into(),
        Value::Object(object) => {
            let object = object.into_iter();
            let ours = |key: KeyString| match key.as_str() {
                "bucketCounts" => "bucket_counts".into(),
                _ => key,
            };
            let object: ObjectMap = object
                .map(|(key, inner)| (ours(key), numbers(inner)))
                .collect();
            object.into()
        }
        other => integer(&other).map_or(other, Value::from),
    }
}
