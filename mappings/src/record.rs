//! What arrived: bytes and where they came from.

use bytes::Bytes;

/// One delivery as it was received.
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    /// Where it came from and when.
    pub origin: Origin,
    /// The bytes as received: JSON, or text that claims to be JSON.
    pub body: Bytes,
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
