//! Reading a document's own words: id, kind, level, source, tenant and time.
//!
//! Only these few fields are looked at; the rest of the JSON is skipped, not built. A document that
//! lacks an id or a time is refused here, because nothing behind this point could deliver it once.

use std::borrow::Cow;

use bytes::Bytes;
use serde::Deserialize;

use super::{Document, Kind, Level};

/// Bytes that are no document. The text names fields, never content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotADocument {
    /// Not a JSON object with the fields that are read here in their right type.
    #[error("not a JSON document of an event or alert")]
    Json,
    /// No `event.id`.
    #[error("the document has no event.id")]
    Id,
    /// No `@timestamp` in RFC 3339.
    #[error("the document has no @timestamp in RFC 3339")]
    Time,
    /// A line break would make two lines of it.
    #[error("the document is not on one line")]
    Line,
}

#[derive(Deserialize)]
struct Head<'a> {
    #[serde(rename = "@timestamp", borrow, default)]
    timestamp: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    event: HeadEvent<'a>,
    #[serde(borrow, default)]
    chaperone: HeadChaperone<'a>,
}

#[derive(Deserialize, Default)]
struct HeadEvent<'a> {
    #[serde(borrow, default)]
    id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    kind: Option<Cow<'a, str>>,
}

#[derive(Deserialize, Default)]
struct HeadChaperone<'a> {
    #[serde(borrow, default)]
    source: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    tenant: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    alert: HeadAlert<'a>,
}

#[derive(Deserialize, Default)]
struct HeadAlert<'a> {
    #[serde(borrow, default)]
    level: Option<Cow<'a, str>>,
}

impl Document {
    /// Reads an event or an alert as the journal holds it: an alert where `event.kind` is `alert`,
    /// with `chaperone.alert.level` (an alert without a known level counts as high, so that no
    /// filter hides it).
    pub fn read(json: Bytes) -> Result<Self, NotADocument> {
        if json.iter().any(|byte| matches!(byte, b'\n' | b'\r')) {
            return Err(NotADocument::Line);
        }
        if !json.starts_with(b"{") {
            return Err(NotADocument::Json);
        }
        let head: Head<'_> = serde_json::from_slice(&json).map_err(|_| NotADocument::Json)?;
        let id = head.event.id.as_deref().filter(|id| !id.is_empty());
        let id: Box<str> = id.ok_or(NotADocument::Id)?.into();
        let time_ms = head
            .timestamp
            .as_deref()
            .and_then(|text| chrono::DateTime::parse_from_rfc3339(text).ok())
            .ok_or(NotADocument::Time)?
            .timestamp_millis();
        let (kind, level) = if head.event.kind.as_deref() == Some("alert") {
            let named = head.chaperone.alert.level.as_deref();
            let level = named.and_then(|name| name.parse().ok());
            (Kind::Alert, Some(level.unwrap_or(Level::High)))
        } else {
            (Kind::Event, None)
        };
        let source = head.chaperone.source.map(Box::from);
        let tenant = head.chaperone.tenant.map(Box::from);
        Ok(Self {
            id,
            kind,
            level,
            source,
            tenant,
            time_ms,
            json,
        })
    }
}
