//! Writes one JSON document from the values of another, and remembers which it has written.
//!
//! A member whose value is missing or of another type than the schema wants is not written, an
//! object or a list in which nothing was written takes itself back, and [`Writer::rest`] writes
//! what no member has taken. So a program is a list of members, without a condition for each.

use rustc_hash::FxHashSet;

use crate::value::{self, ObjectMap, Value};

/// A writer at one place of a document.
pub(super) struct Writer<'o> {
    out: &'o mut Vec<u8>,
    /// Where the values lie that have been written. They lie in the event, which is borrowed as
    /// long as it is converted, so an address stands for one value.
    written: FxHashSet<usize>,
}

/// The object under a key.
pub(super) fn object<'a>(parent: &'a ObjectMap, key: &str) -> Option<&'a ObjectMap> {
    parent.get(key).and_then(Value::as_object)
}

impl<'o> Writer<'o> {
    /// Appends to `out`.
    pub(super) fn new(out: &'o mut Vec<u8>) -> Self {
        Self {
            out,
            written: FxHashSet::default(),
        }
    }

    /// The whole document: an object, also where nothing is in it.
    pub(super) fn document(&mut self, members: impl FnOnce(&mut Self)) {
        self.out.push(b'{');
        members(self);
        self.out.push(b'}');
    }

    /// `"key":{…}`, unless nothing is in it.
    pub(super) fn object(&mut self, key: &str, members: impl FnOnce(&mut Self)) {
        let start = self.out.len();
        self.key(key);
        self.enclosed(start, b'{', b'}', members);
    }

    /// `"key":[…]`, unless nothing is in it.
    pub(super) fn list(&mut self, key: &str, items: impl FnOnce(&mut Self)) {
        let start = self.out.len();
        self.key(key);
        self.enclosed(start, b'[', b']', items);
    }

    /// `{…}` as an item of a list, unless nothing is in it.
    pub(super) fn item(&mut self, members: impl FnOnce(&mut Self)) {
        let start = self.out.len();
        self.comma();
        self.enclosed(start, b'{', b'}', members);
    }

    /// A text as an item of a list.
    pub(super) fn item_text(&mut self, value: &Value) {
        if let Some(text) = value::text(value) {
            self.comma();
            json(text, self.out);
            self.mark(value);
        }
    }

    /// A text, or a number or a boolean as one.
    pub(super) fn text(&mut self, key: &str, value: Option<&Value>) {
        let Some(value) = value else { return };
        match value {
            Value::Bytes(_) | Value::String(_) => match value::text(value) {
                Some(text) => self.str(key, text),
                None => return,
            },
            Value::Integer(number) => self.str(key, &number.to_string()),
            Value::Float(number) => self.str(key, &number.to_string()),
            Value::Boolean(boolean) => self.str(key, if *boolean { "true" } else { "false" }),
            _ => return,
        }
        self.mark(value);
    }

    /// A list of texts, also of one that stands alone.
    pub(super) fn texts(&mut self, key: &str, value: Option<&Value>) {
        let Some(value) = value else { return };
        match value {
            Value::Array(items) => {
                if items.iter().all(|item| value::text(item).is_some()) {
                    self.list(key, |w| items.iter().for_each(|item| w.item_text(item)));
                    self.mark(value);
                }
            }
            _ => self.list(key, |w| w.item_text(value)),
        }
    }

    /// A whole number.
    pub(super) fn integer(&mut self, key: &str, value: Option<&Value>) {
        if let Some(value @ Value::Integer(number)) = value {
            self.int(key, *number);
            self.mark(value);
        }
    }

    /// A boolean.
    pub(super) fn boolean(&mut self, key: &str, value: Option<&Value>) {
        if let Some(value @ Value::Boolean(boolean)) = value {
            self.bool(key, *boolean);
            self.mark(value);
        }
    }

    /// Any value as it is.
    pub(super) fn value(&mut self, key: &str, value: Option<&Value>) {
        if let Some(value) = value {
            self.key(key);
            value::write_json(value, self.out);
            self.mark(value);
        }
    }

    /// A text of our own.
    pub(super) fn str(&mut self, key: &str, text: &str) {
        self.key(key);
        json(text, self.out);
    }

    /// A number of our own.
    pub(super) fn int(&mut self, key: &str, number: i64) {
        self.key(key);
        json(&number, self.out);
    }

    /// A boolean of our own.
    pub(super) fn bool(&mut self, key: &str, boolean: bool) {
        self.key(key);
        json(&boolean, self.out);
    }

    /// Counts a value as written: it stands in the document in another form.
    pub(super) fn mark(&mut self, value: &Value) {
        self.written.insert(address(value));
    }

    /// `"key":{…}` with all that is not written yet, in its own shape.
    pub(super) fn rest(&mut self, key: &str, root: &ObjectMap) {
        self.object(key, |w| w.rest_of(root));
    }

    fn rest_of(&mut self, object: &ObjectMap) {
        for (key, value) in object {
            if self.written.contains(&address(value)) {
                continue;
            }
            match value {
                Value::Object(members) => self.object(key, |w| w.rest_of(members)),
                _ => {
                    self.key(key);
                    value::write_json(value, self.out);
                }
            }
        }
    }

    fn key(&mut self, key: &str) {
        self.comma();
        json(key, self.out);
        self.out.push(b':');
    }

    /// Only an opening bracket or the document's beginning has nothing before the next member.
    fn comma(&mut self) {
        if !matches!(self.out.last(), Some(b'{' | b'[') | None) {
            self.out.push(b',');
        }
    }

    /// Between brackets; back to `start` where nothing was written between them.
    fn enclosed(&mut self, start: usize, open: u8, close: u8, inside: impl FnOnce(&mut Self)) {
        self.out.push(open);
        let empty = self.out.len();
        inside(self);
        if self.out.len() == empty {
            self.out.truncate(start);
        } else {
            self.out.push(close);
        }
    }
}

/// A value's place in memory, which stands for it while the event is borrowed.
fn address(value: &Value) -> usize {
    std::ptr::from_ref(value).addr()
}

fn json<T: serde::Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) {
    serde_json::to_writer(out, value).expect("it serializes, and a Vec takes any write");
}
