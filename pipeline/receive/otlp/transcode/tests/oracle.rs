//! The mapping once more, from the generated types: written from the specification and sharing
//! nothing with the transcoder.

use base64::Engine as _;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::exponential_histogram_data_point::Buckets;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{
    Exemplar, ExponentialHistogramDataPoint, HistogramDataPoint, Metric, NumberDataPoint,
    SummaryDataPoint, exemplar, number_data_point,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::Span;
use serde_json::{Value, json};

/// It goes through text as well, since the parser of `serde_json` may miss the last digit of a
/// number.
pub(super) fn oracle(request: &ExportLogsServiceRequest) -> Value {
    through_text(&request_oracle(request))
}

fn through_text(json: &Value) -> Value {
    serde_json::from_str(&json.to_string()).expect("the text is JSON")
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

fn instrumentation_oracle(scope: &InstrumentationScope) -> Value {
    object([
        ("name", text(&scope.name)),
        ("version", text(&scope.version)),
        ("attributes", attributes_oracle(&scope.attributes)),
        (
            "droppedAttributesCount",
            number(scope.dropped_attributes_count),
        ),
    ])
}

fn scope_oracle(logs: &ScopeLogs) -> Value {
    object([
        ("scope", logs.scope.as_ref().map(instrumentation_oracle)),
        ("logRecords", list(&logs.log_records, record_oracle)),
        ("schemaUrl", text(&logs.schema_url)),
    ])
}

fn hex(bytes: &[u8]) -> Option<Value> {
    let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    (!text.is_empty()).then(|| json!(text))
}

fn nanos(value: u64) -> Option<Value> {
    (value != 0).then(|| json!(value.to_string()))
}

fn record_oracle(record: &LogRecord) -> Value {
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
        Any::DoubleValue(value) => ("doubleValue", double(*value)),
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

fn double(value: f64) -> Value {
    if value.is_nan() {
        json!("NaN")
    } else if value == f64::INFINITY {
        json!("Infinity")
    } else if value == f64::NEG_INFINITY {
        json!("-Infinity")
    } else {
        json!(value)
    }
}

/// A double that is not written where it is zero; the encoder takes minus zero for zero.
fn given(value: f64) -> Option<Value> {
    (value != 0.0).then(|| double(value))
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

pub(super) fn traces_oracle(request: &ExportTraceServiceRequest) -> Value {
    through_text(&object([(
        "resourceSpans",
        list(&request.resource_spans, |group| {
            object([
                ("resource", group.resource.as_ref().map(resource_oracle)),
                (
                    "scopeSpans",
                    list(&group.scope_spans, |scope| {
                        object([
                            ("scope", scope.scope.as_ref().map(instrumentation_oracle)),
                            ("spans", list(&scope.spans, span_oracle)),
                            ("schemaUrl", text(&scope.schema_url)),
                        ])
                    }),
                ),
                ("schemaUrl", text(&group.schema_url)),
            ])
        }),
    )]))
}

fn span_oracle(span: &Span) -> Value {
    let events = list(&span.events, |event| {
        object([
            ("timeUnixNano", nanos(event.time_unix_nano)),
            ("name", text(&event.name)),
            ("attributes", attributes_oracle(&event.attributes)),
            (
                "droppedAttributesCount",
                number(event.dropped_attributes_count),
            ),
        ])
    });
    let links = list(&span.links, |link| {
        object([
            ("traceId", hex(&link.trace_id)),
            ("spanId", hex(&link.span_id)),
            ("traceState", text(&link.trace_state)),
            ("attributes", attributes_oracle(&link.attributes)),
            (
                "droppedAttributesCount",
                number(link.dropped_attributes_count),
            ),
            ("flags", number(link.flags)),
        ])
    });
    let status = span.status.as_ref().map(|status| {
        object([
            ("message", text(&status.message)),
            ("code", signed(status.code)),
        ])
    });
    object([
        ("traceId", hex(&span.trace_id)),
        ("spanId", hex(&span.span_id)),
        ("parentSpanId", hex(&span.parent_span_id)),
        ("traceState", text(&span.trace_state)),
        ("flags", number(span.flags)),
        ("name", text(&span.name)),
        ("kind", signed(span.kind)),
        ("startTimeUnixNano", nanos(span.start_time_unix_nano)),
        ("endTimeUnixNano", nanos(span.end_time_unix_nano)),
        ("attributes", attributes_oracle(&span.attributes)),
        (
            "droppedAttributesCount",
            number(span.dropped_attributes_count),
        ),
        ("events", events),
        ("droppedEventsCount", number(span.dropped_events_count)),
        ("links", links),
        ("droppedLinksCount", number(span.dropped_links_count)),
        ("status", status),
    ])
}

pub(super) fn metrics_oracle(request: &ExportMetricsServiceRequest) -> Value {
    through_text(&object([(
        "resourceMetrics",
        list(&request.resource_metrics, |group| {
            object([
                ("resource", group.resource.as_ref().map(resource_oracle)),
                (
                    "scopeMetrics",
                    list(&group.scope_metrics, |scope| {
                        object([
                            ("scope", scope.scope.as_ref().map(instrumentation_oracle)),
                            ("metrics", list(&scope.metrics, metric_oracle)),
                            ("schemaUrl", text(&scope.schema_url)),
                        ])
                    }),
                ),
                ("schemaUrl", text(&group.schema_url)),
            ])
        }),
    )]))
}

fn metric_oracle(metric: &Metric) -> Value {
    let data = metric.data.as_ref().map(|data| match data {
        Data::Gauge(gauge) => (
            "gauge",
            object([("dataPoints", list(&gauge.data_points, number_oracle))]),
        ),
        Data::Sum(sum) => (
            "sum",
            object([
                ("dataPoints", list(&sum.data_points, number_oracle)),
                (
                    "aggregationTemporality",
                    signed(sum.aggregation_temporality),
                ),
                ("isMonotonic", sum.is_monotonic.then_some(json!(true))),
            ]),
        ),
        Data::Histogram(histogram) => (
            "histogram",
            object([
                ("dataPoints", list(&histogram.data_points, histogram_oracle)),
                (
                    "aggregationTemporality",
                    signed(histogram.aggregation_temporality),
                ),
            ]),
        ),
        Data::ExponentialHistogram(histogram) => (
            "exponentialHistogram",
            object([
                (
                    "dataPoints",
                    list(&histogram.data_points, exponential_oracle),
                ),
                (
                    "aggregationTemporality",
                    signed(histogram.aggregation_temporality),
                ),
            ]),
        ),
        Data::Summary(summary) => (
            "summary",
            object([("dataPoints", list(&summary.data_points, summary_oracle))]),
        ),
    });
    let fields = [
        ("name", text(&metric.name)),
        ("description", text(&metric.description)),
        ("unit", text(&metric.unit)),
        ("metadata", attributes_oracle(&metric.metadata)),
    ];
    let data = data.map(|(name, value)| (name, Some(value)));
    object(fields.into_iter().chain(data))
}

fn number_oracle(point: &NumberDataPoint) -> Value {
    let value = point.value.as_ref().map(|value| match value {
        number_data_point::Value::AsDouble(value) => ("asDouble", Some(double(*value))),
        number_data_point::Value::AsInt(value) => ("asInt", Some(json!(value.to_string()))),
    });
    let fields = [
        ("attributes", attributes_oracle(&point.attributes)),
        ("startTimeUnixNano", nanos(point.start_time_unix_nano)),
        ("timeUnixNano", nanos(point.time_unix_nano)),
        ("exemplars", list(&point.exemplars, exemplar_oracle)),
        ("flags", number(point.flags)),
    ];
    object(fields.into_iter().chain(value))
}

fn exemplar_oracle(exemplar: &Exemplar) -> Value {
    let value = exemplar.value.as_ref().map(|value| match value {
        exemplar::Value::AsDouble(value) => ("asDouble", Some(double(*value))),
        exemplar::Value::AsInt(value) => ("asInt", Some(json!(value.to_string()))),
    });
    let fields = [
        (
            "filteredAttributes",
            attributes_oracle(&exemplar.filtered_attributes),
        ),
        ("timeUnixNano", nanos(exemplar.time_unix_nano)),
        ("spanId", hex(&exemplar.span_id)),
        ("traceId", hex(&exemplar.trace_id)),
    ];
    object(fields.into_iter().chain(value))
}

fn histogram_oracle(point: &HistogramDataPoint) -> Value {
    object([
        ("attributes", attributes_oracle(&point.attributes)),
        ("startTimeUnixNano", nanos(point.start_time_unix_nano)),
        ("timeUnixNano", nanos(point.time_unix_nano)),
        ("count", nanos(point.count)),
        ("sum", point.sum.map(double)),
        (
            "bucketCounts",
            list(&point.bucket_counts, |count| json!(count.to_string())),
        ),
        (
            "explicitBounds",
            list(&point.explicit_bounds, |bound| double(*bound)),
        ),
        ("exemplars", list(&point.exemplars, exemplar_oracle)),
        ("flags", number(point.flags)),
        ("min", point.min.map(double)),
        ("max", point.max.map(double)),
    ])
}

fn exponential_oracle(point: &ExponentialHistogramDataPoint) -> Value {
    object([
        ("attributes", attributes_oracle(&point.attributes)),
        ("startTimeUnixNano", nanos(point.start_time_unix_nano)),
        ("timeUnixNano", nanos(point.time_unix_nano)),
        ("count", nanos(point.count)),
        ("sum", point.sum.map(double)),
        ("scale", signed(point.scale)),
        ("zeroCount", nanos(point.zero_count)),
        ("positive", point.positive.as_ref().map(buckets_oracle)),
        ("negative", point.negative.as_ref().map(buckets_oracle)),
        ("flags", number(point.flags)),
        ("exemplars", list(&point.exemplars, exemplar_oracle)),
        ("min", point.min.map(double)),
        ("max", point.max.map(double)),
        ("zeroThreshold", given(point.zero_threshold)),
    ])
}

fn buckets_oracle(buckets: &Buckets) -> Value {
    object([
        ("offset", signed(buckets.offset)),
        (
            "bucketCounts",
            list(&buckets.bucket_counts, |count| json!(count.to_string())),
        ),
    ])
}

fn summary_oracle(point: &SummaryDataPoint) -> Value {
    object([
        ("attributes", attributes_oracle(&point.attributes)),
        ("startTimeUnixNano", nanos(point.start_time_unix_nano)),
        ("timeUnixNano", nanos(point.time_unix_nano)),
        ("count", nanos(point.count)),
        ("sum", given(point.sum)),
        (
            "quantileValues",
            list(&point.quantile_values, |quantile| {
                object([
                    ("quantile", given(quantile.quantile)),
                    ("value", given(quantile.value)),
                ])
            }),
        ),
        ("flags", number(point.flags)),
    ])
}

fn signed(number: i32) -> Option<Value> {
    (number != 0).then(|| json!(number))
}
