//! Writes one JSON document from the values of another, and remembers which it has written.
//!
//! A member whose value is missing or of another type than the schema wants is not written, an
//! object or a list in which nothing was written takes itself back, and [`Writer::rest`] writes
//! what no member has taken. So a program is a list of members, without a condition for each.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::SecondsFormat;
use rustc_hash::FxHashSet;

use super::form::{self, is_ip, is_number, is_within, items};
use super::noun::Noun;
use crate::time;
use crate::value::{self, ObjectMap, Value};

/// A writer at one place of a document.
pub(super) struct Writer<'o> {
    out: &'o mut Vec<u8>,
    /// Where the values lie that have been written. They lie in the event, which is borrowed as
    /// long as it is converted, so an address stands for one value.
    written: FxHashSet<usize>,
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

    /// `"key":{…}`, unless nothing is in it. True where it was written.
    pub(super) fn object(&mut self, key: &str, members: impl FnOnce(&mut Self)) -> bool {
        let start = self.out.len();
        self.key(key);
        self.enclosed(start, b'{', b'}', members)
    }

    /// `"key":[…]`, unless nothing is in it. True where it was written.
    pub(super) fn list(&mut self, key: &str, items: impl FnOnce(&mut Self)) -> bool {
        let start = self.out.len();
        self.key(key);
        self.enclosed(start, b'[', b']', items)
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

    /// A text of our own as an item of a list.
    pub(super) fn item_str(&mut self, text: &str) {
        self.comma();
        json(text, self.out);
    }

    /// An address as an item of a list.
    pub(super) fn item_ip(&mut self, value: Option<&Value>) {
        if let Some(value) = value.filter(|value| is_ip(value)) {
            self.item_text(value);
        }
    }

    /// The addresses of a list as items of another.
    pub(super) fn item_ips(&mut self, value: Option<&Value>) {
        let all = items(value);
        all.iter().for_each(|item| self.item_ip(Some(item)));
        if let (Some(value), true) = (value, all.iter().all(is_ip)) {
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
            // A program may leave one; in JSON it is the same text.
            Value::Timestamp(time) => {
                self.str(key, &time.to_rfc3339_opts(SecondsFormat::AutoSi, true));
            }
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
            _ => {
                self.list(key, |w| w.item_text(value));
            }
        }
    }

    /// A mail address.
    pub(super) fn email(&mut self, key: &str, value: Option<&Value>) {
        self.text(key, value.filter(|value| form::is_email(value)));
    }

    /// A hardware address.
    pub(super) fn mac(&mut self, key: &str, value: Option<&Value>) {
        self.text(key, value.filter(|value| form::is_mac(value)));
    }

    /// A port: 0 to 65535.
    pub(super) fn port(&mut self, key: &str, value: Option<&Value>) {
        self.value(
            key,
            value.filter(|value| is_within(value, u16::MIN, u16::MAX)),
        );
    }

    /// A method of HTTP by the name that RFC 9110 or RFC 5789 gives it.
    pub(super) fn method(&mut self, key: &str, value: Option<&Value>) {
        const METHODS: [&str; 9] = [
            "CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE",
        ];
        let text = value.and_then(value::text).unwrap_or_default();
        let found = METHODS.iter().find(|name| name.eq_ignore_ascii_case(text));
        if let (Some(name), Some(value)) = (found, value) {
            self.str(key, name);
            self.mark(value);
        }
    }

    /// A time as milliseconds since 1970.
    pub(super) fn millis(&mut self, key: &str, value: Option<&Value>) {
        if let Some(value) = value
            && let Some(ms) = time::parse_ms(value)
        {
            self.int(key, ms);
            self.mark(value);
        }
    }

    /// A time as RFC 3339.
    pub(super) fn timestamp(&mut self, key: &str, value: Option<&Value>) {
        if let Some(value) = value
            && let Some(ms) = time::parse_ms(value)
        {
            self.str(key, &time::format_ms(ms));
            self.mark(value);
        }
    }

    /// Nanoseconds as milliseconds; what is finer is not written and stays in the rest.
    pub(super) fn nanos_as_millis(&mut self, key: &str, value: Option<&Value>) {
        if let Some(value @ Value::Integer(nanos)) = value {
            self.int(key, nanos / 1_000_000);
            if nanos % 1_000_000 == 0 {
                self.mark(value);
            }
        }
    }

    /// A whole number of 32 bits.
    pub(super) fn integer(&mut self, key: &str, value: Option<&Value>) {
        self.long(
            key,
            value.filter(|value| is_within(value, i32::MIN, i32::MAX)),
        );
    }

    /// A whole number of 64 bits.
    pub(super) fn long(&mut self, key: &str, value: Option<&Value>) {
        self.value(key, value.filter(|value| value.is_integer()));
    }

    /// A whole number of 64 bits that counts something.
    pub(super) fn count(&mut self, key: &str, value: Option<&Value>) {
        self.value(key, value.filter(|value| is_within(value, 0_i64, i64::MAX)));
    }

    /// A number, whole or not.
    pub(super) fn number(&mut self, key: &str, value: Option<&Value>) {
        self.value(key, value.filter(|value| is_number(value)));
    }

    /// Any value as it is, unless it is an empty object.
    pub(super) fn value(&mut self, key: &str, value: Option<&Value>) {
        let empty = |value: &&Value| value.as_object().is_some_and(ObjectMap::is_empty);
        if let Some(value) = value.filter(|value| !empty(value)) {
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

    /// A text as the bytes it is, in base64; whoever reads it takes the text from elsewhere, so it is
    /// not counted as written.
    pub(super) fn base64(&mut self, key: &str, value: &Value) {
        if let Some(text) = value::text(value) {
            self.str(key, &STANDARD.encode(text));
        }
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
    pub(super) fn rest(&mut self, key: &str, root: Noun<'_>) {
        let Some(root) = root.object() else { return };
        self.object(key, |w| w.rest_of(root));
    }

    /// `"key":{…}` with all that is not written yet, each value under its dotted path.
    pub(super) fn rest_flat(&mut self, key: &str, root: Noun<'_>) {
        let Some(root) = root.object() else { return };
        let mut path = String::new();
        self.object(key, |w| w.rest_flat_of(root, &mut path));
    }

    fn rest_flat_of(&mut self, object: &ObjectMap, path: &mut String) {
        let above = path.len();
        for (key, value) in object {
            if self.written.contains(&address(value)) {
                continue;
            }
            if above > 0 {
                path.push('.');
            }
            path.push_str(key);
            match value {
                Value::Object(members) => self.rest_flat_of(members, path),
                _ => {
                    self.key(path);
                    value::write_json(value, self.out);
                }
            }
            path.truncate(above);
        }
    }

    fn rest_of(&mut self, object: &ObjectMap) {
        for (key, value) in object {
            if self.written.contains(&address(value)) {
                continue;
            }
            match value {
                Value::Object(members) => {
                    self.object(key, |w| w.rest_of(members));
                }
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
    fn enclosed(
        &mut self,
        start: usize,
        open: u8,
        close: u8,
        inside: impl FnOnce(&mut Self),
    ) -> bool {
        self.out.push(open);
        let empty = self.out.len();
        inside(self);
        let written = self.out.len() > empty;
        if written {
            self.out.push(close);
        } else {
            self.out.truncate(start);
        }
        written
    }
}

/// A value's place in memory, which stands for it while the event is borrowed.
fn address(value: &Value) -> usize {
    std::ptr::from_ref(value).addr()
}

fn json<T: serde::Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) {
    serde_json::to_writer(out, value).expect("it serializes, and a Vec takes any write");
}
