//! kill -9 of the real binary in the middle of a load, again and again; then what it delivered is
//! compared with an undisturbed run: every acknowledged delivery is there, every alert once.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use crate::github::delivery;
use crate::program::{Running, try_post, wait_for};

const DELIVERIES: usize = 240;

fn config(folder: &Path) -> std::path::PathBuf {
    let path = folder.join("chaperone.toml");
    let text = r#"
[journal]
path = "data"
partitions = 2
[receive]
listen = "127.0.0.1:0"
[[sinks]]
name = "archive"
type = "file"
documents = "both"
path = "archive.ndjson"
"#;
    std::fs::write(&path, text).expect("the config can be written");
    path
}

/// Delivered events by their delivery id, and alerts by their id, with how often each is there.
fn delivered(folder: &Path) -> (BTreeMap<String, usize>, BTreeMap<String, usize>) {
    let text = std::fs::read_to_string(folder.join("archive.ndjson")).unwrap_or_default();
    let (mut events, mut alerts) = (BTreeMap::new(), BTreeMap::new());
    for line in text.lines() {
        let Ok(document) = serde_json::from_str::<Value>(line) else {
            continue; // The last line may still be on its way.
        };
        let id = document["event"]["id"]
            .as_str()
            .expect("every document has an id")
            .to_owned();
        let is_alert = document["event"]["kind"] == "alert";
        let seen = if is_alert { &mut alerts } else { &mut events };
        *seen.entry(id).or_insert(0) += 1;
    }
    (events, alerts)
}

fn undisturbed() -> BTreeSet<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let running = Running::start(&config(folder.path()));
    for number in 0..DELIVERIES {
        let (id, body) = delivery(number);
        let headers = [
            ("x-github-event", "pull_request"),
            ("x-github-delivery", id.as_str()),
        ];
        let status = running.post("/v1/sources/github.webhook", &headers, &body);
        assert!(
            (200..300).contains(&status),
            "delivery {number} was answered with {status}"
        );
    }
    assert_eq!(running.stop(), 0, "SIGTERM drains and ends well");
    let (events, alerts) = delivered(folder.path());
    assert_eq!(events.len(), DELIVERIES, "draining delivers everything");
    alerts.into_keys().collect()
}

#[test]
fn killed_again_and_again_it_loses_nothing_and_repeats_no_alert() {
    let expected = undisturbed();
    assert_eq!(expected.len(), DELIVERIES / 4);
    let folder = tempfile::tempdir().expect("a folder");
    let config = config(folder.path());
    let mut waiting: Vec<usize> = (0..DELIVERIES).collect();
    let mut round = 0;
    while !waiting.is_empty() {
        let running = Running::start(&config);
        // The kill comes from another thread, in the middle of the deliveries.
        let after = 20 + 17 * round;
        round += 1;
        let address = running.address.clone();
        let (at, reached) = std::sync::mpsc::channel();
        let batch = waiting.clone();
        let sender = std::thread::spawn(move || {
            batch
                .into_iter()
                .enumerate()
                .map_while(|(count, number)| {
                    if count == after {
                        let _ = at.send(());
                    }
                    let (id, body) = delivery(number);
                    let headers = [
                        ("x-github-event", "pull_request"),
                        ("x-github-delivery", id.as_str()),
                    ];
                    let status = try_post(&address, "/v1/sources/github.webhook", &headers, &body)?;
                    (200..300).contains(&status).then_some(number)
                })
                .collect::<BTreeSet<usize>>()
        });
        // An error means that all deliveries were sent before: then it is killed behind them.
        let _ = reached.recv();
        running.kill();
        let acknowledged = sender.join().expect("the sender ends");
        waiting.retain(|number| !acknowledged.contains(number));
    }
    assert!(round > 3, "it was killed {round} times");
    let running = Running::start(&config);
    wait_for("everything to be delivered", || {
        let (events, alerts) = delivered(folder.path());
        (events.len() == DELIVERIES && alerts.len() >= expected.len()).then_some(())
    });
    assert_eq!(running.stop(), 0);
    let (events, alerts) = delivered(folder.path());
    assert_eq!(
        events.len(),
        DELIVERIES,
        "every acknowledged delivery is there"
    );
    assert_eq!(alerts.keys().cloned().collect::<BTreeSet<_>>(), expected);
    let repeated: Vec<_> = alerts.iter().filter(|(_, times)| **times > 1).collect();
    assert!(repeated.is_empty(), "repeated alerts: {repeated:?}");
}
