use serde_json::{Value as Json, json};

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
    let event: Json = serde_json::from_slice(EVENT).expect("JSON");
    let ocsf = converted(Schema::Ocsf, &event);
    assert_eq!(ocsf["unmapped"]["x"], event["x"]);
    let udm = converted(Schema::Udm, &event);
    assert_eq!(udm["additional"]["x.y"], event["x"]["y"]);
}

#[test]
fn an_event_in_memory_gives_what_its_json_gives() {
    let mut event = value::parse(EVENT).expect("JSON");
    let time = chrono::DateTime::from_timestamp_millis(1_794_475_800_000).expect("a time");
    value::insert(&mut event, "event.reason", time);
    let mut json = Vec::new();
    value::write_json(&event, &mut json);
    for schema in Schema::ALL {
        let (mut first, mut second) = (Vec::new(), Vec::new());
        convert(schema, &event, &mut first).expect("an event");
        convert_json(schema, &json, &mut second).expect("an event");
        assert_eq!(String::from_utf8(first), String::from_utf8(second));
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

/// As many are changed in every place.
const SAMPLES: usize = 40;

/// A source that somebody writes for himself may put anything anywhere, and an importer refuses a
/// whole batch for one wrong value.
#[test]
fn a_value_of_another_type_makes_nothing_invalid() {
    let mut wrong = std::collections::BTreeSet::new();
    let all = samples::all();
    let step = (all.len() / SAMPLES).max(1);
    for sample in all.into_iter().step_by(step) {
        let mut places = Vec::new();
        collect(&sample.event, String::new(), &mut places);
        for place in places {
            for odd in [
                json!(null),
                json!(-7.5),
                json!(-5_000_000_000_i64),
                json!({"a": [null]}),
                json!([["b"], 3]),
            ] {
                let mut event = sample.event.clone();
                *event.pointer_mut(&place).expect("it was there") = odd.clone();
                let ocsf = said(|report| ocsf::check(&converted(Schema::Ocsf, &event), report));
                let udm = said(|report| {
                    udm::check_without_google(&converted(Schema::Udm, &event), report)
                });
                let both = ocsf.into_iter().chain(udm);
                wrong.extend(both.map(|line| format!("{} {place} {odd}: {line}", sample.place)));
            }
        }
    }
    let shown: Vec<&String> = wrong.iter().take(40).collect();
    assert!(wrong.is_empty(), "{} problems: {shown:#?}", wrong.len());
}

/// Every place that may hold anything: not the time and the id, which every event has.
fn collect(value: &Json, at: String, places: &mut Vec<String>) {
    for (key, child) in value.as_object().into_iter().flatten() {
        let below = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
        if !["/@timestamp", "/event", "/event/id"].contains(&below.as_str()) {
            places.push(below.clone());
        }
        collect(child, below, places);
    }
}

/// What the report says of a document, place by place.
fn said(check: impl FnOnce(&mut Report)) -> Vec<String> {
    let mut report = Report::default();
    check(&mut report);
    let lines = report
        .0
        .iter()
        .map(|wrong| format!("{}: {}", wrong.path, wrong.what));
    lines.collect()
}

fn assert_says(said: &[String], expected: &[&str]) {
    for start in expected {
        let found = said.iter().any(|line| line.starts_with(start));
        assert!(found, "nothing begins with {start}: {said:#?}");
    }
    assert_eq!(said.len(), expected.len(), "{said:#?}");
}

#[test]
fn what_is_wrong_in_ecs_is_found() {
    let event = json!({
        "@timestamp": "yesterday",
        "event": {
            "id": "1", "kind": "event", "dataset": "a.b",
            "category": ["process"], "type": ["creation"], "outcome": "ok", "duration": "3"
        },
        "host": {"ip": "203.0.113.1", "nmae": "a"},
        "user": {"name": ["a"]},
        "process": "sh",
        "vendor": {"any": 1},
        "other": 1,
    });
    let said = said(|report| ecs::check(&event, &["vendor".to_owned()], report));
    assert_says(
        &said,
        &[
            "@timestamp: is text of another form, and ECS wants date",
            "event.duration: is text of another form, and ECS wants long",
            "event.outcome: has a value that is not allowed: ok",
            "event.type: creation is not expected",
            "host.ip: is a list in ECS",
            "host.nmae: is no field of ECS; host has name",
            "other: is no field of ECS",
            "process: is an object in ECS",
            "user.name: is one value in ECS",
        ],
    );
}

#[test]
fn what_is_wrong_in_ocsf_is_found() {
    let event: Json = serde_json::from_slice(EVENT).expect("JSON");
    let mut document = converted(Schema::Ocsf, &event);
    document["type_uid"] = json!(1);
    document["severity_id"] = json!(7);
    document["activity_id"] = json!(99);
    document["status_id"] = json!(1);
    document["status"] = json!("Failure");
    document["action_id"] = json!(1);
    document["src_endpoint"] = json!({"ip": "here", "port": 70000});
    document["actor"] = json!({"usr": {}});
    document["metadata"]["profiles"] = json!(["ai_operation", "incident"]);
    document
        .as_object_mut()
        .map(|members| members.remove("api"));
    let said = said(|report| ocsf::check(&document, report));
    assert_says(
        &said,
        &[
            "type_uid: is not class_uid * 100 + activity_id",
            "metadata.profiles: api_activity has no profile incident",
            "action_id: needs the profile security_control",
            "activity_id: 99 (other) wants activity_name",
            "actor.usr: is no attribute of actor; it has user",
            "actor: actor wants at_least_one of",
            "severity_id: 7 is not one of",
            "src_endpoint.ip: is not of the type ip_t",
            "src_endpoint.port: is not of the type port_t",
            "status_id: 1 is Success, and status says something else",
            "api: is required in api_activity",
        ],
    );
}

#[test]
fn what_is_wrong_in_udm_is_found() {
    let document = json!({
        "metadata": {"eventTimestamp": "2026-11-12T09:14:07Z", "eventType": "PROCESS_LAUNCH"},
        "principal": {"user": {"userid": "a"}, "file": {"fullPath": "/a"}, "adress": "b"},
        "target": {"ip": "203.0.113.1"},
        "securityResult": [{"action": ["PERMIT"]}],
    });
    let said = said(|report| udm::check(&document, report));
    assert_says(
        &said,
        &[
            "principal.adress: is no field of Noun; it has a",
            "securityResult[0].action[0]: is not one of SecurityResult.Action",
            "target.ip: is a list in UDM",
            ": Google's types refuse it",
            "principal.file: a principal must not carry it",
            "metadata.eventType: PROCESS_LAUNCH demands principal: a machine",
            "metadata.eventType: PROCESS_LAUNCH demands process.commandLine",
        ],
    );
}

#[test]
fn googles_types_refuse_what_they_do_not_know() {
    for document in [
        json!({"metadata": {"eventType": "GENERIC_EVENTS"}}),
        json!({"metadata": {"eventKind": "a"}}),
    ] {
        let said = said(|report| udm::check_googles_types(&document, report));
        assert_eq!(said.len(), 1, "{said:?}");
    }
}

fn converted(schema: Schema, event: &Json) -> Json {
    let mut out = Vec::new();
    let json = event.to_string();
    convert_json(schema, json.as_bytes(), &mut out).expect("it is an event");
    serde_json::from_slice(&out)
        .unwrap_or_else(|error| panic!("{schema}: {error} in {}", String::from_utf8_lossy(&out)))
}
