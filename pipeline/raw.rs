//! The one form that a record has in the topic `raw`, both ways.
//!
//! What receive writes, normalize and replay read back, so the form is decided here and nowhere
//! else: the body is the message's value, the receive time is the message's time, and the rest of
//! the origin lies in the message's headers. `source`, `tenant` and `place` are ours; every other
//! header is a delivery header under its own name. They are not prefixed, so that somebody who
//! fills `raw` with a Kafka producer of their own writes `source: github.webhook` and
//! `x-github-event: push`, and nothing else.
//!
//! The key is empty: the records of one sender do not depend on each other, and any partition may
//! take the next one.
//!
//! What it refuses: to fail. A foreign message without headers is a record without a source, which
//! the mappings then recognize or refuse; a header that is not text is left out.

#[cfg(test)]
mod tests;

use bytes::Bytes;
use chaperone_mappings::{Origin, Record};

use crate::journal::Message;

const SOURCE: &str = "source";
const TENANT: &str = "tenant";
const PLACE: &str = "place";

/// The message that carries a record. A delivery header that bears one of our own three names is
/// left out, since it would come back as something else.
pub fn message(record: Record) -> Message {
    let Record { origin, body } = record;
    let own = [
        (SOURCE, origin.source),
        (TENANT, origin.tenant),
        (PLACE, origin.place),
    ];
    let mut headers: Vec<(String, Bytes)> = own
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| (name.to_owned(), Bytes::from(value)))
        .collect();
    headers.extend(
        origin
            .headers
            .into_iter()
            .filter(|(name, _)| !is_own(name))
            .map(|(name, value)| (name, Bytes::from(value))),
    );
    Message {
        key: Bytes::new(),
        value: body,
        headers,
        time_ms: origin.received_ms,
    }
}

/// The record that a message of `raw` carries. A record that brought no place of its own is at its
/// place in the journal: `raw/0@1234`.
pub fn record(message: &Message, partition: u32, offset: u64) -> Record {
    let mut origin = Origin {
        received_ms: message.time_ms,
        ..Origin::default()
    };
    for (name, value) in &message.headers {
        let Ok(text) = std::str::from_utf8(value) else {
            continue;
        };
        match name.as_str() {
            SOURCE => text.clone_into(&mut origin.source),
            TENANT => text.clone_into(&mut origin.tenant),
            PLACE => text.clone_into(&mut origin.place),
            _ => origin
                .headers
                .push((name.to_ascii_lowercase(), text.to_owned())),
        }
    }
    if origin.place.is_empty() {
        origin.place = format!("raw/{partition}@{offset}");
    }
    Record {
        origin,
        body: message.value.clone(),
    }
}

fn is_own(name: &str) -> bool {
    matches!(name, SOURCE | TENANT | PLACE)
}
