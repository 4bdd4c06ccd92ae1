mod arbitrary;
mod oracle;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::resource::v1::Resource;
use proptest::prelude::*;
use prost::Message as _;
use serde_json::{Value, json};

use self::arbitrary::{logs_request, metrics_request, traces_request};
use self::oracle::{metrics_oracle, oracle, traces_oracle};
use super::super::schema::{LOGS_REQUEST, METRICS_REQUEST, TRACES_REQUEST};
use super::*;

fn transcode(bytes: &[u8]) -> Result<Value, Fault> {
    transcode_as(&LOGS_REQUEST, bytes)
}

fn transcode_as(message: &'static Message, bytes: &[u8]) -> Result<Value, Fault> {
    to_json(message, bytes, 1 << 24)
        .map(|json| serde_json::from_slice(&json).expect("the text is JSON"))
}

/// One request with one record.
fn request(record: LogRecord) -> ExportLogsServiceRequest {
    ExportLogsServiceRequest {
        resource_logs: vec![ResourceLogs {
            scope_logs: vec![ScopeLogs {
                log_records: vec![record],
                ..ScopeLogs::default()
            }],
            ..ResourceLogs::default()
        }],
    }
}

fn record_json(record: LogRecord) -> Value {
    let mut json = transcode(&request(record).encode_to_vec()).expect("valid");
    json["resourceLogs"][0]["scopeLogs"][0]["logRecords"][0].take()
}

#[test]
fn a_record_has_the_form_of_the_specification() {
    let record = LogRecord {
        time_unix_nano: 1_794_474_847_412_000_001,
        severity_number: 9,
        severity_text: "INFO".into(),
        event_name: "user_prompt".into(),
        trace_id: vec![0x5b, 0x8e, 0xff, 0x0a],
        span_id: vec![0xee],
        flags: 1,
        body: Some(AnyValue {
            value: Some(Any::StringValue("a \"quoted\" line\n\u{e4}\u{0}".into())),
        }),
        attributes: vec![
            attribute("negative", Any::IntValue(-1)),
            attribute("zero", Any::IntValue(0)),
            attribute("no", Any::BoolValue(false)),
            attribute("empty", Any::StringValue(String::new())),
            attribute("whole", Any::DoubleValue(2.0)),
            attribute("none", Any::DoubleValue(f64::NAN)),
            attribute("bytes", Any::BytesValue(vec![0xfb, 0xff])),
        ],
        ..LogRecord::default()
    };
    let expected = json!({
        "timeUnixNano": "1794474847412000001",
        "severityNumber": 9,
        "severityText": "INFO",
        "eventName": "user_prompt",
        "body": {"stringValue": "a \"quoted\" line\n\u{e4}\u{0}"},
        "attributes": [
            {"key": "negative", "value": {"intValue": "-1"}},
            {"key": "zero", "value": {"intValue": "0"}},
            {"key": "no", "value": {"boolValue": false}},
            {"key": "empty", "value": {"stringValue": ""}},
            {"key": "whole", "value": {"doubleValue": 2.0}},
            {"key": "none", "value": {"doubleValue": "NaN"}},
            {"key": "bytes", "value": {"bytesValue": "+/8="}},
        ],
        "flags": 1,
        "traceId": "5b8eff0a",
        "spanId": "ee",
    });
    assert_eq!(record_json(record), expected);
}

#[test]
fn an_empty_request_is_an_empty_object() {
    assert_eq!(to_json(&LOGS_REQUEST, b"", 10), Ok(b"{}".to_vec()));
}

#[test]
fn every_truncation_is_broken_or_shorter() {
    let record = LogRecord {
        attributes: vec![attribute("a", Any::StringValue("b".into()))],
        trace_id: vec![1; 16],
        ..LogRecord::default()
    };
    let bytes = request(record).encode_to_vec();
    for end in 1..bytes.len() {
        assert_eq!(
            transcode(&bytes[..end]),
            Err(Fault::Broken("ExportLogsServiceRequest")),
            "{end}"
        );
    }
}

#[test]
fn what_is_wrong_is_named_by_the_schema() {
    // ResourceLogs { schema_url: <0xff> }
    let text = transcode(&[0x0a, 3, 0x1a, 1, 0xff]);
    assert_eq!(text, Err(Fault::Utf8("ResourceLogs", "schemaUrl")));
    // ResourceLogs { schema_url: varint 1 }
    let kind = transcode(&[0x0a, 2, 0x18, 1]);
    assert_eq!(kind, Err(Fault::Type("ResourceLogs", "schemaUrl")));
    // A group, which OTLP never had.
    let group = transcode(&[0x0b]);
    assert_eq!(group, Err(Fault::Broken("ExportLogsServiceRequest")));
}

#[test]
fn what_is_unknown_is_skipped() {
    let mut bytes = request(LogRecord::default()).encode_to_vec();
    // Field 99, in every wire type.
    for unknown in [
        &[0x98, 0x06, 0x2a][..],
        &[0x99, 0x06, 1, 2, 3, 4, 5, 6, 7, 8],
        &[0x9a, 0x06, 2, 0xff, 0xff],
        &[0x9d, 0x06, 1, 2, 3, 4],
    ] {
        bytes.extend_from_slice(unknown);
    }
    let expected = json!({"resourceLogs": [{"scopeLogs": [{"logRecords": [{}]}]}]});
    assert_eq!(transcode(&bytes), Ok(expected));
}

/// Two halves of a message in two entries are one message, as protobuf says.
#[test]
fn a_split_message_is_merged() {
    let one = ResourceLogs {
        resource: Some(Resource {
            attributes: vec![attribute("a", Any::BoolValue(true))],
            ..Resource::default()
        }),
        ..ResourceLogs::default()
    };
    let twice = [one.encode_to_vec(), one.encode_to_vec()].concat();
    let decoded = ResourceLogs::decode(twice.as_slice()).expect("valid");
    let request = ExportLogsServiceRequest {
        resource_logs: vec![decoded],
    };
    let mut bytes = vec![0x0a, u8::try_from(twice.len()).expect("short")];
    bytes.extend(twice);
    assert_eq!(transcode(&bytes), Ok(oracle(&request)));
}

fn nested(levels: usize) -> Vec<u8> {
    let mut value = AnyValue { value: None };
    for _ in 0..levels {
        value = AnyValue {
            value: Some(Any::ArrayValue(ArrayValue {
                values: vec![value],
            })),
        };
    }
    request(LogRecord {
        body: Some(value),
        ..LogRecord::default()
    })
    .encode_to_vec()
}

/// What passes can be parsed by everything behind it.
#[test]
fn nesting_is_refused_before_a_parser_would() {
    let deepest = (1..100)
        .take_while(|levels| transcode(&nested(*levels)).is_ok())
        .last();
    assert_eq!(deepest, Some(37));
    assert_eq!(transcode(&nested(38)), Err(Fault::Deep));
    let bytes = nested_wire(200_000);
    assert_eq!(transcode(&bytes), Err(Fault::Deep));
}

/// Deeper than anything that could be built as a value.
fn nested_wire(levels: usize) -> Vec<u8> {
    let mut reversed = Vec::new();
    let wrap = |tag: u8, inside: &mut Vec<u8>| {
        let mut length = Vec::new();
        prost::encoding::encode_varint(inside.len() as u64, &mut length);
        inside.extend(length.into_iter().rev());
        inside.push(tag);
    };
    for _ in 0..levels {
        wrap(0x0a, &mut reversed);
        wrap(0x2a, &mut reversed);
    }
    for tag in [0x2a, 0x12, 0x12, 0x0a] {
        wrap(tag, &mut reversed);
    }
    reversed.reverse();
    reversed
}

#[test]
fn the_text_is_bounded() {
    // A dropped_attributes_count of 1 is 2 bytes on the wire and 29 in JSON.
    let records = vec![0x38, 1];
    let record = [&[0x12, 2][..], &records].concat().repeat(10_000);
    let mut scope = vec![0x12];
    prost::encoding::encode_varint(record.len() as u64, &mut scope);
    scope.extend(record);
    let mut bytes = vec![0x0a];
    prost::encoding::encode_varint(scope.len() as u64, &mut bytes);
    bytes.extend(scope);
    assert_eq!(to_json(&LOGS_REQUEST, &bytes, 100_000), Err(Fault::Large));
    assert!(to_json(&LOGS_REQUEST, &bytes, 1_000_000).is_ok());
}

fn attribute(key: &str, value: Any) -> KeyValue {
    KeyValue {
        key: key.into(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    }
}

/// Numbers of a list may lie packed or one by one; a decoder takes both.
#[test]
fn numbers_that_are_not_packed_are_a_list_too() {
    // Metric { histogram { data_points { bucket_counts: 1, bucket_counts: 2 } } }
    let mut point = Vec::new();
    for count in [1_u64, 2] {
        point.push(0x31);
        point.extend(count.to_le_bytes());
    }
    let wrap = |key: u8, inside: &[u8]| {
        let length = u8::try_from(inside.len()).expect("short");
        [&[key, length][..], inside].concat()
    };
    let metric = wrap(0x4a, &wrap(0x0a, &point));
    let bytes = wrap(0x0a, &wrap(0x12, &wrap(0x12, &metric)));
    let json = transcode_as(&METRICS_REQUEST, &bytes).expect("valid");
    let metric = &json["resourceMetrics"][0]["scopeMetrics"][0]["metrics"][0];
    let expected = json!({"dataPoints": [{"bucketCounts": ["1", "2"]}]});
    assert_eq!(metric["histogram"], expected);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn the_text_is_what_the_generated_types_say(request in logs_request()) {
        prop_assert_eq!(transcode(&request.encode_to_vec()), Ok(oracle(&request)));
    }

    #[test]
    fn of_metrics_too(request in metrics_request()) {
        let json = transcode_as(&METRICS_REQUEST, &request.encode_to_vec());
        prop_assert_eq!(json, Ok(metrics_oracle(&request)));
    }

    #[test]
    fn of_traces_too(request in traces_request()) {
        let json = transcode_as(&TRACES_REQUEST, &request.encode_to_vec());
        prop_assert_eq!(json, Ok(traces_oracle(&request)));
    }

    /// Any bytes at all: an answer, and the same one as a decoder's wherever both know one.
    #[test]
    fn any_bytes_give_an_answer(
        request in logs_request(),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = request.encode_to_vec();
        for (at, byte) in flips {
            if !bytes.is_empty() {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
        }
        let decoded = ExportLogsServiceRequest::decode(bytes.as_slice());
        if let (Ok(request), Ok(json)) = (decoded, transcode(&bytes))
            && !format!("{request:?}").contains("StringValueStrindex")
        {
            prop_assert_eq!(json, oracle(&request));
        }
    }
}
