//! What single rules mean, as tables. Each table names the section of the Sigma specification
//! (2.1.0) or the pySigma convention that it checks. Every probe is decided twice, by the plan and
//! by the naive evaluator, and both must agree.

mod index_equals_naive;
mod steady_state;

use std::sync::Arc;

use super::*;
use crate::plan::ROUTES_MAX;
use crate::{FieldAliases, Lists, RuleFile, naive};

fn lists() -> Lists {
    let mut lists = Lists::default();
    lists.insert("admins", vec!["root".into(), "svc_*".into()]);
    lists
}

/// A set of one rule with the given `detection` content, indented by four spaces.
fn rule(detection: &str) -> RuleFile {
    let text = format!(
        "title: probe\nid: probe\nlogsource:\n    product: test\ndetection:\n{detection}\n"
    );
    RuleFile {
        path: "probe.yml".into(),
        text,
    }
}

fn compile(detection: &str) -> Arc<RuleSet> {
    let compiled = RuleSet::compile(&[rule(detection)], &lists(), &FieldAliases::default());
    let (set, _) = compiled.unwrap_or_else(|problems| {
        let shown: Vec<_> = problems.iter().map(ToString::to_string).collect();
        panic!("{}\n{detection}", shown.join("\n"))
    });
    Arc::new(set)
}

#[track_caller]
fn check(detection: &str, event: &str, expected: bool) {
    let set = compile(detection);
    let body = value::parse(event.as_bytes()).expect("the test's event is JSON");
    let mut matcher = Matcher::new(Arc::clone(&set));
    let held = !matcher.rules_that_hold(&body).is_empty();
    assert_eq!(held, expected, "plan\n{detection}\n{event}");
    let read = matcher.rules_that_hold_in(event);
    let read = !read.expect("the test's event is JSON").is_empty();
    assert_eq!(read, expected, "plan over text\n{detection}\n{event}");
    let naively = naive::holds(&set.conditions[0], &body);
    assert_eq!(naively, expected, "naive\n{detection}\n{event}");
}

/// One selection line against events: those before `|` hold, those after do not.
#[track_caller]
fn line(line: &str, holds: &[&str], fails: &[&str]) {
    let detection = format!("    sel:\n        {line}\n    condition: sel");
    for event in holds {
        check(&detection, event, true);
    }
    for event in fails {
        check(&detection, event, false);
    }
}

#[test]
fn strings_ignore_case_and_know_wildcards() {
    // Rules, "General" and "String Wildcard".
    line(
        "f: MimiKatz",
        &[r#"{"f":"mimikatz"}"#],
        &[r#"{"f":"mimikatz2"}"#, "{}"],
    );
    line("f: ÉTÉ*", &[r#"{"f":"été 2026"}"#], &[r#"{"f":"ete"}"#]);
    line(
        "f: a?c",
        &[r#"{"f":"abc"}"#],
        &[r#"{"f":"ac"}"#, r#"{"f":"abbc"}"#],
    );
    line(
        "f: '*'",
        &[r#"{"f":"x"}"#, r#"{"f":""}"#, r#"{"f":1}"#],
        &[r#"{"f":null}"#, "{}"],
    );
    line("f|cased: Abc", &[r#"{"f":"Abc"}"#], &[r#"{"f":"abc"}"#]);
    line(
        "f|contains|cased: bC",
        &[r#"{"f":"abCd"}"#],
        &[r#"{"f":"abcd"}"#],
    );
}

#[test]
fn modifiers_anchor_and_join() {
    // Modifiers, "Generic".
    line(
        "f|startswith: Ab",
        &[r#"{"f":"abc"}"#, r#"{"f":"ab"}"#],
        &[r#"{"f":"xab"}"#],
    );
    line(
        "f|endswith: '\\x.EXE'",
        &[r#"{"f":"C:\\x.exe"}"#],
        &[r#"{"f":"C:\\x.exe "}"#],
    );
    line(
        "f|contains: [aa, bb]",
        &[r#"{"f":"xaax"}"#, r#"{"f":"BB"}"#],
        &[r#"{"f":"ab"}"#],
    );
    line(
        "f|contains|all: [aa, bb]",
        &[r#"{"f":"bbaa"}"#],
        &[r#"{"f":"aa"}"#],
    );
    line(
        "f|contains: a*b",
        &[r#"{"f":"xaxxbx"}"#],
        &[r#"{"f":"ba"}"#],
    );
    line(
        "f|exists: true",
        &[r#"{"f":null}"#, r#"{"f":false}"#, r#"{"f":[]}"#],
        &[r#"{"g":1}"#],
    );
    line(
        "f|exists: false",
        &[r#"{"g":1}"#],
        &[r#"{"f":false}"#, r#"{"f":null}"#],
    );
    line("f|neq: a", &[r#"{"f":"b"}"#, "{}"], &[r#"{"f":"A"}"#]);
}

#[test]
fn null_absent_and_empty_differ() {
    // Rules, "Special Field Values"; an absent field is null by pySigma's convention.
    line(
        "f: null",
        &["{}", r#"{"f":null}"#],
        &[r#"{"f":""}"#, r#"{"f":0}"#],
    );
    line(
        "f: ''",
        &[r#"{"f":""}"#],
        &["{}", r#"{"f":null}"#, r#"{"f":" "}"#],
    );
}

#[test]
fn numbers_and_booleans_compare_as_text_too() {
    line(
        "f: 42",
        &[r#"{"f":42}"#, r#"{"f":"42"}"#, r#"{"f":42.0}"#],
        &[r#"{"f":421}"#],
    );
    line("f: '42'", &[r#"{"f":42}"#], &[r#"{"f":4}"#]);
    line(
        "f: true",
        &[r#"{"f":true}"#, r#"{"f":"True"}"#],
        &[r#"{"f":false}"#, r#"{"f":1}"#],
    );
    line("f|startswith: 4", &[r#"{"f":42}"#], &[r#"{"f":24}"#]);
    line(
        "f: 1.5",
        &[r#"{"f":1.5}"#, r#"{"f":"1.5"}"#],
        &[r#"{"f":1}"#],
    );
}

#[test]
fn numbers_have_an_order() {
    // Modifiers, "Numeric".
    line(
        "f|gt: 10",
        &[r#"{"f":10.5}"#, r#"{"f":"11"}"#],
        &[r#"{"f":10}"#, r#"{"f":"x"}"#, "{}"],
    );
    line("f|gte: 10", &[r#"{"f":10}"#], &[r#"{"f":9.99}"#]);
    line(
        "f|lt: 10",
        &[r#"{"f":-1}"#],
        &[r#"{"f":10}"#, r#"{"f":"nan"}"#, "{}"],
    );
    line("f|lte: '10'", &[r#"{"f":10}"#], &[r#"{"f":true}"#]);
}

#[test]
fn lists_and_objects_in_events() {
    // Engine convention: any member; lists of objects are walked through; flat and nested names.
    line(
        "f: a",
        &[r#"{"f":["b","a"]}"#, r#"{"f":[["a"]]}"#],
        &[r#"{"f":["b"]}"#, r#"{"f":[]}"#],
    );
    line(
        "a.b: x",
        &[r#"{"a":{"b":"x"}}"#, r#"{"a.b":"x"}"#],
        &[r#"{"a":"x"}"#],
    );
    line(
        "a.b: x",
        &[r#"{"a":[{"b":"y"},{"b":"x"}]}"#],
        &[r#"{"a":[{"c":"x"}]}"#],
    );
    line(
        "a.b.c: x",
        &[r#"{"a.b":{"c":"x"}}"#, r#"{"a":{"b.c":"x"}}"#],
        &[r#"{"a.b":"x"}"#],
    );
    line("f: null", &[r#"{"f":["a",null]}"#], &[r#"{"f":["a"]}"#]);
    line(
        "f|contains|all: [a, b]",
        &[r#"{"f":["xa","xb"]}"#],
        &[r#"{"f":["xa"]}"#],
    );
}

#[test]
fn keywords_search_the_whole_event() {
    // Rules, "Keywords search".
    let any = "    keywords:\n        - mimikatz\n        - 'a*z'\n    condition: keywords";
    check(any, r#"{"m":"xx MIMIKATZ yy"}"#, true);
    check(any, r#"{"m":{"deep":[1,{"x":"say abz now"}]}}"#, true);
    check(any, r#"{"mimikatz":"key only"}"#, false);
    let all = "    keywords:\n        '|all':\n            - aa\n            - bb\n    condition: keywords";
    check(all, r#"{"x":"aa","y":"bb"}"#, true);
    check(all, r#"{"x":"aa"}"#, false);
    let number = "    keywords:\n        - 4711\n    condition: keywords";
    check(number, r#"{"x":47112}"#, true);
}

#[test]
fn maps_are_and_lists_are_or() {
    // Rules, "Lists" and "Maps".
    let maps = "    sel:\n        - a: 1\n          b: 2\n        - c: 3\n    condition: sel";
    check(maps, r#"{"a":1,"b":2}"#, true);
    check(maps, r#"{"c":3}"#, true);
    check(maps, r#"{"a":1}"#, false);
    let mixed = "    sel:\n        - a: 1\n        - word\n    condition: sel";
    check(mixed, r#"{"x":"a word"}"#, true);
}

#[test]
fn conditions_count_names() {
    // Rules, "Condition".
    let of = |condition: &str| {
        format!(
            "    sel_a:\n        a: 1\n    sel_b:\n        b: 1\n    _hidden:\n        c: 1\n    condition: {condition}"
        )
    };
    check(&of("1 of sel_*"), r#"{"b":1}"#, true);
    check(&of("all of sel_*"), r#"{"b":1}"#, false);
    check(&of("all of them"), r#"{"a":1,"b":1}"#, true);
    check(&of("1 of them"), r#"{"c":1}"#, false);
    check(&of("any of *_a"), r#"{"a":1}"#, true);
    check(&of("1 of _*"), r#"{"c":1}"#, true);
    check(&of("not sel_a and not sel_b"), r#"{"c":1}"#, true);
    check(&of("not sel_a or sel_b"), "{}", true);
    check(&of("[sel_a, sel_b]"), r#"{"b":1}"#, true);
}

#[test]
fn regular_expressions_search_and_take_flags() {
    // Modifiers, "Regular Expression".
    line(
        "f|re: 'a.c$'",
        &[r#"{"f":"xxabc"}"#],
        &[r#"{"f":"ABC"}"#, r#"{"f":"abcd"}"#],
    );
    line(
        "f|re|i: 'powershell.*-enc'",
        &[r#"{"f":"PowerShell -Enc"}"#],
        &[r#"{"f":"-enc"}"#],
    );
    line(
        r"f|re|m: '^second'",
        &[r#"{"f":"first\nsecond"}"#],
        &[r#"{"f":"not second"}"#],
    );
    line(
        r"f|re|s: 'a.b'",
        &[r#"{"f":"a\nb"}"#],
        &[r#"{"f":"a\n\nb"}"#],
    );
    line(
        "f|re: '(foo|barbaz)qux'",
        &[r#"{"f":"barbazqux"}"#],
        &[r#"{"f":"barqux"}"#],
    );
    line("f|re: '[0-9]{3}'", &[r#"{"f":123}"#], &[r#"{"f":12}"#]);
}

#[test]
fn networks_contain_addresses() {
    // Modifiers, "IP".
    line(
        "f|cidr: 10.0.0.0/8",
        &[r#"{"f":"10.255.1.2"}"#],
        &[r#"{"f":"11.0.0.1"}"#, r#"{"f":"x"}"#],
    );
    line(
        "f|cidr: 'fe80::/10'",
        &[r#"{"f":"fe80::1"}"#],
        &[r#"{"f":"fec0::1"}"#],
    );
    line(
        "f|cidr: ['192.168.0.0/16', '::1/128']",
        &[r#"{"f":["1.1.1.1","::1"]}"#],
        &[r#"{"f":"::2"}"#],
    );
    line(
        "f|cidr: 0.0.0.0/0",
        &[r#"{"f":"8.8.8.8"}"#],
        &[r#"{"f":"::1"}"#],
    );
}

#[test]
fn encodings_chain_left_to_right() {
    // Modifiers, "Encoding". Encoded here rather than written out: "foobar" and "Test".
    use base64::{Engine, engine::general_purpose::STANDARD};
    let encoded = STANDARD.encode("foobar");
    line(
        "f|base64|contains: foobar",
        &[&format!(r#"{{"f":"x{encoded}"}}"#)],
        &[r#"{"f":"foobar"}"#],
    );
    for shift in 0..3 {
        let inside = STANDARD.encode(format!("{}foobar!!", "x".repeat(shift)));
        line(
            "f|base64offset|contains: foobar",
            &[&format!(r#"{{"f":"{inside}"}}"#)],
            &[],
        );
    }
    let wide: Vec<u8> = "Test".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let encoded = STANDARD.encode(&wide);
    line(
        "f|wide|base64: Test",
        &[&format!(r#"{{"f":"{encoded}"}}"#)],
        &[],
    );
    line(
        "f|utf16le|base64offset|contains: Test",
        &[&format!(r#"{{"f":"{encoded}"}}"#)],
        &[],
    );
}

#[test]
fn windash_is_every_dash() {
    // Modifiers, "windash": five characters, all permutations.
    let holds =
        ["-a -b", "/a /b", "-a /b", "–a —b", "―a -b"].map(|text| format!(r#"{{"f":"x {text}"}}"#));
    let holds: Vec<&str> = holds.iter().map(String::as_str).collect();
    line("f|contains|windash: '-a -b'", &holds, &[r#"{"f":"+a +b"}"#]);
    line(
        "f|windash: 'x-y -z'",
        &[r#"{"f":"x-y /z"}"#],
        &[r#"{"f":"x/y /z"}"#],
    );
}

#[test]
fn fields_compare_with_fields() {
    // Modifiers, "fieldref".
    line(
        "f|fieldref: g",
        &[r#"{"f":"A","g":"a"}"#, r#"{"f":["x","a"],"g":"a"}"#],
        &[r#"{"f":"a"}"#, r#"{"f":"a","g":"b"}"#],
    );
    line(
        "f|fieldref|startswith: g",
        &[r#"{"f":"abc","g":"ab"}"#],
        &[r#"{"f":"abc","g":"bc"}"#],
    );
    line(
        "f|fieldref|neq: g",
        &[r#"{"f":"a","g":"b"}"#],
        &[r#"{"f":"a","g":"A"}"#],
    );
    line(
        "f|endswith|fieldref: g.h",
        &[r#"{"f":"abc","g":{"h":"bc"}}"#],
        &[r#"{"f":"abc"}"#],
    );
}

#[test]
fn times_have_parts() {
    // Modifiers, "Time".
    let event = r#"{"f":"2026-03-05T23:07:00+02:00"}"#;
    for (part, value) in [
        ("minute", 7),
        ("hour", 23),
        ("day", 5),
        ("week", 10),
        ("month", 3),
        ("year", 2026),
    ] {
        line(&format!("f|{part}: {value}"), &[event], &[r#"{"f":"x"}"#]);
        line(&format!("f|{part}: {}", value + 1), &[], &[event]);
    }
    line("f|hour|gte: 22", &[event], &[]);
}

#[test]
fn placeholders_take_values_from_lists() {
    // Rules, "Placeholders".
    line(
        "f|expand: '%admins%'",
        &[r#"{"f":"root"}"#, r#"{"f":"svc_ci"}"#],
        &[r#"{"f":"%admins%"}"#],
    );
    line(
        "f|contains|expand: 'u=%admins%;'",
        &[r#"{"f":"x u=root; y"}"#],
        &[r#"{"f":"u=bob;"}"#],
    );
    line(r"f|expand: '50\%'", &[r#"{"f":"50%"}"#], &[]);
    line(
        "f: '%admins%'",
        &[r#"{"f":"%admins%"}"#],
        &[r#"{"f":"root"}"#],
    );
}

#[test]
fn logsource_decides_who_is_asked() {
    let set = compile("    sel:\n        a: 1\n    condition: sel");
    let mut matcher = Matcher::new(set);
    let mut held = |event: &str| {
        let body = value::parse(event.as_bytes()).expect("the test's event is JSON");
        !matcher.rules_that_hold(&body).is_empty()
    };
    assert!(
        held(r#"{"a":1}"#),
        "an event without a logsource is held against every rule"
    );
    assert!(held(
        r#"{"a":1,"chaperone":{"logsource":{"product":"test","service":"x"}}}"#
    ));
    assert!(!held(
        r#"{"a":1,"chaperone":{"logsource":{"product":"other"}}}"#
    ));
    assert!(!held(
        r#"{"a":1,"chaperone":{"logsource":{"service":"x"}}}"#
    ));
}

#[test]
fn many_logsources_do_not_fill_memory() {
    let set = compile("    sel:\n        a: 1\n    condition: sel");
    let mut matcher = Matcher::new(set);
    for number in 0..1000 {
        let event = format!(r#"{{"a":1,"chaperone":{{"logsource":{{"product":"p{number}"}}}}}}"#);
        let body = value::parse(event.as_bytes()).expect("the test's event is JSON");
        assert!(matcher.rules_that_hold(&body).is_empty());
    }
    assert!(matcher.routes.len() <= ROUTES_MAX);
}
