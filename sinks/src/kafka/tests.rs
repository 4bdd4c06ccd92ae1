use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chaperone_mappings::Schema;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{Headers, Message};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use super::{Kafka, KafkaOptions};
use crate::conformance::{self, Fault, Rig, document};
use crate::probe;
use crate::setting::Setting;
use crate::sink::{Answer, Document, Sink};

/// librdkafka's own model of a cluster, with one partition so that there is one order.
struct Cluster(MockCluster<'static, DefaultProducerContext>);

impl Cluster {
    fn start() -> Self {
        let cluster = MockCluster::new(1).expect("a cluster");
        cluster.create_topic("out", 1, 1).expect("a topic");
        Self(cluster)
    }

    fn options(&self) -> KafkaOptions {
        KafkaOptions {
            brokers: vec![self.0.bootstrap_servers()],
            topic: "out".into(),
            alerts_topic: None,
            schema: Schema::Ecs,
            properties: BTreeMap::new(),
        }
    }

    /// Every message: its key and its headers.
    fn messages(&self) -> Vec<(String, BTreeMap<String, String>)> {
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", self.0.bootstrap_servers())
            .set("group.id", "looks")
            .set("enable.partition.eof", "true")
            .create()
            .expect("a consumer");
        let mut from = TopicPartitionList::new();
        from.add_partition_offset("out", 0, Offset::Beginning)
            .expect("a place");
        consumer.assign(&from).expect("assigned");
        let mut found = Vec::new();
        loop {
            match consumer.poll(Duration::from_secs(20)) {
                Some(Ok(message)) => {
                    let headers = message.headers().expect("headers").iter();
                    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                    let headers = headers.map(|header| {
                        (
                            header.key.to_owned(),
                            text(header.value.unwrap_or_default()),
                        )
                    });
                    found.push((text(message.key().expect("a key")), headers.collect()));
                }
                Some(Err(KafkaError::PartitionEOF(_))) => return found,
                Some(Err(error)) => panic!("{error}"),
                None => panic!("the cluster does not answer"),
            }
        }
    }
}

impl Rig for Cluster {
    fn open(&self) -> Arc<dyn Sink> {
        Arc::new(Kafka::open("kafka", &self.options()).expect("it opens"))
    }

    fn spoil(&self, fault: Fault) -> bool {
        // A refusal befalls a request of the client, which may hold a part of a batch only: then the
        // rest is there before it, and the order that the suite asks for is not this sink's promise.
        if fault != Fault::Busy {
            return false;
        }
        let error = RDKafkaRespErr::RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS;
        self.0.request_errors(RDKafkaApiKey::Produce, &[error]);
        true
    }

    fn stored(&self) -> Vec<String> {
        let messages = self.messages().into_iter();
        messages
            .map(|(_, mut headers)| headers.remove("id").expect("an id"))
            .collect()
    }

    fn refuses_poison(&self) -> bool {
        false
    }

    fn deduplicates(&self) -> bool {
        false
    }
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    let ran = conformance::run(|| Box::new(Cluster::start())).await;
    // Success, a kill, brokers that are busy.
    assert_eq!(ran, 2 * 3);
}

#[tokio::test]
async fn a_message_says_what_it_is() {
    let cluster = Cluster::start();
    let story = include_bytes!("../../../replay-fixtures/denied-repository/expected-alerts.ndjson");
    let line = story.split(|&byte| byte == b'\n').nth(1).expect("a line");
    let alert = Document::read(line.into()).expect("an alert");
    let id = alert.id.to_string();
    let sink = cluster.open();
    assert_eq!(probe::send(&*sink, alert).await, Answer::Accepted);
    let (key, headers) = cluster.messages().remove(0);
    assert_eq!(key, "dana@acme.example");
    let expected = [
        ("id", &*id),
        ("kind", "alert"),
        ("level", "high"),
        ("rule", "4a6b2c8d-1e3f-4a5b-8c7d-9e0f1a2b3c51"),
        ("schema", "ecs"),
        ("source", "codex.otel"),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(headers, BTreeMap::from(expected));
}

#[tokio::test]
async fn trouble_is_told_apart() {
    let cluster = Cluster::start();
    let answer = async |options: &KafkaOptions| {
        let sink = Kafka::open("kafka", options).expect("it opens");
        probe::send(&sink, document("d")).await
    };
    let mut impatient = cluster.options();
    let timeout = Setting::Number(1_500);
    impatient
        .properties
        .insert("message.timeout.ms".into(), timeout);
    let away = KafkaOptions {
        brokers: vec!["127.0.0.1:9".into()],
        ..impatient.clone()
    };
    let Answer::Retry {
        reason, uncertain, ..
    } = answer(&away).await
    else {
        panic!("nobody was there");
    };
    assert_eq!((reason.code, uncertain), ("timeout", true));
    let error = RDKafkaRespErr::RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
    cluster.0.request_errors(RDKafkaApiKey::Produce, &[error]);
    let Answer::Refused(reason) = answer(&impatient).await else {
        panic!("it was too large");
    };
    assert_eq!(reason.code, "too_large");
    let error = RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
    cluster.0.request_errors(RDKafkaApiKey::Produce, &[error]);
    let Answer::Unauthorized(reason) = answer(&impatient).await else {
        panic!("it may not write there");
    };
    assert_eq!(reason.code, "unauthorized");
}

#[test]
fn what_cannot_work_is_said_at_the_start() {
    let says = |name: &str, value: Setting| {
        let options = KafkaOptions {
            brokers: vec!["127.0.0.1:9".into()],
            topic: "out".into(),
            alerts_topic: None,
            schema: Schema::Ecs,
            properties: [(name.to_owned(), value)].into(),
        };
        let opened = Kafka::open("kafka", &options);
        opened.err().expect("refused").to_string()
    };
    let text = |text: &str| Setting::Text(text.to_owned());
    assert!(says("acks", text("0")).contains("set by chaperone itself"));
    assert!(says("no.such.property", text("x")).contains("properties"));
    let password = ["in", "line"].concat();
    let refused = says("sasl.password", text(&password));
    assert!(refused.contains("is a secret") && !refused.contains(&password));
}
