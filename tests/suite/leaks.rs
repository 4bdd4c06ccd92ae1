//! A secret planted in any string of any story is found nowhere: not in what is printed, not in
//! the log at its most talkative, not in the data folder, not in the dead letters.

use std::path::Path;

use serde_json::Value;

use crate::program::{Running, root, run_with_input, wait_for};

/// A fake token, put together here so that no file looks like a leak.
fn planted() -> String {
    ["gh", "p_", "Zk3VbN8mQ2xR", "7tY5wL1sD9fH", "4jC6gP0aE1uX"].concat()
}

/// The documents of the stories, with the source of each.
fn documents() -> Vec<Value> {
    let mut documents = Vec::new();
    for story in std::fs::read_dir(root().join("replay-fixtures")).expect("the folder is there") {
        let input = story.expect("an entry").path().join("input.ndjson");
        let Ok(text) = std::fs::read_to_string(input) else {
            continue;
        };
        let lines = text
            .lines()
            .map(|line| serde_json::from_str(line).expect("NDJSON"));
        documents.extend(lines.collect::<Vec<Value>>());
    }
    documents
}

/// Every way to put the secret into one string or key of the document, also into JSON text in a
/// string.
fn with_secret(document: &Value, secret: &str) -> Vec<Value> {
    let mut planted = Vec::new();
    let mut paths = Vec::new();
    collect(document, &mut String::new(), &mut paths);
    for path in paths {
        for form in 0..3 {
            let mut copy = document.clone();
            let at = copy.pointer_mut(&path).expect("a path of this document");
            let text = at.as_str().expect("a string").to_owned();
            *at = match form {
                0 => format!("{text} {secret}").into(),
                1 => secret.into(),
                _ => serde_json::json!({"token": secret}).to_string().into(),
            };
            planted.push(copy);
        }
    }
    let mut copy = document.clone();
    if let Some(body) = copy["body"].as_object_mut() {
        body.insert(secret.into(), "a value under a secret key".into());
        planted.push(copy);
    }
    planted
}

fn collect(value: &Value, path: &mut String, paths: &mut Vec<String>) {
    let deeper = |path: &mut String, key: &str, value: &Value, paths: &mut Vec<String>| {
        let length = path.len();
        path.push('/');
        path.push_str(&key.replace('~', "~0").replace('/', "~1"));
        collect(value, path, paths);
        path.truncate(length);
    };
    match value {
        Value::String(_) if path.starts_with("/body") => paths.push(path.clone()),
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                deeper(path, &at.to_string(), item, paths);
            }
        }
        Value::Object(object) => {
            for (key, item) in object {
                deeper(path, key, item, paths);
            }
        }
        _ => {}
    }
}

fn assert_absent(what: &str, bytes: &[u8], secret: &str) {
    let found = bytes
        .windows(secret.len())
        .position(|window| window == secret.as_bytes());
    if let Some(at) = found {
        let around = &bytes[at.saturating_sub(200)..(at + 60).min(bytes.len())];
        let around = String::from_utf8_lossy(around).replace(secret, "<THE SECRET>");
        panic!("{what} holds the secret: …{around}…");
    }
}

#[test]
fn a_planted_secret_is_in_no_output_of_replay() {
    let secret = planted();
    let planted: Vec<String> = documents()
        .iter()
        .flat_map(|document| with_secret(document, &secret))
        .map(|document| document.to_string())
        .collect();
    assert!(planted.len() > 1_000, "{} places", planted.len());
    // Broken records hold it as well: they end in the dead letters.
    let mut input = planted.join("\n");
    input.push_str(&format!(
        "\n{{\"broken\": \"{secret}\n{secret}\nnot json {secret}"
    ));
    for emit in ["alerts", "events", "matches", "refusals"] {
        let args = ["replay", "-", "--emit", emit, "--format", "ndjson"];
        let output = run_with_input(&args, input.as_bytes());
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(
            emit == "alerts" || !output.stdout.is_empty(),
            "{emit} are there"
        );
        assert_absent(&format!("--emit {emit}"), &output.stdout, &secret);
        assert_absent("stderr", &output.stderr, &secret);
    }
    for (format, emit) in [
        ("table", "events"),
        ("html", "alerts"),
        ("table", "refusals"),
    ] {
        let args = ["replay", "-", "--emit", emit, "--format", format];
        let output = run_with_input(&args, input.as_bytes());
        assert_absent(&format!("--format {format}"), &output.stdout, &secret);
    }
}

#[test]
fn a_planted_secret_is_nowhere_in_a_live_run() {
    let secret = planted();
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("chaperone.toml");
    let text = "[journal]\npath = \"data\"\n[receive]\nlisten = \"127.0.0.1:0\"\n[[sinks]]\nname = \"archive\"\ntype = \"file\"\ndocuments = \"both\"\npath = \"archive.ndjson\"\n";
    std::fs::write(&config, text).expect("the config can be written");
    let running = Running::start(&config);
    let mut posted = 0;
    for document in documents().iter().step_by(3) {
        let source = document["chaperone.record"]["source"]
            .as_str()
            .unwrap_or_default();
        let path = match source {
            "" => "/v1/logs".to_owned(),
            source => format!("/v1/sources/{source}"),
        };
        for planted in with_secret(document, &secret).iter().step_by(5) {
            let body = planted["body"].to_string();
            running.post(&path, &[("x-github-event", &secret)], body.as_bytes());
            posted += 1;
        }
    }
    running.post(
        "/v1/sources/github.webhook",
        &[],
        format!("{{\"a\": \"{secret}").as_bytes(),
    );
    running.post(&format!("/v1/sources/{secret}"), &[], b"{}");
    assert!(posted > 100, "{posted} were posted");
    wait_for("events in the file", || {
        let text = std::fs::read_to_string(folder.path().join("archive.ndjson")).ok()?;
        (text.lines().count() > 50).then_some(())
    });
    assert_eq!(running.stop(), 0);
    search(folder.path(), &secret);
}

fn search(folder: &Path, secret: &str) {
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            search(&path, secret);
        } else {
            let bytes = std::fs::read(&path).expect("the file can be read");
            assert_absent(&path.display().to_string(), &bytes, secret);
        }
    }
}
