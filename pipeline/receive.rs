//! START of the way in: the HTTP server that takes deliveries and answers when they are durable.
//!
//! `POST /v1/sources/<source>` takes what a vendor's webhook sends (`auto` where one address gets
//! several sources), `POST /v1/logs`, `/v1/metrics` and `/v1/traces` take OTLP, `GET /healthz` says
//! that the server runs. A delivery goes through the same steps at both doors: who is it (`auth`),
//! read within the limits (`body`), unpack (`unpack`), check the form (`text`, `otlp`), seal obvious
//! secrets, append to `raw` together with whatever else arrived meanwhile (`append`). The sender gets
//! its 2xx after the append is durable and not
//! before: an answer is a promise (invariant I3).
//!
//! Everything is bounded (invariant I5): connections, the time of a head and of a body, the bytes of
//! one body and of all, the deliveries in work. What a bound refuses is counted by reason
//! ([`Counters`]) and told to the sender with a hint, never with a byte of what it sent
//! (invariant I7).
//!
//! What it refuses: to parse more than it must. Which mapping a record belongs to, what a field
//! means and whether the event is new are questions for normalize, where replay asks them too.

mod append;
mod auth;
mod body;
mod budget;
mod config;
mod counters;
mod door;
mod headers;
mod media;
mod otlp;
mod refused;
mod server;
mod text;
mod unpack;

#[cfg(test)]
mod tests;

pub use auth::{Auth, Secret};
pub use config::{ReceiveConfig, SourceAccess};
pub use counters::{Counters, Counts};
pub use otlp::SOURCE as OTLP_SOURCE;
pub use refused::Reason;
pub use server::{ReceiveError, Receiver};

/// Takes obvious secrets out of a text before it is stored.
pub trait Seal: Send + Sync + 'static {
    /// The text without its secrets; None where there is nothing to take out.
    fn seal(&self, text: &[u8]) -> Option<Vec<u8>>;
}

impl<F> Seal for F
where
    F: Fn(&[u8]) -> Option<Vec<u8>> + Send + Sync + 'static,
{
    fn seal(&self, text: &[u8]) -> Option<Vec<u8>> {
        self(text)
    }
}

/// The sources that have a mapping. Asked with every delivery, since mappings can be reloaded.
pub trait KnownSources: Send + Sync + 'static {
    /// True where a mapping has this name.
    fn knows(&self, source: &str) -> bool;
    /// The header that a source's vendor sends to be sent back, and the key of the answer.
    fn challenge(&self, _source: &str) -> Option<(String, String)> {
        None
    }
    /// All names, for a person who mistyped one.
    fn names(&self) -> Vec<String>;
    /// The body with which a delivery is answered, where its sender acts on it.
    fn answer(&self, _source: &str) -> Option<String> {
        None
    }
}
