//! A topic of a Kafka.
//!
//! The key of a message is whom the document is about, so that all of one user lies in one partition
//! in its order; the headers say what the document is without reading it. The producer is
//! idempotent and waits for all replicas in sync, and each message has a delivery report of its own.
//!
//! What it cannot promise: idempotence ends with the process, and with a message whose report did
//! not come in time. Both go again, and are in the topic twice with the same `id`. Where the brokers
//! refuse some messages of a batch and take others, the refused come behind them, also where the
//! sink is `ordered`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use chaperone_mappings::Schema;
use rdkafka::client::ClientContext;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseRecord, DeliveryResult, Producer, ProducerContext, ThreadedProducer};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use crate::facts::Facts;
use crate::product::OpenError;
use crate::schema;
use crate::setting::Setting;
use crate::sink::{
    Answer, Batch, Document, ItemAnswer, Kind, Level, Limits, Reason, Sending, Sink,
};

#[cfg(test)]
mod tests;

/// What a message may be where nothing is configured, as brokers do.
const MESSAGE_BYTES_MAX: usize = 1_000_000;

/// The options of `type = "kafka"`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KafkaOptions {
    /// `host:port` of some brokers; they name the others.
    pub brokers: Vec<String>,
    /// Where events go, and alerts where they have no topic of their own. It must exist, unless the
    /// brokers make topics by themselves.
    pub topic: String,
    /// Where alerts go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alerts_topic: Option<String>,
    /// The schema of the messages.
    #[serde(default)]
    pub schema: Schema,
    /// Any property of librdkafka: TLS, SASL, compression, `message.max.bytes`, ….
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub properties: BTreeMap<String, Setting>,
}

/// What the promises of this sink stand on.
const OURS: [(&str, &str); 2] = [("enable.idempotence", "true"), ("acks", "all")];

impl KafkaOptions {
    pub(crate) fn find(&self, id: &str) -> String {
        let topic = self.alerts_topic.as_ref().unwrap_or(&self.topic);
        let brokers = self.brokers.join(",");
        format!("kcat -b {brokers} -t {topic} -C -e -f '%h %s\\n' | grep 'id={id}'")
    }

    pub(crate) fn paths(&mut self) -> Vec<&mut PathBuf> {
        let settings = self.properties.values_mut();
        settings.filter_map(Setting::path).collect()
    }

    fn config(&self) -> Result<ClientConfig, OpenError> {
        if self.brokers.is_empty() || self.topic.is_empty() {
            let what = "`brokers` (such as [\"kafka-1:9092\"]) and `topic` are needed";
            return Err(OpenError::Options(what.into()));
        }
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", self.brokers.join(","))
            .set("client.id", "chaperone")
            .set("socket.keepalive.enable", "true")
            .set("linger.ms", "5")
            .set("message.timeout.ms", "30000")
            .set("queue.buffering.max.kbytes", "65536")
            .set_log_level(RDKafkaLogLevel::Warning);
        for (name, value) in &self.properties {
            let ours = OURS.iter().any(|(our, _)| our == name);
            if ours || name == "bootstrap.servers" || name == "transactional.id" {
                let what = format!("the property `{name}` is set by chaperone itself");
                return Err(OpenError::Options(what));
            }
            let secret = ["password", "secret", "key.pem", "jaas"];
            if value.is_plain() && secret.iter().any(|part| name.contains(part)) {
                let what = format!(
                    "the property `{name}` is a secret and is not written here: name it as {{ env = \"NAME\" }} or {{ file = \"/path\" }}"
                );
                return Err(OpenError::Options(what));
            }
            config.set(name, value.load()?.reveal());
        }
        for (name, value) in OURS {
            config.set(name, value);
        }
        Ok(config)
    }
}

/// One cluster.
pub struct Kafka {
    name: String,
    options: KafkaOptions,
    config: ClientConfig,
    message_bytes_max: usize,
    producer: Mutex<Option<Arc<ThreadedProducer<Reports>>>>,
    /// The brokers do not know us.
    unauthorized: Arc<AtomicBool>,
}

impl Kafka {
    /// Reads the secrets; connects to nothing yet.
    ///
    /// # Errors
    /// Options that do not fit together, or a secret that cannot be had.
    pub fn open(name: &str, options: &KafkaOptions) -> Result<Self, OpenError> {
        let config = options.config()?;
        let most = config
            .get("message.max.bytes")
            .and_then(|most| most.parse().ok());
        let kafka = Self {
            name: name.to_owned(),
            options: options.clone(),
            config,
            message_bytes_max: most.unwrap_or(MESSAGE_BYTES_MAX),
            producer: Mutex::default(),
            unauthorized: Arc::default(),
        };
        // A property that the client does not know is found here.
        let made = kafka.producer();
        made.map_err(|error| OpenError::Options(format!("`properties`: {error}")))?;
        Ok(kafka)
    }

    /// The producer; a new one where the last had a fatal error, with a new identity.
    fn producer(&self) -> Result<Arc<ThreadedProducer<Reports>>, KafkaError> {
        let mut held = self.producer.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(producer) = &*held
            && producer.client().fatal_error().is_none()
        {
            return Ok(Arc::clone(producer));
        }
        let reports = Reports(Arc::clone(&self.unauthorized));
        let producer = Arc::new(self.config.create_with_context(reports)?);
        *held = Some(Arc::clone(&producer));
        Ok(producer)
    }

    async fn deliver(&self, batch: &Batch) -> Answer {
        let producer = match self.producer() {
            Ok(producer) => producer,
            Err(error) => return Answer::retry(reason(&error)),
        };
        let mut reports = Vec::with_capacity(batch.len());
        for (document, encoded) in batch.documents().zip(batch.encoded()) {
            let (sender, report) = oneshot::channel();
            let key = key(document);
            let record = BaseRecord::with_opaque_to(self.topic(document), Box::new(sender))
                .payload(&encoded[..])
                .key(&key[..])
                .headers(headers(document, self.options.schema));
            // What the queue does not take has no report but this one.
            let refused = producer.send(record).err();
            reports.push(match refused {
                None => Ok(report),
                Some((error, _)) => Err(error),
            });
        }
        let mut errors = Vec::with_capacity(reports.len());
        for report in reports {
            errors.push(match report {
                Ok(report) => match report.await {
                    Ok(error) => error,
                    Err(_gone) => Some(KafkaError::MessageProduction(Code::PurgeQueue)),
                },
                Err(error) => Some(error),
            });
        }
        self.read(&errors)
    }

    fn topic(&self, document: &Document) -> &str {
        match (&self.options.alerts_topic, document.kind) {
            (Some(topic), Kind::Alert) => topic,
            _ => &self.options.topic,
        }
    }

    /// What the reports say about a batch.
    fn read(&self, errors: &[Option<KafkaError>]) -> Answer {
        if errors.iter().all(Option::is_none) {
            self.unauthorized.store(false, Ordering::Relaxed);
            return Answer::Accepted;
        }
        let failed = || errors.iter().flatten();
        let all_failed = errors.iter().all(Option::is_some);
        // With a message there the brokers know us.
        if all_failed && self.unauthorized.swap(false, Ordering::Relaxed) {
            let what = "the brokers do not accept the credentials";
            return Answer::Unauthorized(Reason::new("unauthorized", what));
        }
        if let Some(error) = failed().find(|error| needs_somebody(error))
            && all_failed
        {
            return Answer::Unauthorized(reason(error));
        }
        if all_failed && let Some(error) = failed().find(|error| !is_too_large(error)) {
            return Answer::Retry {
                reason: reason(error),
                after: None,
                uncertain: failed().any(may_be_there),
            };
        }
        let each = errors.iter().map(|error| match error {
            None => ItemAnswer::Accepted,
            Some(error) if is_too_large(error) => ItemAnswer::Refused(reason(error)),
            Some(error) => ItemAnswer::Retry(reason(error)),
        });
        Answer::Each(each.collect())
    }
}

impl Sink for Kafka {
    fn name(&self) -> &str {
        &self.name
    }

    fn limits(&self) -> Limits {
        Limits {
            documents_max: 1_000,
            bytes_max: 1 << 20,
            // Room for key, headers and framing.
            document_bytes_max: self.message_bytes_max.saturating_sub(4_096),
            frame_bytes: 0,
            age_max: Duration::from_millis(100),
            // The client's own `message.timeout.ms` ends each message.
            answer_timeout: None,
            in_flight_max: 4,
        }
    }

    fn encode(&self, document: &Document) -> Result<Bytes, Reason> {
        schema::write(self.options.schema, document)
    }

    fn send<'a>(&'a self, batch: &'a Batch) -> Sending<'a> {
        Box::pin(self.deliver(batch))
    }

    fn remedy(&self) -> &str {
        "check the topic, the credentials in `properties`, and that they may write to the topic (and IdempotentWrite to the cluster)"
    }
}

/// Whom it is about, or its id.
fn key(document: &Document) -> Vec<u8> {
    let facts = Facts::read(&document.json);
    let key = facts
        .subject()
        .map_or(&*document.id, |(subject, _)| subject);
    key.as_bytes().to_vec()
}

fn headers(document: &Document, schema: Schema) -> OwnedHeaders {
    let kind = match document.kind {
        Kind::Event => "event",
        Kind::Alert => "alert",
    };
    let facts = Facts::read(&document.json);
    let said = [
        ("id", Some(&*document.id)),
        ("kind", Some(kind)),
        ("schema", Some(schema.name())),
        ("level", document.level.map(Level::name)),
        ("source", document.source.as_deref()),
        ("tenant", document.tenant.as_deref()),
        ("rule", facts.rule.0.id.get()),
    ];
    let headers = OwnedHeaders::new_with_capacity(said.len());
    said.into_iter()
        .fold(headers, |headers, (key, value)| match value {
            None => headers,
            Some(value) => headers.insert(Header {
                key,
                value: Some(value),
            }),
        })
}

fn is_too_large(error: &KafkaError) -> bool {
    let code = error.rdkafka_error_code();
    matches!(
        code,
        Some(Code::MessageSizeTooLarge | Code::InvalidMessageSize)
    )
}

/// Nothing is wrong with the message.
fn needs_somebody(error: &KafkaError) -> bool {
    let code = error.rdkafka_error_code();
    matches!(
        code,
        Some(
            Code::Authentication
                | Code::TopicAuthorizationFailed
                | Code::ClusterAuthorizationFailed
                | Code::SaslAuthenticationFailed
                | Code::UnknownTopicOrPartition
                | Code::UnknownTopic
                | Code::InvalidTopic
        )
    )
}

/// The brokers may have it though they did not say so.
fn may_be_there(error: &KafkaError) -> bool {
    error.rdkafka_error_code() != Some(Code::QueueFull)
}

fn reason(error: &KafkaError) -> Reason {
    let code = match error.rdkafka_error_code() {
        Some(Code::QueueFull) => "queue_full",
        Some(Code::MessageTimedOut) => "timeout",
        Some(Code::TopicAuthorizationFailed | Code::ClusterAuthorizationFailed) => "unauthorized",
        Some(Code::UnknownTopicOrPartition | Code::UnknownTopic | Code::InvalidTopic) => {
            "unknown_topic"
        }
        _ if is_too_large(error) => "too_large",
        _ => "kafka",
    };
    let said = error.rdkafka_error_code();
    let said = said.map_or_else(|| error.to_string(), |code| code.to_string());
    Reason::new(code, format!("Kafka says: {said}"))
}

/// Takes the delivery reports.
struct Reports(Arc<AtomicBool>);

impl ClientContext for Reports {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, text: &str) {
        if level as i32 <= RDKafkaLogLevel::Warning as i32 {
            tracing::debug!(facility, "kafka: {text}");
        }
    }

    fn error(&self, error: KafkaError, _: &str) {
        let code = error.rdkafka_error_code();
        if matches!(
            code,
            Some(Code::Authentication | Code::SaslAuthenticationFailed | Code::SSL)
        ) {
            self.0.store(true, Ordering::Relaxed);
        }
        tracing::debug!("kafka: {error}");
    }
}

impl ProducerContext for Reports {
    type DeliveryOpaque = Box<oneshot::Sender<Option<KafkaError>>>;

    fn delivery(&self, result: &DeliveryResult<'_>, waiting: Self::DeliveryOpaque) {
        // Whoever waited may have been dropped.
        let _ = waiting.send(result.as_ref().err().map(|(error, _)| error.clone()));
    }
}
