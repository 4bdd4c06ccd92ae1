//! What holds for every journal holds for the one on Kafka.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use chaperone::journal::{Journal, Kafka, KafkaConfig};

use crate::cluster::Cluster;
use crate::journal::suite::{self, Harness};

/// A journal under a prefix of its own on a cluster, as a process that starts finds it.
fn harness(cluster: &Cluster, partitions: u32) -> Harness {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let config = config(
        cluster,
        &format!("case-{}.", NUMBER.fetch_add(1, Ordering::Relaxed)),
        partitions,
    );
    Harness::new(move || Box::new(Kafka::connect(config.clone()).expect("connects")))
}

/// How a test uses a cluster.
pub(crate) fn config(cluster: &Cluster, prefix: &str, partitions: u32) -> KafkaConfig {
    KafkaConfig {
        brokers: vec![cluster.addresses()],
        prefix: prefix.into(),
        partitions,
        transaction_timeout: Duration::from_secs(5),
        ..KafkaConfig::default()
    }
}

macro_rules! run {
    ($($module:ident::$case:ident, $partitions:literal;)*) => {
        #[test]
        fn a_kafka_conforms() {
            let cluster = Cluster::start(1);
            $(
                let begun = std::time::Instant::now();
                suite::$module::$case(&harness(&cluster, $partitions));
                eprintln!("{} ({} ms)", stringify!($case), begun.elapsed().as_millis());
            )*
        }
    };
}

shared_cases!(run);

#[test]
fn a_topic_that_does_not_fit_is_explained() {
    let cluster = Cluster::start(1);
    let journal = Kafka::connect(config(&cluster, "t.", 2)).expect("connects");
    assert_eq!(journal.record_bytes_max(), 8 << 20);
    drop(journal);
    let error = Kafka::connect(config(&cluster, "t.", 3)).err();
    let text = error.expect("it is refused").to_string();
    assert!(text.contains("t.raw"), "{text}");
    assert!(
        text.contains("it has 2 partitions and `partitions` is 3"),
        "{text}"
    );
}
