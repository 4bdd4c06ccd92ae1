use super::*;
use crate::value::{parse, write_json};

fn split(text: &str) -> Vec<String> {
    let document = parse(text.as_bytes()).expect("the test's JSON");
    assert!(is_export(&document));
    let json = |item: &Value| {
        let mut out = Vec::new();
        write_json(item, &mut out);
        String::from_utf8(out).expect("JSON is UTF-8")
    };
    items(document, 1000).iter().map(json).collect()
}

#[test]
fn a_record_becomes_a_flat_item() {
    let items = split(
        r#"{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"agent"}}]},
            "scopeLogs":[{"scope":{"name":"s","version":"1","attributes":[]},"logRecords":[{
              "timeUnixNano":"1794474847412000000","observedTimeUnixNano":0,"severityNumber":9,
              "body":{"stringValue":"b"},"eventName":"n","traceId":"","attributes":[
                {"key":"a.b","value":{"intValue":"10"}},{"key":"n","value":{"intValue":7}},
                {"key":"d","value":{"doubleValue":0.5}},{"key":"t","value":{"boolValue":true}},
                {"key":"l","value":{"arrayValue":{"values":[{"stringValue":"x"},{"intValue":"1"}]}}},
                {"key":"k","value":{"kvlistValue":{"values":[{"key":"in","value":{"stringValue":"y"}}]}}},
                {"key":"e","value":{}}]}]}]}]}"#,
    );
    let expected = r#"{"attributes":{"a.b":10,"d":0.5,"e":null,"k":{"in":"y"},"l":["x",1],"n":7,"t":true},"body":"b","name":"n","resource":{"service.name":"agent"},"scope":{"name":"s","version":"1"},"severity_number":9,"signal":"log","time_unix_nano":1794474847412000000,"trace_id":""}"#;
    assert_eq!(items, [expected]);
}

#[test]
fn every_record_of_every_scope_is_an_item_with_its_own_resource() {
    let items = split(
        r#"{"resourceLogs":[
            {"resource":{"attributes":[{"key":"r","value":{"intValue":"1"}}]},"scopeLogs":[{"logRecords":[{},{}]},{"logRecords":[{}]}]},
            {"scopeLogs":[{"logRecords":[{}]}]}]}"#,
    );
    assert_eq!(items.len(), 4);
    assert!(
        items[..3]
            .iter()
            .all(|item| item.contains(r#""resource":{"r":1}"#))
    );
    assert!(items[3].contains(r#""resource":{}"#));
}

#[test]
fn an_empty_export_gives_no_item() {
    for text in [
        r#"{"resourceLogs":[]}"#,
        r#"{"resourceLogs":[{"scopeLogs":null},{"scopeLogs":[{"logRecords":[]}]}]}"#,
        r#"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","sum":{}}]}]}]}"#,
    ] {
        assert!(split(text).is_empty(), "{text}");
    }
}

#[test]
fn what_is_not_of_the_form_is_an_item_as_it_is() {
    let odd = split(
        r#"{"resourceLogs":[1,null,{"scopeLogs":7},{"scopeLogs":[3,{"logRecords":[null]}]}]}"#,
    );
    assert_eq!(odd, ["1", "null", "7", "3", "null"]);
    let odd = split(
        r#"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","later":{"dataPoints":[{}]}}]}]}]}"#,
    );
    assert_eq!(odd, [r#"{"later":{"dataPoints":[{}]},"name":"m"}"#]);
    let odd = split(
        r#"{"resourceLogs":[{"resource":4,"scopeLogs":[{"scope":"s","logRecords":[{"attributes":[1,{"key":3,"value":4},{"key":"k"},{"key":"p","value":"plain"}]}]}]}]}"#,
    );
    assert_eq!(odd.len(), 1);
    assert!(
        odd[0].contains(r#""attributes":{"p":"plain"}"#),
        "{}",
        odd[0]
    );
}

#[test]
fn no_more_items_are_made_than_wanted() {
    let document = parse(br#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{},{},{},{}]}]}]}"#);
    assert_eq!(items(document.expect("JSON"), 3).len(), 3);
}

#[test]
fn every_data_point_is_an_item_that_says_what_it_counts() {
    let items = split(
        r#"{"resourceMetrics":[{"resource":{"attributes":[{"key":"r","value":{"intValue":"1"}}]},
            "scopeMetrics":[{"scope":{"name":"s"},"metrics":[
              {"name":"tokens","unit":"{token}","description":"d","sum":{"aggregationTemporality":1,"isMonotonic":true,"dataPoints":[
                {"startTimeUnixNano":"1794474847000000000","timeUnixNano":"1794474847412000000","asInt":"-7","attributes":[{"key":"a","value":{"boolValue":true}}]},
                {"timeUnixNano":1794474847412000000,"asDouble":0.5}]}},
              {"name":"load","gauge":{"dataPoints":[{"timeUnixNano":"1794474847412000000","asDouble":1.0}]}},
              {"name":"took","unit":"s","histogram":{"aggregationTemporality":"AGGREGATION_TEMPORALITY_CUMULATIVE","dataPoints":[
                {"timeUnixNano":"1794474847412000000","count":"3","sum":6.5,"min":1.0,"max":3.5,"bucketCounts":["1","2"],"explicitBounds":[2.0]}]}}]}]}]}"#,
    );
    let expected = [
        r#"{"attributes":{"a":true},"metric":{"monotonic":true,"name":"tokens","temporality":"delta","type":"sum","unit":"{token}","value":-7},"name":"tokens","resource":{"r":1},"scope":{"name":"s"},"signal":"metric","start":"2026-11-12T09:14:07.000Z","time_unix_nano":1794474847412000000}"#,
        r#"{"attributes":{},"metric":{"monotonic":true,"name":"tokens","temporality":"delta","type":"sum","unit":"{token}","value":0.5},"name":"tokens","resource":{"r":1},"scope":{"name":"s"},"signal":"metric","time_unix_nano":1794474847412000000}"#,
        r#"{"attributes":{},"metric":{"name":"load","type":"gauge","value":1.0},"name":"load","resource":{"r":1},"scope":{"name":"s"},"signal":"metric","time_unix_nano":1794474847412000000}"#,
        r#"{"attributes":{},"metric":{"bounds":[2.0],"bucket_counts":[1,2],"count":3,"max":3.5,"min":1.0,"name":"took","sum":6.5,"temporality":"cumulative","type":"histogram","unit":"s"},"name":"took","resource":{"r":1},"scope":{"name":"s"},"signal":"metric","time_unix_nano":1794474847412000000}"#,
    ];
    assert_eq!(items, expected);
}

#[test]
fn a_span_becomes_a_flat_item() {
    let items = split(
        r#"{"resourceSpans":[{"scopeSpans":[{"spans":[
            {"traceId":"4bf9","spanId":"00f0","parentSpanId":"aa","name":"chat m","kind":3,
             "startTimeUnixNano":"1794474847412000000","endTimeUnixNano":"1794474848034000000",
             "attributes":[{"key":"k","value":{"stringValue":"v"}}],
             "events":[{"timeUnixNano":"1794474847500000000","name":"e","attributes":[{"key":"x","value":{"intValue":"1"}}]}],
             "links":[{"traceId":"l","spanId":"m"}],
             "status":{"code":2,"message":"no"}},
            {"traceId":"4bf9","spanId":"00f1","name":"b","attributes":[{"key":"error.type","value":{"stringValue":"tool_error"}}],"status":{}},
            {"traceId":"4bf9","spanId":"00f2","name":"c"}]}]}]}"#,
    );
    let first = r#"{"attributes":{"k":"v"},"duration":622000000,"end":"2026-11-12T09:14:08.034Z","name":"chat m","outcome":"failure","resource":{},"scope":{},"signal":"span","span":{"events":[{"attributes":{"x":1},"name":"e","time":"2026-11-12T09:14:07.500Z"}],"kind":"client","links":[{"span_id":"m","trace_id":"l"}],"message":"no","name":"chat m","parent_id":"aa","status":"error"},"span_id":"00f0","start":"2026-11-12T09:14:07.412Z","time_unix_nano":1794474847412000000,"trace_id":"4bf9"}"#;
    assert_eq!(items[0], first);
    assert!(items[1].contains(r#""outcome":"failure""#), "{}", items[1]);
    assert!(items[2].contains(r#""outcome":"success""#), "{}", items[2]);
}
