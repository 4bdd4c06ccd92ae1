use serde_json::json;

use super::*;

fn compiled(text: &str) -> Script {
    let file = RuleFile {
        path: "a.rhai".into(),
        text: text.into(),
    };
    Script::compile(&file).unwrap_or_else(|problem| panic!("{problem}"))
}

fn refused(text: &str) -> String {
    let file = RuleFile {
        path: "a.rhai".into(),
        text: text.into(),
    };
    Script::compile(&file)
        .expect_err("it is refused")
        .to_string()
}

#[test]
fn it_tells_title_level_key_and_context() {
    let script = compiled(
        r#"
        fn who(alert) { alert.user.name }
        fn title(alert) { "Merged by " + who(alert) }
        fn severity(alert) { if alert.chaperone.alert.count > 2 { "critical" } else { "low" } }
        fn dedup(alert) { who(alert).to_upper() }
        fn context(alert) { #{ a: [1, 2.5, true, ()], b: #{ c: "d" } } }
        "#,
    );
    let mut failures = Failures::default();
    let alert = json!({"user": {"name": "dana"}, "chaperone": {"alert": {"count": 3}}});
    let told = script.tell(&alert, &mut failures);
    assert_eq!(told.title.as_deref(), Some("Merged by dana"));
    assert_eq!(told.level, Some(Level::Critical));
    assert_eq!(told.dedup.as_deref(), Some("DANA"));
    assert_eq!(
        told.context,
        Some(json!({"a": [1, 2.5, true, null], "b": {"c": "d"}}))
    );
    assert_eq!(failures.count, 0, "{:?}", failures.problems);
}

#[test]
fn mistakes_are_found_when_it_is_compiled() {
    assert!(refused("fn title(alert) { \n let = 1 }").starts_with("a.rhai:2:"));
    assert!(refused("fn title() { 1 }").contains("fn title(alert)"));
    assert!(refused("fn tilte(alert) { 1 }").contains("none of"));
    assert!(refused("fn title(alert) { eval(\"1\") }").starts_with("a.rhai:1:"));
}

#[test]
fn a_failure_is_reported_once_without_what_it_saw() {
    let script = compiled("fn title(alert) { alert.secret.length() + 1 }");
    let mut failures = Failures::default();
    let alert = json!({"secret": "hunter2"});
    for _ in 0..3 {
        assert!(script.tell(&alert, &mut failures).title.is_none());
    }
    assert_eq!(failures.count, 3);
    assert_eq!(failures.problems.len(), 1);
    let text = failures.problems[0].to_string();
    assert!(text.starts_with("a.rhai:1:"), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
}

#[test]
fn it_is_bounded_and_reaches_nothing() {
    for body in [
        "loop {}",
        "fn_that_is_not_there()",
        "timestamp()",
        "sleep(10)",
        "let a = \"x\"; loop { a += a }",
        "let a = []; loop { a.push(a) }",
        "dedup(alert)",
    ] {
        let script = compiled(&format!("fn dedup(alert) {{ {body} }}"));
        let mut failures = Failures::default();
        assert!(
            script.tell(&json!({}), &mut failures).dedup.is_none(),
            "{body}"
        );
        assert_eq!(failures.count, 1, "{body}");
    }
}

#[test]
fn a_predicate_that_fails_holds() {
    let script = compiled("fn holds(event) { event.a == 1 }");
    let mut failures = Failures::default();
    assert!(script.holds(|| json!({"a": 1}), &mut failures));
    assert!(!script.holds(|| json!({"a": 2}), &mut failures));
    assert_eq!(failures.count, 0);
    let wrong = compiled("fn holds(event) { \"yes\" }");
    assert!(wrong.holds(|| json!({}), &mut failures));
    assert_eq!(failures.count, 1);
}
