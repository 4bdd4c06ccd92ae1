use bytes::Bytes;

use super::{Document, Kind, Level, NotADocument};

fn read(json: &'static str) -> Result<Document, NotADocument> {
    Document::read(Bytes::from_static(json.as_bytes()))
}

#[test]
fn an_alert_says_its_own_level_source_and_tenant() {
    let alert = read(
        r#"{"@timestamp":"2026-11-12T09:14:07.412Z","event":{"kind":"alert","id":"a\u0031"},"chaperone":{"source":"github.webhook","tenant":"t1","alert":{"level":"critical","count":3}},"x":[1,{"y":2}]}"#,
    )
    .expect("an alert");
    assert_eq!(&*alert.id, "a1");
    assert_eq!(alert.kind, Kind::Alert);
    assert_eq!(alert.level, Some(Level::Critical));
    assert_eq!(alert.source.as_deref(), Some("github.webhook"));
    assert_eq!(alert.tenant.as_deref(), Some("t1"));
    assert_eq!(alert.time_ms, 1_794_474_847_412);
}

#[test]
fn an_event_has_no_level_and_an_alert_without_one_counts_as_high() {
    let event = read(r#"{"@timestamp":"2026-11-12T09:14:07Z","event":{"kind":"event","id":"e"}}"#);
    assert_eq!(event.expect("an event").level, None);
    let alert = read(
        r#"{"@timestamp":"2026-11-12T09:14:07Z","event":{"kind":"alert","id":"e"},"chaperone":{"alert":{"level":"odd"}}}"#,
    );
    assert_eq!(alert.expect("an alert").level, Some(Level::High));
}

#[test]
fn what_cannot_be_delivered_once_is_refused() {
    assert_eq!(read("[]").unwrap_err(), NotADocument::Json);
    assert_eq!(read("{}").unwrap_err(), NotADocument::Id);
    let no_time = r#"{"@timestamp":"yesterday","event":{"id":"e"}}"#;
    assert_eq!(read(no_time).unwrap_err(), NotADocument::Time);
    assert_eq!(read("{\n}").unwrap_err(), NotADocument::Line);
}

#[test]
fn the_content_is_not_in_the_debug_form() {
    let json = format!(
        r#"{{"@timestamp":"2026-11-12T09:14:07Z","event":{{"id":"e"}},"user":{{"name":"{}"}}}}"#,
        "dana"
    );
    let document = Document::read(Bytes::from(json)).expect("a document");
    assert!(!format!("{document:?}").contains("dana"));
}

#[test]
fn levels_are_ordered_and_named() {
    assert!(Level::ALL.is_sorted());
    for level in Level::ALL {
        assert_eq!(level.name().parse(), Ok(level));
    }
    assert!("High".parse::<Level>().is_err());
}
