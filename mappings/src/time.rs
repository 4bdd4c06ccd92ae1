//! Event times: every form that vendors write, to milliseconds and back.
//!
//! Text is RFC 3339 with any number of decimals, with a blank for the `T`, with `UTC` for the zone
//! or without a zone (then it is UTC). Numbers are an epoch in seconds, milliseconds, microseconds
//! or nanoseconds: the magnitudes of the four do not overlap between 1973 and 5138, and a number
//! outside of that is no time. Nothing here reads a clock.

use chrono::{DateTime, NaiveDateTime, SecondsFormat};

use crate::value::{self, Value};

/// The last millisecond of the year 9999: RFC 3339 has no year after it.
const LAST_MS: i64 = 253_402_300_799_999;

/// The time in a value, in milliseconds since 1970. None where it is no time between 1970 and 9999.
pub(crate) fn parse_ms(value: &Value) -> Option<i64> {
    let ms = match value {
        Value::Timestamp(time) => time.timestamp_millis(),
        Value::Integer(number) => epoch_ms(*number)?,
        Value::Float(number) => float_ms(number.into_inner())?,
        _ => text_ms(value::text(value)?)?,
    };
    (0..=LAST_MS).contains(&ms).then_some(ms)
}

/// RFC 3339 in UTC with milliseconds: `2026-11-12T09:14:07.412Z`.
pub(crate) fn format_ms(ms: i64) -> String {
    DateTime::from_timestamp_millis(ms.clamp(0, LAST_MS))
        .unwrap_or_default()
        .to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// An epoch in the unit that its magnitude tells.
fn epoch_ms(number: i64) -> Option<i64> {
    match number {
        100_000_000..100_000_000_000 => number.checked_mul(1000),
        100_000_000_000..100_000_000_000_000 => Some(number),
        100_000_000_000_000..100_000_000_000_000_000 => Some(number / 1000),
        100_000_000_000_000_000.. => Some(number / 1_000_000),
        _ => None,
    }
}

/// A fraction only makes sense of seconds or milliseconds.
fn float_ms(number: f64) -> Option<i64> {
    let ms = if (1e8..1e11).contains(&number) {
        number * 1000.0
    } else if (1e11..1e14).contains(&number) {
        number
    } else {
        return None;
    };
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the ranges above keep it within i64"
    )]
    Some(ms.round() as i64)
}

fn text_ms(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.timestamp_millis());
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return epoch_ms(text.parse().ok()?);
    }
    // With a zone that RFC 3339 does not know: GitLab's ` +0100` and Bitbucket's `T…+0100`.
    let zoned = ["%Y-%m-%d %H:%M:%S%.f %z", "%Y-%m-%dT%H:%M:%S%.f%z"]
        .iter()
        .find_map(|format| DateTime::parse_from_str(text, format).ok());
    if let Some(time) = zoned {
        return Some(time.timestamp_millis());
    }
    let bare = text.strip_suffix(" UTC").unwrap_or(text);
    ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(bare, format).ok())
        .map(|time| time.and_utc().timestamp_millis())
}

#[cfg(test)]
mod tests;
