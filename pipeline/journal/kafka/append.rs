//! Appending without a transaction: what receive does.
//!
//! The producer is idempotent and waits for all replicas in sync, so what it has answered is
//! durable and there once. It is no transaction: where the brokers fail in the middle of an append
//! a part of it may be there, the sender is told to send again, and the ids of the events tell that
//! they are the same. In exchange a delivery is answered after one round trip.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::client::{ClientContext, OAuthToken};
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseRecord, DeliveryResult, Producer, ProducerContext, ThreadedProducer};
use rdkafka::util::IntoOpaque;

use super::client::{self, CALL, Context};
use super::{KafkaConfig, Names, failure, message};
use crate::journal::ends::lock;
use crate::journal::{JournalError, Message, Outgoing};

/// One append on its way.
pub(super) struct Appending {
    left: Mutex<Left>,
    done: Condvar,
}

struct Left {
    messages: usize,
    error: Option<KafkaError>,
}

impl Appending {
    fn new(messages: usize) -> Arc<Self> {
        let left = Left {
            messages,
            error: None,
        };
        Arc::new(Self {
            left: Mutex::new(left),
            done: Condvar::new(),
        })
    }

    /// A message of it was taken, or refused.
    pub(super) fn answered(&self, error: Option<KafkaError>) {
        let mut left = lock(&self.left);
        left.messages -= 1;
        left.error = left.error.take().or(error);
        if left.messages == 0 {
            self.done.notify_all();
        }
    }

    fn wait(&self, timeout: Duration) -> Result<(), JournalError> {
        let left = lock(&self.left);
        let (left, _) = self
            .done
            .wait_timeout_while(left, timeout, |left| left.messages > 0)
            .unwrap_or_else(PoisonError::into_inner);
        match &left.error {
            Some(error) => Err(failure::kafka("appending", error)),
            None if left.messages > 0 => Err(JournalError::Interrupted {
                doing: "appending".into(),
                detail: format!("no answer within {} seconds", timeout.as_secs()),
            }),
            None => Ok(()),
        }
    }
}

/// The producer of appends.
pub(super) struct Appender {
    kafka: KafkaConfig,
    producer: Mutex<Option<Arc<ThreadedProducer<Appends>>>>,
}

impl Appender {
    pub(super) fn new(kafka: KafkaConfig) -> Self {
        Self {
            kafka,
            producer: Mutex::default(),
        }
    }

    /// Sends messages to their partitions and waits until all are durable.
    pub(super) fn append(
        &self,
        outgoing: &[Outgoing],
        routes: &[u32],
        names: &Names,
    ) -> Result<(), JournalError> {
        let producer = self.producer()?;
        let appending = Appending::new(outgoing.len());
        let mut result = Ok(());
        for (out, partition) in outgoing.iter().zip(routes) {
            if result.is_ok() {
                let topic = names.topic(out.topic);
                let record = record(topic, *partition, &out.message, Arc::clone(&appending));
                result = send(&producer, record);
            }
            if result.is_err() {
                // It was not handed over, so nobody else will answer for it.
                appending.answered(None);
            }
        }
        let answered = appending.wait(CALL);
        if producer.client().fatal_error().is_some() {
            // A new one has a new identity and begins afresh.
            lock(&self.producer).take();
        }
        result.and(answered)
    }

    fn producer(&self) -> Result<Arc<ThreadedProducer<Appends>>, JournalError> {
        let mut held = lock(&self.producer);
        if let Some(producer) = &*held {
            return Ok(Arc::clone(producer));
        }
        let mut config = client::config(&self.kafka, &PRODUCER);
        let timeout = (CALL - Duration::from_secs(2)).as_millis().to_string();
        config
            .set("message.timeout.ms", timeout)
            .set("message.max.bytes", client_bytes_max(&self.kafka));
        let producer = config
            .create_with_context(Appends(Context::new(&self.kafka)))
            .map_err(|error| failure::kafka("making a producer", &error))?;
        let producer = Arc::new(producer);
        *held = Some(Arc::clone(&producer));
        Ok(producer)
    }
}

/// The settings of every producer. What waits in it is bounded by its queue.
pub(super) const PRODUCER: [(&str, &str); 4] = [
    ("enable.idempotence", "true"),
    ("acks", "all"),
    ("queue.buffering.max.kbytes", "65536"),
    ("queue.buffering.max.messages", "100000"),
];

/// The client's own bound has to lie above the journal's, which leaves room for headers.
pub(super) fn client_bytes_max(kafka: &KafkaConfig) -> String {
    (kafka.message_bytes_max + super::HEADERS_BYTES_MAX).to_string()
}

/// A message on its way to a partition.
pub(super) fn record<'a, D: IntoOpaque>(
    topic: &'a str,
    partition: u32,
    message: &'a Message,
    opaque: D,
) -> BaseRecord<'a, [u8], [u8], D> {
    let record = BaseRecord::with_opaque_to(topic, opaque)
        .partition(i32::try_from(partition).unwrap_or(i32::MAX))
        .payload(&message.value[..])
        .headers(message::headers(message));
    if message.key.is_empty() {
        record
    } else {
        record.key(&message.key[..])
    }
}

/// Hands a record to a producer; waits while its queue is full.
pub(super) fn send<C: ProducerContext + 'static>(
    producer: &ThreadedProducer<C>,
    record: BaseRecord<'_, [u8], [u8], C::DeliveryOpaque>,
) -> Result<(), JournalError> {
    let deadline = Instant::now() + CALL;
    let mut record = record;
    loop {
        let (error, again) = match producer.send(record) {
            Ok(()) => return Ok(()),
            Err(refused) => refused,
        };
        let full = error.rdkafka_error_code() == Some(RDKafkaErrorCode::QueueFull);
        if !full || Instant::now() > deadline {
            let doing = format!("writing to {}", again.topic);
            return Err(failure::kafka(doing, &error));
        }
        record = again;
        std::thread::park_timeout(Duration::from_millis(2));
    }
}

/// The callbacks of the producer of appends: who waits for a message is told.
pub(super) struct Appends(Context);

impl ClientContext for Appends {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = true;

    fn log(&self, level: RDKafkaLogLevel, facility: &str, text: &str) {
        self.0.log(level, facility, text);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.0.error(error, reason);
    }

    fn generate_oauth_token(
        &self,
        config: Option<&str>,
    ) -> Result<OAuthToken, Box<dyn std::error::Error>> {
        self.0.generate_oauth_token(config)
    }
}

impl ProducerContext for Appends {
    type DeliveryOpaque = Arc<Appending>;

    fn delivery(&self, result: &DeliveryResult<'_>, appending: Arc<Appending>) {
        appending.answered(result.as_ref().err().map(|(error, _)| error.clone()));
    }
}
