//! Any request, for property tests.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, EntityRef, InstrumentationScope, KeyValue, KeyValueList,
};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::exponential_histogram_data_point::Buckets;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::summary_data_point::ValueAtQuantile;
use opentelemetry_proto::tonic::metrics::v1::{
    Exemplar, ExponentialHistogram, ExponentialHistogramDataPoint, Gauge, Histogram,
    HistogramDataPoint, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, Summary,
    SummaryDataPoint, exemplar, number_data_point,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
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

fn scope() -> impl Strategy<Value = Option<InstrumentationScope>> {
    let scope = (".{0,6}", attributes(), 0..2_u32).prop_map(|(name, attributes, dropped)| {
        InstrumentationScope {
            version: name.clone(),
            name,
            attributes,
            dropped_attributes_count: dropped,
        }
    });
    prop::option::of(scope)
}

fn resource() -> impl Strategy<Value = Option<Resource>> {
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
    prop::option::of(resource)
}

pub(super) fn logs_request() -> impl Strategy<Value = ExportLogsServiceRequest> {
    let records = prop::collection::vec(log_record(), 0..3);
    let scope_logs =
        (scope(), records, ".{0,4}").prop_map(|(scope, log_records, schema_url)| ScopeLogs {
            scope,
            log_records,
            schema_url,
        });
    let logs =
        (resource(), prop::collection::vec(scope_logs, 0..3)).prop_map(|(resource, scope_logs)| {
            ResourceLogs {
                resource,
                scope_logs,
                ..ResourceLogs::default()
            }
        });
    prop::collection::vec(logs, 0..3)
        .prop_map(|resource_logs| ExportLogsServiceRequest { resource_logs })
}

fn id() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..17)
}

fn span() -> impl Strategy<Value = Span> {
    let event = (any::<u64>(), ".{0,4}", attributes(), any::<u32>()).prop_map(
        |(time_unix_nano, name, attributes, dropped_attributes_count)| Event {
            time_unix_nano,
            name,
            attributes,
            dropped_attributes_count,
        },
    );
    let link = (id(), id(), ".{0,4}", attributes(), any::<u32>()).prop_map(
        |(trace_id, span_id, trace_state, attributes, flags)| Link {
            trace_id,
            span_id,
            trace_state,
            attributes,
            dropped_attributes_count: flags % 3,
            flags,
        },
    );
    let status = (".{0,4}", -1..3_i32).prop_map(|(message, code)| Status { message, code });
    let ids = (id(), id(), id());
    let texts = (".{0,4}", ".{0,4}");
    let numbers = (any::<i32>(), any::<u64>(), 0..2_u64, any::<u32>());
    let lists = (
        attributes(),
        prop::collection::vec(event, 0..3),
        prop::collection::vec(link, 0..3),
    );
    (ids, texts, numbers, lists, prop::option::of(status)).prop_map(
        |(ids, texts, numbers, lists, status)| Span {
            trace_id: ids.0,
            span_id: ids.1,
            parent_span_id: ids.2,
            trace_state: texts.0,
            name: texts.1,
            kind: numbers.0,
            start_time_unix_nano: numbers.1,
            end_time_unix_nano: numbers.2,
            flags: numbers.3,
            attributes: lists.0,
            dropped_attributes_count: numbers.3 % 2,
            events: lists.1,
            dropped_events_count: numbers.3 % 3,
            links: lists.2,
            dropped_links_count: numbers.3 % 5,
            status,
        },
    )
}

pub(super) fn traces_request() -> impl Strategy<Value = ExportTraceServiceRequest> {
    let spans = prop::collection::vec(span(), 0..3);
    let scope_spans =
        (scope(), spans, ".{0,4}").prop_map(|(scope, spans, schema_url)| ScopeSpans {
            scope,
            spans,
            schema_url,
        });
    let group = (
        resource(),
        prop::collection::vec(scope_spans, 0..3),
        ".{0,4}",
    )
        .prop_map(|(resource, scope_spans, schema_url)| ResourceSpans {
            resource,
            scope_spans,
            schema_url,
        });
    prop::collection::vec(group, 0..3)
        .prop_map(|resource_spans| ExportTraceServiceRequest { resource_spans })
}

fn exemplars() -> impl Strategy<Value = Vec<Exemplar>> {
    let value = prop_oneof![
        any::<i64>().prop_map(exemplar::Value::AsInt),
        any::<f64>().prop_map(exemplar::Value::AsDouble),
    ];
    let exemplar = (attributes(), any::<u64>(), id(), prop::option::of(value)).prop_map(
        |(filtered_attributes, time_unix_nano, span_id, value)| Exemplar {
            filtered_attributes,
            time_unix_nano,
            trace_id: span_id.clone(),
            span_id,
            value,
        },
    );
    prop::collection::vec(exemplar, 0..2)
}

type Common = (Vec<KeyValue>, u64, u64, u32);

/// What every data point has: attributes, two times and flags.
fn common() -> impl Strategy<Value = Common> {
    (attributes(), 0..2_u64, any::<u64>(), 0..3_u32)
}

fn number_point() -> impl Strategy<Value = NumberDataPoint> {
    let value = prop_oneof![
        any::<i64>().prop_map(number_data_point::Value::AsInt),
        any::<f64>().prop_map(number_data_point::Value::AsDouble),
    ];
    (common(), prop::option::of(value), exemplars()).prop_map(|(common, value, exemplars)| {
        NumberDataPoint {
            attributes: common.0,
            start_time_unix_nano: common.1,
            time_unix_nano: common.2,
            flags: common.3,
            exemplars,
            value,
        }
    })
}

type Moments = (u64, Option<f64>, Option<f64>, Option<f64>);

fn moments() -> impl Strategy<Value = Moments> {
    let some = || prop::option::of(prop_oneof![Just(0.0), any::<f64>()]);
    (any::<u64>(), some(), some(), some())
}

fn histogram_point() -> impl Strategy<Value = HistogramDataPoint> {
    let buckets = (
        prop::collection::vec(any::<u64>(), 0..4),
        prop::collection::vec(any::<f64>(), 0..4),
    );
    (common(), moments(), buckets, exemplars()).prop_map(|(common, moments, buckets, exemplars)| {
        HistogramDataPoint {
            attributes: common.0,
            start_time_unix_nano: common.1,
            time_unix_nano: common.2,
            flags: common.3,
            count: moments.0,
            sum: moments.1,
            min: moments.2,
            max: moments.3,
            bucket_counts: buckets.0,
            explicit_bounds: buckets.1,
            exemplars,
        }
    })
}

fn exponential_point() -> impl Strategy<Value = ExponentialHistogramDataPoint> {
    let buckets = || {
        let buckets = (any::<i32>(), prop::collection::vec(any::<u64>(), 0..4)).prop_map(
            |(offset, bucket_counts)| Buckets {
                offset,
                bucket_counts,
            },
        );
        prop::option::of(buckets)
    };
    let rest = (any::<i32>(), 0..3_u64, any::<f64>());
    (common(), moments(), rest, buckets(), buckets(), exemplars()).prop_map(
        |(common, moments, rest, positive, negative, exemplars)| ExponentialHistogramDataPoint {
            attributes: common.0,
            start_time_unix_nano: common.1,
            time_unix_nano: common.2,
            flags: common.3,
            count: moments.0,
            sum: moments.1,
            min: moments.2,
            max: moments.3,
            scale: rest.0,
            zero_count: rest.1,
            zero_threshold: rest.2,
            positive,
            negative,
            exemplars,
        },
    )
}

fn summary_point() -> impl Strategy<Value = SummaryDataPoint> {
    let quantile = (any::<f64>(), 0..2_i32).prop_map(|(quantile, value)| ValueAtQuantile {
        quantile,
        value: value.into(),
    });
    let quantiles = prop::collection::vec(quantile, 0..3);
    (common(), any::<u64>(), any::<f64>(), quantiles).prop_map(
        |(common, count, sum, quantile_values)| SummaryDataPoint {
            attributes: common.0,
            start_time_unix_nano: common.1,
            time_unix_nano: common.2,
            flags: common.3,
            count,
            sum,
            quantile_values,
        },
    )
}

fn metric() -> impl Strategy<Value = Metric> {
    let data = prop_oneof![
        prop::collection::vec(number_point(), 0..3)
            .prop_map(|data_points| Data::Gauge(Gauge { data_points })),
        (
            prop::collection::vec(number_point(), 0..3),
            0..3_i32,
            any::<bool>()
        )
            .prop_map(
                |(data_points, aggregation_temporality, is_monotonic)| Data::Sum(Sum {
                    data_points,
                    aggregation_temporality,
                    is_monotonic,
                })
            ),
        (prop::collection::vec(histogram_point(), 0..3), 0..3_i32).prop_map(
            |(data_points, aggregation_temporality)| Data::Histogram(Histogram {
                data_points,
                aggregation_temporality,
            })
        ),
        (prop::collection::vec(exponential_point(), 0..3), 0..3_i32).prop_map(
            |(data_points, aggregation_temporality)| {
                Data::ExponentialHistogram(ExponentialHistogram {
                    data_points,
                    aggregation_temporality,
                })
            }
        ),
        prop::collection::vec(summary_point(), 0..3)
            .prop_map(|data_points| Data::Summary(Summary { data_points })),
    ];
    let texts = (".{0,4}", ".{0,4}", ".{0,4}");
    (texts, attributes(), prop::option::of(data)).prop_map(|(texts, metadata, data)| Metric {
        name: texts.0,
        description: texts.1,
        unit: texts.2,
        metadata,
        data,
    })
}

pub(super) fn metrics_request() -> impl Strategy<Value = ExportMetricsServiceRequest> {
    let metrics = prop::collection::vec(metric(), 0..3);
    let scope_metrics =
        (scope(), metrics, ".{0,4}").prop_map(|(scope, metrics, schema_url)| ScopeMetrics {
            scope,
            metrics,
            schema_url,
        });
    let group = (
        resource(),
        prop::collection::vec(scope_metrics, 0..3),
        ".{0,4}",
    )
        .prop_map(|(resource, scope_metrics, schema_url)| ResourceMetrics {
            resource,
            scope_metrics,
            schema_url,
        });
    prop::collection::vec(group, 0..3)
        .prop_map(|resource_metrics| ExportMetricsServiceRequest { resource_metrics })
}
