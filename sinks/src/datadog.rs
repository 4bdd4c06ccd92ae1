//! Datadog's log intake, version 2.
//!
//! The document goes whole under `ocsf`, where Cloud SIEM looks for it (or under `ecs`, by choice),
//! because its own names collide with Datadog's reserved ones (`source`, `host`, `message`). Beside it
//! stand the standard attributes: `usr.*`, `network.*`, `evt.*`, and under `chaperone` what a
//! detection rule needs ([`record`]).
//!
//! Two of Datadog's rules lose things in silence, so they are kept here instead. A log of more than
//! 1 MB is cut there with a 202: here it is cut visibly, with a tag and its true size. A time of more
//! than 18 hours ago is not taken: such a log goes with the time of its sending and a tag, and the
//! true time is in `chaperone.time`. That is decided when a batch is sent, so also after an outage.
//!
//! What it cannot promise: there is no key by which Datadog could know a log again. A request whose
//! answer was lost is there twice, with the same `chaperone.id`.

use std::time::Duration;

use bytes::Bytes;
use chrono::Utc;
use serde::{Deserialize, Serialize};

use crate::http::{Frame, Http, HttpOptions, Response};
use crate::product::OpenError;
use crate::secret::{Secret, SecretRef};
use crate::sink::{Answer, Batch, Document, Limits, Reason, Sending, Sink};

mod record;
#[cfg(test)]
mod tests;

/// Datadog takes 5 MB before compression and 1,000 logs; we leave room as its own agents do.
const REQUEST_BYTES_MAX: usize = 4_250_000;
const LOGS_MAX: usize = 1_000;
/// Datadog takes 18 hours; the request is under way for a while.
const AGE_MS_MAX: i64 = 17 * 3_600_000 + 45 * 60_000;

/// The options of `type = "datadog"`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatadogOptions {
    /// The site of the organization: `datadoghq.com`, `datadoghq.eu`, `us5.datadoghq.com`, …
    #[serde(default = "site")]
    pub site: String,
    /// The intake, where it is not the site's own (a private link).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// An API key of the organization.
    pub api_key: SecretRef,
    /// The `service` of everything.
    #[serde(default = "service")]
    pub service: String,
    /// More tags, as `key:value`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The form of the whole document.
    #[serde(default)]
    pub schema: Schema,
    /// How to reach it.
    #[serde(default)]
    pub http: HttpOptions,
}

/// In which schema, and under which attribute, the document goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Schema {
    /// `ocsf`, as Cloud SIEM reads it.
    #[default]
    Ocsf,
    /// `ecs`, as it is in the journal.
    Ecs,
}

fn site() -> String {
    "datadoghq.com".to_owned()
}

fn service() -> String {
    "chaperone".to_owned()
}

impl DatadogOptions {
    #[expect(clippy::unused_self, reason = "of the same form as in every product")]
    pub(crate) fn find(&self, id: &str) -> String {
        format!("source:chaperone kind:alert @chaperone.id:{id}")
    }
}

/// One organization.
pub struct Datadog {
    name: String,
    http: Http,
    api_key: Secret,
    records: record::Records,
    now_ms: fn() -> i64,
}

impl Datadog {
    /// Reads the key; connects to nothing yet.
    ///
    /// # Errors
    /// A site, a URL or a secret that cannot be used.
    pub fn open(name: &str, options: &DatadogOptions) -> Result<Self, OpenError> {
        let is_site = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
        if options.site.is_empty() || !options.site.bytes().all(is_site) {
            let what = "`site` is a host name like datadoghq.com or us5.datadoghq.com";
            return Err(OpenError::Options(what.to_owned()));
        }
        let intake = || format!("https://http-intake.logs.{}", options.site);
        let url = options.url.clone().unwrap_or_else(intake);
        Ok(Self {
            name: name.to_owned(),
            http: Http::open(&url, &options.http)?,
            api_key: options.api_key.load()?,
            records: record::Records::new(options),
            now_ms: || Utc::now().timestamp_millis(),
        })
    }

    async fn deliver(&self, batch: &Batch) -> Result<Answer, Answer> {
        let now_ms = (self.now_ms)();
        let heads: Vec<Vec<u8>> = batch
            .documents()
            .map(|document| self.records.head(document, now_ms))
            .collect();
        let mut parts: Vec<&[u8]> = Vec::with_capacity(batch.len() * 3);
        for (head, rest) in heads.iter().zip(batch.encoded()) {
            parts.extend([
                if parts.is_empty() {
                    b"[" as &[u8]
                } else {
                    b","
                },
                head,
                rest,
            ]);
        }
        parts.push(b"]");
        let body = self.http.parts(Frame::JOINED, parts.iter().copied());
        let request = self
            .http
            .post("/api/v2/logs")
            .secret("dd-api-key", &self.api_key)
            .header("content-type", "application/json")
            .body(body);
        Ok(read(&request.send().await?))
    }
}

/// The whole request or nothing of it; only 202 is a yes.
fn read(response: &Response) -> Answer {
    match response.status {
        202 if response.body.is_empty() || response.json::<serde_json::Value>().is_some() => {
            Answer::Accepted
        }
        400 => Answer::Split(Reason::new(
            "bad_request",
            "Datadog answered 400: it does not take the request, and names no log in it",
        )),
        _ => response.usual().unwrap_or_else(|| response.unreadable()),
    }
}

impl Sink for Datadog {
    fn name(&self) -> &str {
        &self.name
    }

    fn limits(&self) -> Limits {
        Limits {
            documents_max: LOGS_MAX,
            bytes_max: REQUEST_BYTES_MAX,
            document_bytes_max: record::BYTES_MAX,
            frame_bytes: record::HEAD_BYTES_MAX,
            age_max: Duration::from_secs(1),
            // The client's own timeout ends each request.
            answer_timeout: None,
            in_flight_max: 8,
        }
    }

    fn encode(&self, document: &Document) -> Result<Bytes, Reason> {
        self.records.encode(document)
    }

    fn send<'a>(&'a self, batch: &'a Batch) -> Sending<'a> {
        Box::pin(async move { self.deliver(batch).await.unwrap_or_else(|answer| answer) })
    }

    fn remedy(&self) -> &str {
        "check `api_key` and `site` of this sink: a key belongs to one site (Organization Settings > API Keys)"
    }
}
