//! The one in-memory form of a body, from parse to serialization.
//!
//! It is VRL's value, so that a mapping program works on it in place and nothing converts JSON
//! between types. Only this module and the mapper know that it is VRL's; everybody else imports
//! the names from here.

pub use vrl::value::{KeyString, ObjectMap, Value};

/// Why a body could not be parsed. Positions only: the text itself may be secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParseError {
    /// 1-based line of the body.
    pub line: usize,
    /// 1-based column of the body, in bytes.
    pub column: usize,
    /// True where the body nests deeper than the parser's limit of 128 levels.
    pub too_deep: bool,
}

/// Parses one JSON document of at most 128 levels (the limit of `serde_json`).
pub fn parse(bytes: &[u8]) -> Result<Value, ParseError> {
    serde_json::from_slice(bytes).map_err(|error| ParseError {
        line: error.line(),
        column: error.column(),
        // serde_json has no public kind for this; the text is fixed and holds no input.
        too_deep: error.is_syntax() && error.to_string().starts_with("recursion limit"),
    })
}

/// Appends the value as compact JSON. Objects are ordered by key, so equal values give equal bytes.
pub fn write_json(value: &Value, out: &mut Vec<u8>) {
    serde_json::to_writer(out, value).expect("a value serializes, and a Vec takes any write");
}

/// The value at a dotted path: the flat key first (`"a.b"`), then the nested one (`a: {b}`).
pub fn lookup<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    let object = value.as_object()?;
    if let Some(found) = object.get(path) {
        return Some(found);
    }
    let mut dots = path.match_indices('.');
    dots.find_map(|(at, _)| lookup(object.get(&path[..at])?, &path[at + 1..]))
}

/// Puts a value at a dotted path, making the objects on the way. A scalar in the way is replaced.
pub fn insert(value: &mut Value, path: &str, new: impl Into<Value>) {
    let mut at = value;
    for part in path.split('.') {
        if !at.is_object() {
            *at = Value::Object(ObjectMap::new());
        }
        let object = at.as_object_mut().expect("made an object above");
        at = object.entry(KeyString::from(part)).or_insert(Value::Null);
    }
    *at = new.into();
}

/// The text of a string value that is valid UTF-8.
pub fn text(value: &Value) -> Option<&str> {
    match value {
        Value::Bytes(bytes) => std::str::from_utf8(bytes).ok(),
        Value::String(text) => Some(text),
        _ => None,
    }
}

/// The text at a dotted path, see [`lookup`] and [`text`].
pub fn text_at<'a>(value: &'a Value, path: &str) -> Option<&'a str> {
    lookup(value, path).and_then(text)
}
