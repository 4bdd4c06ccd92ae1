//! Our own topics: made where they are missing, and looked at where they are not.
//!
//! A topic that is there already may have been made by an administrator who gives chaperone no right
//! to. What would break the pipeline is refused with what to do; what is only unusual is said.

use std::time::Duration;

use rdkafka::admin::{
    AdminClient, AdminOptions, ConfigResource, NewTopic, ResourceSpecifier, TopicReplication,
};
use rdkafka::consumer::Consumer;
use rdkafka::error::RDKafkaErrorCode;

use super::client::{self, CALL, Context, Reader};
use super::{HEADERS_BYTES_MAX, KafkaConfig, failure};
use crate::journal::JournalError;

/// What a topic is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Messages, kept for a while.
    Log,
    /// The last entry of each key, kept for ever.
    Changelog,
}

impl Kind {
    fn cleanup(self) -> &'static str {
        match self {
            Self::Log => "delete",
            Self::Changelog => "compact",
        }
    }
}

/// Makes topics and looks at them.
pub(super) struct Topics {
    kafka: KafkaConfig,
    admin: AdminClient<Context>,
    runtime: tokio::runtime::Runtime,
}

impl Topics {
    pub(super) fn new(kafka: &KafkaConfig) -> Result<Self, JournalError> {
        let admin = client::config(kafka, &[])
            .create_with_context(Context::new(kafka))
            .map_err(|error| failure::at_start("making a client of Kafka", &error))?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| JournalError::Io {
                doing: "making a client of Kafka".into(),
                detail: error.to_string(),
            })?;
        Ok(Self {
            kafka: kafka.clone(),
            admin,
            runtime,
        })
    }

    /// How many partitions a topic has; None where there is no such topic.
    pub(super) fn partitions(
        &self,
        reader: &Reader,
        topic: &str,
    ) -> Result<Option<u32>, JournalError> {
        let doing = || format!("looking at the topic {topic}");
        let metadata = reader
            .fetch_metadata(Some(topic), CALL)
            .map_err(|error| failure::at_start(doing(), &error))?;
        let Some(found) = metadata.topics().first() else {
            return Ok(None);
        };
        let unknown = RDKafkaErrorCode::UnknownTopicOrPartition;
        match found.error().map(RDKafkaErrorCode::from) {
            Some(code) if code == unknown || code == RDKafkaErrorCode::UnknownTopic => {
                return Ok(None);
            }
            Some(code) => {
                return Err(JournalError::Io {
                    doing: doing(),
                    detail: code.to_string(),
                });
            }
            None => {}
        }
        let partitions = u32::try_from(found.partitions().len()).unwrap_or(0);
        Ok((partitions > 0).then_some(partitions))
    }

    /// Makes a topic where it is missing, and refuses one that does not fit. The most bytes of one
    /// of its messages.
    pub(super) fn ensure(
        &self,
        reader: &Reader,
        topic: &str,
        kind: Kind,
        partitions: u32,
    ) -> Result<usize, JournalError> {
        match self.partitions(reader, topic)? {
            None => self.create(reader, topic, kind, partitions)?,
            Some(found) if found != partitions => {
                return Err(mismatch(
                    topic,
                    format!(
                        "it has {found} partitions and `partitions` is {partitions}: set it to {found}, or give another `prefix`; the partitions of a topic cannot be changed without losing what belongs together"
                    ),
                ));
            }
            Some(_) => {}
        }
        self.check(topic, kind)
    }

    fn create(
        &self,
        reader: &Reader,
        topic: &str,
        kind: Kind,
        partitions: u32,
    ) -> Result<(), JournalError> {
        let kafka = &self.kafka;
        let bytes_max = (kafka.message_bytes_max + HEADERS_BYTES_MAX).to_string();
        let age = kafka.retention_age.as_millis().to_string();
        let bytes = match kafka.retention_bytes {
            0 => "-1".to_owned(),
            bytes => (bytes / u64::from(partitions)).max(1).to_string(),
        };
        let count = i32::try_from(partitions).unwrap_or(i32::MAX);
        let copies = TopicReplication::Fixed(kafka.replication);
        let mut new = NewTopic::new(topic, count, copies)
            .set("cleanup.policy", kind.cleanup())
            .set("max.message.bytes", &bytes_max)
            .set("unclean.leader.election.enable", "false");
        if kafka.replication > 2 {
            new = new.set("min.insync.replicas", "2");
        }
        new = match kind {
            Kind::Log => new.set("retention.ms", &age).set("retention.bytes", &bytes),
            // Short segments and an eager cleaner: what is restored at a takeover stays near to what
            // is held.
            Kind::Changelog => new
                .set("segment.bytes", "67108864")
                .set("min.cleanable.dirty.ratio", "0.2"),
        };
        let options = AdminOptions::new().operation_timeout(Some(CALL));
        let created = self
            .runtime
            .block_on(self.admin.create_topics([&new], &options))
            .map_err(|error| failure::at_start(format!("making the topic {topic}"), &error))?;
        match created.first() {
            // Another process that starts at the same time was quicker.
            Some(Err((_, RDKafkaErrorCode::TopicAlreadyExists))) => {}
            Some(Err((_, code))) => {
                return Err(JournalError::Io {
                    doing: format!("making the topic {topic}"),
                    detail: format!(
                        "{code}; make it by hand as docs/kafka.md says, or let chaperone do it"
                    ),
                });
            }
            _ => tracing::info!("made the topic {topic} with {partitions} partitions"),
        }
        self.await_leaders(reader, topic, partitions)
    }

    /// A topic that was just made has no leaders for a moment.
    fn await_leaders(
        &self,
        reader: &Reader,
        topic: &str,
        partitions: u32,
    ) -> Result<(), JournalError> {
        let deadline = std::time::Instant::now() + CALL;
        while std::time::Instant::now() < deadline {
            let metadata = reader.fetch_metadata(Some(topic), CALL);
            let ready = metadata.is_ok_and(|metadata| {
                let found = metadata.topics().first().map(|found| found.partitions());
                found.is_some_and(|found| {
                    found.len() == partitions as usize && found.iter().all(|p| p.leader() >= 0)
                })
            });
            if ready {
                return Ok(());
            }
            std::thread::park_timeout(Duration::from_millis(50));
        }
        Err(mismatch(topic, "its partitions have no leaders".into()))
    }

    /// Looks at the settings of a topic.
    fn check(&self, topic: &str, kind: Kind) -> Result<usize, JournalError> {
        let settings = self.settings(topic)?;
        let get = |name: &str| settings.get(name).and_then(|entry| entry.value.as_deref());
        let cleanup = get("cleanup.policy").unwrap_or_default();
        if cleanup != kind.cleanup() {
            let wanted = kind.cleanup();
            return Err(mismatch(
                topic,
                format!(
                    "its cleanup.policy is `{cleanup}` and must be `{wanted}`: change it with kafka-configs --alter --topic {topic} --add-config cleanup.policy={wanted}"
                ),
            ));
        }
        let wanted = self.kafka.message_bytes_max + HEADERS_BYTES_MAX;
        let found = get("max.message.bytes").and_then(|text| text.parse().ok());
        let found = found.unwrap_or(wanted);
        if found < wanted {
            tracing::warn!(
                "the topic {topic} takes messages of {found} bytes (max.message.bytes) and `message_bytes_max` asks for {wanted}; larger deliveries are refused"
            );
        }
        let age = self.kafka.retention_age.as_millis();
        let kept = get("retention.ms").and_then(|text| text.parse::<i128>().ok());
        if kind == Kind::Log
            && let Some(kept) = kept
            && kept >= 0
            && kept.unsigned_abs() < age
        {
            tracing::warn!(
                "the topic {topic} keeps records for {kept} ms (retention.ms) and `retention_age` asks for {age}; a consumer that is away for longer loses them"
            );
        }
        Ok(found
            .saturating_sub(HEADERS_BYTES_MAX)
            .min(self.kafka.message_bytes_max))
    }

    fn settings(&self, topic: &str) -> Result<ConfigResource, JournalError> {
        let doing = || format!("looking at the settings of the topic {topic}");
        let options = AdminOptions::new().request_timeout(Some(CALL));
        let resources = [ResourceSpecifier::Topic(topic)];
        let described = self
            .runtime
            .block_on(self.admin.describe_configs(&resources, &options))
            .map_err(|error| failure::at_start(doing(), &error))?;
        match described.into_iter().next() {
            Some(Ok(settings)) => Ok(settings),
            Some(Err(code)) => Err(JournalError::Io {
                doing: doing(),
                detail: code.to_string(),
            }),
            None => Err(mismatch(
                topic,
                "the brokers say nothing of its settings".into(),
            )),
        }
    }
}

fn mismatch(topic: &str, detail: String) -> JournalError {
    JournalError::Io {
        doing: format!("using the topic {topic}"),
        detail,
    }
}
