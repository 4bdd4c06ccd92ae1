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
    items(document).iter().map(json).collect()
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
fn what_is_not_of_the_form_gives_no_item_and_no_panic() {
    for text in [
        r#"{"resourceLogs":[]}"#,
        r#"{"resourceLogs":[1,null,{"scopeLogs":7},{"scopeLogs":[3,{"logRecords":[null]}]}]}"#,
    ] {
        assert!(split(text).is_empty(), "{text}");
    }
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
