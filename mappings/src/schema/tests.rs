use serde_json::Value as Json;

use super::*;
use table::Report;

mod ecs;
mod ocsf;
mod samples;
mod table;
mod udm;

const EVENT: &[u8] = br#"{"@timestamp":"2026-11-12T09:14:07.412Z","event":{"id":"a:1","kind":"event"},"x":{"y":[1]}}"#;

#[test]
fn a_schema_is_named() {
    for schema in Schema::ALL {
        assert_eq!(schema.name().parse(), Ok(schema));
    }
    let error = "cef".parse::<Schema>().expect_err("it is none").to_string();
    assert_eq!(error, "no schema `cef`; the schemas are ecs, ocsf, udm");
}

#[test]
fn what_is_no_event_leaves_the_buffer_alone() {
    let mut out = b"before".to_vec();
    for (json, why) in [
        ("[]", NotAnEvent::Lacks("@timestamp")),
        (r#"{"@timestamp":"never"}"#, NotAnEvent::Lacks("@timestamp")),
        (
            r#"{"@timestamp":"2026-11-12T09:14:07Z"}"#,
            NotAnEvent::Lacks("event.id"),
        ),
    ] {
        let got = convert_json(Schema::Ocsf, json.as_bytes(), &mut out);
        assert_eq!(got, Err(why));
    }
    let broken = convert_json(Schema::Udm, b"{", &mut out);
    assert!(matches!(broken, Err(NotAnEvent::Unreadable(_))));
    assert_eq!(out, b"before");
}

#[test]
fn what_has_no_home_is_kept() {
    for schema in [Schema::Ocsf, Schema::Udm] {
        let mut out = Vec::new();
        convert_json(schema, EVENT, &mut out).expect("an event");
        let text = String::from_utf8(out).expect("JSON is text");
        assert!(text.contains(r#""x":{"y":[1]}"#), "{text}");
    }
}

#[test]
fn every_expected_event_is_valid_in_every_schema() {
    let mut wrong = Vec::new();
    for sample in samples::all() {
        for schema in Schema::ALL {
            let mut report = Report::default();
            let document = converted(schema, &sample.event);
            match schema {
                Schema::Ecs => ecs::check(&document, &sample.own, &mut report),
                Schema::Ocsf => ocsf::check(&document, &mut report),
                Schema::Udm => udm::check(&document, &mut report),
            }
            for problem in report.0 {
                let (path, what) = (problem.path, problem.what);
                wrong.push(format!("{schema} {}: {path}: {what}", sample.place));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} problems\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

fn converted(schema: Schema, event: &Json) -> Json {
    let mut out = Vec::new();
    let json = event.to_string();
    convert_json(schema, json.as_bytes(), &mut out).expect("it is an event");
    serde_json::from_slice(&out)
        .unwrap_or_else(|error| panic!("{schema}: {error} in {}", String::from_utf8_lossy(&out)))
}
