//! Any logs request, for property tests.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, EntityRef, InstrumentationScope, KeyValue, KeyValueList,
};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::resource::v1::Resource;
use proptest::prelude::*;

fn any_value() -> impl Strategy<Value = AnyValue> {
    let leaf = prop_oneof![
        ".{0,8}".prop_map(Any::StringValue),
        any::<bool>().prop_map(Any::BoolValue),
        any::<i64>().prop_map(Any::IntValue),
        any::<f64>().prop_map(Any::DoubleValue),
        prop::collection::vec(any::<u8>(), 0..8).prop_map(Any::BytesValue),
    ];
    let leaf = prop::option::weighted(0.9, leaf).prop_map(|value| AnyValue { value });
    leaf.prop_recursive(4, 24, 4, |inner| {
        let values = prop::collection::vec(inner.clone(), 0..4);
        let pairs = prop::collection::vec((".{0,4}", prop::option::of(inner)), 0..4);
        let pair = |(key, value)| KeyValue {
            key,
            value,
            ..KeyValue::default()
        };
        prop_oneof![
            values.prop_map(|values| Any::ArrayValue(ArrayValue { values })),
            pairs.prop_map(move |pairs| Any::KvlistValue(KeyValueList {
                values: pairs.into_iter().map(pair).collect()
            })),
        ]
        .prop_map(|value| AnyValue { value: Some(value) })
    })
}

fn attributes() -> impl Strategy<Value = Vec<KeyValue>> {
    let pair = (".{0,8}", prop::option::of(any_value())).prop_map(|(key, value)| KeyValue {
        key,
        value,
        ..KeyValue::default()
    });
    prop::collection::vec(pair, 0..4)
}

fn log_record() -> impl Strategy<Value = LogRecord> {
    let numbers = (any::<u64>(), 0..3_u64, any::<i32>(), any::<u32>());
    let ids = (
        prop::collection::vec(any::<u8>(), 0..17),
        prop::collection::vec(any::<u8>(), 0..9),
    );
    let texts = (".{0,6}", ".{0,6}");
    (
        numbers,
        ids,
        texts,
        prop::option::of(any_value()),
        attributes(),
    )
        .prop_map(|(numbers, ids, texts, body, attributes)| LogRecord {
            time_unix_nano: numbers.0,
            observed_time_unix_nano: numbers.1,
            severity_number: numbers.2,
            dropped_attributes_count: numbers.3,
            flags: numbers.3 / 2,
            trace_id: ids.0,
            span_id: ids.1,
            severity_text: texts.0,
            event_name: texts.1,
            body,
            attributes,
        })
}

pub(super) fn logs_request() -> impl Strategy<Value = ExportLogsServiceRequest> {
    let scope = (".{0,6}", attributes(), 0..2_u32).prop_map(|(name, attributes, dropped)| {
        InstrumentationScope {
            version: name.clone(),
            name,
            attributes,
            dropped_attributes_count: dropped,
        }
    });
    let records = prop::collection::vec(log_record(), 0..3);
    let scope_logs = (prop::option::of(scope), records, ".{0,4}").prop_map(
        |(scope, log_records, schema_url)| ScopeLogs {
            scope,
            log_records,
            schema_url,
        },
    );
    let entity = prop::collection::vec(".{0,4}", 0..3).prop_map(|keys| EntityRef {
        schema_url: keys.concat(),
        r#type: "service".into(),
        description_keys: keys.clone(),
        id_keys: keys,
    });
    let resource = (attributes(), prop::collection::vec(entity, 0..2)).prop_map(
        |(attributes, entity_refs)| Resource {
            attributes,
            entity_refs,
            ..Resource::default()
        },
    );
    let logs = (
        prop::option::of(resource),
        prop::collection::vec(scope_logs, 0..3),
    )
        .prop_map(|(resource, scope_logs)| ResourceLogs {
            resource,
            scope_logs,
            ..ResourceLogs::default()
        });
    prop::collection::vec(logs, 0..3)
        .prop_map(|resource_logs| ExportLogsServiceRequest { resource_logs })
}
