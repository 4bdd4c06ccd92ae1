//! What holds for every source: ids, times, refusals.

use super::{RECEIVED_MS, record, run, worker};
use crate::refusal::RefusalCode;

/// An event of the `ecs` source.
fn ecs(rest: &str) -> String {
    format!(r#"{{"@timestamp":"2026-11-12T09:14:07Z","ecs":{{"version":"9.4.0"}}{rest}}}"#)
}

#[test]
fn an_id_depends_on_source_and_content_and_on_nothing_else() {
    let mut worker = worker();
    let first = run(&mut worker, &record("ecs", ecs(r#","a":1,"b":2"#)));
    let mut other = record("auto", ecs(r#", "b":2, "a" : 1"#));
    other.origin.place = "elsewhere".to_owned();
    other.origin.received_ms += 1;
    let second = run(&mut worker, &other);
    assert_eq!(first.events[0].id(), second.events[0].id());
    let third = run(&mut worker, &record("ecs", ecs(r#","a":1,"b":3"#)));
    assert_ne!(first.events[0].id(), third.events[0].id());
}

#[test]
fn equal_items_of_one_record_are_still_two_events() {
    let item = ecs("");
    let out = run(
        &mut worker(),
        &record("ecs", format!("[{item},{item},{item}]")),
    );
    let ids: Vec<_> = out.events.iter().map(crate::Event::id).collect();
    assert_eq!(ids.len(), 3);
    assert_eq!(ids[1], format!("{}-2", ids[0]));
    assert_eq!(ids[2], format!("{}-3", ids[0]));
}

#[test]
fn a_time_far_beyond_its_receipt_is_clamped_and_tagged() {
    let mut worker = worker();
    for (time, clamped) in [
        (RECEIVED_MS + 300_000, false),
        (RECEIVED_MS + 300_001, true),
        (RECEIVED_MS - 86_400_000, false),
    ] {
        let body = format!(r#"{{"@timestamp":{time},"ecs":{{"version":"9.4.0"}}}}"#);
        let out = run(&mut worker, &record("ecs", body));
        let event = &out.events[0];
        assert_eq!(event.time_ms(), if clamped { RECEIVED_MS } else { time });
        let tagged = String::from_utf8_lossy(event.json()).contains("timestamp_clamped");
        assert_eq!(tagged, clamped);
    }
}

#[test]
fn broken_input_is_refused_with_a_code_and_without_its_content() {
    let mut worker = worker();
    let deep = format!("{}{}", "[".repeat(500), "]".repeat(500));
    for (source, body, code) in [
        (
            "auto",
            b"{\"secret-content\": ".to_vec(),
            RefusalCode::InvalidJson,
        ),
        (
            "auto",
            b"{\"a\":\"secret-content\xff\"}".to_vec(),
            RefusalCode::InvalidUtf8,
        ),
        ("auto", deep.into_bytes(), RefusalCode::TooDeep),
        ("auto", vec![b' '; (25 << 20) + 1], RefusalCode::TooLarge),
        (
            "auto",
            b"{\"a\":\"secret-content\"}".to_vec(),
            RefusalCode::UnknownSource,
        ),
        (
            "auto",
            b"\"secret-content\"".to_vec(),
            RefusalCode::UnknownSource,
        ),
        ("auto", b"{\"a\":1}\0".to_vec(), RefusalCode::InvalidJson),
        (
            "no.such",
            b"{\"a\":\"secret-content\"}".to_vec(),
            RefusalCode::NoMapping,
        ),
        (
            "ecs",
            b"{\"a\":\"secret-content\"}".to_vec(),
            RefusalCode::NoTime,
        ),
        ("ecs", b"{}".to_vec(), RefusalCode::InvalidEvent),
        ("github.audit", b"17".to_vec(), RefusalCode::InvalidEvent),
        (
            "github.audit",
            b"{\"a\":\"secret-content\"}".to_vec(),
            RefusalCode::MappingFailed,
        ),
    ] {
        let out = run(&mut worker, &record(source, body));
        assert!(out.events.is_empty(), "{code:?}");
        let codes: Vec<_> = out.refusals.iter().map(|refusal| refusal.code).collect();
        assert_eq!(codes, [code], "{:?}", out.refusals);
        assert!(!out.refusals[0].detail.contains("secret-content"));
    }
}

#[test]
fn empty_records_are_nothing() {
    let mut worker = worker();
    for body in ["", " \r\n\t", "\u{feff}", "[]"] {
        let out = run(&mut worker, &record("auto", body));
        assert!(out.events.is_empty() && out.refusals.is_empty(), "{body:?}");
    }
}

#[test]
fn one_bad_item_does_not_take_the_others_with_it() {
    let body = format!("[{},{{\"x\":1}},{}]", ecs(""), ecs(r#","a":1"#));
    let out = run(&mut worker(), &record("auto", body));
    assert_eq!(out.events.len(), 2);
    assert_eq!(out.refusals.len(), 1);
    assert_eq!(out.refusals[0].item, 1);
}

#[test]
fn lines_of_text_are_items_of_the_source_that_reads_them() {
    let mut worker = worker();
    let line = "1794474847.412    622 172.30.0.20 TCP_TUNNEL/200 5124 CONNECT api.example.com:443 - HIER_DIRECT/192.0.2.5 -";
    let body = format!("{line}\r\n\nsecret-content\n{line}\n");
    for source in ["auto", "squid.access"] {
        let out = run(&mut worker, &record(source, body.clone()));
        assert_eq!(out.events.len(), 2);
        assert_eq!(out.events[1].id(), format!("{}-2", out.events[0].id()));
        let refused = out
            .refusals
            .iter()
            .map(|refusal| (refusal.code, refusal.item));
        assert_eq!(
            refused.collect::<Vec<_>>(),
            [(RefusalCode::InvalidEvent, 1)]
        );
    }
    for source in ["squid.access", "github.audit"] {
        let out = run(&mut worker, &record(source, "secret-content"));
        assert_eq!(out.refusals[0].code, RefusalCode::InvalidJson);
    }
}
