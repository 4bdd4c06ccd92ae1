use super::*;

fn error(body: &[u8]) -> String {
    check_json(body).expect_err("refused").error.into_owned()
}

#[test]
fn documents_are_objects_or_arrays() {
    for good in ["{}", " [1, 2]\n", "\r\n{\"a\":\"\\u00e4\"}"] {
        assert_eq!(check_json(good.as_bytes()), Ok(()), "{good}");
    }
    for bad in [
        "", " ", "1", "\"text\"", "null", "{}{}", "{\"a\":1", "{'a':1}",
    ] {
        assert!(check_json(bad.as_bytes()).is_err(), "{bad}");
    }
}

#[test]
fn a_break_is_told_by_its_place_alone() {
    assert_eq!(
        error(b"{\"a\": 1,\n \"b\": hunter2}"),
        "the body is not JSON at line 2 column 7"
    );
    assert_eq!(
        error(b"{\"a\":\n\"\xff\"}"),
        "the body is not UTF-8 at line 2 column 2"
    );
    assert_eq!(
        error(b"{\"a\":\"\0\"}"),
        "the body is not JSON at line 1 column 6"
    );
}

#[test]
fn deep_nesting_does_not_overflow_the_check() {
    let deep = [b"[".repeat(1_000_000), b"]".repeat(1_000_000)].concat();
    assert_eq!(check_json(&deep), Ok(()));
    assert!(check_json(&deep[..1_500_000]).is_err());
}

#[test]
fn ndjson_is_cut_at_its_lines() {
    let body = Bytes::from_static(b"{\"a\":1}\r\n\n  {\"b\":2}  \n[3]");
    let records = lines(&body, 3).expect("three lines");
    assert_eq!(records, ["{\"a\":1}", "{\"b\":2}", "[3]"]);
    let no = lines(&body, 2).expect_err("a third line");
    assert_eq!(no.reason, Reason::TooLarge);
    let broken = Bytes::from_static(b"{\"a\":1}\n\n{\"b\":}\n");
    let no = lines(&broken, 9).expect_err("a broken line");
    assert_eq!(no.error, "the body is not JSON at line 3 column 6");
    assert_eq!(lines(&Bytes::from_static(b"\n \n"), 9), Ok(vec![]));
}

#[test]
fn forms_are_unwrapped() {
    let of = |body: &'static str| form(Bytes::from_static(body.as_bytes()));
    assert_eq!(
        of("a=1&payload=%7B%22a%22%3A%22b+c%25%C3%a4%22%7D&z=2").expect("a payload"),
        "{\"a\":\"b c%ä\"}"
    );
    assert_eq!(
        of(" {\"a\":\"1&payload=2\"}").expect("JSON"),
        " {\"a\":\"1&payload=2\"}"
    );
    assert_eq!(of("payload=100%").expect("a payload"), "100%");
    assert_eq!(
        of("a=1&xpayload=2").map_err(|no| no.reason),
        Err(Reason::Malformed)
    );
}

proptest::proptest! {
    /// The check accepts what serde_json parses into a value, and nothing else but deep nesting.
    #[test]
    fn the_check_agrees_with_a_parser(text in "[\\[\\]{}\",:0-9a-f\\\\ un\n-]{0,24}") {
        let parsed = serde_json::from_str::<serde_json::Value>(&text);
        let is_document = parsed.is_ok_and(|value| value.is_object() || value.is_array());
        proptest::prop_assert_eq!(check_json(text.as_bytes()).is_ok(), is_document);
    }

    #[test]
    fn no_form_panics(body in proptest::collection::vec(proptest::num::u8::ANY, 0..64)) {
        let _ = form(Bytes::from([b"payload=".as_slice(), &body].concat()));
    }
}
