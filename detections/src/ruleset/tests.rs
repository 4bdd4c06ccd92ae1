//! What documents say about each other.

use std::sync::Arc;

use super::*;
use crate::{Correlator, Limits, Matcher, Output};
use chaperone_mappings::Event;

fn rule(id: &str, more: &str, selection: &str) -> String {
    format!(
        "title: {id}\nid: {id}\nname: name-{id}\nlogsource:\n    product: github\n    service: audit\n{more}detection:\n    sel:\n        {selection}\n    condition: sel\n"
    )
}

fn correlation(id: &str, body: &str) -> String {
    format!("title: {id}\nid: {id}\ncorrelation:\n    timespan: 5m\n{body}")
}

fn files(texts: &[String]) -> Vec<RuleFile> {
    let files = texts.iter().enumerate();
    files
        .map(|(n, text)| RuleFile {
            path: format!("{n}.yml"),
            text: text.clone(),
        })
        .collect()
}

fn compile_with(texts: &[String], aliases: &FieldAliases) -> Arc<RuleSet> {
    let compiled = RuleSet::compile(&files(texts), &Lists::default(), aliases);
    Arc::new(
        compiled
            .unwrap_or_else(|problems| panic!("{problems:#?}"))
            .0,
    )
}

fn errors(texts: &[String]) -> Vec<String> {
    let compiled = RuleSet::compile(&files(texts), &Lists::default(), &FieldAliases::default());
    compiled
        .expect_err("an error")
        .iter()
        .map(ToString::to_string)
        .collect()
}

fn held(set: &Arc<RuleSet>, event: &str) -> Vec<String> {
    let body = chaperone_mappings::value::parse(event.as_bytes()).expect("it is JSON");
    let mut matcher = Matcher::new(Arc::clone(set));
    let held = matcher.rules_that_hold(&body);
    held.iter()
        .map(|index| set.meta(*index).id.clone())
        .collect()
}

/// The ids of the rules whose alerts a list of events raises, closed at the end.
fn alerts(set: &Arc<RuleSet>, events: &[&str]) -> Vec<(String, serde_json::Value)> {
    let mut matcher = Matcher::new(Arc::clone(set));
    let mut correlator = Correlator::new(Arc::clone(set), Limits::default());
    let (mut matches, mut out) = (Vec::new(), Output::default());
    for event in events {
        let event = Event::reopen(event.as_bytes().to_vec().into()).expect("an event");
        matcher.matches(&event, &mut matches);
    }
    loop {
        for m in matches.drain(..) {
            let mut bytes = Vec::new();
            m.encode(&mut bytes);
            assert_eq!(
                crate::Match::decode(&bytes).as_ref(),
                Some(&m),
                "matches survive the journal"
            );
            correlator.observe(&m);
        }
        let more = correlator.finish();
        correlator.drain(&mut out);
        matches.append(&mut out.matches);
        if !more {
            break;
        }
    }
    let json = |bytes: &[u8]| serde_json::from_slice(bytes).expect("alerts are JSON");
    out.alerts
        .iter()
        .map(|alert| (alert.rule_id.clone(), json(&alert.json)))
        .collect()
}

#[test]
fn aliases_let_vendor_rules_run_on_normalized_events() {
    let mut aliases = FieldAliases::default();
    aliases.insert("github", "audit", "action", "event.action");
    let set = compile_with(&[rule("r", "", "action: repo.destroy")], &aliases);
    assert_eq!(held(&set, r#"{"event":{"action":"repo.destroy"}}"#), ["r"]);
    assert!(held(&set, r#"{"action":"repo.destroy"}"#).is_empty());
    // A rule for the whole product gets the paths of every service.
    aliases.insert("github", "webhook", "action", "github.action");
    let broad = rule("r", "", "action: x").replace("    service: audit\n", "");
    let set = compile_with(&[broad], &aliases);
    assert_eq!(held(&set, r#"{"github":{"action":"x"}}"#), ["r"]);
    assert_eq!(held(&set, r#"{"event":{"action":"x"}}"#), ["r"]);
}

#[test]
fn filters_are_added_to_the_rules_they_name() {
    // Filters specification.
    let filter = |rules: &str| {
        format!(
            "title: f\nlogsource:\n    product: github\nfilter:\n    rules: {rules}\n    ours:\n        user: bot\n    condition: not ours\n"
        )
    };
    let rules = [rule("one", "", "a: 1"), rule("two", "", "a: 1")];
    let event = r#"{"a":1,"user":"bot"}"#;
    for (names, expected) in [
        ("[one]", vec!["two"]),
        ("name-two", vec!["one"]),
        ("any", vec![]),
    ] {
        let [one, two] = rules.clone();
        let set = compile_with(&[one, two, filter(names)], &FieldAliases::default());
        assert_eq!(held(&set, event), expected, "{names}");
    }
    let [one, two] = rules;
    assert_eq!(
        errors(&[one.clone(), two, filter("[nobody]")]),
        ["2.yml:5:13: no rule has the id or name `nobody`"]
    );
    let other = filter("[one]").replace("product: github", "product: okta");
    assert_eq!(errors(&[one, other]).len(), 1);
}

#[test]
fn references_are_checked() {
    let count = "    type: event_count\n    rules: [r]\n    condition: {gte: 2}\n";
    assert_eq!(
        errors(&[correlation("c", count)]),
        ["0.yml:6:13: no rule of this set has the id or name `r`, or it has errors of its own"]
    );
    let circle = [
        correlation("c", "    type: temporal\n    rules: [d]\n"),
        correlation("d", "    type: temporal\n    rules: [c]\n"),
    ];
    assert!(
        errors(&circle)[0].contains("refers to itself"),
        "{:?}",
        errors(&circle)
    );
    let twice = [rule("r", "", "a: 1"), rule("r", "", "a: 1")];
    assert_eq!(
        errors(&twice),
        ["1.yml:1:1: the id r is taken by 0.yml:1; give each rule its own"]
    );
    // Leniently the rest loads.
    let (set, problems) =
        RuleSet::compile_lenient(&files(&twice), &Lists::default(), &FieldAliases::default());
    assert_eq!((set.len(), problems.len()), (1, 1));
}

fn event(id: &str, second: u32, more: &str) -> String {
    format!(
        r#"{{"@timestamp":"2026-01-05T12:00:{second:02}.000Z","event":{{"id":"{id}","action":"act"}},"user":{{"name":"u"}}{more}}}"#
    )
}

#[test]
fn generate_keeps_the_alerts_of_the_rules() {
    let count = |generate: &str| {
        correlation(
            "c",
            &format!(
                "    type: event_count\n    rules: [r]\n    group-by: [user.name]\n{generate}    condition: {{gte: 2}}\n"
            ),
        )
    };
    let (one, two) = (event("e1", 1, r#","a":1"#), event("e2", 2, r#","a":1"#));
    for (text, expected) in [
        (count(""), vec!["c"]),
        (count("    generate: true\n"), vec!["r", "c", "r"]),
        (count("") + "generate: true\n", vec!["r", "c", "r"]),
    ] {
        let set = compile_with(&[rule("r", "", "a: 1"), text], &FieldAliases::default());
        let mut found: Vec<_> = alerts(&set, &[&one, &two])
            .into_iter()
            .map(|(id, _)| id)
            .collect();
        let mut expected = expected;
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected);
    }
}

#[test]
fn correlations_chain() {
    let inner = correlation(
        "inner",
        "    type: event_count\n    rules: [r]\n    group-by: [user.name]\n    condition: {gte: 2}\n",
    );
    let outer = correlation(
        "outer",
        "    type: temporal_ordered\n    rules: [inner, s]\n    group-by: [user.name]\n",
    );
    let set = compile_with(
        &[rule("r", "", "a: 1"), rule("s", "", "b: 1"), inner, outer],
        &FieldAliases::default(),
    );
    let events = [
        event("e1", 1, r#","a":1"#),
        event("e2", 2, r#","a":1"#),
        event("e3", 3, r#","b":1"#),
    ];
    let events: Vec<&str> = events.iter().map(String::as_str).collect();
    let found = alerts(&set, &events);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].0, "outer");
    assert_eq!(found[0].1["chaperone"]["alert"]["group"]["user.name"], "u");
}

#[test]
fn aliases_of_a_correlation_join_different_fields() {
    let body = "    type: temporal\n    rules: [name-r, s]\n    group-by: [who]\n    aliases:\n        who:\n            name-r: user.name\n            s: actor\n";
    let set = compile_with(
        &[
            rule("r", "", "a: 1"),
            rule("s", "", "b: 1"),
            correlation("c", body),
        ],
        &FieldAliases::default(),
    );
    let (one, two) = (
        event("e1", 1, r#","a":1"#),
        event("e2", 2, r#","b":1,"actor":"u""#),
    );
    assert_eq!(alerts(&set, &[&one, &two]).len(), 1);
    let other = event("e2", 2, r#","b":1,"actor":"v""#);
    assert_eq!(alerts(&set, &[&one, &other]).len(), 0);
}

#[test]
fn conditions_without_a_choice_are_warned_about() {
    for (condition, expected) in [
        ("sel and not sel", "can never hold"),
        ("sel or not sel", "every event"),
    ] {
        let text =
            rule("r", "", "a: 1").replace("condition: sel", &format!("condition: {condition}"));
        let compiled =
            RuleSet::compile(&files(&[text]), &Lists::default(), &FieldAliases::default());
        let (_, warnings) = compiled.expect("warnings only");
        assert!(warnings[0].message.contains(expected), "{warnings:?}");
    }
}

#[test]
fn a_rule_says_which_fields_it_looks_at() {
    let set = compile_with(
        &[rule(
            "r",
            "",
            "a.b|fieldref: c\n        d: 1\n        a.b|exists: true",
        )],
        &FieldAliases::default(),
    );
    assert_eq!(
        set.fields(set.find("r").expect("it is there")),
        ["a.b", "c", "d"]
    );
}

#[test]
fn lists_in_group_fields_make_a_group_each() {
    let count = correlation(
        "c",
        "    type: value_count\n    rules: [r]\n    group-by: [user.name, hosts]\n    condition: {field: [x, y], gte: 2}\n",
    );
    let set = compile_with(&[rule("r", "", "a: 1"), count], &FieldAliases::default());
    let mut matcher = Matcher::new(Arc::clone(&set));
    let mut matches = Vec::new();
    let text = event(
        "e",
        1,
        r#","a":1,"hosts":["h1","h2"],"x":"1","y":["2","3"]"#,
    );
    let whole = Event::reopen(text.into_bytes().into()).expect("an event");
    matcher.matches(&whole, &mut matches);
    let groups: Vec<_> = matches.iter().map(|m| m.group[1].1.as_str()).collect();
    assert_eq!(groups, ["h1", "h2"]);
    assert_ne!(matches[0].key(), matches[1].key());
    let tuples = crate::MatchValue::Distinct(vec!["1:11:2".into(), "1:11:3".into()]);
    assert_eq!(matches[0].value, Some(tuples));
    let poor = event("e", 1, r#","a":1,"hosts":["h1"],"x":"1""#);
    let poor = Event::reopen(poor.into_bytes().into()).expect("an event");
    matches.clear();
    matcher.matches(&poor, &mut matches);
    assert_eq!((matches.len(), matcher.ungrouped()), (0, 1));
}
