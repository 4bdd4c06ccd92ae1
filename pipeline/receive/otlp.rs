//! OTLP over HTTP: how Claude Code, Codex, Gemini CLI and every OpenTelemetry SDK report.
//!
//! A request is protobuf or JSON, and the answer is in the same encoding, errors included
//! (`google.rpc.Status`), as the specification asks (<https://opentelemetry.io/docs/specs/otlp/>).
//! Protobuf becomes JSON at this door, so that `raw` holds one form; JSON stays as it came. One
//! request is one record of the source `otlp`; which agent sent it stands in its resource, and the
//! mappings look there.
//!
//! Logs, metrics and traces differ by a table entry. What of a request is not of the form is counted
//! and told to the sender, as the protocol's partial success; the rest is taken.
//!
//! What it refuses: OTLP over gRPC (set the exporter's protocol to `http/protobuf` or `http/json`).

mod schema;
mod tally;
mod transcode;
mod wire;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;

use self::tally::{Step, Tally, Way};
use self::transcode::Fault;
use super::media::Media;
use super::refused::{Reason, Refused};
use super::text;

/// The source that OTLP records carry.
pub const SOURCE: &str = "otlp";

/// One kind of telemetry, at its own path.
pub(super) struct Signal {
    pub(super) path: &'static str,
    /// What a request is called, and the only key in it.
    request: &'static schema::Message,
    /// The way from a request as JSON to its records.
    way: Way,
    /// The count of records in an answer, as JSON has it.
    rejected: &'static str,
}

static LOGS: Signal = Signal {
    path: "/v1/logs",
    request: &schema::LOGS_REQUEST,
    way: &[
        Step::Key("resourceLogs"),
        Step::Each,
        Step::Key("scopeLogs"),
        Step::Each,
        Step::Key("logRecords"),
        Step::Each,
    ],
    rejected: "rejectedLogRecords",
};

static METRICS: Signal = Signal {
    path: "/v1/metrics",
    request: &schema::METRICS_REQUEST,
    way: &[
        Step::Key("resourceMetrics"),
        Step::Each,
        Step::Key("scopeMetrics"),
        Step::Each,
        Step::Key("metrics"),
        Step::Each,
        Step::OneOf(&[
            "gauge",
            "sum",
            "histogram",
            "exponentialHistogram",
            "summary",
        ]),
        Step::Key("dataPoints"),
        Step::Each,
    ],
    rejected: "rejectedDataPoints",
};

static TRACES: Signal = Signal {
    path: "/v1/traces",
    request: &schema::TRACES_REQUEST,
    way: &[
        Step::Key("resourceSpans"),
        Step::Each,
        Step::Key("scopeSpans"),
        Step::Each,
        Step::Key("spans"),
        Step::Each,
    ],
    rejected: "rejectedSpans",
};

/// All of them.
pub(super) static SIGNALS: [&Signal; 3] = [&LOGS, &METRICS, &TRACES];

/// What a request holds.
pub(super) struct Taken {
    /// OTLP/JSON; None where the request is empty, which is fine.
    pub(super) record: Option<Bytes>,
    /// How many log records, data points or spans are not of the protocol's form.
    pub(super) rejected: u64,
}

impl Signal {
    /// Reads a request.
    pub(super) fn take(
        &self,
        encoding: Encoding,
        body: Bytes,
        bytes_max: usize,
    ) -> Result<Taken, Refused> {
        let json = match encoding {
            Encoding::Protobuf => {
                transcode::to_json(self.request, &body, bytes_max.saturating_mul(4))
                    .map_err(|fault| self.refuse(fault, bytes_max))?
                    .into()
            }
            Encoding::Json => {
                text::check_json(&body)?;
                body
            }
        };
        let tally = Tally::of(self.way, &json).map_err(|error| self.misshapen(&error))?;
        let is_empty = tally == Tally::default();
        Ok(Taken {
            record: (!is_empty).then_some(json),
            rejected: tally.rejected,
        })
    }

    // The text of the error is not passed on, since it may hold values.
    fn misshapen(&self, error: &serde_json::Error) -> Refused {
        Refused::new(
            Reason::Malformed,
            format!(
                "the JSON is not an {} at line {} column {}",
                self.request.name,
                error.line(),
                error.column()
            ),
            format!(
                "the body is one object with the key {}, an array",
                self.request.fields[0].name
            ),
        )
    }

    fn refuse(&self, fault: Fault, bytes_max: usize) -> Refused {
        let error = match fault {
            Fault::Broken(message) => format!("the protobuf breaks off or is broken in {message}"),
            Fault::Type(message, field) => format!("{message}.{field} has another type"),
            Fault::Utf8(message, field) => format!("{message}.{field} is not UTF-8"),
            Fault::Deep => "the values nest too deeply".to_owned(),
            Fault::Large => return Refused::too_large("as JSON", bytes_max.saturating_mul(4)),
        };
        Refused::new(
            Reason::Malformed,
            error,
            format!("send an {} of OTLP 1.x", self.request.name),
        )
    }

    /// The answer to a request that was taken: an empty message, or how much of it was not.
    pub(super) fn accepted(&self, encoding: Encoding, rejected: u64) -> Response {
        const ERROR: &str = "not of the form of OTLP 1.x; kept as dead letters";
        let body = match (encoding, rejected) {
            (Encoding::Protobuf, 0) => Vec::new(),
            (Encoding::Json, 0) => b"{}".to_vec(),
            (Encoding::Protobuf, rejected) => partial_success(rejected, ERROR),
            (Encoding::Json, rejected) => serde_json::json!({
                "partialSuccess": {self.rejected: rejected.to_string(), "errorMessage": ERROR}
            })
            .to_string()
            .into_bytes(),
        };
        encoding.answer(StatusCode::OK, body)
    }
}

/// How a request is encoded, and so its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Protobuf,
    Json,
}

impl Encoding {
    /// Reads `Content-Type`.
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, Refused> {
        match Media::of(headers) {
            Some(Media::Protobuf) => Ok(Self::Protobuf),
            Some(Media::Json) => Ok(Self::Json),
            _ => Err(Refused::new(
                Reason::MediaType,
                "this content type is not OTLP over HTTP",
                "use application/x-protobuf or application/json; OTLP over gRPC is not taken",
            )),
        }
    }

    /// `google.rpc.Status`.
    pub(super) fn refused(self, refused: &Refused) -> Response {
        let code = refused.reason.rpc_code();
        let message = format!("{}; {}", refused.error, refused.hint);
        let body = match self {
            Self::Json => serde_json::json!({"code": code, "message": message})
                .to_string()
                .into_bytes(),
            Self::Protobuf => status(code, &message),
        };
        self.answer(refused.reason.status(), body)
    }

    fn answer(self, status: StatusCode, body: Vec<u8>) -> Response {
        let content_type = HeaderValue::from_static(match self {
            Self::Protobuf => "application/x-protobuf",
            Self::Json => "application/json",
        });
        (status, [(header::CONTENT_TYPE, content_type)], body).into_response()
    }
}

/// `Status { int32 code = 1; string message = 2; }`, where the message is cut to a bound.
fn status(code: u8, message: &str) -> Vec<u8> {
    let mut bytes = vec![0x08, code];
    put_bytes(&mut bytes, 0x12, message.as_bytes());
    bytes
}

/// `Response { PartialSuccess partial_success = 1; }`, which is `{ int64 rejected = 1; string
/// error_message = 2; }`: the tags are the same for every signal.
fn partial_success(rejected: u64, message: &str) -> Vec<u8> {
    let mut inner = vec![0x08];
    put_varint(&mut inner, rejected);
    put_bytes(&mut inner, 0x12, message.as_bytes());
    let mut bytes = Vec::new();
    put_bytes(&mut bytes, 0x0a, &inner);
    bytes
}

/// Writes a field of bytes, of which at most 16 kB are taken.
fn put_bytes(to: &mut Vec<u8>, key: u8, bytes: &[u8]) {
    let bytes = &bytes[..bytes.len().min(0x3fff)];
    to.push(key);
    put_varint(to, bytes.len() as u64);
    to.extend_from_slice(bytes);
}

fn put_varint(to: &mut Vec<u8>, mut value: u64) {
    while value > 0x7f {
        to.push(0x80 | (value & 0x7f) as u8);
        value >>= 7;
    }
    to.push(value as u8);
}
