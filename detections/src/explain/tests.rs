use super::*;
use crate::{FieldAliases, Lists, RuleFile};

#[test]
fn a_condition_is_shown_without_values() {
    let text = "title: probe\nid: probe\nlogsource:\n    product: test\ndetection:\n    sel:\n        user.name: [hidden-a, hidden-b]\n        port|gt: 7777\n    filter:\n        tool|startswith: hidden-c\n    condition: sel and not filter\n";
    let file = RuleFile {
        path: "p.yml".into(),
        text: text.into(),
    };
    let (set, _) = RuleSet::compile(&[file], &Lists::default(), &FieldAliases::default())
        .expect("the rule is right");
    let event = br#"{"user":{"name":"hidden-b"},"port":8888,"tool":"hidden-cat"}"#;
    let event = chaperone_mappings::value::parse(event).expect("it is JSON");
    let explained = explain(&set, set.find("probe").expect("it is there"), &event);
    let shown = explained.to_string();
    assert_eq!(
        shown,
        "not   probe\n\
         held    logsource (the event names none)\n\
         not     all of\n\
         held      sel\n\
         held        all of\n\
         held          user.name equals any of 2 values\n\
         held          port gt a number\n\
         not       not\n\
         held        filter\n\
         held          tool starts with\n"
    );
    assert!(!shown.contains("hidden") && !shown.contains("8888") && !shown.contains("7777"));
    let mut out = Vec::new();
    missing(&explained, &mut out);
    assert_eq!(out, ["not"]);
}

#[test]
fn the_scripts_word_is_part_of_it() {
    let rule = "title: probe\nid: probe\nlogsource:\n    product: test\ndetection:\n    sel:\n        a: 1\n    condition: sel\n";
    let file = |path: &str, text: &str| RuleFile {
        path: path.into(),
        text: text.into(),
    };
    let last = |script: &str, event: &str| {
        let files = [file("p.yml", rule), file("p.rhai", script)];
        let (set, _) = RuleSet::compile(&files, &Lists::default(), &FieldAliases::default())
            .expect("the rule is right");
        let event = chaperone_mappings::value::parse(event.as_bytes()).expect("it is JSON");
        let explained = explain(&set, set.find("probe").expect("it is there"), &event);
        let part = explained.parts.last().expect("it has parts").clone();
        (explained.holds, part.label, part.holds)
    };
    let said = "the script's holds(event)".to_owned();
    let script = "fn holds(event) { event.b == 2 }";
    assert_eq!(last(script, r#"{"a":1,"b":2}"#), (true, said.clone(), true));
    assert_eq!(last(script, r#"{"a":1,"b":3}"#), (false, said, false));
    // It is not asked where the condition does not hold.
    assert_eq!(last(script, r#"{"a":0,"b":2}"#).1, "sel");
    let (holds, label, _) = last("fn holds(event) { event.b.c.d }", r#"{"a":1}"#);
    assert!(holds && label.contains("failed"), "{label}");
}
