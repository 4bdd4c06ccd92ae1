use crate::source::{SourceFile, Sources};
use crate::value;

const HEADING: &str = r#"
title = "Acme door"
vendor = "Acme"
documentation = "https://acme.example/docs"
deliveries = ["file"]
"#;

fn load(vendor: &str, lines: &str) -> Result<Sources, Vec<String>> {
    let file = |name: &str, text: String| SourceFile {
        path: format!("{vendor}/door/{name}"),
        text,
    };
    let files = [
        file("mapping.toml", format!("{HEADING}{lines}\n")),
        file("mapping.vrl", ".a = 1".to_owned()),
    ];
    Sources::load(&files).map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

#[test]
fn a_line_becomes_its_named_parts() {
    let sources = load(
        "acme",
        r"lines = ['door (?<door>\d+) (?<state>open|shut)(?: by (?<who>\S+))?', 'lift (?<lift>\d+)']",
    );
    let sources = sources.unwrap_or_else(|problems| panic!("{problems:?}"));
    let lines = &sources.get("acme.door").unwrap().lines;
    for (line, expected) in [
        (
            "door 7 open by lee",
            r#"{"door":"7","state":"open","who":"lee"}"#,
        ),
        ("door 7 shut", r#"{"door":"7","state":"shut"}"#),
        ("lift 2", r#"{"lift":"2"}"#),
    ] {
        let expected = value::parse(expected.as_bytes()).expect("JSON");
        assert_eq!(lines.read(line), Some(expected), "{line}");
    }
    for line in ["a door 7 open", "door 7 open and shut", "lift", ""] {
        assert_eq!(lines.read(line), None, "{line}");
    }
}

#[test]
fn what_is_wrong_in_an_expression_is_said_with_its_place() {
    let problems = load("acme", "lines = ['(?<a>', 'no part']").err().unwrap();
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(problems[0].starts_with("acme/door/mapping.toml:6:10: is no regular expression"));
    assert!(problems[1].starts_with("acme/door/mapping.toml:6:19: names no part"));
}
