//! The cases beside each mapping: an input, and the events that it must become.
//!
//! `UPDATE_EXPECT=1 cargo test -p chaperone-mappings cases` writes what comes out into `expect`;
//! read the difference before you commit it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value as Json, json};

use super::{BUILTIN, record, run, worker};
use crate::normalize::Worker;
use crate::record::{Origin, Record};
use crate::time;
use crate::value::Value;

/// One file under `cases/`.
struct Case {
    path: PathBuf,
    source: String,
    content: Map<String, Json>,
}

#[test]
fn every_case_of_every_mapping_gives_what_it_expects() {
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let mut worker = worker();
    let mut differing = Vec::new();
    for mut case in all() {
        let got = outcome(&mut worker, &case.record(&case.source));
        if case.content.get("expect") == Some(&got) {
            continue;
        }
        if update {
            case.content.insert("expect".to_owned(), got);
            fs::write(&case.path, case.text()).expect("the case can be written");
        } else {
            let got = serde_json::to_string_pretty(&got).expect("JSON serializes");
            differing.push(format!("{}\ngot {got}", case.path.display()));
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n\n"));
}

#[test]
fn every_case_is_recognized_as_its_source() {
    let mut worker = worker();
    for case in all() {
        if case.content.get("recognized") == Some(&Json::Bool(false)) {
            continue;
        }
        let named = outcome(&mut worker, &case.record(&case.source));
        let recognized = outcome(&mut worker, &case.record("auto"));
        assert_eq!(recognized, named, "{}", case.path.display());
    }
}

#[test]
fn every_source_has_cases() {
    let with_cases: BTreeSet<String> = all().into_iter().map(|case| case.source).collect();
    let all: BTreeSet<String> = BUILTIN.names().map(str::to_owned).collect();
    assert_eq!(with_cases, all);
}

#[test]
fn an_event_passes_through_the_ecs_source_unchanged() {
    let mut worker = worker();
    for case in all() {
        let first = run(&mut worker, &case.record(&case.source));
        for event in first.events {
            let mut again = record("ecs", event.json().clone());
            again.origin.received_ms = 0;
            let second = run(&mut worker, &again);
            let json = second.events.first().map(|event| event.json().clone());
            assert_eq!(json.as_ref(), Some(event.json()), "{}", case.path.display());
        }
    }
}

#[test]
fn no_value_of_another_type_stops_a_mapping() {
    let mut worker = worker();
    for case in all() {
        let Some(input) = case.content.get("input") else {
            continue;
        };
        let mut pointers = Vec::new();
        collect_pointers(input, String::new(), &mut pointers);
        for pointer in pointers {
            for odd in [
                Json::Null,
                json!("[REDACTED:x:1:2:3]"),
                json!([[7, {"a": null}]]),
            ] {
                let mut changed = input.clone();
                *changed.pointer_mut(&pointer).expect("it was there") = odd.clone();
                let mut record = case.record(&case.source);
                record.body = serde_json::to_vec(&changed)
                    .expect("JSON serializes")
                    .into();
                for refusal in run(&mut worker, &record).refusals {
                    // A program refuses what has lost its name, at the line that says `abort`.
                    let refused = program_line(&refusal.detail);
                    let meant = refused.is_none_or(|line| line.contains("abort"));
                    let place = format!("{} {pointer} {odd}", case.path.display());
                    assert!(meant, "{place}: {} {}", refusal.code.name(), refusal.detail);
                }
            }
        }
    }
}

/// Every place below a value, as JSON pointers.
fn collect_pointers(value: &Json, at: String, found: &mut Vec<String>) {
    let children: Vec<(String, &Json)> = match value {
        Json::Object(object) => object
            .iter()
            .map(|(key, child)| (key.replace('~', "~0").replace('/', "~1"), child))
            .collect(),
        Json::Array(list) => list
            .iter()
            .enumerate()
            .map(|(index, child)| (index.to_string(), child))
            .collect(),
        _ => Vec::new(),
    };
    for (key, child) in children {
        let below = format!("{at}/{key}");
        found.push(below.clone());
        collect_pointers(child, below, found);
    }
}

/// The line of a program at which a refusal points.
fn program_line(detail: &str) -> Option<String> {
    let mut parts = detail.strip_prefix("mappings/")?.split(':');
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(parts.next()?);
    let line: usize = parts.next()?.parse().ok()?;
    let text = fs::read_to_string(path).ok()?;
    text.lines().nth(line - 1).map(str::to_owned)
}

impl Case {
    fn record(&self, source: &str) -> Record {
        let body = match self.content.get("text") {
            Some(text) => text.as_str().expect("`text` is text").as_bytes().to_vec(),
            None => serde_json::to_vec(&self.content["input"]).expect("JSON serializes"),
        };
        let received = self.content.get("received").and_then(Json::as_str);
        let headers = self.content.get("headers").and_then(Json::as_object);
        let headers = headers.into_iter().flatten();
        let text = |value: &Json| value.as_str().expect("a header is text").to_owned();
        Record {
            origin: Origin {
                source: source.to_owned(),
                received_ms: received.map_or(0, |text| {
                    time::parse_ms(&Value::from(text)).expect("`received` is a time")
                }),
                headers: headers
                    .map(|(name, value)| (name.clone(), text(value)))
                    .collect(),
                ..Origin::default()
            },
            body: body.into(),
        }
    }

    /// The file's text: the keys in the order in which a person reads them.
    fn text(&self) -> String {
        let keys = [
            "about",
            "recognized",
            "headers",
            "received",
            "input",
            "text",
            "expect",
        ];
        let known = keys
            .iter()
            .filter_map(|key| Some((key, self.content.get(*key)?)));
        let parts = known.map(|(key, value)| {
            let value = serde_json::to_string_pretty(value).expect("JSON serializes");
            format!("  \"{key}\": {}", value.replace('\n', "\n  "))
        });
        format!("{{\n{}\n}}\n", parts.collect::<Vec<_>>().join(",\n"))
    }
}

/// Events as they are, refusals as their code and detail.
fn outcome(worker: &mut Worker, record: &Record) -> Json {
    let out = run(worker, record);
    let events = out.events.iter().map(|event| {
        let mut event: Json =
            serde_json::from_slice(event.json()).expect("an event's JSON can be read");
        // Which rules redacted it changes with every new pattern and is not the mapping's business.
        if let Some(chaperone) = event["chaperone"].as_object_mut() {
            chaperone.remove("redaction");
        }
        event
    });
    let refusals = out.refusals.iter().map(|refusal| {
        json!({"refused": refusal.code.name(), "item": refusal.item, "detail": refusal.detail})
    });
    events.chain(refusals).collect()
}

fn all() -> Vec<Case> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut cases = Vec::new();
    for vendor in folders(root) {
        for stream in folders(&vendor) {
            if stream.join("mapping.toml").is_file() {
                cases.extend(of_source(&stream));
            }
        }
    }
    cases
}

fn of_source(stream: &Path) -> Vec<Case> {
    let names: Vec<_> = stream
        .iter()
        .rev()
        .take(2)
        .map(|part| part.to_string_lossy())
        .collect();
    let folder_name = format!("{}.{}", names[1], names[0]);
    let source = if folder_name == "ecs.events" {
        "ecs".to_owned()
    } else {
        folder_name
    };
    let mut paths: Vec<_> = fs::read_dir(stream.join("cases"))
        .into_iter()
        .flatten()
        .map(|entry| entry.expect("the folder can be read").path())
        .collect();
    paths.sort();
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).expect("the case can be read");
        let content = serde_json::from_str(&text)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Case {
            path,
            source: source.clone(),
            content,
        }
    };
    paths.into_iter().map(read).collect()
}

fn folders(parent: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(parent).expect("the folder can be read");
    let mut found: Vec<_> = entries
        .map(|entry| entry.expect("the folder can be read").path())
        .filter(|path| path.is_dir())
        .collect();
    found.sort();
    found
}
