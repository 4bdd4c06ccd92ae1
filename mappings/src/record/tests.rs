use super::*;

fn origin() -> Origin {
    Origin {
        source: "auto".to_owned(),
        received_ms: 5,
        place: "file.ndjson:1".to_owned(),
        ..Origin::default()
    }
}

#[test]
fn a_plain_line_is_the_body() {
    for line in [
        r#"{"a":1}"#,
        "",
        "not json",
        r#"{"a":1,"chaperone.record":{}}"#,
    ] {
        let record = Record::from_line(line, origin());
        assert_eq!(
            (&record.body[..], &record.origin),
            (line.as_bytes(), &origin())
        );
    }
}

#[test]
fn a_recorded_delivery_brings_its_origin() {
    let line = r#" {"chaperone.record":{"source":"a.b","received":"2026-11-12T09:30:00Z","headers":{"X-Kind":"k"},"tenant":"t"},"body":{"b":1,"a":2}}"#;
    let record = Record::from_line(line, origin());
    assert_eq!(&record.body[..], br#"{"a":2,"b":1}"#);
    let expected = Origin {
        source: "a.b".to_owned(),
        received_ms: 1_794_475_800_000,
        tenant: "t".to_owned(),
        headers: vec![("x-kind".to_owned(), "k".to_owned())],
        place: "file.ndjson:1".to_owned(),
    };
    assert_eq!(record.origin, expected);
}

#[test]
fn text_keeps_its_bytes_and_a_heading_may_be_empty() {
    let record = Record::from_line(r#"{"chaperone.record":{},"text":"{\"b\" : 1,"}"#, origin());
    assert_eq!(
        (&record.body[..], &record.origin),
        (&br#"{"b" : 1,"#[..], &origin())
    );
}

#[test]
fn what_only_begins_like_a_recorded_delivery_is_left_as_it_is() {
    for line in [
        r#"{"chaperone.record":{}}"#,
        r#"{"chaperone.record":{},"body":1,"text":"x"}"#,
        r#"{"chaperone.record":{"received":"soon"},"body":1}"#,
        r#"{"chaperone.record":{"#,
    ] {
        let record = Record::from_line(line, origin());
        assert_eq!(
            (&record.body[..], &record.origin),
            (line.as_bytes(), &origin())
        );
    }
}
