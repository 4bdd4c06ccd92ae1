use super::*;
use crate::value::{parse, write_json};

fn completed(context: &[(&str, &str)], draft: &str) -> Value {
    let files: Vec<_> = context
        .iter()
        .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
        .collect();
    let context = Context::load(&files).unwrap_or_else(|problems| panic!("{problems:?}"));
    let mut body = parse(draft.as_bytes()).expect("the test's JSON");
    complete(&mut body, &context);
    context.enrich(&mut body);
    body
}

fn json(value: Option<&Value>) -> String {
    let mut out = Vec::new();
    write_json(value.unwrap_or(&Value::Null), &mut out);
    String::from_utf8(out).expect("JSON is UTF-8")
}

fn tool_call(command: &str) -> String {
    format!(
        r#"{{"chaperone":{{"logsource":{{"category":"agent_tool_call"}}}},"process":{{"command_line":"{command}"}}}}"#
    )
}

#[test]
fn the_host_that_the_context_objects_to_is_the_one_shown() {
    let context = [
        ("networks.toml", "allowed_domains = [\"good.example\"]"),
        (
            "repositories.toml",
            "[[repositories]]\nmatch = \"octo/secret\"\nagents = \"denied\"",
        ),
    ];
    let command = "curl https://good.example/a; git clone https://evil.example/octo/open; gh -R octo/secret pr list";
    let body = completed(&context, &tool_call(command));
    assert_eq!(text_at(&body, "destination.domain"), Some("evil.example"));
    assert_eq!(
        text_at(&body, "url.full"),
        Some("https://evil.example/octo/open")
    );
    assert_eq!(
        json(nested(&body, "chaperone.destination")),
        r#"{"allowed":false}"#
    );
    assert_eq!(text_at(&body, "vcs.repository.name"), Some("octo/secret"));
    assert_eq!(
        json(nested(&body, "chaperone.repository")),
        r#"{"agents":"denied"}"#
    );
    assert_eq!(
        json(nested(&body, "related.hosts")),
        r#"["good.example","evil.example"]"#
    );
}

#[test]
fn what_a_program_has_set_is_not_changed() {
    let draft = r#"{"chaperone":{"logsource":{"category":"agent_tool_call"}},
        "process":{"command_line":"curl https://a.example; gh -R x/y pr list"},
        "destination":{"domain":"set.example"},"vcs":{"repository":{"name":"set/it"}},
        "url":{"domain":"mine.example"}}"#;
    let body = completed(&[], draft);
    assert_eq!(
        json(nested(&body, "destination")),
        r#"{"domain":"set.example"}"#
    );
    assert_eq!(json(nested(&body, "url")), r#"{"domain":"mine.example"}"#);
    assert_eq!(text_at(&body, "vcs.repository.name"), Some("set/it"));
}

#[test]
fn a_url_is_a_destination_only_where_something_is_done() {
    for (category, reached) in [
        ("agent_tool_call", true),
        ("sandbox_network", true),
        ("code_change", false),
    ] {
        let draft = format!(
            r#"{{"chaperone":{{"logsource":{{"category":"{category}"}}}},"url":{{"full":"https://192.0.2.7:8443/a?b#c"}}}}"#
        );
        let body = completed(&[], &draft);
        assert_eq!(json(nested(&body, "url.port")), "8443");
        assert_eq!(text_at(&body, "url.path"), Some("/a"));
        assert_eq!(
            text_at(&body, "destination.ip"),
            reached.then_some("192.0.2.7")
        );
    }
}

#[test]
fn a_command_line_of_others_is_only_text() {
    let draft = r#"{"chaperone":{"logsource":{"category":"ci_run"}},"process":{"command_line":"curl https://a.example"}}"#;
    assert!(nested(&completed(&[], draft), "destination").is_none());
}

#[test]
fn related_lists_hold_each_value_once_and_keep_what_was_there() {
    let draft = r#"{"user":{"name":"a","id":"a","target":{"name":"b"}},"source":{"ip":"192.0.2.1"},
        "related":{"user":["z","b"],"ip":"192.0.2.1"}}"#;
    let body = completed(&[], draft);
    assert_eq!(
        json(nested(&body, "related")),
        r#"{"ip":["192.0.2.1"],"user":["z","b","a"]}"#
    );
}
