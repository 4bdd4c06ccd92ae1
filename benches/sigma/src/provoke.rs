//! Events written after the rules themselves, for the comparison of matches.
//!
//! Lanes of realistic events meet a few hundred of three thousand rules. Here every rule gets
//! events that hold what its selections ask for: values with text before and after where a modifier
//! allows it, other letter case, numbers as text, dotted names nested and flat, lists of several
//! values. Some also hold what a filter excludes. Nothing promises that a rule holds for its event;
//! the comparison needs no verdict, only two engines that should agree.

use chaperone_detections::RuleFile;
use rsigma_parser::value::{SigmaString, SigmaValue, SpecialChar, StringPart};
use rsigma_parser::{Detection, DetectionItem, Modifier, SigmaRule};
use serde_json::{Map, Value, json};

use crate::generate::Random;

/// `each` events for every rule that can be read, as JSON texts.
pub(crate) fn events(files: &[RuleFile], each: usize, seed: u64) -> Vec<String> {
    let mut random = Random::new(seed);
    let mut texts = Vec::new();
    for file in files {
        let Ok(collection) = rsigma_parser::parse_sigma_yaml(&file.text) else {
            continue;
        };
        for rule in &collection.rules {
            texts.extend((0..each).map(|_| event(&mut random, rule).to_string()));
        }
    }
    texts
}

fn event(random: &mut Random, rule: &SigmaRule) -> Value {
    let mut fields = Map::new();
    let mut named: Vec<(&String, &Detection)> = rule.detection.named.iter().collect();
    named.sort_by_key(|(name, _)| name.as_str());
    for (name, detection) in named {
        let excludes = name.starts_with("filter") || name.contains("_filter");
        if !excludes || random.one_in(4) {
            detected(random, detection, &mut fields);
        }
    }
    let nested = random.one_in(2);
    let mut event = Value::Object(Map::new());
    for (name, value) in fields {
        if nested {
            insert_nested(&mut event, &name, value);
        } else {
            event[name] = value;
        }
    }
    event
}

fn detected(random: &mut Random, detection: &Detection, fields: &mut Map<String, Value>) {
    match detection {
        Detection::AllOf(items) => items.iter().for_each(|item| asked(random, item, fields)),
        Detection::AnyOf(parts) if !parts.is_empty() => {
            let part = random.below(parts.len() as u64) as usize;
            detected(random, &parts[part], fields);
        }
        Detection::And(parts) => parts.iter().for_each(|part| detected(random, part, fields)),
        Detection::Keywords(values) if !values.is_empty() => {
            let value = &values[random.below(values.len() as u64) as usize];
            let text = text_of(random, value);
            put(fields, "message", around(random, text).into());
        }
        // Array blocks are a draft of the next specification; no public rule has one.
        _ => {}
    }
}

fn asked(random: &mut Random, item: &DetectionItem, fields: &mut Map<String, Value>) {
    let name = item.field.name.as_deref().unwrap_or("message");
    let has = |modifier| item.field.has_modifier(modifier);
    if item.values.is_empty() {
        return;
    }
    if has(Modifier::All) {
        let texts: Vec<String> = item
            .values
            .iter()
            .map(|value| text_of(random, value))
            .collect();
        put(fields, name, around(random, texts.join(" ")).into());
        return;
    }
    let value = &item.values[random.below(item.values.len() as u64) as usize];
    let text = text_of(random, value);
    let found = if has(Modifier::Exists) {
        "present".into()
    } else if has(Modifier::Cidr) {
        text.split('/').next().unwrap_or_default().into()
    } else if has(Modifier::Contains) || has(Modifier::Re) {
        around(random, text).into()
    } else if has(Modifier::StartsWith) {
        format!("{text}{}", random.hex(5)).into()
    } else if has(Modifier::EndsWith) {
        format!("{}{text}", random.hex(5)).into()
    } else {
        exact(random, value, text)
    };
    put(fields, name, varied(random, found));
}

/// The value as it is, or its other JSON form.
fn exact(random: &mut Random, value: &SigmaValue, text: String) -> Value {
    match value {
        SigmaValue::Null => Value::Null,
        SigmaValue::Integer(number) if random.one_in(2) => json!(number),
        SigmaValue::Float(number) if random.one_in(2) => json!(number),
        SigmaValue::Bool(value) if random.one_in(2) => json!(value),
        _ => text.into(),
    }
}

/// Now and then in other letter case, or as a list with another member.
fn varied(random: &mut Random, value: Value) -> Value {
    let Value::String(text) = value else {
        return value;
    };
    match random.below(10) {
        0 => text.to_uppercase().into(),
        1 => text.to_lowercase().into(),
        2 => json!(["other", text]),
        _ => text.into(),
    }
}

fn around(random: &mut Random, text: String) -> String {
    match random.below(4) {
        0 => text,
        1 => format!("{} {text}", random.hex(4)),
        2 => format!("{text} {}", random.hex(4)),
        _ => format!("{}{text}{}", random.hex(3), random.hex(3)),
    }
}

/// Text that the value's pattern describes.
fn text_of(random: &mut Random, value: &SigmaValue) -> String {
    match value {
        SigmaValue::String(pattern) => filled(random, pattern),
        SigmaValue::Integer(number) => number.to_string(),
        SigmaValue::Float(number) => number.to_string(),
        SigmaValue::Bool(value) => value.to_string(),
        SigmaValue::Null => String::new(),
    }
}

fn filled(random: &mut Random, pattern: &SigmaString) -> String {
    let mut text = String::new();
    for part in &pattern.parts {
        match part {
            StringPart::Plain(plain) => text.push_str(plain),
            StringPart::Special(SpecialChar::WildcardSingle) => text.push('x'),
            StringPart::Special(SpecialChar::WildcardMulti) => {
                let digits = random.below(6) as usize;
                text.push_str(&random.hex(digits));
            }
        }
    }
    text
}

/// Two selections may ask for one field: then it has both texts.
fn put(fields: &mut Map<String, Value>, name: &str, value: Value) {
    let both = match (fields.get(name), &value) {
        (Some(Value::String(old)), Value::String(new)) if old != new => {
            format!("{old} {new}").into()
        }
        _ => value,
    };
    fields.insert(name.to_owned(), both);
}

fn insert_nested(event: &mut Value, name: &str, value: Value) {
    let mut at = event;
    for part in name.split('.') {
        if !at.is_object() {
            *at = Value::Object(Map::new());
        }
        at = &mut at[part];
    }
    *at = value;
}

#[cfg(test)]
mod tests;
