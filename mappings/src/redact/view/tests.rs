use super::*;

fn flat(input: &str) -> (String, Vec<Unit>) {
    let (mut text, mut units) = (Vec::new(), Vec::new());
    collapse(input.as_bytes(), &mut text, &mut units);
    (String::from_utf8_lossy(&text).into_owned(), units)
}

#[test]
fn every_depth_reads_the_same() {
    let mut text = "say \"hi\"\tto\nC:/x".to_owned();
    for _ in 0..4 {
        let quoted = serde_json::to_string(&text).expect("a string");
        text = quoted[1..quoted.len() - 1].to_owned();
        assert_eq!(flat(&text).0, "say \"hi\"\tto\nC:/x");
    }
}

#[test]
fn escapes_of_other_kinds_are_read() {
    for (input, view) in [
        (r"a\u0022b\u003d", "a\"b="),
        ("a%3Db%2520c%zz%", "a=b c%zz%"),
        ("\u{1b}[1;32mok\u{1b}[0m", "ok"),
        (r"\u001b[31mred\x1b[0m\033[0m\e[0m", "red"),
        (r"\d\\d", r"\d\d"),
        (r"\u00", r"\u00"),
        ("\\", "\\"),
    ] {
        assert_eq!(flat(input).0, view, "{input}");
    }
}

#[test]
fn positions_map_back_to_whole_units() {
    let input = r#"a\"b\u0041%41z"#;
    let (text, units) = flat(input);
    assert_eq!(text, "a\"bAAz");
    let view = View::new(text.as_bytes(), &units);
    let whole: Vec<&str> = (0..text.len())
        .map(|at| view.input_range(at, at + 1))
        .map(|(start, end)| &input[start..end])
        .collect();
    assert_eq!(whole, ["a", "\\\"", "b", "\\u0041", "%41", "z"]);
}

#[test]
fn a_backslash_before_a_closing_quote_is_not_the_quotes() {
    // The JSON text "x\\" ends in a backslash and an unescaped quote.
    let (text, units) = flat(r#""x\\","#);
    let view = View::new(text.as_bytes(), &units);
    let close = text.rfind('"').expect("a quote");
    assert_eq!(view.quote_depth(close), 1);
}
