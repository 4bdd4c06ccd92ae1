use super::*;

fn parse(json: &str) -> Value {
    value::parse(json.as_bytes()).expect("JSON")
}

#[test]
fn each_result_has_its_own_rule_and_no_other() {
    let log = r#"{"version": "2.1.0", "runs": [{
        "tool": {
            "driver": {"name": "scan", "rules": [{"id": "a", "name": "A"}, {"id": "b", "name": "B"}]},
            "extensions": [{"name": "more", "rules": [{"id": "c", "name": "C"}]}]},
        "automationDetails": {"id": "main/1"},
        "results": [
            {"ruleId": "b"},
            {"ruleIndex": 0},
            {"rule": {"id": "c", "index": 0, "toolComponent": {"index": 0}}},
            {"ruleId": "b/sub"},
            {"ruleId": "z"}]}]}"#;
    let log = parse(log);
    assert!(is_log(&log));
    let items = items(log, 9);
    let names: Vec<_> = items
        .iter()
        .map(|item| {
            (
                value::text_at(item, "tool.name"),
                value::text_at(item, "rule.name"),
            )
        })
        .collect();
    let (scan, more) = (Some("scan"), Some("more"));
    assert_eq!(
        names,
        [
            (scan, Some("B")),
            (scan, Some("A")),
            (more, Some("C")),
            (scan, Some("B")),
            (scan, None)
        ]
    );
    assert_eq!(value::text_at(&items[2], "result.ruleId"), Some("c"));
    assert_eq!(value::text_at(&items[0], "run.id"), Some("main/1"));
    assert!(value::lookup(&items[0], "tool.rules").is_none());
}

#[test]
fn a_file_that_is_named_by_its_index_gets_its_name() {
    let log = r#"{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "scan"}},
        "artifacts": [{"location": {"uri": "src/a.rs"}}],
        "results": [{"ruleId": "a", "locations": [
            {"physicalLocation": {"artifactLocation": {"index": 0}}}]}]}]}"#;
    let items = items(parse(log), 9);
    let locations = value::lookup(&items[0], "result.locations").and_then(Value::as_array);
    let uri =
        locations.and_then(|all| value::text_at(&all[0], "physicalLocation.artifactLocation.uri"));
    assert_eq!(uri, Some("src/a.rs"));
}

#[test]
fn what_only_looks_like_a_log_is_none_and_odd_parts_give_no_item() {
    assert!(!is_log(&parse(r#"{"version": "1.0.0", "runs": []}"#)));
    assert!(!is_log(&parse(r#"{"version": "2.1.0", "runs": {}}"#)));
    let odd =
        r#"{"version": "2.1.0", "runs": [1, {"results": [null, 2]}, {"results": {}, "tool": 3}]}"#;
    assert!(items(parse(odd), 9).is_empty());
}

#[test]
fn a_log_is_not_taken_apart_beyond_the_bound() {
    let run = r#"{"tool": {"driver": {"name": "scan"}}, "results": [{}, {}, {}]}"#;
    let log = format!(r#"{{"version": "2.1.0", "runs": [{run}, {run}]}}"#);
    assert_eq!(items(parse(&log), 3).len(), 4);
    assert_eq!(items(parse(&log), 9).len(), 6);
}
