//! Faults that were measured on other engines' correlations, through `chaperone replay --source ecs`.

use std::fs;

use serde_json::{Value, json};

use crate::program::{run_with_input, stderr, stdout};

/// Two base rules, and a correlation with this body.
fn rules(correlation: &str) -> String {
    let base = |name: &str, number: usize| {
        format!(
            "title: {name}\nid: 7b4c2f0e-0000-4000-8000-00000000d00{number}\nname: {name}\nlogsource: {{product: test}}\ndetection: {{s: {{event.action: {name}}}, condition: s}}\n---\n"
        )
    };
    format!(
        "{}{}title: correlation\nid: 7b4c2f0e-0000-4000-8000-00000000d009\ncorrelation: {{group-by: [user.name], timespan: 60s, {correlation}}}\nlevel: high\n",
        base("login", 1),
        base("other", 2)
    )
}

/// An event: action, id, milliseconds after a fixed minute.
type Event<'a> = (&'a str, String, i64);

fn event((action, id, at_ms): &Event) -> String {
    let ms = at_ms.rem_euclid(1000);
    let seconds = at_ms.div_euclid(1000);
    let time = format!(
        "2026-11-12T{:02}:{:02}:{:02}.{ms:03}Z",
        9 + seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    );
    json!({"@timestamp": time, "event": {"id": id, "action": action}, "user": {"name": "dana"},
        "file": {"path": id}, "chaperone": {"source": "test", "logsource": {"product": "test"}}})
    .to_string()
}

fn alerts(correlation: &str, events: &[Event]) -> usize {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("r.yml"), rules(correlation)).expect("written");
    let dir = folder.path().to_str().expect("a plain path");
    let input: Vec<String> = events.iter().map(event).collect();
    let args = [
        "replay", "-", "--source", "ecs", "--rules", dir, "--format", "ndjson",
    ];
    let output = run_with_input(&args, input.join("\n").as_bytes());
    assert!(output.status.success(), "{}", stderr(&output));
    let text = stdout(&output);
    let found = text.lines().filter(|line| {
        let alert: Value = serde_json::from_str(line).expect("NDJSON");
        alert["rule"]["name"] == "correlation"
    });
    found.count()
}

fn logins(seconds: &[i64]) -> Vec<Event<'static>> {
    let numbered = seconds.iter().enumerate();
    numbered
        .map(|(at, seconds)| ("login", format!("e{at}"), seconds * 1000))
        .collect()
}

const THREE: &str = "type: event_count, rules: [login], condition: {gte: 3}";

#[test]
fn arrivals_out_of_order_make_no_window() {
    assert_eq!(alerts(THREE, &logins(&[100, 0, 110])), 0);
    assert_eq!(alerts(THREE, &logins(&[100, 90, 110])), 1);
}

#[test]
fn a_future_event_evicts_nothing() {
    assert_eq!(alerts(THREE, &logins(&[0, 1, 9999, 2])), 1);
}

#[test]
fn a_delivery_that_comes_again_counts_once() {
    let mut events = logins(&[0, 1]);
    events.push(events[1].clone());
    assert_eq!(alerts(THREE, &events), 0);
}

#[test]
fn absence_is_decided_at_the_close() {
    let few = "type: event_count, rules: [login], condition: {lt: 3}";
    assert_eq!(alerts(few, &logins(&[0, 1, 2])), 0);
    let without = "type: temporal, rules: [login, other], condition: login and not other";
    let both = [
        ("login", "e1".to_owned(), 0),
        ("other", "e2".to_owned(), 5000),
    ];
    assert_eq!(alerts(without, &both), 0);
    assert_eq!(alerts(without, &both[..1]), 1);
}

#[test]
fn ten_thousand_past_the_threshold_are_one_alert() {
    let events: Vec<Event> = (0..10_000)
        .map(|at| ("login", format!("e{at}"), at * 10))
        .collect();
    assert_eq!(alerts(THREE, &events), 1);
}

#[test]
fn a_window_is_open_at_its_beginning_in_milliseconds() {
    let two = "type: event_count, rules: [login], condition: {gte: 2}";
    let apart = |ms: i64| {
        [
            ("login", "e1".to_owned(), 0),
            ("login", "e2".to_owned(), ms),
        ]
    };
    assert_eq!(alerts(two, &apart(60_000)), 0);
    assert_eq!(alerts(two, &apart(59_999)), 1);
}

#[test]
fn many_distinct_values_are_counted() {
    let distinct = "type: value_count, rules: [login], condition: {gte: 10000, field: file.path}";
    let events: Vec<Event> = (0..10_000)
        .map(|at| ("login", format!("e{at}"), at))
        .collect();
    assert_eq!(alerts(distinct, &events), 1);
    assert_eq!(alerts(distinct, &events[1..]), 0);
}

#[test]
fn temporal_without_a_condition_wants_all_of_its_rules() {
    let all = "type: temporal, rules: [login, other]";
    let both = [
        ("other", "e1".to_owned(), 0),
        ("login", "e2".to_owned(), 5000),
    ];
    assert_eq!(alerts(all, &both[..1]), 0);
    assert_eq!(alerts(all, &both), 1);
    let ordered = "type: temporal_ordered, rules: [login, other]";
    assert_eq!(alerts(ordered, &both), 0);
}
