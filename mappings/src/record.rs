//! What arrived: bytes and where they came from.

use bytes::Bytes;

use crate::time;
use crate::value::{self, Value};

/// One delivery as it was received.
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    /// Where it came from and when.
    pub origin: Origin,
    /// The bytes as received: JSON, or text that claims to be JSON.
    pub body: Bytes,
}

/// The key that a recorded delivery begins with.
const RECORDED: &str = "chaperone.record";

impl Record {
    /// The record in one line of a file.
    ///
    /// Most lines are the body itself, and the origin is the one given. A **recorded delivery** is
    /// a body with what came with it:
    ///
    /// ```json
    /// {"chaperone.record": {"source": "github.webhook", "received": "2026-11-12T09:30:00Z",
    ///   "headers": {"x-github-event": "push"}, "tenant": "emea"}, "body": {"ref": "…"}}
    /// ```
    ///
    /// with `"text": "…"` in the place of `body` for what is not JSON, or must keep its bytes. Each
    /// part of the heading is optional and otherwise as in the origin given. A line that begins
    /// like a recorded delivery and is none is left as it is, to be refused with its place.
    pub fn from_line(line: impl Into<Bytes>, origin: Origin) -> Self {
        let line = line.into();
        if begins_recorded(&line)
            && let Some((body, origin)) = read_recorded(&line, &origin)
        {
            return Self { origin, body };
        }
        Self { origin, body: line }
    }
}

/// A cheap look at the first key: the heading, or in lines with sorted keys what it is about.
fn begins_recorded(line: &[u8]) -> bool {
    let object = line.trim_ascii_start().strip_prefix(b"{");
    let quoted = object.and_then(|rest| rest.trim_ascii_start().strip_prefix(b"\""));
    quoted.is_some_and(|rest| {
        rest.starts_with(RECORDED.as_bytes())
            || (rest.starts_with(b"body\"")
                && memchr::memmem::find(rest, RECORDED.as_bytes()).is_some())
    })
}

fn read_recorded(line: &[u8], given: &Origin) -> Option<(Bytes, Origin)> {
    let Value::Object(mut delivery) = value::parse(line).ok()? else {
        return None;
    };
    let heading = delivery.remove(RECORDED)?;
    let body = match (delivery.remove("body"), delivery.get("text")) {
        (Some(body), None) => {
            let mut json = Vec::with_capacity(line.len());
            value::write_json(&body, &mut json);
            Bytes::from(json)
        }
        (None, Some(text)) => Bytes::copy_from_slice(value::text(text)?.as_bytes()),
        _ => return None,
    };
    let mut origin = given.clone();
    if let Some(source) = value::text_at(&heading, "source") {
        source.clone_into(&mut origin.source);
    }
    if let Some(tenant) = value::text_at(&heading, "tenant") {
        tenant.clone_into(&mut origin.tenant);
    }
    if let Some(received) = value::lookup(&heading, "received") {
        origin.received_ms = time::parse_ms(received)?;
    }
    let headers = value::lookup(&heading, "headers").and_then(Value::as_object);
    for (name, header) in headers.into_iter().flatten() {
        let header = value::text(header)?.to_owned();
        origin.headers.push((name.to_lowercase(), header));
    }
    Some((body, origin))
}

/// Where a record came from. Nothing in here is event content, so it may be logged.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// The source's name (`github.webhook`, `otlp`), or empty: then the mappings recognize it.
    pub source: String,
    /// When it was received, in milliseconds since 1970.
    pub received_ms: i64,
    /// Whose it is; empty for the default tenant.
    pub tenant: String,
    /// Delivery headers that mappings use, names in lower case (`x-github-event`).
    pub headers: Vec<(String, String)>,
    /// A place that a person can go to: `file.ndjson:17`, `raw/0@1234`, a delivery id.
    pub place: String,
}

impl Origin {
    /// The value of a header; `name` in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

// A record may hold secrets, so its bytes never reach a log through `{:?}` (invariant I7).
impl std::fmt::Debug for Record {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Record")
            .field("origin", &self.origin)
            .field("bytes", &self.body.len())
            .finish()
    }
}

#[cfg(test)]
mod tests;
