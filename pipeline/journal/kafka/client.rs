//! How a client of Kafka is made: what every one of them has in common.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rdkafka::client::{ClientContext, OAuthToken};
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext, RebalanceProtocol};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::producer::{DeliveryResult, ProducerContext};
use rdkafka::topic_partition_list::TopicPartitionList;
use rdkafka::types::RDKafkaRespErr;

use super::KafkaConfig;
use crate::journal::ends::lock;

/// The most that a call to the brokers may take.
pub(super) const CALL: Duration = Duration::from_secs(30);

/// What the user configured, under the settings that the journal stands on.
pub(super) fn config(kafka: &KafkaConfig, ours: &[(&str, &str)]) -> ClientConfig {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", kafka.brokers.join(","))
        .set("client.id", "chaperone")
        .set("socket.keepalive.enable", "true")
        .set("reconnect.backoff.max.ms", "2000")
        .set_log_level(RDKafkaLogLevel::Warning);
    for (name, value) in &kafka.properties {
        config.set(name, value);
    }
    for (name, value) in ours {
        config.set(*name, *value);
    }
    config
}

/// The settings of every consumer: nothing is committed but by a transaction, and where an offset
/// is not there any more the journal decides, not the client.
pub(super) const CONSUMER: [(&str, &str); 6] = [
    ("enable.auto.commit", "false"),
    ("enable.auto.offset.store", "false"),
    ("auto.offset.reset", "error"),
    ("isolation.level", "read_committed"),
    ("check.crcs", "true"),
    ("allow.auto.create.topics", "false"),
];

/// What a client calls back.
#[derive(Clone)]
pub(super) struct Context {
    token: Option<super::TokenSource>,
    has_token: Arc<AtomicBool>,
    group: Arc<Mutex<GroupEvents>>,
}

/// What happened to a member of a group and was not followed yet.
#[derive(Default)]
pub(super) struct GroupEvents {
    waiting: VecDeque<GroupEvent>,
    closing: bool,
}

/// A step of a rebalance. The client waits until it is followed.
#[derive(Clone)]
pub(super) enum GroupEvent {
    Assign(TopicPartitionList),
    Revoke(TopicPartitionList),
}

impl Context {
    pub(super) fn new(kafka: &KafkaConfig) -> Self {
        Self {
            token: kafka.token.clone(),
            has_token: Arc::default(),
            group: Arc::default(),
        }
    }

    /// The event to follow next; it stays until [`Context::followed`].
    pub(super) fn event(&self) -> Option<GroupEvent> {
        lock(&self.group).waiting.front().cloned()
    }

    pub(super) fn followed(&self) {
        lock(&self.group).waiting.pop_front();
    }

    /// From now on partitions are given back at once: the consumer is being dropped.
    pub(super) fn close(&self) {
        lock(&self.group).closing = true;
    }
}

impl ClientContext for Context {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = true;

    fn log(&self, level: RDKafkaLogLevel, facility: &str, text: &str) {
        match level {
            RDKafkaLogLevel::Emerg
            | RDKafkaLogLevel::Alert
            | RDKafkaLogLevel::Critical
            | RDKafkaLogLevel::Error
            | RDKafkaLogLevel::Warning => tracing::warn!(facility, "kafka: {text}"),
            _ => tracing::debug!(facility, "kafka: {text}"),
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::warn!("kafka: {error}: {reason}");
    }

    fn generate_oauth_token(
        &self,
        _config: Option<&str>,
    ) -> Result<OAuthToken, Box<dyn std::error::Error>> {
        let token = self
            .token
            .as_ref()
            .ok_or("`oauth` is not configured under [journal.kafka.sasl]")?;
        let token = token()?;
        self.has_token.store(true, Ordering::Release);
        Ok(OAuthToken {
            token: token.text,
            principal_name: "chaperone".into(),
            lifetime_ms: token.expires_ms,
        })
    }
}

impl ConsumerContext for Context {
    /// Only takes note: the consumer first ends its transaction, then follows.
    fn rebalance(
        &self,
        client: &BaseConsumer<Self>,
        what: RDKafkaRespErr,
        partitions: &mut TopicPartitionList,
    ) {
        let mut group = lock(&self.group);
        if group.closing {
            drop(group);
            let given_back = give_back(client, partitions);
            if let Err(error) = given_back {
                tracing::debug!("kafka: {error}");
            }
            return;
        }
        let partitions = partitions.clone();
        group.waiting.push_back(match what {
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS => GroupEvent::Assign(partitions),
            _ => GroupEvent::Revoke(partitions),
        });
    }
}

/// Takes partitions over, from the offsets in the list.
pub(super) fn take(
    client: &BaseConsumer<Context>,
    partitions: &TopicPartitionList,
) -> KafkaResult<()> {
    match client.rebalance_protocol() {
        RebalanceProtocol::Cooperative => client.incremental_assign(partitions),
        _ => client.assign(partitions),
    }
}

/// Gives partitions back.
pub(super) fn give_back(
    client: &BaseConsumer<Context>,
    partitions: &TopicPartitionList,
) -> KafkaResult<()> {
    match client.rebalance_protocol() {
        RebalanceProtocol::Cooperative => client.incremental_unassign(partitions),
        _ => client.unassign(),
    }
}

/// A transaction fails as a whole where one of its messages does.
impl ProducerContext for Context {
    type DeliveryOpaque = ();

    fn delivery(&self, _result: &DeliveryResult<'_>, (): ()) {}
}

/// A client that reads.
pub(super) type Reader = BaseConsumer<Context>;

/// A consumer that is no member of any group: for offsets and for reading by hand.
pub(super) fn reader(
    kafka: &KafkaConfig,
    group: &str,
    isolation: &str,
) -> KafkaResult<BaseConsumer<Context>> {
    let mut config = config(kafka, &CONSUMER);
    config
        .set("group.id", group)
        .set("isolation.level", isolation)
        .set("enable.partition.eof", "true");
    // A member of this group has the name already.
    config.remove("group.instance.id");
    let context = Context::new(kafka);
    let client: BaseConsumer<Context> = config.create_with_context(context.clone())?;
    await_token(kafka, &context, &client);
    Ok(client)
}

/// A token is fetched while the client is polled, and the calls that wait for an answer do not.
pub(super) fn await_token(kafka: &KafkaConfig, context: &Context, client: &BaseConsumer<Context>) {
    let deadline = Instant::now() + CALL;
    while kafka.token.is_some()
        && !context.has_token.load(Ordering::Acquire)
        && Instant::now() < deadline
    {
        // Nothing is assigned yet, so there is no message to lose.
        let _ = client.poll(Duration::from_millis(50));
    }
}
