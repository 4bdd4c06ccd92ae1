//! The servers themselves: they start, can be killed and come back.

use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};

use crate::cluster::Cluster;

#[test]
fn a_cluster_of_three_outlives_one_broker() {
    let mut cluster = Cluster::start(3);
    let addresses = cluster.addresses();
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &addresses);
    let admin: AdminClient<DefaultClientContext> = config.create().expect("a client");
    let topic = NewTopic::new("t", 3, TopicReplication::Fixed(3));
    let options = AdminOptions::new().operation_timeout(Some(Duration::from_secs(10)));
    let created = tokio::runtime::Runtime::new()
        .expect("a runtime")
        .block_on(admin.create_topics([&topic], &options));
    assert_eq!(created, Ok(vec![Ok("t".to_owned())]));
    cluster.kill(0);
    let client: BaseConsumer = config.create().expect("a client");
    let metadata = client.fetch_metadata(Some("t"), Duration::from_secs(20));
    let metadata = metadata.expect("the others answer");
    assert_eq!(metadata.topics()[0].partitions().len(), 3);
    cluster.restart(0);
    cluster.pause(1);
    cluster.resume(1);
}
