use super::*;

fn origin() -> Origin {
    Origin {
        source: "github.webhook".into(),
        received_ms: 1_794_474_847_412,
        tenant: "acme".into(),
        headers: vec![("x-github-event".into(), "push".into())],
        place: String::new(),
    }
}

#[test]
fn a_record_comes_back_as_it_went_in() {
    let sent = Record {
        origin: origin(),
        body: Bytes::from_static(b"{\"a\":1}"),
    };
    let back = record(&message(sent.clone()), 3, 1234);
    let expected = Origin {
        place: "raw/3@1234".into(),
        ..origin()
    };
    assert_eq!(back.origin, expected);
    assert_eq!(back.body, sent.body);
}

#[test]
fn a_record_keeps_the_place_that_it_brought() {
    let mut sent = Record {
        origin: origin(),
        body: Bytes::new(),
    };
    sent.origin.place = "story.ndjson:17".into();
    assert_eq!(record(&message(sent.clone()), 0, 9), sent);
}

#[test]
fn a_delivery_header_cannot_pose_as_the_source() {
    let mut sent = Record {
        origin: origin(),
        body: Bytes::new(),
    };
    sent.origin.headers.push(("source".into(), "okta".into()));
    let back = record(&message(sent), 0, 0);
    assert_eq!(back.origin.source, "github.webhook");
    assert_eq!(back.origin.headers.len(), 1);
}

#[test]
fn a_foreign_message_is_a_record_without_a_source() {
    let foreign = Message {
        value: Bytes::from_static(b"{}"),
        headers: vec![
            ("X-GitHub-Event".into(), Bytes::from_static(b"push")),
            ("trace".into(), Bytes::from_static(&[0xff, 0xfe])),
        ],
        time_ms: 7,
        ..Message::default()
    };
    let back = record(&foreign, 1, 2);
    assert_eq!(back.origin.source, "");
    assert_eq!(back.origin.header("x-github-event"), Some("push"));
    assert_eq!(back.origin.headers.len(), 1);
    assert_eq!(back.origin.received_ms, 7);
}
