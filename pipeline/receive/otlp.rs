//! OTLP over HTTP: how Claude Code, Codex, Gemini CLI and every OpenTelemetry SDK report.
//!
//! A request is protobuf or JSON, and the answer is in the same encoding, errors included
//! (`google.rpc.Status`), as the specification asks (<https://opentelemetry.io/docs/specs/otlp/>).
//! Protobuf becomes JSON at this door, so that `raw` holds one form; JSON stays as it came. One
//! request is one record of the source `otlp`; which agent sent it stands in its resource, and the
//! mappings look there.
//!
//! What it refuses: OTLP over gRPC (set the exporter's protocol to `http/protobuf` or `http/json`),
//! and the signals whose table entry below has no schema.

mod schema;
mod transcode;
mod wire;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Deserialize;
use serde::de::IgnoredAny;

use self::transcode::Fault;
use super::media::Media;
use super::refused::{Reason, Refused};
use super::text;

/// The source that OTLP records carry.
pub const SOURCE: &str = "otlp";

/// One kind of telemetry, at its own path.
pub(super) struct Signal {
    pub(super) path: &'static str,
    name: &'static str,
    /// The request's schema and its only key in JSON; None: not taken.
    request: Option<&'static schema::Message>,
}

/// All of them.
pub(super) static SIGNALS: [Signal; 3] = [
    Signal {
        path: "/v1/logs",
        name: "logs",
        request: Some(&schema::LOGS_REQUEST),
    },
    Signal {
        path: "/v1/metrics",
        name: "metrics",
        request: None,
    },
    Signal {
        path: "/v1/traces",
        name: "traces",
        request: None,
    },
];

impl Signal {
    /// Refuses a signal that is not taken, before anything is read.
    pub(super) fn check(&self) -> Result<(), Refused> {
        if self.request.is_some() {
            return Ok(());
        }
        Err(Refused::new(
            Reason::NotFound,
            format!("{} are not taken, only logs are", self.name),
            format!(
                "send logs to /v1/logs, and turn this exporter off: OTEL_{}_EXPORTER=none",
                self.name.to_ascii_uppercase()
            ),
        ))
    }

    /// The record's text: OTLP/JSON. None where the request is empty, which is fine.
    pub(super) fn record(
        &self,
        encoding: Encoding,
        body: Bytes,
        bytes_max: usize,
    ) -> Result<Option<Bytes>, Refused> {
        let Some(schema) = self.request else {
            return self.check().map(|()| None);
        };
        match encoding {
            Encoding::Protobuf if body.is_empty() => Ok(None),
            Encoding::Protobuf => transcode::to_json(schema, &body, bytes_max.saturating_mul(4))
                .map(|json| (json != b"{}").then(|| json.into()))
                .map_err(|fault| refuse(fault, bytes_max)),
            Encoding::Json => {
                text::check_json(&body)?;
                let request: LogsShape =
                    serde_json::from_slice(&body).map_err(|error| misshapen(&error))?;
                let is_empty = request.resource_logs.is_none_or(|logs| logs.is_empty());
                Ok((!is_empty).then_some(body))
            }
        }
    }
}

/// The top of a request as JSON. An unknown key there is refused: it would mean a request that looks
/// empty and is lost without a word.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct LogsShape {
    resource_logs: Option<Vec<IgnoredAny>>,
}

// The text of the error is not passed on, since it may hold values.
fn misshapen(error: &serde_json::Error) -> Refused {
    Refused::new(
        Reason::Malformed,
        format!(
            "the JSON is not a logs request at line {} column {}",
            error.line(),
            error.column()
        ),
        "the body is one object with the key resourceLogs, an array",
    )
}

fn refuse(fault: Fault, bytes_max: usize) -> Refused {
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
        "send an ExportLogsServiceRequest of OTLP 1.x",
    )
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

    /// Full success: an empty message.
    pub(super) fn accepted(self) -> Response {
        match self {
            Self::Protobuf => self.answer(StatusCode::OK, Vec::new()),
            Self::Json => self.answer(StatusCode::OK, b"{}".to_vec()),
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

/// `Status { int32 code = 1; string message = 2; }`, where the code is below 128 and the message is
/// cut to what two length bytes can say.
fn status(code: u8, message: &str) -> Vec<u8> {
    let message = &message.as_bytes()[..message.len().min(0x3fff)];
    let [low, high] = [message.len() & 0x7f, message.len() >> 7];
    let mut bytes = vec![0x08, code, 0x12, 0x80 | low as u8, high as u8];
    bytes.extend_from_slice(message);
    bytes
}
