//! JSON to Rhai's values and back.

use rhai::{Array, Dynamic, Map};
use serde_json::Value as Json;

/// Deeper values that a script returns are no JSON of ours.
const DEPTH_MAX: usize = 8;

pub(super) fn from_json(value: &Json) -> Dynamic {
    match value {
        Json::Null => Dynamic::UNIT,
        Json::Bool(value) => (*value).into(),
        Json::Number(number) => match number.as_i64() {
            Some(number) => number.into(),
            None => number.as_f64().unwrap_or_default().into(),
        },
        Json::String(text) => text.as_str().into(),
        Json::Array(items) => Dynamic::from_array(items.iter().map(from_json).collect::<Array>()),
        Json::Object(map) => {
            let entries = map
                .iter()
                .map(|(key, value)| (key.as_str().into(), from_json(value)));
            Dynamic::from_map(entries.collect::<Map>())
        }
    }
}

/// None for what JSON cannot hold: functions, ranges, numbers that are none.
pub(super) fn to_json(value: &Dynamic) -> Option<Json> {
    within(value, DEPTH_MAX)
}

fn within(value: &Dynamic, depth: usize) -> Option<Json> {
    if value.is_unit() {
        return Some(Json::Null);
    }
    if let Ok(value) = value.as_bool() {
        return Some(value.into());
    }
    if let Ok(value) = value.as_int() {
        return Some(value.into());
    }
    if let Ok(value) = value.as_float() {
        return serde_json::Number::from_f64(value).map(Json::Number);
    }
    if value.is_string() {
        return value.clone().into_string().ok().map(Json::String);
    }
    let depth = depth.checked_sub(1)?;
    if let Some(items) = value.read_lock::<Array>() {
        let items = items.iter().map(|item| within(item, depth));
        return items.collect::<Option<Vec<_>>>().map(Json::Array);
    }
    let map = value.read_lock::<Map>()?;
    let entries = map
        .iter()
        .map(|(key, value)| Some((key.to_string(), within(value, depth)?)));
    entries.collect::<Option<_>>().map(Json::Object)
}
