//! `chaperone sinks test` and `chaperone sinks redeliver`.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use chaperone::journal::{Embedded, EmbeddedConfig, Journal, Message, Outgoing, Topic};

use crate::program::{run, stdout};

fn config(folder: &Path, sinks: &str) -> PathBuf {
    let path = folder.join("chaperone.toml");
    std::fs::write(&path, sinks).expect("written");
    path
}

fn journal(folder: &Path) -> Embedded {
    let config = EmbeddedConfig {
        path: folder.join("chaperone-data/journal"),
        partitions: 2,
        ..EmbeddedConfig::default()
    };
    Embedded::open(config).expect("it opens")
}

fn dead_letter(sink: &'static str, value: String) -> Outgoing {
    Outgoing {
        topic: Topic::DeadLetters,
        partition: None,
        message: Message {
            value: value.into(),
            headers: vec![("sink".into(), Bytes::from_static(sink.as_bytes()))],
            ..Message::default()
        },
    }
}

fn event(id: &str) -> String {
    format!(r#"{{"@timestamp":"2026-11-12T09:14:07.412Z","event":{{"id":"{id}","kind":"event"}}}}"#)
}

const ARCHIVE: &str = "[[sinks]]\nname = \"archive\"\ntype = \"file\"\npath = \"out.ndjson\"\n";

#[test]
fn each_sink_gets_one_marked_alert() {
    let folder = tempfile::tempdir().expect("a folder");
    let sinks = format!(
        "{ARCHIVE}level = \"critical\"\nschema = \"ocsf\"\n[[sinks]]\nname = \"away\"\ntype = \"splunk\"\nurl = \"http://127.0.0.1:9\"\ntoken = {{ file = \"token\" }}\n[[sinks]]\nname = \"keyless\"\ntype = \"datadog\"\napi_key = {{ file = \"absent\" }}\n"
    );
    let path = config(folder.path(), &sinks);
    let token = ["not", "a", "token"].concat();
    std::fs::write(folder.path().join("token"), &token).expect("written");
    let output = run(&["sinks", "test", "--config", path.to_str().expect("text")]);
    assert_eq!(output.status.code(), Some(1));
    let table = stdout(&output);
    let rows = ["taken", "connect_failed", "cannot be opened", "grep -F"];
    assert!(rows.iter().all(|what| table.contains(what)), "{table}");
    assert!(!table.contains(&token));
    let written = std::fs::read_to_string(folder.path().join("out.ndjson")).expect("written");
    assert!(written.contains("\"class_uid\":2004") && written.contains("Chaperone Sink Test"));
    let only = ["sinks", "test", "--sink", "archive", "--config"];
    let only = [&only[..], &[path.to_str().expect("text")]].concat();
    assert_eq!(run(&only).status.code(), Some(0));
}

#[test]
fn dead_letters_go_again_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = config(folder.path(), ARCHIVE);
    let out = folder.path().join("out.ndjson");
    let redeliver = || {
        let path = path.to_str().expect("text");
        run(&["sinks", "redeliver", "--sink", "archive", "--config", path])
    };
    let said = |output: &std::process::Output| String::from_utf8_lossy(&output.stderr).into_owned();
    let nothing = redeliver();
    assert_eq!(nothing.status.code(), Some(2));
    assert!(said(&nothing).contains("there is no journal at"));

    let held = journal(folder.path());
    let letters = [
        dead_letter("archive", event("first")),
        dead_letter("another", event("foreign")),
        dead_letter("archive", event("second")),
        dead_letter("archive", "no document".into()),
    ];
    held.append(letters.into()).expect("appended");
    let in_use = redeliver();
    assert_eq!(in_use.status.code(), Some(3));
    assert!(said(&in_use).contains("in use by another process"));
    drop(held);

    let first = redeliver();
    assert!(
        said(&first).contains("archive: 2 delivered, 1 refused again"),
        "{}",
        said(&first)
    );
    assert_eq!(first.status.code(), Some(1));
    let lines = std::fs::read_to_string(&out).expect("written");
    let mut lines: Vec<&str> = lines.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, [event("first"), event("second")]);

    std::fs::remove_file(&out).expect("removed");
    let second = redeliver();
    assert!(
        said(&second).contains("archive: 0 delivered, 1 refused again"),
        "{}",
        said(&second)
    );
}
