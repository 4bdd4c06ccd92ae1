//! OTLP as protobuf becomes OTLP as JSON, once, at the door.
//!
//! Everything behind the door then knows one form. The rules are those of the proto3 JSON mapping
//! with OTLP's exceptions: lowerCamelCase names, trace and span ids in hexadecimal, enumerations as
//! numbers, 64-bit integers as strings (<https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding>).
//! The same bytes always give the same text, so a batch that an exporter sends again becomes the
//! same record again.
//!
//! It walks the wire format along the tables of [`schema`](super::schema) and writes as it goes,
//! without a tree of decoded messages between. A decoder would build one, and two bytes on the wire
//! (an empty log record) are two hundred in memory: a body within its limit could take gigabytes.
//! Here the only thing that grows is the text, and that is bounded.
//!
//! What it refuses: text that is not UTF-8, a known field of another type, and nesting that a JSON
//! parser behind it would refuse. What it does not know it skips, as protobuf asks.

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::schema::{Arity, Field, Kind, Message};
use super::wire::{Entries, Values, Width, Wire};

/// Deeper nesting would not pass `serde_json`, which stops at 128.
const DEPTH_MAX: usize = 120;

/// Why a body could not become JSON. Names of the schema only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// Not protobuf, at or below this message.
    Broken(&'static str),
    /// A field of another type than it has.
    Type(&'static str, &'static str),
    /// A text that is not UTF-8.
    Utf8(&'static str, &'static str),
    /// Nested too deeply.
    Deep,
    /// The JSON would be larger than the limit.
    Large,
}

/// Turns one message into compact JSON of at most about `bytes_max` bytes.
pub(super) fn to_json(
    message: &'static Message,
    bytes: &[u8],
    bytes_max: usize,
) -> Result<Vec<u8>, Fault> {
    let mut transcoder = Transcoder {
        out: Vec::with_capacity(bytes.len().min(bytes_max)),
        bytes_max,
    };
    transcoder.message(message, bytes, 1)?;
    Ok(transcoder.out)
}

struct Transcoder {
    out: Vec<u8>,
    bytes_max: usize,
}

impl Transcoder {
    fn message(
        &mut self,
        message: &'static Message,
        bytes: &[u8],
        depth: usize,
    ) -> Result<(), Fault> {
        if depth > DEPTH_MAX {
            return Err(Fault::Deep);
        }
        if self.out.len() > self.bytes_max {
            return Err(Fault::Large);
        }
        let present = Present::of(message, bytes)?;
        self.out.push(b'{');
        let empty = self.out.len();
        for (at, field) in message.fields.iter().enumerate() {
            if !present.has(at, field.arity) {
                continue;
            }
            let before = self.out.len();
            if before > empty {
                self.out.push(b',');
            }
            self.out.push(b'"');
            self.out.extend_from_slice(field.name.as_bytes());
            self.out.extend_from_slice(b"\":");
            let is_written = match field.arity {
                Arity::Repeated => self.repeated(message, field, bytes, depth)?,
                Arity::Single | Arity::Optional | Arity::OneOf => {
                    self.single(message, field, bytes, depth)?
                }
            };
            if !is_written {
                self.out.truncate(before);
            }
        }
        self.out.push(b'}');
        Ok(())
    }

    fn repeated(
        &mut self,
        message: &'static Message,
        field: &'static Field,
        bytes: &[u8],
        depth: usize,
    ) -> Result<bool, Fault> {
        self.out.push(b'[');
        let empty = self.out.len();
        let mut entries = Entries::of(bytes);
        while let Some((tag, value)) = entries.next().map_err(|_| Fault::Broken(message.name))? {
            if tag != field.tag {
                continue;
            }
            match (field.kind, value, width(field.kind)) {
                (Kind::Message(inner), Wire::Bytes(inside), _) => {
                    self.separate(empty);
                    self.message(inner, inside, depth + 2)?;
                }
                (_, Wire::Bytes(packed), Some(width)) => {
                    self.packed(message, field, Values::of(packed, width), empty)?;
                }
                (_, value, _) => self.element(message, field, value, empty)?,
            }
        }
        // An entry of packed numbers may hold none.
        let is_written = self.out.len() > empty;
        self.out.push(b']');
        Ok(is_written)
    }

    fn packed(
        &mut self,
        message: &Message,
        field: &Field,
        mut values: Values<'_>,
        empty: usize,
    ) -> Result<(), Fault> {
        while let Some(value) = values.next().map_err(|_| Fault::Broken(message.name))? {
            if self.out.len() > self.bytes_max {
                return Err(Fault::Large);
            }
            self.element(message, field, value, empty)?;
        }
        Ok(())
    }

    /// A scalar in an array that began at `empty`.
    fn element(
        &mut self,
        message: &Message,
        field: &Field,
        value: Wire<'_>,
        empty: usize,
    ) -> Result<(), Fault> {
        self.separate(empty);
        let written = self.scalar(field.kind, value);
        written
            .map(drop)
            .map_err(|wrong| wrong.fault(message, field))
    }

    /// A comma, where anything stands behind the place.
    fn separate(&mut self, empty: usize) {
        if self.out.len() > empty {
            self.out.push(b',');
        }
    }

    /// Of a scalar that occurs several times the last counts; messages are merged. False where
    /// nothing is to be written.
    fn single(
        &mut self,
        message: &'static Message,
        field: &'static Field,
        bytes: &[u8],
        depth: usize,
    ) -> Result<bool, Fault> {
        let mut last = None;
        let mut merged: Cow<'_, [u8]> = Cow::Borrowed(&[]);
        let mut entries = Entries::of(bytes);
        while let Some((tag, value)) = entries.next().map_err(|_| Fault::Broken(message.name))? {
            if tag != field.tag {
                continue;
            }
            if let (Kind::Message(_), Wire::Bytes(inside)) = (field.kind, value) {
                // Two messages are merged by putting one behind the other.
                if last.is_none() {
                    merged = Cow::Borrowed(inside);
                } else {
                    merged.to_mut().extend_from_slice(inside);
                }
            }
            last = Some(value);
        }
        match (field.kind, last) {
            (_, None) => Ok(false),
            (Kind::Message(inner), Some(Wire::Bytes(_))) => {
                self.message(inner, &merged, depth + 1)?;
                Ok(true)
            }
            (kind, Some(value)) => {
                let is_default = self
                    .scalar(kind, value)
                    .map_err(|wrong| wrong.fault(message, field))?;
                Ok(!is_default || field.arity != Arity::Single)
            }
        }
    }

    /// Writes a scalar; true where it is the default value of its kind.
    fn scalar(&mut self, kind: Kind, value: Wire<'_>) -> Result<bool, Wrong> {
        match (kind, value) {
            (Kind::Text, Wire::Bytes(bytes)) => {
                let text = std::str::from_utf8(bytes).map_err(|_| Wrong::Utf8)?;
                serde_json::to_writer(&mut self.out, text).expect("a Vec takes any write");
                Ok(text.is_empty())
            }
            (Kind::Bool, Wire::Varint(value)) => {
                let text: &[u8] = if value != 0 { b"true" } else { b"false" };
                self.out.extend_from_slice(text);
                Ok(value == 0)
            }
            (Kind::Int64, Wire::Varint(value)) => {
                self.quoted(value.cast_signed());
                Ok(value == 0)
            }
            // Of both the low half decides, as in every implementation of protobuf.
            (Kind::Int32, Wire::Varint(value)) => {
                self.display((value as u32).cast_signed());
                Ok(value as u32 == 0)
            }
            (Kind::Uint32, Wire::Varint(value)) => {
                self.display(value as u32);
                Ok(value as u32 == 0)
            }
            (Kind::Sint32, Wire::Varint(value)) => {
                let value = value as u32;
                self.display((value >> 1).cast_signed() ^ -(value & 1).cast_signed());
                Ok(value == 0)
            }
            (Kind::Uint64, Wire::Varint(value)) => {
                self.quoted(value);
                Ok(value == 0)
            }
            (Kind::Sfixed64, Wire::Eight(bytes)) => {
                let value = i64::from_le_bytes(bytes);
                self.quoted(value);
                Ok(value == 0)
            }
            (Kind::Fixed64, Wire::Eight(bytes)) => {
                let value = u64::from_le_bytes(bytes);
                self.quoted(value);
                Ok(value == 0)
            }
            (Kind::Fixed32, Wire::Four(bytes)) => {
                let value = u32::from_le_bytes(bytes);
                self.display(value);
                Ok(value == 0)
            }
            (Kind::Double, Wire::Eight(bytes)) => Ok(self.double(f64::from_le_bytes(bytes))),
            (Kind::Hex, Wire::Bytes(bytes)) => {
                self.hex(bytes);
                Ok(bytes.is_empty())
            }
            (Kind::Base64, Wire::Bytes(bytes)) => {
                self.quoted(BASE64.encode(bytes));
                Ok(bytes.is_empty())
            }
            _ => Err(Wrong::Type),
        }
    }

    fn double(&mut self, value: f64) -> bool {
        if value.is_finite() {
            serde_json::to_writer(&mut self.out, &value).expect("a Vec takes any write");
        } else if value.is_nan() {
            self.quoted("NaN");
        } else {
            self.quoted(if value > 0.0 { "Infinity" } else { "-Infinity" });
        }
        value.to_bits() == 0
    }

    fn hex(&mut self, bytes: &[u8]) {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        self.out.push(b'"');
        for byte in bytes {
            self.out.push(DIGITS[usize::from(byte >> 4)]);
            self.out.push(DIGITS[usize::from(byte & 15)]);
        }
        self.out.push(b'"');
    }

    /// Only for what needs no escape.
    fn quoted(&mut self, value: impl std::fmt::Display) {
        self.out.push(b'"');
        self.display(value);
        self.out.push(b'"');
    }

    fn display(&mut self, value: impl std::fmt::Display) {
        use std::io::Write as _;
        write!(self.out, "{value}").expect("a Vec takes any write");
    }
}

/// How numbers of this kind lie packed; None: what cannot be packed.
fn width(kind: Kind) -> Option<Width> {
    match kind {
        Kind::Text | Kind::Hex | Kind::Base64 | Kind::Message(_) => None,
        Kind::Bool | Kind::Int64 | Kind::Int32 | Kind::Uint32 | Kind::Sint32 | Kind::Uint64 => {
            Some(Width::Varint)
        }
        Kind::Fixed32 => Some(Width::Four),
        Kind::Fixed64 | Kind::Sfixed64 | Kind::Double => Some(Width::Eight),
    }
}

/// What is wrong with one scalar.
enum Wrong {
    Type,
    Utf8,
}

impl Wrong {
    fn fault(self, message: &Message, field: &Field) -> Fault {
        match self {
            Self::Type => Fault::Type(message.name, field.name),
            Self::Utf8 => Fault::Utf8(message.name, field.name),
        }
    }
}

/// Which fields of a message occur.
struct Present {
    /// By their place in the table.
    bits: u32,
    /// The one of a `oneof` that counts: the last.
    one_of: usize,
}

impl Present {
    /// Reads a message to its end, so that what is broken is refused before anything is written.
    fn of(message: &Message, bytes: &[u8]) -> Result<Self, Fault> {
        let mut present = Self { bits: 0, one_of: 0 };
        let mut entries = Entries::of(bytes);
        while let Some((tag, _)) = entries.next().map_err(|_| Fault::Broken(message.name))? {
            if let Some(at) = message.fields.iter().position(|field| field.tag == tag) {
                present.bits |= 1 << at;
                if message.fields[at].arity == Arity::OneOf {
                    present.one_of = at;
                }
            }
        }
        Ok(present)
    }

    fn has(&self, at: usize, arity: Arity) -> bool {
        self.bits & (1 << at) != 0 && (arity != Arity::OneOf || self.one_of == at)
    }
}
