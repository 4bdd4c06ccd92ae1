//! Logs: `opentelemetry.proto.collector.logs.v1` and `opentelemetry.proto.logs.v1`.

use super::Arity::{Repeated, Single};
use super::{ANY_VALUE, KEY_VALUE, Kind, Message, RESOURCE, SCOPE, field};

/// The body of a request to `/v1/logs`.
pub(in super::super) static LOGS_REQUEST: Message = Message {
    name: "ExportLogsServiceRequest",
    fields: &[field(
        1,
        "resourceLogs",
        Kind::Message(&RESOURCE_LOGS),
        Repeated,
    )],
};

static RESOURCE_LOGS: Message = Message {
    name: "ResourceLogs",
    fields: &[
        field(1, "resource", Kind::Message(&RESOURCE), Single),
        field(2, "scopeLogs", Kind::Message(&SCOPE_LOGS), Repeated),
        field(3, "schemaUrl", Kind::Text, Single),
    ],
};

static SCOPE_LOGS: Message = Message {
    name: "ScopeLogs",
    fields: &[
        field(1, "scope", Kind::Message(&SCOPE), Single),
        field(2, "logRecords", Kind::Message(&LOG_RECORD), Repeated),
        field(3, "schemaUrl", Kind::Text, Single),
    ],
};

static LOG_RECORD: Message = Message {
    name: "LogRecord",
    fields: &[
        field(1, "timeUnixNano", Kind::Fixed64, Single),
        field(11, "observedTimeUnixNano", Kind::Fixed64, Single),
        field(2, "severityNumber", Kind::Int32, Single),
        field(3, "severityText", Kind::Text, Single),
        field(12, "eventName", Kind::Text, Single),
        field(5, "body", Kind::Message(&ANY_VALUE), Single),
        field(6, "attributes", Kind::Message(&KEY_VALUE), Repeated),
        field(7, "droppedAttributesCount", Kind::Uint32, Single),
        field(8, "flags", Kind::Fixed32, Single),
        field(9, "traceId", Kind::Hex, Single),
        field(10, "spanId", Kind::Hex, Single),
    ],
};
