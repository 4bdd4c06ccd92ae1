use super::*;

fn ms(text: &str) -> Option<i64> {
    parse_ms(&Value::from(text))
}

#[test]
fn every_form_that_vendors_write_is_the_same_moment() {
    let moment = Some(1_794_474_847_412);
    for text in [
        "2026-11-12T09:14:07.412Z",
        "2026-11-12T09:14:07.4129999Z",
        "2026-11-12T10:14:07.412+01:00",
        "2026-11-12 09:14:07.412 UTC",
        "2026-11-12 09:14:07.412 +0000",
        "2026-11-12T10:14:07.412+0100",
        "2026-11-12T09:14:07.412",
        "1794474847412",
        "1794474847412000000",
    ] {
        assert_eq!(ms(text), moment, "{text}");
    }
    assert_eq!(parse_ms(&Value::from(1_794_474_847_412_i64)), moment);
    assert_eq!(
        parse_ms(&Value::from(1_794_474_847_i64)),
        Some(1_794_474_847_000)
    );
    assert_eq!(parse_ms(&Value::from(1_794_474_847_412_345_i64)), moment);
    let seconds = value::parse(b"1794474847.412").expect("a number");
    assert_eq!(parse_ms(&seconds), moment);
}

#[test]
fn what_is_no_time_is_none() {
    for text in [
        "",
        "yesterday",
        "17",
        "99999-01-01T00:00:00Z",
        "[REDACTED:x]",
    ] {
        assert_eq!(ms(text), None, "{text}");
    }
    assert_eq!(parse_ms(&Value::from(12_i64)), None);
    assert_eq!(parse_ms(&Value::Null), None);
}

#[test]
fn formatting_keeps_milliseconds() {
    assert_eq!(format_ms(1_794_474_847_412), "2026-11-12T09:14:07.412Z");
    assert_eq!(format_ms(i64::MAX), "9999-12-31T23:59:59.999Z");
}
