//! A document as an item of a request: UDM, or a raw log.
//!
//! Nothing in it depends on the time of sending, so that what is sent again, also after a restart,
//! is the same bytes.

use std::collections::BTreeMap;

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
    /// A log, with what is the same in each.
    Log {
        namespace: Option<String>,
        /// JSON.
        labels: Option<Vec<u8>>,
    },
    /// An entry.
    LegacyLog,
}

impl Encoder {
    pub(super) fn new(options: &ChronicleOptions) -> Self {
        match (&options.logs, options.api) {
            (None, Api::Legacy) => Self::LegacyEvent,
            (None, _) => Self::Event,
            (Some(_), Api::Legacy) => Self::LegacyLog,
            (Some(logs), _) => Self::Log {
                namespace: logs.namespace.clone(),
                labels: labels(&logs.labels),
            },
        }
    }

    pub(super) fn encode(&self, document: &Document) -> Result<Bytes, Reason> {
        match self {
            Self::Event => udm(document, b"{\"udm\":", b"}"),
            Self::LegacyEvent => udm(document, b"", b""),
            Self::Log { namespace, labels } => {
                Ok(log(document, namespace.as_deref(), labels.as_deref()))
            }
            Self::LegacyLog => Ok(legacy_log(document)),
        }
    }
}

fn udm(document: &Document, before: &[u8], behind: &[u8]) -> Result<Bytes, Reason> {
    let mut event = Vec::with_capacity(document.json.len() * 2);
    event.extend_from_slice(before);
    schema::convert_json(schema::Schema::Udm, &document.json, &mut event)
        .map_err(|error| Reason::new("not_convertible", error.to_string()))?;
    event.extend_from_slice(behind);
    Ok(event.into())
}

fn log(document: &Document, namespace: Option<&str>, labels: Option<&[u8]>) -> Bytes {
    let mut buffer = Vec::with_capacity(document.json.len() * 4 / 3 + 256);
    let mut log = Object::begin(&mut buffer);
    log.text("data", &STANDARD.encode(&document.json));
    log.text("logEntryTime", &time(document.time_ms));
    log.text("collectionTime", &time(collected_ms(document)));
    log.text_if("environmentNamespace", namespace);
    if let Some(labels) = labels {
        log.raw("labels", labels);
    }
    log.end();
    buffer.into()
}

fn labels(labels: &BTreeMap<String, String>) -> Option<Vec<u8>> {
    let mut buffer = Vec::new();
    let mut object = Object::begin(&mut buffer);
    for (key, value) in labels {
        object.object(key, |label| label.text("value", value));
    }
    object.end();
    (!labels.is_empty()).then_some(buffer)
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
