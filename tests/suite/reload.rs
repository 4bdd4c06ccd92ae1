//! Rules that change while the real binary runs.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::program::{Running, wait_for};

/// Three pushes to one repository within an hour, which only a correlation can see.
const PUSHES: &str = "title: Push
id: 7b4c2f0e-0000-4000-8000-00000000b001
name: push
logsource:
  category: code_change
detection:
  selection:
    event.action: push
  condition: selection
level: informational
---
title: Three Pushes
id: 7b4c2f0e-0000-4000-8000-00000000b002
correlation:
  type: event_count
  rules: [push]
  group-by: [vcs.repository.name]
  timespan: 1h
  condition:
    gte: 3
level: high
";

const TAGS: &str = "title: Tag
id: 7b4c2f0e-0000-4000-8000-00000000b003
logsource:
  category: code_change
detection:
  selection:
    event.action: tag
  condition: selection
level: low
";

fn event(action: &str, number: usize) -> Vec<u8> {
    json!({"@timestamp": format!("2026-11-12T09:{:02}:{:02}Z", number / 60, number % 60),
        "event": {"id": format!("e-{number}"), "action": action},
        "vcs": {"repository": {"name": "acme/checkout"}},
        "chaperone": {"source": "github.webhook", "logsource": {"category": "code_change", "product": "github", "service": "webhook"}}})
    .to_string()
    .into_bytes()
}

fn send(running: &Running, action: &str, number: usize) {
    let status = running.post("/v1/sources/ecs", &[], &event(action, number));
    assert!((200..300).contains(&status), "{status}");
}

fn config(folder: &Path) -> std::path::PathBuf {
    let path = folder.join("chaperone.toml");
    let text = "[journal]\npath = \"data\"\npartitions = 1\n[receive]\nlisten = \"127.0.0.1:0\"\n[rules]\ndirs = [\"rules\"]\n[[sinks]]\nname = \"alerts\"\ntype = \"file\"\npath = \"alerts.ndjson\"\n";
    fs::write(&path, text).expect("the config can be written");
    path
}

fn alerts(folder: &Path) -> Vec<String> {
    let text = fs::read_to_string(folder.join("alerts.ndjson")).unwrap_or_default();
    let documents = text
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    documents
        .map(|alert| alert["rule"]["name"].as_str().expect("a name").to_owned())
        .collect()
}

fn wait_for_log(folder: &Path, what: &str, times: usize) {
    wait_for(what, || {
        let log = fs::read_to_string(folder.join("chaperone.log")).unwrap_or_default();
        (log.matches(what).count() >= times).then_some(())
    });
}

#[test]
fn rules_change_without_a_restart_and_broken_ones_do_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let rules = folder.join("rules");
    fs::create_dir(&rules).expect("a folder");
    fs::write(rules.join("pushes.yml"), PUSHES).expect("written");
    let running = Running::start(&config(folder));
    send(&running, "push", 1);
    send(&running, "push", 2);
    send(&running, "tag", 3);

    // A broken file beside a new rule: neither counts, and the log says where.
    let broken = rules.join("broken.yml");
    fs::write(rules.join("tags.yml"), TAGS).expect("written");
    fs::write(
        &broken,
        "title: x\ndetection: {a: {b|nonsense: 1}, condition: a}\n",
    )
    .expect("written");
    wait_for_log(folder, "broken.yml:2:", 1);
    send(&running, "tag", 4);

    // Mended, the new rule counts from here on, and the old one remembers its two pushes.
    fs::remove_file(&broken).expect("removed");
    let mut number = 5;
    wait_for("an alert of the new rule", || {
        number += 1;
        send(&running, "tag", number);
        alerts(folder).contains(&"Tag".to_owned()).then_some(())
    });
    send(&running, "push", number + 1);
    wait_for("the alert of the old rule", || {
        let seen = alerts(folder);
        seen.contains(&"Three Pushes".to_owned()).then_some(())
    });
    assert_eq!(running.stop(), 0);
    let old = alerts(folder);
    let old = old.iter().filter(|name| *name == "Three Pushes").count();
    assert_eq!(old, 1);
}
