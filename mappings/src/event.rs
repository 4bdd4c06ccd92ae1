//! Drafts and events: before and after the redactor.
//!
//! A [`Draft`] is a mapped record that may hold secrets. It has no way out: it cannot be
//! serialized, cloned, printed or read from outside this crate. An [`Event`] is what the redactor
//! makes of a draft, and only the redactor can make one from a draft (invariant I1). The other
//! constructor, [`Event::reopen`], takes bytes that an event wrote into the journal.

use bytes::Bytes;

use crate::value::{self, Value};

/// A mapped record that may still hold secrets.
pub struct Draft {
    pub(crate) body: Value,
}

impl std::fmt::Debug for Draft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Draft(not shown: it may hold secrets)")
    }
}

/// A normalized event without secrets.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    body: Value,
    json: Bytes,
    id: Box<str>,
    time_ms: i64,
}

impl Event {
    /// The stable id (`event.id`).
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Event time (`@timestamp`), in milliseconds since 1970.
    pub fn time_ms(&self) -> i64 {
        self.time_ms
    }

    /// The normalized body (ECS).
    pub fn body(&self) -> &Value {
        &self.body
    }

    /// The body as compact JSON.
    pub fn json(&self) -> &Bytes {
        &self.json
    }

    /// The body as compact JSON, for whoever needs nothing else.
    pub fn into_json(self) -> Bytes {
        self.json
    }

    /// Reads back an event that [`Event::json`] wrote. Only for bytes from our own journal: nothing
    /// is redacted here. None where the bytes are not such an event.
    pub fn reopen(json: Bytes) -> Option<Self> {
        let body = value::parse(&json).ok()?;
        Self::assemble(body, json)
    }

    /// The only place where an event comes to be; `json` is the body's serialization, sealed.
    pub(crate) fn assemble(body: Value, json: Bytes) -> Option<Self> {
        let id = value::text_at(&body, "event.id")?.into();
        let time = value::text_at(&body, "@timestamp")?;
        let time_ms = chrono::DateTime::parse_from_rfc3339(time)
            .ok()?
            .timestamp_millis();
        Some(Self {
            body,
            json,
            id,
            time_ms,
        })
    }
}
