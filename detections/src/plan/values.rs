//! What an event holds in the fields that matter: a list of scalars, borrowed from the event, and
//! the folded forms of those that are tested, one behind the other.

use std::borrow::Cow;
use std::fmt::Write;

use chrono::{DateTime, SecondsFormat, Utc};

use super::needles::{PADDING, Padded};
use crate::json;
use crate::pattern::fold_into;

/// Stands between folded texts. No UTF-8 text has it, so nothing is found across two of them.
const SEPARATOR: u8 = 0xff;

/// A value of an event that is not an object or a list.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Scalar<'e> {
    Null,
    Bool(bool),
    Integer(i64),
    Float(f64),
    Text(&'e str),
    /// Text between the quotes of a JSON string that has escapes.
    Escaped(&'e str),
    /// Text that need not be valid UTF-8.
    Bytes(&'e [u8]),
    Time(DateTime<Utc>),
}

/// A scalar and the field it belongs to.
#[derive(Debug, Clone, Copy)]
struct Value<'e> {
    slot: Option<u32>,
    scalar: Scalar<'e>,
    /// Where its folded form is; empty where it has none, or is not tested.
    start: u32,
    end: u32,
}

/// The scalars of one event.
#[derive(Debug, Default)]
pub(super) struct Values<'e> {
    list: Vec<Value<'e>>,
    folded: Vec<u8>,
    /// Whether all that is folded is ASCII.
    is_ascii: bool,
}

/// The text of one value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text<'a> {
    scalar: Scalar<'a>,
    padded: Padded<'a>,
}

impl<'e> Values<'e> {
    pub(super) fn push(&mut self, slot: Option<u32>, scalar: Scalar<'e>) {
        self.list.push(Value {
            slot,
            scalar,
            start: 0,
            end: 0,
        });
    }

    /// Forgets the event and keeps the memory.
    pub(super) fn recycled<'f>(mut self) -> Values<'f> {
        self.list.clear();
        self.folded.clear();
        Values {
            // No element, so nothing outlives the event; the library reuses the allocation.
            list: self.list.into_iter().map(|_| unreachable!()).collect(),
            folded: self.folded,
            is_ascii: true,
        }
    }

    /// Writes the folded form of some values: `wanted` gets the slot and how long it is.
    pub(super) fn fold(
        &mut self,
        wanted: impl Fn(Option<u32>, usize) -> bool,
        buffer: &mut String,
    ) {
        let folded = &mut self.folded;
        folded.clear();
        self.is_ascii = true;
        for value in &mut self.list {
            let (written, bytes) = match value.scalar {
                Scalar::Null => continue,
                Scalar::Text(text) | Scalar::Escaped(text) => (text, text.len()),
                _ => ("", usize::MAX),
            };
            // Folding may make longer what is not ASCII.
            if !wanted(value.slot, bytes) && (written.is_ascii() || !wanted(value.slot, usize::MAX))
            {
                continue;
            }
            let start = folded.len();
            match value.scalar {
                Scalar::Text(text) => folded.extend_from_slice(text.as_bytes()),
                Scalar::Escaped(raw) => json::unescape(raw, folded),
                scalar => folded.extend_from_slice(scalar.written(buffer).as_bytes()),
            }
            if !folded[start..].is_ascii() {
                folded.truncate(start);
                fold_into(value.scalar.written(buffer), folded);
                self.is_ascii = false;
            }
            (value.start, value.end) = (start as u32, folded.len() as u32);
            folded.push(SEPARATOR);
        }
        // In one go where most are ASCII; what is folded already stays as it is.
        folded.make_ascii_lowercase();
        folded.extend([0; PADDING]);
    }

    /// All folded texts, one behind the other.
    pub(super) fn all_folded(&self) -> Padded<'_> {
        Padded {
            bytes: &self.folded,
            len: self.folded.len() - PADDING,
            is_ascii: self.is_ascii,
        }
    }

    /// Every scalar: its slot, and its text unless it is null.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Option<u32>, Option<Text<'_>>)> {
        self.list.iter().map(|value| (value.slot, self.text(value)))
    }

    /// The texts in a slot; None: of every value.
    pub(super) fn texts(&self, slot: Option<u32>) -> impl Iterator<Item = Text<'_>> {
        let list = self.list.iter();
        list.filter(move |value| slot.is_none() || value.slot == slot)
            .filter_map(|value| self.text(value))
    }

    fn text(&self, value: &Value<'e>) -> Option<Text<'_>> {
        (value.scalar != Scalar::Null).then(|| Text {
            scalar: value.scalar,
            padded: Padded {
                bytes: &self.folded[value.start as usize..],
                len: (value.end - value.start) as usize,
                is_ascii: self.is_ascii,
            },
        })
    }
}

impl<'a> Text<'a> {
    /// Folded, as bytes.
    pub(super) fn folded(&self) -> &'a [u8] {
        self.padded.text()
    }

    /// Folded, as it is searched.
    pub(super) fn padded(&self) -> Padded<'a> {
        self.padded
    }

    pub(super) fn folded_str(&self) -> &'a str {
        std::str::from_utf8(self.folded()).expect("folded text is text")
    }

    /// As the event has it, to be searched.
    pub(super) fn written_padded<'b>(&self, buffer: &'b mut String) -> Padded<'b> {
        buffer.clear();
        self.scalar.write(buffer);
        let (len, is_ascii) = (buffer.len(), buffer.is_ascii());
        buffer.extend(['\0'; PADDING]);
        Padded {
            bytes: buffer.as_bytes(),
            len,
            is_ascii,
        }
    }

    /// As the event has it.
    pub(super) fn written<'b>(&'b self, buffer: &'b mut String) -> &'b str {
        self.scalar.written(buffer)
    }
}

impl<'e> Scalar<'e> {
    /// The text of a value that is text.
    pub(super) fn into_text(self) -> Option<Cow<'e, str>> {
        match self {
            Self::Text(text) => Some(Cow::Borrowed(text)),
            Self::Escaped(raw) => Some(Cow::Owned(json::unescaped(raw))),
            _ => None,
        }
    }

    /// The text that a value is compared by; of null it is empty. Numbers are written shortest:
    /// 1.0 is `1`.
    pub(super) fn written<'b>(&'b self, buffer: &'b mut String) -> &'b str {
        if let Self::Text(text) = self {
            return text;
        }
        buffer.clear();
        self.write(buffer);
        buffer
    }

    /// Appends what [`Self::written`] returns.
    fn write(&self, out: &mut String) {
        match self {
            Self::Null => {}
            Self::Text(text) => out.push_str(text),
            Self::Bool(true) => out.push_str("true"),
            Self::Bool(false) => out.push_str("false"),
            Self::Escaped(raw) => {
                let mut bytes = std::mem::take(out).into_bytes();
                json::unescape(raw, &mut bytes);
                *out = String::from_utf8(bytes).expect("text without escapes is text");
            }
            Self::Bytes(bytes) => out.push_str(&String::from_utf8_lossy(bytes)),
            Self::Time(time) => {
                out.push_str(&time.to_rfc3339_opts(SecondsFormat::Millis, true));
            }
            // Writing into a String cannot fail.
            Self::Integer(value) => drop(write!(out, "{value}")),
            Self::Float(value) => drop(write!(out, "{value}")),
        }
    }
}
