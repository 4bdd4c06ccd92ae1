//! What an OTLP exporter sees.

use std::io::Write as _;

use opentelemetry_proto::tonic::collector::logs::v1::{
    ExportLogsServiceRequest, ExportLogsServiceResponse,
};
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, any_value::Value as Any};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Number;
use opentelemetry_proto::tonic::metrics::v1::{
    Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum,
};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message as _;

use super::*;
use crate::raw;

const PROTOBUF: &str = "Content-Type: application/x-protobuf";
const JSON: &str = "Content-Type: application/json";

const LOGS: &str = "{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":\
                    [{\"body\":{\"stringValue\":\"a hunter2\"}}]}]}]}";
const SEALED: &str = "{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":\
                      [{\"body\":{\"stringValue\":\"a [REDACTED:test]\"}}]}]}]}";

/// `google.rpc.Status`, as its definition says.
#[derive(Clone, PartialEq, prost::Message)]
struct Status {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
}

/// The same request as [`LOGS`].
fn protobuf() -> Vec<u8> {
    let record = LogRecord {
        body: Some(AnyValue {
            value: Some(Any::StringValue("a hunter2".into())),
        }),
        ..LogRecord::default()
    };
    let scope = ScopeLogs {
        log_records: vec![record],
        ..ScopeLogs::default()
    };
    let logs = ResourceLogs {
        scope_logs: vec![scope],
        ..ResourceLogs::default()
    };
    ExportLogsServiceRequest {
        resource_logs: vec![logs],
    }
    .encode_to_vec()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("a Vec takes any write");
    encoder.finish().expect("a Vec takes any write")
}

#[tokio::test]
async fn every_encoding_gives_the_same_sealed_record() {
    let server = start(config()).await;
    let zstd = zstd::encode_all(LOGS.as_bytes(), 3).expect("a Vec takes any write");
    let gzipped = "Content-Encoding: gzip";
    for (headers, body) in [
        (vec![PROTOBUF], protobuf()),
        (vec![PROTOBUF, gzipped], gzip(&protobuf())),
        (vec![JSON], LOGS.into()),
        (vec![JSON, gzipped], gzip(LOGS.as_bytes())),
        (vec![JSON, "Content-Encoding: zstd"], zstd),
    ] {
        let answer = server.post("/v1/logs", &headers, body).await;
        assert_eq!(answer.status, 200, "{headers:?}");
        let is_json = headers[0] == JSON;
        let content_type = if is_json { JSON } else { PROTOBUF };
        assert_eq!(answer.header("content-type"), content_type.get(14..));
        if is_json {
            assert_eq!(answer.json(), serde_json::json!({}));
        } else {
            let response = ExportLogsServiceResponse::decode(answer.body.as_slice());
            assert_eq!(response, Ok(ExportLogsServiceResponse::default()));
        }
    }
    assert_eq!(server.ledger.bodies(), [SEALED; 5]);
    let record = raw::record(&server.ledger.messages()[0], 0, 0);
    assert_eq!(record.origin.source, OTLP_SOURCE);
    assert_eq!(record.origin.received_ms, NOW_MS);
    server.end().await;
}

#[tokio::test]
async fn an_empty_request_is_fine_and_stores_nothing() {
    let server = start(config()).await;
    for (header, body) in [
        (PROTOBUF, ""),
        (JSON, "{}"),
        (JSON, "{\"resourceLogs\":[]}"),
        (JSON, "{\"resourceLogs\":null}"),
    ] {
        let answer = server.post("/v1/logs", &[header], body).await;
        assert_eq!(answer.status, 200, "{body}");
    }
    let counts = server.end().await;
    assert_eq!((counts.accepted, counts.records), (4, 0));
}

#[tokio::test]
async fn errors_are_answered_in_the_encoding_of_the_request() {
    let server = start(config()).await;
    let answer = server.post("/v1/logs", &[PROTOBUF], &protobuf()[..9]).await;
    assert_eq!(answer.status, 400);
    let status = Status::decode(answer.body.as_slice()).expect("a Status");
    assert_eq!(status.code, 3);
    assert!(
        status
            .message
            .starts_with("the protobuf breaks off or is broken in ExportLogsServiceRequest"),
        "{status:?}"
    );
    for (body, expected) in [
        (
            "{\"resourceLogs\":",
            "the body is not JSON at line 1 column 16",
        ),
        (
            "{\"resourceLogs\":\"hunter2\"}",
            "the JSON is not an ExportLogsServiceRequest at line 1 column 25",
        ),
        (
            "{\"resource_logs\":[{}]}",
            "the JSON is not an ExportLogsServiceRequest at line 1 column 16",
        ),
        (
            "[]",
            "the JSON is not an ExportLogsServiceRequest at line 1 column 2",
        ),
    ] {
        let answer = server.post("/v1/logs", &[JSON], body).await;
        assert_eq!(answer.status, 400, "{body}");
        assert_eq!(answer.json()["code"], 3);
        let message = answer.json()["message"].as_str().expect("text").to_owned();
        assert!(message.starts_with(expected), "{message}");
    }
    let answer = server
        .post("/v1/logs", &["Content-Type: application/grpc"], "x")
        .await;
    assert_eq!(answer.status, 415);
    assert!(answer.json()["message"].to_string().contains("gRPC"));
    let answer = server
        .post("/v1/logs", &[JSON, "Content-Encoding: br"], "x")
        .await;
    assert_eq!(answer.status, 415);
    assert_eq!(server.end().await.refused.iter().sum::<u64>(), 7);
}

#[tokio::test]
async fn metrics_and_traces_have_their_doors() {
    let server = start(config()).await;
    let metrics = ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics {
            scope_metrics: vec![ScopeMetrics {
                metrics: vec![Metric {
                    name: "hunter2".into(),
                    data: Some(Data::Sum(Sum {
                        data_points: vec![NumberDataPoint {
                            value: Some(Number::AsInt(7)),
                            ..NumberDataPoint::default()
                        }],
                        aggregation_temporality: 1,
                        is_monotonic: true,
                    })),
                    ..Metric::default()
                }],
                ..ScopeMetrics::default()
            }],
            ..ResourceMetrics::default()
        }],
    };
    let traces = ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            scope_spans: vec![ScopeSpans {
                spans: vec![Span {
                    name: "chat".into(),
                    ..Span::default()
                }],
                ..ScopeSpans::default()
            }],
            ..ResourceSpans::default()
        }],
    };
    for (path, body) in [
        ("/v1/metrics", metrics.encode_to_vec()),
        ("/v1/traces", traces.encode_to_vec()),
    ] {
        let gzipped = [PROTOBUF, "Content-Encoding: gzip"];
        let answer = server.post(path, &gzipped, gzip(&body)).await;
        assert_eq!((answer.status, answer.body.len()), (200, 0), "{path}");
    }
    let expected = [
        r#"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"[REDACTED:test]","sum":{"dataPoints":[{"asInt":"7"}],"aggregationTemporality":1,"isMonotonic":true}}]}]}]}"#,
        r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"chat"}]}]}]}"#,
    ];
    assert_eq!(server.ledger.bodies(), expected);
    server.end().await;
}

/// What is not of the form is told to the sender and kept, in the encoding of the request.
#[tokio::test]
async fn a_part_that_is_not_of_the_form_is_a_partial_success() {
    let server = start(config()).await;
    for (path, body, key) in [
        (
            "/v1/logs",
            r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{},7,"x"]}]}]}"#,
            "rejectedLogRecords",
        ),
        (
            "/v1/metrics",
            r#"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"sum":{"dataPoints":[1,2]}}]}]}]}"#,
            "rejectedDataPoints",
        ),
        (
            "/v1/traces",
            r#"{"resourceSpans":[null,{"scopeSpans":[{"spans":[[]]}]}]}"#,
            "rejectedSpans",
        ),
    ] {
        let answer = server.post(path, &[JSON], body).await;
        assert_eq!(answer.status, 200, "{path}");
        let partial = answer.json()["partialSuccess"].clone();
        assert_eq!(partial[key], "2", "{partial}");
        assert!(partial["errorMessage"].to_string().contains("OTLP"));
    }
    // Metric { name: "m", 99: … }: a kind of data that no version has yet.
    let metric = [0x0a, 1, b'm', 0x9a, 0x06, 0];
    let scope = [&[0x12, 6][..], &metric].concat();
    let group = [&[0x12, 8][..], &scope].concat();
    let body = [&[0x0a, 10][..], &group].concat();
    let answer = server.post("/v1/metrics", &[PROTOBUF], body).await;
    let response = ExportMetricsServiceResponse::decode(answer.body.as_slice());
    let partial = response.expect("a response").partial_success;
    assert_eq!(partial.expect("partial").rejected_data_points, 1);
    assert_eq!(server.ledger.bodies().len(), 4);
    server.end().await;
}

#[tokio::test]
async fn other_methods_are_explained() {
    let server = start(config()).await;
    let answer = server
        .send("GET /v1/logs HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n")
        .await;
    assert_eq!(answer.status, 405);
    server.end().await;
}

#[tokio::test]
async fn a_bearer_token_is_asked_for_where_configured() {
    let mut config = config();
    config.otlp = SourceAccess {
        auth: Auth::Bearer(Secret::new("t0ken")),
        tenant: "acme".into(),
    };
    let server = start(config).await;
    let answer = server.post("/v1/logs", &[PROTOBUF], protobuf()).await;
    assert_eq!(answer.status, 401);
    assert_eq!(
        Status::decode(answer.body.as_slice()).map(|s| s.code),
        Ok(16)
    );
    let good = "Authorization: Bearer t0ken";
    let answer = server.post("/v1/logs", &[PROTOBUF, good], protobuf()).await;
    assert_eq!(answer.status, 200);
    let record = raw::record(&server.ledger.messages()[0], 0, 0);
    assert_eq!(record.origin.tenant, "acme");
    server.end().await;
}

/// A batch that an exporter sends again must become the same record again.
#[tokio::test]
async fn the_same_protobuf_gives_the_same_text() {
    let server = start(config()).await;
    for _ in 0..3 {
        server.post("/v1/logs", &[PROTOBUF], protobuf()).await;
    }
    let bodies = server.ledger.bodies();
    assert!(bodies.len() == 3 && bodies.iter().all(|body| *body == bodies[0]));
    server.end().await;
}
