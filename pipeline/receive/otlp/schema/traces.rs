//! Traces: `opentelemetry.proto.collector.trace.v1` and `opentelemetry.proto.trace.v1`.

use super::Arity::{Repeated, Single};
use super::{KEY_VALUE, Kind, Message, RESOURCE, SCOPE, field};

/// The body of a request to `/v1/traces`.
pub(in super::super) static TRACES_REQUEST: Message = Message {
    name: "ExportTraceServiceRequest",
    fields: &[field(
        1,
        "resourceSpans",
        Kind::Message(&RESOURCE_SPANS),
        Repeated,
    )],
};

static RESOURCE_SPANS: Message = Message {
    name: "ResourceSpans",
    fields: &[
        field(1, "resource", Kind::Message(&RESOURCE), Single),
        field(2, "scopeSpans", Kind::Message(&SCOPE_SPANS), Repeated),
        field(3, "schemaUrl", Kind::Text, Single),
    ],
};

static SCOPE_SPANS: Message = Message {
    name: "ScopeSpans",
    fields: &[
        field(1, "scope", Kind::Message(&SCOPE), Single),
        field(2, "spans", Kind::Message(&SPAN), Repeated),
        field(3, "schemaUrl", Kind::Text, Single),
    ],
};

static SPAN: Message = Message {
    name: "Span",
    fields: &[
        field(1, "traceId", Kind::Hex, Single),
        field(2, "spanId", Kind::Hex, Single),
        field(3, "traceState", Kind::Text, Single),
        field(4, "parentSpanId", Kind::Hex, Single),
        field(16, "flags", Kind::Fixed32, Single),
        field(5, "name", Kind::Text, Single),
        field(6, "kind", Kind::Int32, Single),
        field(7, "startTimeUnixNano", Kind::Fixed64, Single),
        field(8, "endTimeUnixNano", Kind::Fixed64, Single),
        field(9, "attributes", Kind::Message(&KEY_VALUE), Repeated),
        field(10, "droppedAttributesCount", Kind::Uint32, Single),
        field(11, "events", Kind::Message(&EVENT), Repeated),
        field(12, "droppedEventsCount", Kind::Uint32, Single),
        field(13, "links", Kind::Message(&LINK), Repeated),
        field(14, "droppedLinksCount", Kind::Uint32, Single),
        field(15, "status", Kind::Message(&STATUS), Single),
    ],
};

static EVENT: Message = Message {
    name: "Event",
    fields: &[
        field(1, "timeUnixNano", Kind::Fixed64, Single),
        field(2, "name", Kind::Text, Single),
        field(3, "attributes", Kind::Message(&KEY_VALUE), Repeated),
        field(4, "droppedAttributesCount", Kind::Uint32, Single),
    ],
};

static LINK: Message = Message {
    name: "Link",
    fields: &[
        field(1, "traceId", Kind::Hex, Single),
        field(2, "spanId", Kind::Hex, Single),
        field(3, "traceState", Kind::Text, Single),
        field(4, "attributes", Kind::Message(&KEY_VALUE), Repeated),
        field(5, "droppedAttributesCount", Kind::Uint32, Single),
        field(6, "flags", Kind::Fixed32, Single),
    ],
};

static STATUS: Message = Message {
    name: "Status",
    fields: &[
        field(2, "message", Kind::Text, Single),
        field(3, "code", Kind::Int32, Single),
    ],
};
