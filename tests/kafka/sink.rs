//! The sink `kafka` against a real broker.

use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Headers, Message};

use crate::cluster::Cluster;
use crate::program::{run, stdout};

#[test]
fn the_marked_alert_arrives() {
    let cluster = Cluster::start_with(1, "auto.create.topics.enable=true\n");
    let brokers = cluster.addresses();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("chaperone.toml");
    let config = format!(
        "[[sinks]]\nname = \"out\"\ntype = \"kafka\"\nbrokers = [\"{brokers}\"]\ntopic = \"events\"\nalerts_topic = \"alerts\"\nschema = \"ocsf\"\nproperties = {{ \"compression.type\" = \"zstd\" }}\n"
    );
    std::fs::write(&path, config).expect("written");
    // The broker makes topics by itself, and says so with an error first.
    let output = run(&["sinks", "test", "--config", path.to_str().expect("text")]);
    let table = stdout(&output);
    assert!(
        output.status.success() && table.contains("taken"),
        "{table}"
    );
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", &brokers)
        .set("group.id", "looks")
        .set("auto.offset.reset", "earliest")
        .create()
        .expect("a consumer");
    consumer.subscribe(&["alerts"]).expect("subscribed");
    let message = std::iter::repeat_with(|| consumer.poll(Duration::from_secs(30)))
        .take(10)
        .flatten()
        .find_map(Result::ok)
        .expect("a message");
    let headers = message.headers().expect("headers");
    let id = headers.iter().find(|header| header.key == "id");
    let id = id.and_then(|header| header.value).expect("an id");
    assert_eq!(message.key(), Some(id), "it is about nobody");
    let payload = message.payload().expect("a document");
    let alert: serde_json::Value = serde_json::from_slice(payload).expect("JSON");
    assert_eq!(alert["class_uid"], 2004);
}
