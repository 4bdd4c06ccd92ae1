//! The command line: forms, exit codes, where output goes.

use std::fs;

use crate::program::{chaperone, root, run, run_with_input, stderr, stdout};

#[test]
fn help_teaches() {
    let output = run(&["--help"]);
    assert!(output.status.success());
    let text = stdout(&output);
    for command in ["run", "replay", "normalize", "redact", "rules", "config"] {
        assert!(text.contains(command), "{command} is in\n{text}");
    }
    assert!(text.contains("Exit status"));
}

#[test]
fn an_unknown_argument_is_2() {
    assert_eq!(run(&["replay"]).status.code(), Some(2));
    assert_eq!(run(&["frobnicate"]).status.code(), Some(2));
    assert_eq!(
        run(&["replay", "-", "--from", "soon"]).status.code(),
        Some(2)
    );
    let output = run(&["normalize", "--source", "github.webhok", "-"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("github.webhook"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn an_event_is_written_in_the_schema_that_is_asked_for() {
    let input = br#"{"@timestamp":"2026-11-12T09:14:07.412Z","event":{"id":"a","kind":"event"}}"#;
    for (schema, path, expected) in [
        ("ecs", "/event/id", "a"),
        ("ocsf", "/metadata/uid", "a"),
        ("udm", "/metadata/productLogId", "a"),
    ] {
        let args = ["normalize", "--source", "ecs", "--schema", schema];
        let output = run_with_input(&args, input);
        let line: serde_json::Value =
            serde_json::from_str(stdout(&output).trim()).expect("one line of JSON");
        assert_eq!(line.pointer(path), Some(&expected.into()), "{schema}");
    }
    let output = run(&["normalize", "--source", "ecs", "--schema", "cef"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("the schemas are ecs, ocsf, udm"));
}

#[test]
fn a_missing_file_is_3() {
    assert_eq!(
        run(&["replay", "no-such-file.ndjson"]).status.code(),
        Some(3)
    );
}

#[test]
fn fail_on_is_1_from_that_level_on() {
    let story = "replay-fixtures/self-merged-agent-pr";
    assert_eq!(
        run(&["replay", story, "--fail-on", "high"]).status.code(),
        Some(1)
    );
    assert_eq!(
        run(&["replay", story, "--fail-on", "critical"])
            .status
            .code(),
        Some(0)
    );
    assert_eq!(
        run(&[
            "replay",
            "replay-fixtures/quiet-day",
            "--fail-on",
            "informational"
        ])
        .status
        .code(),
        Some(0)
    );
}

#[test]
fn a_closed_pipe_is_0() {
    use std::process::Stdio;
    let mut child = chaperone()
        .args([
            "replay",
            "replay-fixtures",
            "--emit",
            "events",
            "--format",
            "ndjson",
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary runs");
    drop(child.stdout.take());
    assert!(child.wait().expect("it ends").success());
}

#[test]
fn broken_records_are_refused_with_their_place_and_the_rest_goes_on() {
    let good = r#"{"@timestamp":"2026-11-12T09:00:00Z","event":{"id":"good-1","action":"x"}}"#;
    let deep = format!("{}1{}", "[".repeat(500), "]".repeat(500));
    let mut input = Vec::new();
    for line in [
        good.as_bytes(),
        br#"{"cut": "#,
        &[0xff, 0xfe, b'{'],
        deep.as_bytes(),
        b"{\"nul\": \"\0\"}",
        b"[1, 2]",
        b"\"text\"",
    ] {
        input.extend_from_slice(line);
        input.push(b'\n');
    }
    input.extend(std::iter::repeat_n(b'x', 50 << 20));
    input.push(b'\n');
    input.extend_from_slice(good.replace("good-1", "good-2").as_bytes());
    let events = run_with_input(
        &[
            "replay", "-", "--source", "ecs", "--emit", "events", "--format", "ndjson",
        ],
        &input,
    );
    assert!(events.status.success(), "{}", stderr(&events));
    assert_eq!(stdout(&events).lines().count(), 2, "{}", stdout(&events));
    let refusals = run_with_input(
        &[
            "replay", "-", "--source", "ecs", "--emit", "refusals", "--format", "ndjson",
        ],
        &input,
    );
    let text = stdout(&refusals);
    for place in [
        "stdin:2", "stdin:3", "stdin:4", "stdin:5", "stdin:7", "stdin:8",
    ] {
        assert!(
            text.contains(&format!("\"{place}\"")),
            "{place} is in\n{text}"
        );
    }
    for code in ["invalid_json", "invalid_utf8", "too_deep", "too_large"] {
        assert!(
            text.contains(&format!("\"{code}\"")),
            "{code} is in\n{text}"
        );
    }
}

#[test]
fn rules_with_errors_are_2_and_say_where() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("one.yml"), "title: x\nid: 7b4c2f0e-0000-4000-8000-000000000001\nlogsource:\n  product: okta\ndetection:\n  a:\n    b|nonsense: 1\n  condition: a and\n").expect("written");
    fs::write(folder.path().join("two.yml"), "title: [\n").expect("written");
    let dir = folder.path().to_str().expect("a plain path");
    let output = run(&["rules", "check", dir]);
    assert_eq!(output.status.code(), Some(2));
    let text = stderr(&output);
    for part in ["one.yml:7:", "one.yml:8:", "two.yml:"] {
        assert!(text.contains(part), "{part} is in\n{text}");
    }
    let output = run(&["replay", "replay-fixtures/quiet-day", "--rules", dir]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
}

#[test]
fn the_built_in_rules_are_fine_and_their_cases_hold() {
    let output = run(&["rules", "check", "builtin"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let output = run(&["rules", "test", "builtin"]);
    assert!(output.status.success(), "{}", stdout(&output));
    let output = run(&["rules", "list"]);
    assert!(stdout(&output).contains("Agent Pull Request Merged by the User Who Opened It"));
}

#[test]
fn rules_match_takes_any_json() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("whoami.yml"), "title: Whoami\nid: 7b4c2f0e-0000-4000-8000-000000000002\nlogsource:\n  product: windows\n  category: process_creation\ndetection:\n  a:\n    Image|endswith: '\\whoami.exe'\n  condition: a\nlevel: low\n").expect("written");
    let dir = folder.path().to_str().expect("a plain path");
    let input = "{\"Image\":\"C:\\\\Windows\\\\System32\\\\whoami.exe\"}\n{\"Image\":\"C:\\\\x.exe\"}\n\n{\"Image\":\"c:\\\\WHOAMI.EXE\"}\n";
    let output = run_with_input(&["rules", "match", "--rules", dir], input.as_bytes());
    assert!(output.status.success(), "{}", stderr(&output));
    let lines: Vec<serde_json::Value> = stdout(&output)
        .lines()
        .map(|line| serde_json::from_str(line).expect("NDJSON"))
        .collect();
    let expected = |line: u64| serde_json::json!({"rule_id": "7b4c2f0e-0000-4000-8000-000000000002", "rule_title": "Whoami", "line": line});
    assert_eq!(lines, [expected(1), expected(4)]);
}

#[test]
fn redact_is_a_filter_for_text() {
    let secret = ["gh", "p_", "Zk3VbN8mQ2xR", "7tY5wL1sD9fH", "4jC6gP0aE1uX"].concat();
    let input = format!(
        "plain line\nexport GITHUB_TOKEN={secret}\n{{\"a\":\"{secret}\"}}\nno newline at the end"
    );
    let output = run_with_input(&["redact"], input.as_bytes());
    assert!(output.status.success(), "{}", stderr(&output));
    let text = stdout(&output);
    assert!(!text.contains(&secret), "{text}");
    assert!(
        text.starts_with("plain line\nexport GITHUB_TOKEN=[REDACTED:"),
        "{text}"
    );
    assert!(text.ends_with("\nno newline at the end"), "{text}");
    assert_eq!(text.lines().count(), 4);
}

#[test]
fn the_example_config_is_the_defaults() {
    let example = root().join("chaperone.example.toml");
    let output = run(&["config", "check", example.to_str().expect("a plain path")]);
    assert!(output.status.success(), "{}", stderr(&output));
    let shown = run(&["config", "show"]);
    let of_example = run(&["config", "show", "chaperone.example.toml"]);
    assert_eq!(stdout(&of_example), stdout(&shown));
}

#[test]
fn a_config_with_problems_names_all_of_them_and_no_secret() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("c.toml");
    let secret = ["correct", "-horse-", "battery"].concat();
    let text = format!(
        "[journal]\nfsyncc = \"always\"\n[receive]\nlisten = \"nowhere\"\n[receive.otlp]\nbearer = \"{secret}\"\n[speling]\n[[sinks]]\nname = \"a\"\ntype = \"file\"\n"
    );
    fs::write(&path, text).expect("written");
    let output = run(&["config", "check", path.to_str().expect("a plain path")]);
    assert_eq!(output.status.code(), Some(2));
    let text = stderr(&output);
    for part in [
        "c.toml:2:",
        "c.toml:4:",
        "c.toml:7:",
        "c.toml:8:1: missing field `path`",
    ] {
        assert!(text.contains(part), "{part} is in\n{text}");
    }
    assert!(!text.contains(&secret), "{text}");
}
