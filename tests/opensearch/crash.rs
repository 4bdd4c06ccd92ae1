//! kill -9 of the real program in the middle of its deliveries: everything is there once.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::client::Client;
use crate::github::delivery;
use crate::program::{Running, wait_for};

const DELIVERIES: usize = 120;

fn counted(client: &Client, what: &str) -> usize {
    let stream = format!("/_data_stream/logs-chaperone.{what}-*");
    let there = client.get(&stream)["data_streams"].to_string();
    // Before the first document there is no stream to search in.
    if !there.contains(&format!("logs-chaperone.{what}-{}\"", client.namespace)) {
        return 0;
    }
    let count = client.count(what, &json!({"match_all": {}}));
    usize::try_from(count).expect("few")
}

fn ids(client: &Client, what: &str) -> BTreeSet<String> {
    let body = json!({"size": 1000, "_source": ["event.id"]});
    let found = client.search(what, &body);
    let hits = found["hits"]["hits"].as_array().expect("hits");
    let id = |hit: &Value| {
        hit["_source"]["event"]["id"]
            .as_str()
            .expect("an id")
            .to_owned()
    };
    hits.iter().map(id).collect()
}

#[test]
fn killed_again_and_again_it_has_everything_once() {
    let client = Client::new("crash");
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("chaperone.toml");
    let text = format!(
        "[journal]\npath = \"data\"\npartitions = 2\n[receive]\nlisten = \"127.0.0.1:0\"\n\
         [[sinks]]\nname = \"siem\"\ntype = \"opensearch\"\ndocuments = \"both\"\n\
         urls = [\"{}\"]\nnamespace = \"crash\"\nbatch = {{ documents_max = 5, age_max = \"20ms\" }}\n",
        client.node.url
    );
    std::fs::write(&config, text).expect("written");
    for round in 0..4 {
        let running = Running::start(&config);
        let before = counted(&client, "events");
        for number in round * DELIVERIES / 4..(round + 1) * DELIVERIES / 4 {
            let (id, body) = delivery(number);
            let headers = [
                ("x-github-event", "pull_request"),
                ("x-github-delivery", id.as_str()),
            ];
            assert_eq!(
                running.post("/v1/sources/github.webhook", &headers, &body) / 100,
                2
            );
        }
        // Some have been accepted; others are under way.
        wait_for("the first documents", || {
            (counted(&client, "events") > before).then_some(())
        });
        running.kill();
    }
    let running = Running::start(&config);
    let alerts = DELIVERIES / 4;
    wait_for("everything to be there", || {
        let there = (counted(&client, "events"), counted(&client, "alerts"));
        (there.0 >= DELIVERIES && there.1 >= alerts).then_some(())
    });
    assert_eq!(running.stop(), 0);
    for (what, expected) in [("events", DELIVERIES), ("alerts", alerts)] {
        assert_eq!(counted(&client, what), expected, "{what}");
        assert_eq!(ids(&client, what).len(), expected, "{what}");
    }
}
