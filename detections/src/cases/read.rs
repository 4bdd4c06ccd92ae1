//! Reads a cases file.

use chaperone_mappings::Event;
use chrono::{DateTime, SecondsFormat};
use serde_json::{Map, Value as Json};

use super::{Case, Expect};
use crate::parse::{RuleFile, duration_ms};
use crate::problem::{Problem, Problems, Severity};
use crate::yaml::{self, Data, Node, Scalar};

/// Where cases begin whose events name no time: 2026-01-05T12:00:00Z, a Monday noon.
const BEGINNING_MS: i64 = 1_767_614_400_000;

/// Reads every case of a file, or returns every problem.
pub fn read(file: &RuleFile) -> Result<Vec<Case>, Vec<Problem>> {
    let mut problems = Problems::new(&file.path);
    let mut cases = Vec::new();
    for document in &yaml::documents(&file.text, &mut problems) {
        match document.entry("cases").and_then(|entry| entry.value.list()) {
            Some(list) => {
                for node in list {
                    cases.extend(case(node, &file.path, &mut problems));
                }
            }
            None => problems.error(document.place, "expected `cases:` with a list of cases"),
        }
    }
    let problems = problems.into_list();
    if problems
        .iter()
        .any(|problem| problem.severity == Severity::Error)
    {
        return Err(problems);
    }
    Ok(cases)
}

fn case(node: &Node, path: &str, problems: &mut Problems) -> Option<Case> {
    for entry in node.map().unwrap_or_default() {
        if !["name", "rule", "events", "expect"].contains(&&*entry.key) {
            problems.error(
                entry.place,
                "a case has `name`, `rule`, `events` and `expect`",
            );
        }
    }
    let text = |key: &str| node.entry(key).and_then(|entry| entry.value.text());
    let Some(name) = text("name") else {
        problems.error(node.place, "`name` is missing; say what the case shows");
        return None;
    };
    let expect = expect(node, problems)?;
    let Some(list) = node.entry("events").and_then(|entry| entry.value.list()) else {
        problems.error(node.place, "`events` is missing; write a list of events");
        return None;
    };
    let mut events = Vec::with_capacity(list.len());
    for (number, node) in list.iter().enumerate() {
        events.extend(event(node, number, problems));
    }
    Some(Case {
        name: name.to_owned(),
        path: path.to_owned(),
        line: node.place.line,
        rule: text("rule").map(str::to_owned),
        events,
        expect,
    })
}

fn expect(node: &Node, problems: &mut Problems) -> Option<Expect> {
    const HELP: &str = "`expect` is `match`, `none` or `alerts: N`";
    let Some(entry) = node.entry("expect") else {
        problems.error(node.place, format!("`expect` is missing; {HELP}"));
        return None;
    };
    let count = || match entry.value.entry("alerts")?.value.scalar()? {
        Scalar::Integer(count) => usize::try_from(count).ok(),
        _ => None,
    };
    let found = match entry.value.text() {
        Some("match") => Some(Expect::Match),
        Some("none") => Some(Expect::None),
        Some(_) => None,
        None => count().map(Expect::Alerts),
    };
    if found.is_none() {
        problems.error(entry.value.place, HELP);
    }
    found
}

fn event(node: &Node, number: usize, problems: &mut Problems) -> Option<Event> {
    let Some(entries) = node.map() else {
        problems.error(
            node.place,
            format!("an event is a mapping, found {}", node.kind()),
        );
        return None;
    };
    let mut body = Map::new();
    let mut time_ms = BEGINNING_MS + number as i64 * 1000;
    for entry in entries {
        if entry.key == "at" {
            match entry.value.text().and_then(at) {
                Some(at) => time_ms = at,
                None => problems.error(
                    entry.value.place,
                    "`at` is a distance like `5m` or a time like 2026-01-05T12:00:00Z",
                ),
            }
            continue;
        }
        put(&mut body, &entry.key, json(&entry.value));
    }
    if find(&body, "@timestamp").is_none() {
        let time = DateTime::from_timestamp_millis(time_ms)?;
        let text = time.to_rfc3339_opts(SecondsFormat::Millis, true);
        body.insert("@timestamp".into(), text.into());
    }
    if find(&body, "event.id").is_none() {
        put(&mut body, "event.id", format!("case-event-{number}").into());
    }
    let event = Event::reopen(Json::Object(body).to_string().into());
    if event.is_none() {
        problems.error(
            node.place,
            "`@timestamp` is not an RFC 3339 time, or `event.id` is not text",
        );
    }
    event
}

fn at(text: &str) -> Option<i64> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.timestamp_millis());
    }
    let distance = if text == "0" { 0 } else { duration_ms(text)? };
    Some(BEGINNING_MS + distance)
}

fn find<'a>(body: &'a Map<String, Json>, path: &str) -> Option<&'a Json> {
    match path.split_once('.') {
        None => body.get(path),
        Some((first, rest)) => find(body.get(first)?.as_object()?, rest),
    }
}

/// Puts a value at a dotted path, beside what is there.
fn put(body: &mut Map<String, Json>, path: &str, value: Json) {
    let Some((first, rest)) = path.split_once('.') else {
        match (body.get_mut(path), value) {
            (Some(Json::Object(old)), Json::Object(new)) => {
                new.into_iter()
                    .for_each(|(key, value)| put(old, &key, value));
            }
            (_, value) => {
                body.insert(path.to_owned(), value);
            }
        }
        return;
    };
    let inner = body
        .entry(first)
        .or_insert_with(|| Json::Object(Map::new()));
    if let Json::Object(inner) = inner {
        put(inner, rest, value);
    }
}

fn json(node: &Node) -> Json {
    match &node.data {
        Data::List(items) => Json::Array(items.iter().map(json).collect()),
        Data::Map(entries) => {
            let mut map = Map::new();
            entries
                .iter()
                .for_each(|entry| put(&mut map, &entry.key, json(&entry.value)));
            Json::Object(map)
        }
        Data::Scalar { .. } => match node.scalar() {
            Some(Scalar::Bool(value)) => value.into(),
            Some(Scalar::Integer(value)) => value.into(),
            Some(Scalar::Float(value)) => value.into(),
            Some(Scalar::Text(text)) => text.into(),
            Some(Scalar::Null) | None => Json::Null,
        },
    }
}
