//! The forms of values: what is an address, a number, a list.

use std::net::IpAddr;

use crate::value::{self, Value};

/// The items of a list, or the one value that stands alone.
pub(super) fn items(value: Option<&Value>) -> &[Value] {
    match value {
        Some(Value::Array(items)) => items,
        Some(value) => std::slice::from_ref(value),
        None => &[],
    }
}

/// The first item of a list, or the value that is none.
pub(super) fn one(value: Option<&Value>) -> Option<&Value> {
    items(value).first()
}

/// True for a whole number between two.
pub(super) fn is_within(value: &Value, least: impl Into<i64>, most: impl Into<i64>) -> bool {
    value
        .as_integer()
        .is_some_and(|number| (least.into()..=most.into()).contains(&number))
}

/// True for a number, whole or not.
pub(super) fn is_number(value: &Value) -> bool {
    value.is_integer() || value.is_float()
}

/// True for the text of an IP address.
pub(super) fn is_ip(value: &Value) -> bool {
    value::text(value).is_some_and(|text| text.parse::<IpAddr>().is_ok())
}

/// True for something, an `@`, and a domain of letters, digits, hyphens and dots.
pub(super) fn is_email(value: &Value) -> bool {
    let parts = value::text(value).and_then(|text| text.split_once('@'));
    parts.is_some_and(|(name, domain)| {
        let known = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
        !name.is_empty() && domain.contains('.') && domain.chars().all(known)
    })
}

/// True for a hardware address in its usual form, `00:00:5e:00:53:23`.
pub(super) fn is_mac(value: &Value) -> bool {
    let mut parts = value::text(value).unwrap_or_default().split([':', '-']);
    let pair = |part: &str| part.len() == 2 && u8::from_str_radix(part, 16).is_ok();
    parts.clone().count() == 6 && parts.all(pair)
}
