//! Metrics: `opentelemetry.proto.collector.metrics.v1` and `opentelemetry.proto.metrics.v1`.

use super::Arity::{OneOf, Optional, Repeated, Single};
use super::{KEY_VALUE, Kind, Message, RESOURCE, SCOPE, field};

/// The body of a request to `/v1/metrics`.
pub(in super::super) static METRICS_REQUEST: Message = Message {
    name: "ExportMetricsServiceRequest",
    fields: &[field(
        1,
        "resourceMetrics",
        Kind::Message(&RESOURCE_METRICS),
        Repeated,
    )],
};

static RESOURCE_METRICS: Message = Message {
    name: "ResourceMetrics",
    fields: &[
        field(1, "resource", Kind::Message(&RESOURCE), Single),
        field(2, "scopeMetrics", Kind::Message(&SCOPE_METRICS), Repeated),
        field(3, "schemaUrl", Kind::Text, Single),
    ],
};

static SCOPE_METRICS: Message = Message {
    name: "ScopeMetrics",
    fields: &[
        field(1, "scope", Kind::Message(&SCOPE), Single),
        field(2, "metrics", Kind::Message(&METRIC), Repeated),
        field(3, "schemaUrl", Kind::Text, Single),
    ],
};

static METRIC: Message = Message {
    name: "Metric",
    fields: &[
        field(1, "name", Kind::Text, Single),
        field(2, "description", Kind::Text, Single),
        field(3, "unit", Kind::Text, Single),
        field(5, "gauge", Kind::Message(&GAUGE), OneOf),
        field(7, "sum", Kind::Message(&SUM), OneOf),
        field(9, "histogram", Kind::Message(&HISTOGRAM), OneOf),
        field(
            10,
            "exponentialHistogram",
            Kind::Message(&EXPONENTIAL_HISTOGRAM),
            OneOf,
        ),
        field(11, "summary", Kind::Message(&SUMMARY), OneOf),
        field(12, "metadata", Kind::Message(&KEY_VALUE), Repeated),
    ],
};

static GAUGE: Message = Message {
    name: "Gauge",
    fields: &[field(
        1,
        "dataPoints",
        Kind::Message(&NUMBER_DATA_POINT),
        Repeated,
    )],
};

static SUM: Message = Message {
    name: "Sum",
    fields: &[
        field(1, "dataPoints", Kind::Message(&NUMBER_DATA_POINT), Repeated),
        field(2, "aggregationTemporality", Kind::Int32, Single),
        field(3, "isMonotonic", Kind::Bool, Single),
    ],
};

static HISTOGRAM: Message = Message {
    name: "Histogram",
    fields: &[
        field(
            1,
            "dataPoints",
            Kind::Message(&HISTOGRAM_DATA_POINT),
            Repeated,
        ),
        field(2, "aggregationTemporality", Kind::Int32, Single),
    ],
};

static EXPONENTIAL_HISTOGRAM: Message = Message {
    name: "ExponentialHistogram",
    fields: &[
        field(
            1,
            "dataPoints",
            Kind::Message(&EXPONENTIAL_HISTOGRAM_DATA_POINT),
            Repeated,
        ),
        field(2, "aggregationTemporality", Kind::Int32, Single),
    ],
};

static SUMMARY: Message = Message {
    name: "Summary",
    fields: &[field(
        1,
        "dataPoints",
        Kind::Message(&SUMMARY_DATA_POINT),
        Repeated,
    )],
};

static NUMBER_DATA_POINT: Message = Message {
    name: "NumberDataPoint",
    fields: &[
        field(7, "attributes", Kind::Message(&KEY_VALUE), Repeated),
        field(2, "startTimeUnixNano", Kind::Fixed64, Single),
        field(3, "timeUnixNano", Kind::Fixed64, Single),
        field(4, "asDouble", Kind::Double, OneOf),
        field(6, "asInt", Kind::Sfixed64, OneOf),
        field(5, "exemplars", Kind::Message(&EXEMPLAR), Repeated),
        field(8, "flags", Kind::Uint32, Single),
    ],
};

static HISTOGRAM_DATA_POINT: Message = Message {
    name: "HistogramDataPoint",
    fields: &[
        field(9, "attributes", Kind::Message(&KEY_VALUE), Repeated),
        field(2, "startTimeUnixNano", Kind::Fixed64, Single),
        field(3, "timeUnixNano", Kind::Fixed64, Single),
        field(4, "count", Kind::Fixed64, Single),
        field(5, "sum", Kind::Double, Optional),
        field(6, "bucketCounts", Kind::Fixed64, Repeated),
        field(7, "explicitBounds", Kind::Double, Repeated),
        field(8, "exemplars", Kind::Message(&EXEMPLAR), Repeated),
        field(10, "flags", Kind::Uint32, Single),
        field(11, "min", Kind::Double, Optional),
        field(12, "max", Kind::Double, Optional),
    ],
};

static EXPONENTIAL_HISTOGRAM_DATA_POINT: Message = Message {
    name: "ExponentialHistogramDataPoint",
    fields: &[
        field(1, "attributes", Kind::Message(&KEY_VALUE), Repeated),
        field(2, "startTimeUnixNano", Kind::Fixed64, Single),
        field(3, "timeUnixNano", Kind::Fixed64, Single),
        field(4, "count", Kind::Fixed64, Single),
        field(5, "sum", Kind::Double, Optional),
        field(6, "scale", Kind::Sint32, Single),
        field(7, "zeroCount", Kind::Fixed64, Single),
        field(8, "positive", Kind::Message(&BUCKETS), Single),
        field(9, "negative", Kind::Message(&BUCKETS), Single),
        field(10, "flags", Kind::Uint32, Single),
        field(11, "exemplars", Kind::Message(&EXEMPLAR), Repeated),
        field(12, "min", Kind::Double, Optional),
        field(13, "max", Kind::Double, Optional),
        field(14, "zeroThreshold", Kind::Double, Single),
    ],
};

static BUCKETS: Message = Message {
    name: "Buckets",
    fields: &[
        field(1, "offset", Kind::Sint32, Single),
        field(2, "bucketCounts", Kind::Uint64, Repeated),
    ],
};

static SUMMARY_DATA_POINT: Message = Message {
    name: "SummaryDataPoint",
    fields: &[
        field(7, "attributes", Kind::Message(&KEY_VALUE), Repeated),
        field(2, "startTimeUnixNano", Kind::Fixed64, Single),
        field(3, "timeUnixNano", Kind::Fixed64, Single),
        field(4, "count", Kind::Fixed64, Single),
        field(5, "sum", Kind::Double, Single),
        field(
            6,
            "quantileValues",
            Kind::Message(&VALUE_AT_QUANTILE),
            Repeated,
        ),
        field(8, "flags", Kind::Uint32, Single),
    ],
};

static VALUE_AT_QUANTILE: Message = Message {
    name: "ValueAtQuantile",
    fields: &[
        field(1, "quantile", Kind::Double, Single),
        field(2, "value", Kind::Double, Single),
    ],
};

static EXEMPLAR: Message = Message {
    name: "Exemplar",
    fields: &[
        field(7, "filteredAttributes", Kind::Message(&KEY_VALUE), Repeated),
        field(2, "timeUnixNano", Kind::Fixed64, Single),
        field(3, "asDouble", Kind::Double, OneOf),
        field(6, "asInt", Kind::Sfixed64, OneOf),
        field(4, "spanId", Kind::Hex, Single),
        field(5, "traceId", Kind::Hex, Single),
    ],
};
