//! The messages of OTLP as tables: what [`transcode`](super::transcode) follows.
//!
//! Names, tags and types are those of opentelemetry-proto 1.x; a test compares the tables with the
//! generated types of the crate `opentelemetry-proto`. The order within a message is the order in
//! the JSON. Here is what all signals share; each signal has a file of its own.

mod logs;
mod metrics;
mod traces;

pub(super) use logs::LOGS_REQUEST;
pub(super) use metrics::METRICS_REQUEST;
pub(super) use traces::TRACES_REQUEST;

/// A message type.
pub(super) struct Message {
    /// For error texts.
    pub(super) name: &'static str,
    /// At most 32.
    pub(super) fields: &'static [Field],
}

/// A field of a message.
pub(super) struct Field {
    pub(super) tag: u32,
    /// The name in JSON.
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) arity: Arity,
}

/// How a field lies on the wire, and what it is in OTLP/JSON.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// UTF-8 text.
    Text,
    /// `true` or `false`.
    Bool,
    /// A signed varint; in JSON a string, since JSON numbers lose digits beyond 2^53.
    Int64,
    /// An enumeration, or a varint of 32 bits with a sign: a number in JSON.
    Int32,
    /// A varint of 32 bits without a sign: a number in JSON.
    Uint32,
    /// A varint of 32 bits whose lowest bit is the sign (`sint32`): a number in JSON.
    Sint32,
    /// An unsigned varint; a string in JSON.
    Uint64,
    /// Eight bytes, unsigned; a string in JSON.
    Fixed64,
    /// Eight bytes with a sign; a string in JSON.
    Sfixed64,
    /// Four bytes, unsigned; a number in JSON.
    Fixed32,
    /// Eight bytes; a number in JSON, or the strings `NaN`, `Infinity` and `-Infinity`.
    Double,
    /// Trace and span ids: hexadecimal in OTLP/JSON, unlike all other bytes.
    Hex,
    /// Bytes: base64.
    Base64,
    Message(&'static Message),
}

/// How often a field may occur, and whether its default value is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Arity {
    /// At most once; a scalar that has its default value is not written.
    Single,
    /// At most once; written whenever it is there, since its absence says something else than zero.
    Optional,
    /// One of several fields; written even if it has its default value.
    OneOf,
    /// Any number: an array. Numbers may lie packed, many in one entry.
    Repeated,
}

const fn field(tag: u32, name: &'static str, kind: Kind, arity: Arity) -> Field {
    Field {
        tag,
        name,
        kind,
        arity,
    }
}

use Arity::{OneOf, Repeated, Single};

static RESOURCE: Message = Message {
    name: "Resource",
    fields: &[
        field(1, "attributes", Kind::Message(&KEY_VALUE), Repeated),
        field(2, "droppedAttributesCount", Kind::Uint32, Single),
        field(3, "entityRefs", Kind::Message(&ENTITY_REF), Repeated),
    ],
};

static ENTITY_REF: Message = Message {
    name: "EntityRef",
    fields: &[
        field(1, "schemaUrl", Kind::Text, Single),
        field(2, "type", Kind::Text, Single),
        field(3, "idKeys", Kind::Text, Repeated),
        field(4, "descriptionKeys", Kind::Text, Repeated),
    ],
};

static SCOPE: Message = Message {
    name: "InstrumentationScope",
    fields: &[
        field(1, "name", Kind::Text, Single),
        field(2, "version", Kind::Text, Single),
        field(3, "attributes", Kind::Message(&KEY_VALUE), Repeated),
        field(4, "droppedAttributesCount", Kind::Uint32, Single),
    ],
};

static KEY_VALUE: Message = Message {
    name: "KeyValue",
    fields: &[
        field(1, "key", Kind::Text, Single),
        field(2, "value", Kind::Message(&ANY_VALUE), Single),
    ],
};

/// Tag 8, an index into the string table of a profile, does not occur in the other signals.
static ANY_VALUE: Message = Message {
    name: "AnyValue",
    fields: &[
        field(1, "stringValue", Kind::Text, OneOf),
        field(2, "boolValue", Kind::Bool, OneOf),
        field(3, "intValue", Kind::Int64, OneOf),
        field(4, "doubleValue", Kind::Double, OneOf),
        field(5, "arrayValue", Kind::Message(&ARRAY_VALUE), OneOf),
        field(6, "kvlistValue", Kind::Message(&KEY_VALUE_LIST), OneOf),
        field(7, "bytesValue", Kind::Base64, OneOf),
    ],
};

static ARRAY_VALUE: Message = Message {
    name: "ArrayValue",
    fields: &[field(1, "values", Kind::Message(&ANY_VALUE), Repeated)],
};

static KEY_VALUE_LIST: Message = Message {
    name: "KeyValueList",
    fields: &[field(1, "values", Kind::Message(&KEY_VALUE), Repeated)],
};
