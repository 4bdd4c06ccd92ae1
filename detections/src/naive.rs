//! Conditions evaluated the obvious way: look the field up, try the test.
//!
//! Slow and simple on purpose. It explains why a rule held or not, and it is the oracle that the
//! plan is compared with in tests, so it shares no code with the plan beyond the meaning of a
//! single pattern.

use std::borrow::Cow;

use chaperone_mappings::Value;

#[cfg(test)]
use crate::expr::Expr;
use crate::expr::{Atom, Test};
use crate::modifier::compile_regex;
use crate::pattern::{self, fold};

/// Whether a condition holds for an event: what the plan is compared with.
#[cfg(test)]
pub(crate) fn holds(expr: &Expr, event: &Value) -> bool {
    match expr {
        Expr::And(parts) => parts.iter().all(|part| holds(part, event)),
        Expr::Or(parts) => parts.iter().any(|part| holds(part, event)),
        Expr::Not(inner) => !holds(inner, event),
        Expr::Named(_, inner) => holds(inner, event),
        Expr::Atom(atom) => atom_holds(atom, event),
    }
}

/// Whether one test holds for an event.
pub(crate) fn atom_holds(atom: &Atom, event: &Value) -> bool {
    let mut found = Vec::new();
    match &atom.field {
        Some(field) => at_path(event, field, &mut found),
        None => found.push(event),
    }
    if atom.test == Test::Exists {
        return !found.is_empty();
    }
    let mut values = Vec::new();
    for value in found {
        members(value, atom.field.is_none(), &mut values);
    }
    values
        .into_iter()
        .any(|value| test(&atom.test, value, event))
}

fn test(test: &Test, value: &Value, event: &Value) -> bool {
    let Some(text) = text(value) else {
        return *test == Test::IsNull;
    };
    match test {
        Test::IsNull => false,
        Test::Exists => true,
        Test::Text {
            pattern,
            cased: true,
        } => pattern::glob(pattern.pieces(), &text),
        Test::Text { pattern, .. } => pattern::glob(pattern.pieces(), &fold(&text)),
        Test::Regex(source) => compile_regex(source).is_ok_and(|regex| regex.is_match(&text)),
        Test::Cidr(network) => text
            .trim()
            .parse()
            .is_ok_and(|address| network.contains(&address)),
        Test::Number(compare, wanted) => {
            let number = text.trim().parse::<f64>();
            let number = number.ok().filter(|number| number.is_finite());
            number.is_some_and(|number| compare.holds(number, wanted.get()))
        }
        Test::Time(part, compare, wanted) => part
            .of(&text)
            .is_some_and(|part| compare.holds(part, *wanted)),
        Test::Field { other, how, cased } => {
            let (mut found, mut values) = (Vec::new(), Vec::new());
            at_path(event, other, &mut found);
            found
                .into_iter()
                .for_each(|value| members(value, false, &mut values));
            values.into_iter().filter_map(self::text).any(|other| {
                if *cased {
                    how.holds(&text, &other)
                } else {
                    how.holds(&fold(&text), &fold(&other))
                }
            })
        }
    }
}

/// The values at a dotted path: through objects, flat keys with dots, and the members of lists.
pub(crate) fn at_path<'a>(value: &'a Value, path: &str, out: &mut Vec<&'a Value>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| at_path(item, path, out)),
        Value::Object(map) => {
            out.extend(map.get(path));
            for (dot, _) in path.match_indices('.') {
                if let Some(inner) = map.get(&path[..dot]) {
                    at_path(inner, &path[dot + 1..], out);
                }
            }
        }
        _ => {}
    }
}

/// The scalars of a value: itself, or the members of a list; `deep`: of objects too.
pub(crate) fn members<'a>(value: &'a Value, deep: bool, out: &mut Vec<&'a Value>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| members(item, deep, out)),
        Value::Object(map) if deep => map.values().for_each(|item| members(item, deep, out)),
        Value::Object(_) => {}
        scalar => out.push(scalar),
    }
}

/// The text that a scalar is compared by; None for null.
pub(crate) fn text(value: &Value) -> Option<Cow<'_, str>> {
    Some(match value {
        Value::Bytes(bytes) => String::from_utf8_lossy(bytes),
        Value::String(text) => Cow::Borrowed(text),
        Value::Integer(value) => value.to_string().into(),
        Value::Float(value) => value.to_string().into(),
        Value::Boolean(value) => value.to_string().into(),
        Value::Timestamp(time) => time
            .to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
            .into(),
        Value::Regex(regex) => regex.as_str().to_owned().into(),
        Value::Null | Value::Object(_) | Value::Array(_) => return None,
    })
}
