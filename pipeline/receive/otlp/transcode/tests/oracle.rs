//! The mapping once more, from the generated types: written from the specification and sharing
//! nothing with the transcoder.

use base64::Engine as _;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ScopeLogs};
use opentelemetry_proto::tonic::resource::v1::Resource;
use serde_json::{Value, json};

/// It goes through text as well, since the parser of `serde_json` may miss the last digit of a
/// number.
pub(super) fn oracle(request: &ExportLogsServiceRequest) -> Value {
    let json = request_oracle(request).to_string();
    serde_json::from_str(&json).expect("the text is JSON")
}

fn request_oracle(request: &ExportLogsServiceRequest) -> Value {
    object([(
        "resourceLogs",
        list(&request.resource_logs, |logs| {
            object([
                ("resource", logs.resource.as_ref().map(resource_oracle)),
                ("scopeLogs", list(&logs.scope_logs, scope_oracle)),
                ("schemaUrl", text(&logs.schema_url)),
            ])
        }),
    )])
}

fn resource_oracle(resource: &Resource) -> Value {
    object([
        ("attributes", attributes_oracle(&resource.attributes)),
        (
            "droppedAttributesCount",
            number(resource.dropped_attributes_count),
        ),
        (
            "entityRefs",
            list(&resource.entity_refs, |entity| {
                object([
                    ("schemaUrl", text(&entity.schema_url)),
                    ("type", text(&entity.r#type)),
                    ("idKeys", list(&entity.id_keys, |key| json!(key))),
                    (
                        "descriptionKeys",
                        list(&entity.description_keys, |key| json!(key)),
                    ),
                ])
            }),
        ),
    ])
}

fn scope_oracle(logs: &ScopeLogs) -> Value {
    let scope = logs.scope.as_ref().map(|scope| {
        object([
            ("name", text(&scope.name)),
            ("version", text(&scope.version)),
            ("attributes", attributes_oracle(&scope.attributes)),
            (
                "droppedAttributesCount",
                number(scope.dropped_attributes_count),
            ),
        ])
    });
    object([
        ("scope", scope),
        ("logRecords", list(&logs.log_records, record_oracle)),
        ("schemaUrl", text(&logs.schema_url)),
    ])
}

fn record_oracle(record: &LogRecord) -> Value {
    let hex = |bytes: &[u8]| {
        let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        (!text.is_empty()).then(|| json!(text))
    };
    let nanos = |value: u64| (value != 0).then(|| json!(value.to_string()));
    object([
        ("timeUnixNano", nanos(record.time_unix_nano)),
        (
            "observedTimeUnixNano",
            nanos(record.observed_time_unix_nano),
        ),
        (
            "severityNumber",
            (record.severity_number != 0).then(|| json!(record.severity_number)),
        ),
        ("severityText", text(&record.severity_text)),
        ("eventName", text(&record.event_name)),
        ("body", record.body.as_ref().map(any_oracle)),
        ("attributes", attributes_oracle(&record.attributes)),
        (
            "droppedAttributesCount",
            number(record.dropped_attributes_count),
        ),
        ("flags", number(record.flags)),
        ("traceId", hex(&record.trace_id)),
        ("spanId", hex(&record.span_id)),
    ])
}

fn attributes_oracle(attributes: &[KeyValue]) -> Option<Value> {
    list(attributes, |attribute| {
        object([
            ("key", text(&attribute.key)),
            ("value", attribute.value.as_ref().map(any_oracle)),
        ])
    })
}

fn any_oracle(any: &AnyValue) -> Value {
    let member = any.value.as_ref().map(|value| match value {
        Any::StringValue(text) => ("stringValue", json!(text)),
        Any::BoolValue(value) => ("boolValue", json!(value)),
        Any::IntValue(value) => ("intValue", json!(value.to_string())),
        Any::DoubleValue(value) if value.is_nan() => ("doubleValue", json!("NaN")),
        Any::DoubleValue(value) if value.is_infinite() => {
            let text = if *value > 0.0 {
                "Infinity"
            } else {
                "-Infinity"
            };
            ("doubleValue", json!(text))
        }
        Any::DoubleValue(value) => ("doubleValue", json!(value)),
        Any::ArrayValue(array) => (
            "arrayValue",
            object([("values", list(&array.values, any_oracle))]),
        ),
        Any::KvlistValue(array) => (
            "kvlistValue",
            object([("values", attributes_oracle(&array.values))]),
        ),
        Any::BytesValue(bytes) => (
            "bytesValue",
            json!(base64::engine::general_purpose::STANDARD.encode(bytes)),
        ),
        Any::StringValueStrindex(_) => unreachable!("only in profiles, never generated here"),
    });
    object(member.map(|(name, value)| (name, Some(value))))
}

fn object(fields: impl IntoIterator<Item = (&'static str, Option<Value>)>) -> Value {
    fields
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect()
}

fn list<T>(items: &[T], write: impl Fn(&T) -> Value) -> Option<Value> {
    (!items.is_empty()).then(|| items.iter().map(write).collect())
}

fn text(text: &str) -> Option<Value> {
    (!text.is_empty()).then(|| json!(text))
}

fn number(number: u32) -> Option<Value> {
    (number != 0).then(|| json!(number))
}
