use super::*;
use crate::receive::otlp::{LOGS, METRICS};

fn tally(way: Way, json: &str) -> Option<(u64, u64)> {
    let tally = Tally::of(way, json.as_bytes()).ok()?;
    Some((tally.taken, tally.rejected))
}

fn logs(json: &str) -> Option<(u64, u64)> {
    tally(LOGS.way, json)
}

#[test]
fn records_of_the_form_are_taken() {
    let json = r#"{"resourceLogs":[
        {"resource":{"attributes":[]},"scopeLogs":[{"logRecords":[{},{"body":[1]}]},{"scope":{}}]},
        {"scopeLogs":null},
        {"scopeLogs":[{"logRecords":[{}]}]}]}"#;
    assert_eq!(logs(json), Some((3, 0)));
}

#[test]
fn what_is_not_of_the_form_is_rejected_one_by_one() {
    let json = r#"{"resourceLogs":[
        7, null, "x", [{}], {"scopeLogs":"y"},
        {"scopeLogs":[true,{"logRecords":1.5},{"logRecords":[null,{},[]]}]}]}"#;
    assert_eq!(logs(json), Some((1, 9)));
}

#[test]
fn a_request_that_would_look_empty_is_none() {
    for json in [
        "[]",
        "null",
        "7",
        r#"{"resourceLogs":7}"#,
        r#"{"resourceLogs":{}}"#,
        r#"{"resource_logs":[]}"#,
        r#"{"resourceLogs":[]} {}"#,
    ] {
        assert_eq!(logs(json), None, "{json}");
    }
    for json in ["{}", r#"{"resourceLogs":null}"#, r#"{"resourceLogs":[]}"#] {
        assert_eq!(logs(json), Some((0, 0)), "{json}");
    }
}

#[test]
fn of_metrics_the_data_points_count() {
    let json = r#"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[
        {"name":"a","sum":{"dataPoints":[{},{}],"isMonotonic":true}},
        {"name":"b","histogram":{"dataPoints":[{}]}},
        {"name":"c","gauge":{}},
        {"name":"d","a_later_kind":{"dataPoints":[{}]}},
        {"name":"e","summary":{"dataPoints":[3]}}]}]}]}"#;
    assert_eq!(tally(METRICS.way, json), Some((3, 2)));
}
