use proptest::prelude::*;

use super::*;
use crate::plan::{Builder, Routes, Scratch};

fn reads(json: &str) -> Result<(), ParseError> {
    let plan = Builder::default().finish().expect("no literals");
    let mut scratch = Scratch::default();
    let mut pass = Pass::new(&plan, &mut scratch);
    read(json, &mut pass)?;
    pass.finish(&mut Routes::default(), &mut Vec::new());
    Ok(())
}

#[track_caller]
fn agrees_with_the_parser(json: &str) {
    let parsed = serde_json::from_str::<serde_json::Value>(json);
    assert_eq!(reads(json).is_ok(), parsed.is_ok(), "{json:?}");
}

#[test]
fn accepts_what_the_parser_accepts() {
    for json in [
        "{}",
        "[]",
        " null ",
        "true",
        "false",
        "tru",
        "truex",
        "",
        " ",
        "{",
        "[1,]",
        "[,1]",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{a:1}",
        "[1 2]",
        "[1]]",
        "0",
        "-0",
        "00",
        "01",
        "-",
        "1.",
        ".5",
        "1.5",
        "1e5",
        "1e",
        "1e+",
        "1E-7",
        "-1.25e+3",
        "1e999",
        "-1e999",
        "18446744073709551616",
        "9223372036854775808",
        "\"a",
        "\"a\"",
        "\"\\",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u00e9\"",
        "\"\\ud83d\\ude00\"",
        "\"\\ud83d\"",
        "\"\\ude00\"",
        "\"\\ud83d\\u0041\"",
        "\"\\u+123\"",
        "\"\u{1}\"",
        "\"1234567\u{1}\"",
        "\"12345678\u{1f}9\"",
        "\"tab\tinside\"",
        "\"\u{7f}é\"",
        "{\"a\\u0062\":[{},[],{\"b\":null}]}",
        "[\n1,\r\n\t2 ]",
    ] {
        agrees_with_the_parser(json);
    }
}

#[test]
fn says_where_it_stopped_and_how_deep_it_goes() {
    let error = reads("{\"a\":1,\n  \"b\":x}").expect_err("x is not JSON");
    assert_eq!((error.line, error.column, error.too_deep), (2, 7, false));
    let nested = |levels: usize| ["[", "]"].map(|bracket| bracket.repeat(levels)).concat();
    for levels in [126, 127, 128, 129] {
        agrees_with_the_parser(&nested(levels));
    }
    assert!(reads(&nested(200)).expect_err("too deep").too_deep);
}

#[test]
fn resolves_every_escape() {
    let raw = r#"a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00z"#;
    let parsed: String = serde_json::from_str(&format!("\"{raw}\"")).expect("a JSON string");
    assert_eq!(unescaped(raw), parsed);
}

proptest! {
    #[test]
    fn broken_text_is_refused_as_the_parser_refuses_it(
        json in r#"[\[\]{}:,"\\u0a1e.\-truefalsn ]{0,24}"#,
    ) {
        let parsed = serde_json::from_str::<serde_json::Value>(&json);
        prop_assert_eq!(reads(&json).is_ok(), parsed.is_ok());
    }
}
