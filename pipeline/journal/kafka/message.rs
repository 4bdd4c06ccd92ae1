//! A message as a record of Kafka, and back.
//!
//! The record's timestamp is when it was written, because the brokers' retention counts from it: an
//! event of last month that arrives today must not be deleted today. The message's own time travels
//! in the header `chaperone.time`: a version byte and milliseconds, big-endian. A record without it
//! was written by somebody else, and its timestamp is its time.
//!
//! A key that is empty is none. A record without a value is an empty message.

use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::Bytes;
use rdkafka::message::{BorrowedMessage, Header, Headers, Message as _, OwnedHeaders};

use crate::journal::{JournalError, Message};

const TIME: &str = "chaperone.time";
const VERSION: u8 = 1;

/// The headers of a record.
pub(super) fn headers(message: &Message) -> OwnedHeaders {
    let mut time = [VERSION; 9];
    time[1..].copy_from_slice(&message.time_ms.to_be_bytes());
    let all = OwnedHeaders::new_with_capacity(message.headers.len() + 1);
    let all = all.insert(Header {
        key: TIME,
        value: Some(&time[..]),
    });
    message.headers.iter().fold(all, |all, (name, value)| {
        all.insert(Header {
            key: name,
            value: Some(&value[..]),
        })
    })
}

/// What a record holds. Refuses only a time of a newer version.
pub(super) fn read(record: &BorrowedMessage<'_>) -> Result<Message, JournalError> {
    let mut message = Message {
        key: bytes(record.key()),
        value: bytes(record.payload()),
        headers: Vec::new(),
        time_ms: record.timestamp().to_millis().unwrap_or(0),
    };
    for (name, value) in named(record) {
        if name != TIME {
            message.headers.push((name, value));
            continue;
        }
        let time = value.first() == Some(&VERSION);
        let time = time.then(|| value[1..].try_into().ok()).flatten();
        let Some(time) = time else {
            return Err(JournalError::Io {
                doing: format!("reading {}/{}", record.topic(), record.partition()),
                detail: format!(
                    "offset {} was written by a newer version of chaperone; run that version",
                    record.offset()
                ),
            });
        };
        message.time_ms = i64::from_be_bytes(time);
    }
    Ok(message)
}

/// The headers of a record. The client panics where a header's name is not UTF-8, and anybody may
/// write such a record: that header is left out, as one is whose value is no text.
fn named(record: &BorrowedMessage<'_>) -> Vec<(String, Bytes)> {
    let Some(headers) = record.headers() else {
        return Vec::new();
    };
    let one = |index| {
        let header = catch_unwind(AssertUnwindSafe(|| headers.try_get(index))).ok()??;
        Some((header.key.to_owned(), bytes(header.value)))
    };
    (0..headers.count()).filter_map(one).collect()
}

fn bytes(slice: Option<&[u8]>) -> Bytes {
    slice.map(Bytes::copy_from_slice).unwrap_or_default()
}
