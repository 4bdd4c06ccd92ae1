//! What a webhook's body must be before it is taken: JSON, line by line where it is NDJSON.
//!
//! A broken delivery is refused while its sender still listens, instead of becoming a dead letter
//! that nobody connects with a sender. The check builds nothing and stores nothing: it finds the
//! end of the document or the place where it breaks. It says line and column, never what is there.

#[cfg(test)]
mod tests;

use bytes::Bytes;
use memchr::{memchr_iter, memrchr};
use serde::de::IgnoredAny;

use super::refused::{Reason, Refused};

/// Refuses what is not one JSON object or array.
pub(super) fn check_json(body: &[u8]) -> Result<(), Refused> {
    check_line(body, 1)
}

/// Cuts NDJSON into its documents; empty lines are skipped.
pub(super) fn lines(body: &Bytes, records_max: usize) -> Result<Vec<Bytes>, Refused> {
    let mut records = Vec::new();
    let mut start = 0;
    for (at, end) in memchr_iter(b'\n', body).chain([body.len()]).enumerate() {
        let line = body[start..end].trim_ascii();
        start = end + 1;
        if line.is_empty() {
            continue;
        }
        if records.len() == records_max {
            return Err(Refused::new(
                Reason::TooLarge,
                format!("the body has more than {records_max} records"),
                "send fewer lines at once, or raise `receive.records_max`",
            ));
        }
        check_line(line, at + 1)?;
        records.push(body.slice_ref(line));
    }
    Ok(records)
}

/// The JSON in a form: the field `payload`, or the whole body where a sender says form and means
/// JSON, as GitLab and a plain `curl -d` do.
pub(super) fn form(body: Bytes) -> Result<Bytes, Refused> {
    if matches!(body.trim_ascii_start().first(), Some(b'{' | b'[')) {
        return Ok(body);
    }
    let payload = body
        .split(|byte| *byte == b'&')
        .find_map(|field| field.strip_prefix(b"payload="));
    payload.map(|text| decode(text).into()).ok_or_else(|| {
        Refused::new(
            Reason::Malformed,
            "the form has no field named payload",
            "send JSON with Content-Type: application/json",
        )
    })
}

/// `+` is a space and `%41` is a byte; a `%` that begins no byte stays what it is.
fn decode(text: &[u8]) -> Vec<u8> {
    let digit = |at: usize| {
        text.get(at)
            .and_then(|byte| char::from(*byte).to_digit(16))
            .and_then(|digit| u8::try_from(digit).ok())
    };
    let mut bytes = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let (byte, width) = match (text[at], digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => (high << 4 | low, 3),
            (b'+', ..) => (b' ', 1),
            (byte, ..) => (byte, 1),
        };
        bytes.push(byte);
        at += width;
    }
    bytes
}

/// `first` is the number of the text's first line.
fn check_line(text: &[u8], first: usize) -> Result<(), Refused> {
    let broken = |what: &str, line: usize, column: usize| {
        Refused::new(
            Reason::Malformed,
            format!(
                "the body is not {what} at line {} column {column}",
                first + line - 1
            ),
            "send one JSON object or array; several need Content-Type: application/x-ndjson",
        )
    };
    if let Err(error) = std::str::from_utf8(text) {
        let good = &text[..error.valid_up_to()];
        let line = memchr_iter(b'\n', good).count() + 1;
        let column = good.len() - memrchr(b'\n', good).map_or(0, |at| at + 1) + 1;
        return Err(broken("UTF-8", line, column));
    }
    serde_json::from_slice::<IgnoredAny>(text)
        .map_err(|error| broken("JSON", error.line(), error.column()))?;
    match text.trim_ascii_start().first() {
        Some(b'{' | b'[') => Ok(()),
        _ => Err(broken("a JSON object or array", 1, 1)),
    }
}
