//! No text makes the compiler of rules panic, and what it says of a text points into that text.
//!
//! Lenient compilation goes further than strict: it links and indexes what is right beside what is
//! wrong. What it accepts must then answer an event, and the index must agree with the explanation,
//! which looks every field up by itself.

#![no_main]

use std::sync::{Arc, LazyLock};

use chaperone_detections::{FieldAliases, Lists, Matcher, RuleFile, RuleSet, explain};
use chaperone_mappings::{Value, value};
use libfuzzer_sys::fuzz_target;

static EVENT: LazyLock<Value> = LazyLock::new(|| {
    let json =
        br#"{"a": "b", "c": ["d", {"e": 1}], "f.g": null, "f": {"g": "10.0.0.1"}, "h": 7.5}"#;
    value::parse(json).expect("it is JSON")
});

fuzz_target!(|text: &str| {
    let file = RuleFile {
        path: "rule.yml".to_owned(),
        text: text.to_owned(),
    };
    let (rules, problems) =
        RuleSet::compile_lenient(&[file], &Lists::default(), &FieldAliases::default());
    // Lines as YAML counts them: a carriage return alone ends one as well. A text that ends too
    // early is at fault on the line after its last.
    let lines = text.replace("\r\n", "\n").split(['\n', '\r']).count() + 1;
    for problem in &problems {
        assert!(problem.line >= 1 && problem.column >= 1, "{problem}");
        assert!(problem.line <= lines, "{problem} of {lines} lines");
        assert!(!problem.message.is_empty());
    }
    let rules = Arc::new(rules);
    let mut matcher = Matcher::new(Arc::clone(&rules));
    let held = matcher.rules_that_hold(&EVENT).to_vec();
    for meta in rules.rules() {
        let index = rules.find(&meta.id).expect("a rule is found by its id");
        let naively = explain::explain(&rules, index, &EVENT).holds;
        let is_rule = meta.kind == chaperone_detections::Kind::Rule;
        assert!(!is_rule || held.contains(&index) == naively, "{}", meta.id);
    }
});
