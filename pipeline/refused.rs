//! A refusal as a document: what the dead letters hold and `--emit refusals` prints.
//!
//! It carries the sealed text of the record, so that the record can be sent again after the
//! mapping was mended and the raw topic has moved on; the text is cut at [`TEXT_BYTES_MAX`].

use bytes::Bytes;
use chaperone_mappings::Refusal;
use chrono::{DateTime, SecondsFormat};
use serde_json::json;

/// The most that a dead letter keeps of a record.
pub const TEXT_BYTES_MAX: usize = 64 << 10;

/// A refusal with the sealed text of its record.
pub struct Refused<'a> {
    refusal: &'a Refusal,
    sealed: &'a [u8],
}

impl<'a> Refused<'a> {
    /// `sealed` is the record's text after the redactor, or empty.
    pub fn new(refusal: &'a Refusal, sealed: &'a [u8]) -> Self {
        Self { refusal, sealed }
    }

    /// The ECS document.
    pub fn to_json(&self) -> Bytes {
        let Refusal {
            code,
            origin,
            item,
            detail,
        } = self.refusal;
        let cut = self.sealed.len().min(TEXT_BYTES_MAX);
        let mut refusal = json!({
            "code": code.name(),
            "item": item,
            "place": origin.place,
            "bytes": self.sealed.len(),
        });
        if cut > 0 {
            refusal["record"] = String::from_utf8_lossy(&self.sealed[..cut]).into();
            refusal["truncated"] = (cut < self.sealed.len()).into();
        }
        let mut document = json!({
            "@timestamp": time_text(origin.received_ms),
            "ecs": { "version": "9.4.0" },
            "event": {
                "kind": "pipeline_error",
                "dataset": "chaperone.refusals",
                "id": format!("chaperone.refusals:{}/{item}", origin.place),
            },
            "error": { "code": code.name(), "message": detail },
            "chaperone": { "refusal": refusal },
        });
        if !origin.source.is_empty() {
            document["chaperone"]["source"] = origin.source.clone().into();
        }
        if !origin.tenant.is_empty() {
            document["chaperone"]["tenant"] = origin.tenant.clone().into();
        }
        document.to_string().into()
    }
}

/// Milliseconds since 1970 as RFC 3339.
pub fn time_text(ms: i64) -> String {
    DateTime::from_timestamp_millis(ms)
        .unwrap_or_default()
        .to_rfc3339_opts(SecondsFormat::Millis, true)
}
