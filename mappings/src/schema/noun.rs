//! One noun of the canonical event: an object that may not be there.

use super::form::{is_ip, items};
use crate::value::{self, ObjectMap, Value};

/// The object at one place of an event. What is looked for in one that is not there is not there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Noun<'a>(Option<&'a ObjectMap>);

impl<'a> Noun<'a> {
    pub(super) fn new(object: &'a ObjectMap) -> Self {
        Self(Some(object))
    }

    /// The value under a key; none where there is no such.
    pub(super) fn get(self, key: &str) -> Option<&'a Value> {
        self.0?.get(key)
    }

    /// The value under a key that can be written as a text: no list, no object.
    pub(super) fn name(self, key: &str) -> Option<&'a Value> {
        self.get(key).filter(|value| match value {
            Value::Bytes(_) | Value::String(_) => value::text(value).is_some(),
            value => matches!(
                value,
                Value::Integer(_) | Value::Float(_) | Value::Boolean(_) | Value::Timestamp(_)
            ),
        })
    }

    /// The first of some keys that has a [name](Self::name).
    pub(super) fn first(self, keys: &[&str]) -> Option<&'a Value> {
        keys.iter().find_map(|key| self.name(key))
    }

    /// The address under a key, the first of a list.
    pub(super) fn ip(self, key: &str) -> Option<&'a Value> {
        items(self.get(key)).iter().find(|value| is_ip(value))
    }

    /// The noun under a key.
    pub(super) fn noun(self, key: &str) -> Self {
        Self(self.get(key).and_then(Value::as_object))
    }

    /// The text under a key.
    pub(super) fn text(self, key: &str) -> Option<&'a str> {
        self.get(key).and_then(value::text)
    }

    /// True where the key holds the text, or a list that holds it.
    pub(super) fn says(self, key: &str, word: &str) -> bool {
        match self.get(key) {
            Some(Value::Array(items)) => items.iter().any(|item| value::text(item) == Some(word)),
            Some(value) => value::text(value) == Some(word),
            None => false,
        }
    }

    /// True where one of the keys has a [name](Self::name).
    pub(super) fn has(self, keys: &[&str]) -> bool {
        self.first(keys).is_some()
    }

    /// The members; none where the noun is not there.
    pub(super) fn object(self) -> Option<&'a ObjectMap> {
        self.0
    }
}
