use super::*;
use crate::value::parse;

const TOML: &str = r#"
title = "Acme audit"
vendor = "Acme"
documentation = "https://acme.example/docs"
deliveries = ["webhook"]

[logsource]
product = "acme"
service = "audit"

[[recognize]]
has = ["acme_id"]

[aliases]
who = "user.name"
"#;

fn file(path: &str, text: &str) -> SourceFile {
    SourceFile {
        path: path.to_owned(),
        text: text.to_owned(),
    }
}

fn problems(files: &[SourceFile]) -> Vec<String> {
    let found = Sources::load(files).err().unwrap_or_default();
    found.iter().map(ToString::to_string).collect()
}

#[test]
fn the_built_in_sources_compile() {
    // Their programs wait for an item otherwise (`Mapper::trusted`).
    let programs = BUILTIN.iter().filter(|(path, _)| path.ends_with(".vrl"));
    let problems = programs
        .filter_map(|(path, text)| Mapper::compile(path, text).err())
        .flatten()
        .chain(Sources::builtin().err().into_iter().flatten());
    let problems: Vec<_> = problems.map(|problem| problem.to_string()).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn a_folder_of_the_user_is_a_source() {
    let sources = Sources::load(&[
        file("my/acme/audit/mapping.toml", TOML),
        file("my/acme/audit/mapping.vrl", ".a = 1"),
    ]);
    let sources = sources.unwrap_or_else(|problems| panic!("{problems:?}"));
    assert_eq!(
        sources.get("acme.audit").unwrap().spec().title,
        "Acme audit"
    );
    assert_eq!(
        sources.alias("acme", Some("audit"), "who"),
        Some("user.name")
    );
    assert_eq!(sources.alias("acme", None, "who"), Some("user.name"));
    assert_eq!(sources.alias("acme", Some("other"), "who"), None);
    assert_eq!(
        sources.alias("okta", Some("okta"), "eventType"),
        Some("event.action")
    );
}

#[test]
fn one_file_of_a_built_in_source_can_be_replaced() {
    let sources = Sources::load(&[file("x/github/audit/mapping.vrl", ".mine = true")]);
    let sources = sources.unwrap_or_else(|problems| panic!("{problems:?}"));
    assert_eq!(
        sources.get("github.audit").unwrap().spec().title,
        "GitHub audit log"
    );
}

#[test]
fn every_problem_of_every_file_is_named_at_its_place() {
    let found = problems(&[
        file("u/acme/audit/mapping.toml", &TOML.replace("title", "titel")),
        file("u/acme/audit/mapping.vrl", ".a = to_int(.b)"),
        file("u/acme/other/mapping.vrl", ".a = 1"),
        file("u/acme/third/mapping.toml", TOML),
        file("u/acme/fourth/README.txt", ""),
        file("mapping.toml", TOML),
    ]);
    for (start, part) in [
        ("u/acme/audit/mapping.toml:2:1:", "titel"),
        ("u/acme/audit/mapping.vrl:1:6:", "unhandled"),
        ("u/acme/other/mapping.vrl:1:1:", "mapping.toml"),
        ("u/acme/third/mapping.toml:1:1:", "mapping.vrl"),
        ("u/acme/fourth/README.txt:1:1:", "not a file of a source"),
        ("mapping.toml:1:1:", "<vendor>/<stream>"),
    ] {
        let named = |problem: &&String| problem.starts_with(start) && problem.contains(part);
        assert!(
            found.iter().any(|problem| named(&problem)),
            "{start} {part}: {found:#?}"
        );
    }
}

#[test]
fn an_entry_that_would_take_any_json_is_refused() {
    let text = TOML.replace("has = [\"acme_id\"]", "lacks = [\"x\"]");
    let found = problems(&[
        file("acme/audit/mapping.toml", &text),
        file("acme/audit/mapping.vrl", ".a = 1"),
    ]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("would take any JSON"), "{found:?}");
}

#[test]
fn an_answer_that_is_no_json_is_refused() {
    let text = TOML.replace("[logsource]", "answer = \"yes, please\"\n[logsource]");
    let found = problems(&[
        file("acme/audit/mapping.toml", &text),
        file("acme/audit/mapping.vrl", ".a = 1"),
    ]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("no JSON"), "{found:?}");
}

#[test]
fn two_sources_with_an_equal_claim_are_both_named() {
    let sources = Sources::load(&[
        file("acme/audit/mapping.toml", TOML),
        file("acme/audit/mapping.vrl", ".a = 1"),
        file("zeta/audit/mapping.toml", TOML),
        file("zeta/audit/mapping.vrl", ".a = 1"),
    ]);
    let sources = sources.unwrap_or_else(|problems| panic!("{problems:?}"));
    let item = parse(br#"{"acme_id":1}"#).unwrap();
    let detail = sources.recognize(&item, &Origin::default()).err().unwrap();
    assert!(
        detail.contains("acme.audit") && detail.contains("zeta.audit"),
        "{detail}"
    );
}

#[test]
fn a_log_record_of_an_unknown_program_is_the_general_sources() {
    let sources = Sources::builtin().unwrap_or_else(|problems| panic!("{problems:?}"));
    let text = br#"{"signal":"log","resource":{"service.name":"other"},"attributes":{}}"#;
    let taken = sources.recognize(&parse(text).unwrap(), &Origin::default());
    assert_eq!(taken.ok().map(Source::name), Some("otel.log"));
}

#[test]
fn a_named_program_goes_before_the_conventions_and_these_before_the_rest() {
    let sources = Sources::builtin().unwrap_or_else(|problems| panic!("{problems:?}"));
    for (signal, service, attribute, expected) in [
        ("metric", "other", "x", "otel.metric"),
        ("span", "other", "x", "otel.span"),
        ("log", "other", "gen_ai.operation.name", "otel.genai"),
        ("metric", "other", "gen_ai.token.type", "otel.genai"),
        ("span", "other", "mcp.method.name", "otel.genai"),
        (
            "log",
            "copilot-chat",
            "gen_ai.operation.name",
            "copilot.otel",
        ),
        (
            "metric",
            "gemini-cli",
            "gen_ai.operation.name",
            "gemini_cli.otel",
        ),
        ("span", "claude-code", "gen_ai.system", "claude_code.otel"),
    ] {
        let text = format!(
            r#"{{"signal":"{signal}","name":"n","resource":{{"service.name":"{service}"}},"attributes":{{"{attribute}":"v"}}}}"#
        );
        let item = parse(text.as_bytes()).unwrap();
        let taken = sources.recognize(&item, &Origin::default());
        assert_eq!(taken.map(Source::name), Ok(expected), "{text}");
    }
}

#[test]
fn unknown_json_is_nobodys() {
    let sources = Sources::builtin().unwrap_or_else(|problems| panic!("{problems:?}"));
    for text in [
        "{}",
        r#"{"action":"created","actor":"x"}"#,
        r#"{"id":1,"type":"event","created_at":"2026-11-12T09:14:07Z","action":"a","actor":{"id":1}}"#,
        r#"{"@timestamp":"2026-11-12T09:14:07Z","message":"hello"}"#,
        r#"{"action":"user.added","actor":{"id":1},"created_at":1,"org":"example"}"#,
        r#"{"action":"added","actor":"a","created_at":1,"org":"example"}"#,
        r#"{"session_id":"s","hook_event_name":"PreToolUse"}"#,
        r#"{"sender":{"login":"a"},"repository":{"full_name":"a/b"}}"#,
        r#"{"uuid":"u","eventType":"x","published":"2026"}"#,
        r#"{"id":"e1","type":"login","created_at":"2026","organization_id":"o","actor":{"type":"user"}}"#,
        r#"{"object":"event","id":"e1","type":"invoice.paid","created_at":1,"data":{"id":"in_1"}}"#,
        r#"{"type":"event","id":"e1","created_at":"2026","data":{"type":"order.paid","id":"o","organization_id":"g"}}"#,
        r#"{"timestamp":"2026","type":"event_msg","payload":{"text":"a"}}"#,
        r#"{"type":"user","sessionId":"s","timestamp":"2026","message":{"role":"user","content":"a"}}"#,
        r#"{"event_id":"e1","timestamp":"2026","type":"LOGIN","actor":{"type":"USER"}}"#,
        r#"{"data":[{"id":"a","type":"b"}],"has_more":false}"#,
    ] {
        let item = parse(text.as_bytes()).unwrap();
        let taken = sources.recognize(&item, &Origin::default());
        assert!(
            taken.is_err(),
            "{text} was taken for {}",
            taken.map_or("", Source::name)
        );
    }
}
