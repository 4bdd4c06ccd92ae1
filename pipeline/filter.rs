//! Which events of a replay go on: `--from`, `--to` and `--where`.

use anyhow::{Context, Result};
use chaperone_mappings::value::{lookup, text};
use chaperone_mappings::{Event, Value};
use chrono::{DateTime, NaiveDate, NaiveDateTime};

/// A choice of events; the default takes every one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    from_ms: Option<i64>,
    to_ms: Option<i64>,
    conditions: Vec<(String, String)>,
}

impl Filter {
    /// From the command line's texts.
    pub fn new(from: Option<&str>, to: Option<&str>, conditions: &[String]) -> Result<Self> {
        let conditions = conditions.iter().map(|condition| {
            let (field, value) = condition.split_once('=').with_context(|| {
                format!("--where {condition}: write it as FIELD=VALUE, like user.name=dana")
            })?;
            Ok((field.trim().to_owned(), value.to_owned()))
        });
        Ok(Self {
            from_ms: from.map(time).transpose().context("--from")?,
            to_ms: to.map(time).transpose().context("--to")?,
            conditions: conditions.collect::<Result<_>>()?,
        })
    }

    /// Whether an event goes on. `from` is inclusive, `to` is not; a field with several values
    /// needs one that is equal.
    pub fn takes(&self, event: &Event) -> bool {
        self.from_ms.is_none_or(|from| event.time_ms() >= from)
            && self.to_ms.is_none_or(|to| event.time_ms() < to)
            && self.conditions.iter().all(|(field, wanted)| {
                lookup(event.body(), field).is_some_and(|value| equals(value, wanted))
            })
    }
}

fn equals(value: &Value, wanted: &str) -> bool {
    match value {
        Value::Array(items) => items.iter().any(|item| equals(item, wanted)),
        Value::Object(_) => false,
        _ => match text(value) {
            Some(text) => text == wanted,
            None => value.to_string_lossy() == wanted,
        },
    }
}

/// RFC 3339, a date with a time, or a date, both in UTC.
fn time(text: &str) -> Result<i64> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Ok(time.timestamp_millis());
    }
    for form in [
        "%Y-%m-%dT%H:%M:%S",
        "%Y-%m-%dT%H:%M",
        "%Y-%m-%d %H:%M:%S",
        "%Y-%m-%d %H:%M",
    ] {
        if let Ok(time) = NaiveDateTime::parse_from_str(text, form) {
            return Ok(time.and_utc().timestamp_millis());
        }
    }
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").with_context(|| {
        format!("`{text}` is not a time; write 2026-11-12T09:14:07Z or 2026-11-12")
    })?;
    Ok(date
        .and_time(chrono::NaiveTime::MIN)
        .and_utc()
        .timestamp_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(json: &str) -> Event {
        Event::reopen(json.to_owned().into()).expect(json)
    }

    #[test]
    fn takes_by_time_and_by_value() {
        let event = event(
            r#"{"@timestamp":"2026-11-12T09:00:00.000Z","event":{"id":"1"},"user":{"roles":["a","b"]},"n":5,"ok":true}"#,
        );
        let takes = |from: Option<&str>, to: Option<&str>, conditions: &[&str]| {
            let conditions: Vec<String> = conditions.iter().map(ToString::to_string).collect();
            Filter::new(from, to, &conditions)
                .expect("valid")
                .takes(&event)
        };
        assert!(takes(None, None, &[]));
        assert!(takes(Some("2026-11-12T09:00:00Z"), None, &[]));
        assert!(!takes(None, Some("2026-11-12T09:00:00Z"), &[]));
        assert!(takes(
            Some("2026-11-12"),
            Some("2026-11-13"),
            &["user.roles=b", "n=5", "ok=true"]
        ));
        assert!(!takes(None, None, &["user.roles=c"]));
        assert!(!takes(None, None, &["absent=c"]));
    }

    #[test]
    fn says_what_to_write() {
        let error = Filter::new(Some("yesterday"), None, &[]).expect_err("not a time");
        assert!(format!("{error:#}").contains("2026-11-12T09:14:07Z"));
        assert!(Filter::new(None, None, &["user".into()]).is_err());
    }
}
