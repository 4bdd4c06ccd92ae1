//! A document behind its action: two lines, the second without its end.
//!
//! The end ([`tail`]) is the same for all of a request: `event.ingested` under its dotted name, which
//! both products read like the field in the object, and the closing brace.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use memchr::memmem::Finder;
use ring::digest::{SHA256, digest};

use crate::json::Object;
use crate::sink::{Document, Kind};

/// Longer ones are refused there.
const ID_BYTES_MAX: usize = 512;
/// What [`tail`] gives.
pub(super) const TAIL_BYTES: usize = r#","event.ingested":"2026-11-12T09:14:07.412Z"}"#.len() + 1;

/// What is the same for every document.
pub(super) struct Encoder {
    events: Stream,
    alerts: Stream,
    data_stream: Finder<'static>,
}

/// A data stream.
struct Stream {
    name: String,
    /// `,"data_stream":{…}`: the parts of the name, by which people filter.
    fields: Vec<u8>,
}

impl Encoder {
    pub(super) fn new(namespace: &str) -> Self {
        Self {
            events: Stream::new("chaperone.events", namespace),
            alerts: Stream::new("chaperone.alerts", namespace),
            data_stream: Finder::new(br#""data_stream""#),
        }
    }

    pub(super) fn encode(&self, document: &Document) -> Bytes {
        let stream = match document.kind {
            Kind::Event => &self.events,
            Kind::Alert => &self.alerts,
        };
        let mut buffer = Vec::with_capacity(document.json.len() + 512);
        let mut action = Object::begin(&mut buffer);
        action.object("create", |create| {
            create.text("_index", &stream.name);
            create.text("_id", &id(document));
        });
        action.end();
        buffer.push(b'\n');
        let json = document.json.trim_ascii_end();
        buffer.extend_from_slice(json.strip_suffix(b"}").unwrap_or(json));
        // A document that came from such a stream has them already, and a key may stand there once.
        if self.data_stream.find(json).is_none() {
            buffer.extend_from_slice(&stream.fields);
        }
        buffer.into()
    }
}

impl Stream {
    fn new(dataset: &str, namespace: &str) -> Self {
        let mut fields = br#","data_stream":"#.to_vec();
        let mut object = Object::begin(&mut fields);
        object.text("type", "logs");
        object.text("dataset", dataset);
        object.text("namespace", namespace);
        object.end();
        Self {
            name: format!("logs-{dataset}-{namespace}"),
            fields,
        }
    }
}

/// `event.id`, behind the tenant's name where there is one: two tenants may well have the same event.
/// A digest stands for what is too long for an `_id`.
fn id(document: &Document) -> String {
    let id = match &document.tenant {
        Some(tenant) => format!("{tenant}/{}", document.id),
        None => document.id.to_string(),
    };
    if id.len() <= ID_BYTES_MAX {
        return id;
    }
    let digest = digest(&SHA256, id.as_bytes());
    let bytes = digest.as_ref().iter();
    bytes.map(|byte| format!("{byte:02x}")).collect()
}

/// The end of every document of a request that is sent now.
pub(super) fn tail(now: DateTime<Utc>) -> String {
    format!(",\"event.ingested\":\"{}\"}}\n", super::text(now))
}
