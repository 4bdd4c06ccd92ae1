//! A document as an item of a request: UDM, or a raw log.
//!
//! Nothing in it depends on the time of sending, so that what is sent again, also after a restart,
//! is the same bytes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use chaperone_mappings::schema;
use chrono::DateTime;

use super::{Api, ChronicleOptions};
use crate::facts::Facts;
use crate::json::Object;
use crate::sink::{Document, Reason};

/// What is the same for every document.
pub(super) enum Encoder {
    /// `{"udm":{…}}`
    Event,
    /// `{…}`
    LegacyEvent,
    /// A log with the rest of its members, after the brace that opens it.
    Log { rest: String },
    /// An entry.
    LegacyLog,
}

impl Encoder {
    pub(super) fn new(options: &ChronicleOptions) -> Self {
        match (&options.logs, options.api) {
            (None, Api::Legacy) => Self::LegacyEvent,
            (None, _) => Self::Event,
            (Some(_), Api::Legacy) => Self::LegacyLog,
            (Some(logs), _) => {
                let mut buffer = Vec::new();
                let mut object = Object::begin(&mut buffer);
                object.text_if("environmentNamespace", logs.namespace.as_deref());
                if !logs.labels.is_empty() {
                    object.object("labels", |labels| {
                        for (key, value) in &logs.labels {
                            labels.object(key, |label| label.text("value", value));
                        }
                    });
                }
                object.end();
                let rest = String::from_utf8(buffer).expect("JSON is text");
                let rest = rest[1..].to_owned();
                Self::Log { rest }
            }
        }
    }

    pub(super) fn encode(&self, document: &Document) -> Result<Bytes, Reason> {
        match self {
            Self::Event => udm(document, b"{\"udm\":", b"}"),
            Self::LegacyEvent => udm(document, b"", b""),
            Self::Log { rest } => Ok(log(document, rest)),
            Self::LegacyLog => Ok(legacy_log(document)),
        }
    }
}

fn udm(document: &Document, before: &[u8], behind: &[u8]) -> Result<Bytes, Reason> {
    let mut buffer = Vec::with_capacity(document.json.len() * 2);
    let mut event = Vec::with_capacity(document.json.len() * 2);
    schema::convert_json(schema::Schema::Udm, &document.json, &mut event)
        .map_err(|error| Reason::new("not_convertible", error.to_string()))?;
    buffer.extend_from_slice(before);
    buffer.extend_from_slice(&event);
    buffer.extend_from_slice(behind);
    Ok(buffer.into())
}

fn log(document: &Document, rest: &str) -> Bytes {
    let mut buffer = Vec::with_capacity(document.json.len() * 4 / 3 + rest.len() + 128);
    let mut object = Object::begin(&mut buffer);
    object.text("data", &STANDARD.encode(&document.json));
    object.text("logEntryTime", &time(document.time_ms));
    object.text("collectionTime", &time(collected_ms(document)));
    drop(object);
    if rest != "}" {
        buffer.push(b',');
    }
    buffer.extend_from_slice(rest.as_bytes());
    buffer.into()
}

fn legacy_log(document: &Document) -> Bytes {
    let mut buffer = Vec::with_capacity(document.json.len() * 5 / 4 + 64);
    let mut entry = Object::begin(&mut buffer);
    let text = std::str::from_utf8(&document.json).expect("a document is JSON");
    entry.text("log_text", text);
    entry.text("ts_rfc3339", &time(document.time_ms));
    entry.end();
    buffer.into()
}

/// When it came to us, which Google wants to be after the log's own time.
fn collected_ms(document: &Document) -> i64 {
    let facts = Facts::read(&document.json);
    let created = facts.event.0.created.get();
    let created = created.and_then(|text| DateTime::parse_from_rfc3339(text).ok());
    let created_ms = created.map_or(0, |time| time.timestamp_millis());
    created_ms.max(document.time_ms + 1)
}

fn time(ms: i64) -> String {
    let time = DateTime::from_timestamp_millis(ms).unwrap_or_default();
    time.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}
