//! Splunk's HTTP Event Collector: the event endpoint, and indexer acknowledgement where it is asked for.
//!
//! An event goes as the ECS document it is, with source type `chaperone:event`; an alert as
//! `chaperone:alert` with the fields of the CIM data models Alerts and Risk beside it, so that it
//! is found without any add-on, and with `sinks/splunk-ta` in the data models. Every document has
//! the indexed field `chaperone_id`: Splunk deduplicates nothing, a search does (`dedup chaperone_id`).
//!
//! HEC's answers are read by `code`, because its statuses mislead ([`answer`]): a 400 has stored what
//! came before the event it blames, Splunk Cloud blames the first event of a body that is too
//! large, and a 200 says only that the body was received. With `acknowledge` a batch counts as
//! delivered when the indexer says so ([`ack`]); what an acknowledgement endpoint answers otherwise is
//! never taken for a yes.
//!
//! What it cannot promise: without `acknowledge`, what an indexer loses between its 200 and its disk;
//! and a batch that was indexed and not acknowledged in time is there twice.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Serialize};

use crate::http::{Frame, Http, HttpOptions, Request};
use crate::product::OpenError;
use crate::secret::{Secret, SecretRef};
use crate::sink::{Answer, Batch, Document, Limits, Reason, Sending, Sink};

mod ack;
mod answer;
mod encode;
#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;

use answer::{Hec, Outcome};

/// Requests stay well below every cap: old releases take 1,000,000 bytes, Splunk Cloud 5 MiB,
/// Enterprise 800 MiB.
const REQUEST_BYTES_MAX: usize = 1_000_000;
/// Below Splunk Cloud's cap on a request.
const DOCUMENT_BYTES_MAX: usize = 5_000_000;

/// The options of `type = "splunk"`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SplunkOptions {
    /// The collector, like `https://splunk.example.com:8088`.
    pub url: String,
    /// The token of the collector's input.
    pub token: SecretRef,
    /// Where events go; without it the token's own index.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<String>,
    /// Where alerts go; without it `index`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alerts_index: Option<String>,
    /// The `host` of everything, where the event knows none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Wait until an indexer has it on disk. The token needs "indexer acknowledgement", and a load
    /// balancer before several indexers needs sticky sessions.
    #[serde(default)]
    pub acknowledge: bool,
    /// How to reach it.
    #[serde(default)]
    pub http: HttpOptions,
}

impl SplunkOptions {
    pub(crate) fn find(&self, id: &str) -> String {
        let index = self.alerts_index.as_ref().or(self.index.as_ref());
        let index = index.map_or("*", String::as_str);
        format!("index={index} sourcetype=chaperone:alert chaperone_id=\"{id}\"")
    }
}

/// One collector.
pub struct Splunk {
    name: String,
    http: Http,
    authorization: Secret,
    encoder: encode::Encoder,
    /// The client's own channel, where acknowledgement is asked for.
    channel: Option<String>,
    /// The token is known to acknowledge.
    acknowledges: AtomicBool,
    /// It said that it is busy: ask for its health before the next megabyte.
    unwell: AtomicBool,
}

impl Splunk {
    /// Reads the token; connects to nothing yet.
    ///
    /// # Errors
    /// A URL, a secret or a file that cannot be used.
    pub fn open(name: &str, options: &SplunkOptions) -> Result<Self, OpenError> {
        let token = options.token.load()?;
        Ok(Self {
            name: name.to_owned(),
            http: Http::open(&options.url, &options.http)?,
            authorization: Secret::new(format!("Splunk {}", token.reveal())),
            encoder: encode::Encoder::new(options),
            channel: options.acknowledge.then(channel).transpose()?,
            acknowledges: AtomicBool::new(false),
            unwell: AtomicBool::new(false),
        })
    }

    fn post(&self, path: &str) -> Request<'_> {
        let request = self
            .http
            .post(path)
            .secret("authorization", &self.authorization)
            .header("content-type", "application/json");
        match &self.channel {
            Some(channel) => request.header("x-splunk-request-channel", channel),
            None => request,
        }
    }

    async fn deliver(&self, batch: &Batch) -> Result<Answer, Answer> {
        self.recovered().await?;
        self.ensure_acknowledging().await?;
        let body = self.http.batch(Frame::JOINED, batch);
        let request = self.post("/services/collector/event").body(body);
        let response = request.send().await?;
        let hec = Hec::read(&response);
        let outcome = answer::outcome(&response, hec.as_ref(), batch.len(), batch.bytes());
        match outcome {
            Outcome::Stored { ack, answer } if self.channel.is_some() => {
                let ack = ack.ok_or_else(answer::without_ack)?;
                self.acknowledged(ack).await?;
                Ok(answer)
            }
            Outcome::Stored { answer, .. } => Ok(answer),
            Outcome::Nothing { answer, busy } => {
                self.unwell.store(busy, Ordering::Relaxed);
                Ok(answer)
            }
        }
    }

    /// After a busy answer: asks how it is, which costs it less than a batch that it cannot take.
    async fn recovered(&self) -> Result<(), Answer> {
        if !self.unwell.load(Ordering::Relaxed) {
            return Ok(());
        }
        let path = match self.channel {
            Some(_) => "/services/collector/health?ack=1",
            None => "/services/collector/health",
        };
        let response = self.http.get(path).send().await?;
        // Only "unhealthy" holds us back: a proxy may know no such path.
        if response.status == 503 {
            return Err(answer::unhealthy(&response));
        }
        self.unwell.store(false, Ordering::Relaxed);
        Ok(())
    }
}

impl Sink for Splunk {
    fn name(&self) -> &str {
        &self.name
    }

    fn limits(&self) -> Limits {
        Limits {
            documents_max: 1_000,
            bytes_max: REQUEST_BYTES_MAX,
            document_bytes_max: DOCUMENT_BYTES_MAX,
            frame_bytes: 0,
            age_max: Duration::from_secs(1),
            // The client's own timeout ends each request; waiting for an acknowledgement takes longer.
            answer_timeout: None,
            in_flight_max: if self.channel.is_some() { 16 } else { 8 },
        }
    }

    fn encode(&self, document: &Document) -> Result<Bytes, Reason> {
        Ok(self.encoder.encode(document))
    }

    fn send<'a>(&'a self, batch: &'a Batch) -> Sending<'a> {
        Box::pin(async move { self.deliver(batch).await.unwrap_or_else(|answer| answer) })
    }

    fn remedy(&self) -> &str {
        "check `url`, `token`, `index` and `acknowledge` of this sink against the HEC token in Splunk (Settings > Data inputs > HTTP Event Collector)"
    }
}

/// A channel of our own: a GUID. Acknowledgement ids count from 0 in each channel.
fn channel() -> Result<String, OpenError> {
    let mut bytes = [0; 16];
    let failed = |_| OpenError::Options("the system gives no random numbers".to_owned());
    SystemRandom::new().fill(&mut bytes).map_err(failed)?;
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let parts = [
        &digits[..8],
        &digits[8..12],
        &digits[12..16],
        &digits[16..20],
        &digits[20..],
    ];
    Ok(parts.join("-"))
}
