//! `chaperone rules …`: raw and normalized documents, fields that never come, reports.

use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::program::{run, run_with_input, stderr, stdout};

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        fs::write(folder.path().join(name), text).expect("written");
    }
    folder
}

fn path(folder: &TempDir) -> &str {
    folder.path().to_str().expect("a plain path")
}

/// The lines (1-based) on which some rule of the folder matches.
fn matching_lines(dir: &str, input: &str) -> Vec<u64> {
    let output = run_with_input(&["rules", "match", "--rules", dir], input.as_bytes());
    assert!(output.status.success(), "{}", stderr(&output));
    let line = |line: &str| {
        let found: Value = serde_json::from_str(line).expect("NDJSON");
        found["line"].as_u64().expect("a number")
    };
    stdout(&output).lines().map(line).collect()
}

const ARCHIVED: &str = "title: Repository Archived
id: 7b4c2f0e-0000-4000-8000-00000000a001
logsource:
  product: github
  service: audit
detection:
  selection:
    action: repo.archived
  filter:
    actor: robot
  condition: selection and not filter
level: low
";

const LOCKED: &str = "title: Account Locked
id: 7b4c2f0e-0000-4000-8000-00000000a002
logsource:
  product: okta
  service: okta
detection:
  selection:
    eventtype: user.account.lock
    actor.alternateId|endswith: '@acme.example'
  condition: selection
level: low
";

#[test]
fn a_rule_of_vendor_names_holds_for_raw_and_for_normalized_documents() {
    let rules = folder(&[("archived.yml", ARCHIVED)]);
    let raw = |action: &str, actor: &str| {
        json!({"@timestamp": 1_795_000_000_000_i64, "_document_id": format!("{action}-{actor}"),
            "action": action, "actor": actor, "org": "acme", "repo": "acme/checkout"})
        .to_string()
    };
    let raw = [
        raw("repo.archived", "mona"),
        raw("repo.archived", "robot"),
        raw("repo.create", "mona"),
    ]
    .join("\n");
    let normalized = run_with_input(&["normalize", "--source", "github.audit"], raw.as_bytes());
    let normalized = stdout(&normalized);
    assert_eq!(normalized.lines().count(), 3, "{normalized}");
    assert_eq!(matching_lines(path(&rules), &raw), [1]);
    assert_eq!(matching_lines(path(&rules), &normalized), [1]);
    let both = format!("{raw}\n{normalized}");
    assert_eq!(matching_lines(path(&rules), &both), [1, 4]);
}

#[test]
fn names_in_another_case_are_aliases_of_their_own() {
    let rules = folder(&[("locked.yml", LOCKED)]);
    let event = json!({"uuid": "9d5c1bd0-0000-11ef-0000-000000000001", "published": "2026-11-12T09:00:00.000Z",
        "eventType": "user.account.lock", "severity": "DEBUG", "displayMessage": "Max sign in attempts exceeded",
        "actor": {"id": "00u1", "type": "User", "alternateId": "dana@acme.example", "displayName": "Dana"},
        "outcome": {"result": "SUCCESS"}})
    .to_string();
    let normalized = run_with_input(
        &["normalize", "--source", "okta.system_log"],
        event.as_bytes(),
    );
    assert_eq!(matching_lines(path(&rules), &stdout(&normalized)), [1]);
    let raw = [event.clone(), event.replace("eventType", "eventtype")].join("\n");
    assert_eq!(matching_lines(path(&rules), &raw), [1, 2]);
}

#[test]
fn check_warns_of_fields_that_no_event_has() {
    let misspelt = LOCKED.replace("actor.alternateId", "actor.alternativeId");
    let canonical = LOCKED
        .replace("eventtype", "event.action")
        .replace("actor.alternateId", "user.name")
        .replace("a002", "a003");
    let foreign = misspelt
        .replace("product: okta", "product: windows")
        .replace("a002", "a004");
    let rules = folder(&[
        ("misspelt.yml", &misspelt),
        ("canonical.yml", &canonical),
        ("foreign.yml", &foreign),
    ]);
    let output = run(&["rules", "check", path(&rules)]);
    assert!(output.status.success(), "{}", stderr(&output));
    let text = stderr(&output);
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(
        text.contains("misspelt.yml:9:5: warning: ") && text.contains("`actor.alternativeId`"),
        "{text}"
    );
}

#[test]
fn the_built_in_rules_name_only_fields_that_come() {
    let output = run(&["rules", "check", "builtin"]);
    assert!(output.status.success());
    assert!(
        !stderr(&output).contains("no event of"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn junit_has_each_case_and_what_differs() {
    let cases = "cases:
  - name: \"mona & <friends>\"
    events:
      - {event.action: repo.archived, user.name: mona, chaperone.logsource: {product: github, service: audit}}
    expect: match
  - name: expected too much
    events:
      - {event.action: repo.archived, user.name: robot, chaperone.logsource: {product: github, service: audit}}
    expect: match
";
    let rules = folder(&[("archived.yml", ARCHIVED), ("archived.cases.yml", cases)]);
    let output = run(&["rules", "test", path(&rules), "--format", "junit"]);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(1), "{text}{}", stderr(&output));
    for part in [
        "<testsuites name=\"chaperone rules\" tests=\"2\" failures=\"1\">",
        "name=\"mona &amp; &lt;friends&gt;\"",
        "<failure message=\"expected a match, got 0 alerts\">",
        "</testsuites>",
    ] {
        assert!(text.contains(part), "{part} is in\n{text}");
    }
    let whole = run(&["rules", "test", "builtin", "--format", "junit"]);
    assert_eq!(whole.status.code(), Some(0));
    assert!(stdout(&whole).contains("failures=\"0\""));
}

#[test]
fn a_script_beside_a_rule_has_the_last_word() {
    let script = "fn holds(event) { event.user.name != \"mona\" }
fn title(alert) { alert.user.name + \" archived a repository\" }
fn severity(alert) { \"critical\" }
fn dedup(alert) { alert.user.name }
fn context(alert) { #{ runbook: alert.user.name / 2 } }
";
    let rules = folder(&[("archived.yml", ARCHIVED), ("archived.rhai", script)]);
    let event = |id: &str, user: &str| {
        json!({"@timestamp": "2026-11-12T09:00:00Z", "event": {"id": id, "action": "repo.archived"}, "user": {"name": user},
            "chaperone": {"source": "github.audit", "logsource": {"product": "github", "service": "audit"}}})
        .to_string()
    };
    let input = [
        event("e1", "mona"),
        event("e2", "dana"),
        event("e3", "dana"),
    ]
    .join("\n");
    assert_eq!(matching_lines(path(&rules), &input), [2, 3]);
    let args = [
        "replay",
        "-",
        "--source",
        "ecs",
        "--format",
        "ndjson",
        "--rules",
        path(&rules),
    ];
    let output = run_with_input(&args, input.as_bytes());
    let alerts: Vec<Value> = stdout(&output)
        .lines()
        .map(|line| serde_json::from_str(line).expect("NDJSON"))
        .collect();
    assert_eq!(alerts.len(), 2, "{}", stderr(&output));
    for alert in &alerts {
        assert_eq!(alert["message"], "dana archived a repository");
        assert_eq!(alert["chaperone"]["alert"]["level"], "critical");
        assert_eq!(alert["event"]["severity"], 99);
        assert_eq!(alert["rule"]["name"], "Repository Archived");
        assert_eq!(alert["event"]["id"], alerts[0]["event"]["id"]);
    }
    // `context` fails for every alert and is named once.
    let said = stderr(&output);
    assert_eq!(said.matches("archived.rhai:5:").count(), 1, "{said}");
    // A script with a mistake keeps the set from loading.
    fs::write(
        rules.path().join("archived.rhai"),
        "fn title(alert) {\n  let\n}",
    )
    .expect("written");
    let output = run(&["rules", "check", path(&rules)]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("archived.rhai:3:"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn list_ends_with_the_coverage_by_tactic() {
    let output = run(&["rules", "list"]);
    let text = stdout(&output);
    let (_, coverage) = text.split_once("techniques").expect("a second table");
    for tactic in ["Initial Access", "Exfiltration", "Reconnaissance", "none"] {
        assert!(coverage.contains(tactic), "{tactic} is in\n{coverage}");
    }
}

#[test]
fn a_backtest_counts_what_a_change_brings_and_what_it_takes() {
    let after = ARCHIVED
        .replace("repo.archived", "repo.create")
        .replace("level: low", "level: high");
    let before = folder(&[("archived.yml", ARCHIVED)]);
    let after = folder(&[("archived.yml", &after), ("locked.yml", LOCKED)]);
    let event = |action: &str, at: i64| {
        json!({"@timestamp": 1_795_000_000_000_i64 + at, "_document_id": format!("{action}-{at}"),
            "action": action, "actor": "mona", "org": "acme", "repo": "acme/checkout"})
        .to_string()
    };
    let events = [
        event("repo.archived", 1),
        event("repo.create", 2),
        event("repo.create", 3),
    ];
    let history = folder(&[("audit.ndjson", &events.join("\n"))]);
    let backtest = |rules: &TempDir, against: &TempDir, more: &[&str]| {
        let args = ["rules", "backtest", "--source", "github.audit"];
        let dirs = ["--rules", path(rules), "--against", path(against)];
        run(&[&args, &dirs, more, &[path(&history)]].concat())
    };
    let output = backtest(&after, &before, &["--fail-on", "high"]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let found: Value = serde_json::from_str(&stdout(&output)).expect("one line");
    let expected = json!({"rule_id": "7b4c2f0e-0000-4000-8000-00000000a001",
        "rule_title": "Repository Archived", "level": "high",
        "before": 1, "after": 2, "new": 2, "gone": 1});
    assert_eq!(found, expected);
    let summary = "3 events: 1 alerts before, 2 after; 2 new, 1 gone";
    assert!(stderr(&output).contains(summary), "{}", stderr(&output));
    // What raises the same as before is no failure, however high.
    let same = backtest(&after, &after, &["--fail-on", "low"]);
    assert_eq!(same.status.code(), Some(0), "{}", stderr(&same));
    let twice = run(&[
        "rules",
        "backtest",
        "--rules",
        path(&after),
        "--against",
        path(&before),
        "-",
    ]);
    assert_eq!(twice.status.code(), Some(2));
    assert!(stderr(&twice).contains("stdin"), "{}", stderr(&twice));
}
