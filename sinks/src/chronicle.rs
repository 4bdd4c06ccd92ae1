//! Google SecOps (Chronicle): events as UDM, or as raw logs for a parser of the customer's own.
//!
//! Google takes a request whole or not at all, for one event that its model does not know, and does
//! not say which. So the types and nouns are right before anything is sent
//! ([`chaperone_mappings::schema`], held against Google's own types in the tests), and the loop
//! halves what is refused all the same. What is sent again is the same bytes, with the same
//! `metadata.id` and `productLogId`, since Google compares batches and makes up ids where there are
//! none, which would make every retry a new event.
//!
//! Over the tenant's rate a 429 comes, and Google's advice is to come back after five minutes: then
//! everything waits, and the journal holds the rest. A token that has lapsed is renewed once without
//! ado ([`credentials`]); one that is refused from the start needs somebody.
//!
//! What it cannot promise: how long Google compares batches is not said, so a request whose answer
//! was lost may be there twice, with the same id.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use chrono::Utc;
use serde::{Deserialize, Serialize};

use crate::http::{Frame, Http, HttpOptions};
use crate::product::OpenError;
use crate::secret::SecretRef;
use crate::sink::{Answer, Batch, Document, Limits, Reason, Sending, Sink};

mod account;
mod answer;
mod credentials;
mod encode;
mod endpoint;
#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;

use credentials::Credentials;
use encode::Encoder;
use endpoint::Endpoint;

/// The options of `type = "chronicle"`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChronicleOptions {
    /// The customer id: Settings > SIEM settings > Profile.
    pub instance: String,
    /// The Google Cloud project that the instance is bound to; the legacy interface has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// Where the instance is: `us`, `europe`, `europe-west2`, `asia-southeast1`, …
    #[serde(default = "region")]
    pub region: String,
    /// The version of the Chronicle API, or the interface before it.
    #[serde(default)]
    pub api: Api,
    /// `chronicle.REGION.rep.googleapis.com` instead of `REGION-chronicle.googleapis.com`.
    #[serde(default)]
    pub regional_endpoint: bool,
    /// The host, where it is none of Google's public ones (a private endpoint).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The JSON key of a service account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_account: Option<SecretRef>,
    /// A token that somebody else keeps fresh; it is read again when Google does not accept it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<SecretRef>,
    /// Ask the metadata server of this machine, pod or function for a token.
    #[serde(default)]
    pub workload_identity: bool,
    /// Send raw logs for a parser instead of UDM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logs: Option<LogOptions>,
    /// How to reach it.
    #[serde(default)]
    pub http: HttpOptions,
}

/// Raw logs: the ECS document is the log's text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogOptions {
    /// The log type, which names the parser.
    pub log_type: String,
    /// The id of the forwarder that the logs count for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forwarder: Option<String>,
    /// The asset namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Labels of every log.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}

/// The interface.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Api {
    /// The Chronicle API.
    #[default]
    V1,
    /// Its beta.
    V1Beta,
    /// Its alpha.
    V1Alpha,
    /// The Ingestion API of instances without a project, version 2.
    Legacy,
}

fn region() -> String {
    "us".to_owned()
}

impl ChronicleOptions {
    pub(crate) fn find(&self, id: &str) -> String {
        match self.logs {
            Some(_) => format!("raw = \"{id}\""),
            None => format!("metadata.product_log_id = \"{id}\""),
        }
    }
}

/// One instance.
pub struct Chronicle {
    name: String,
    http: Http,
    endpoint: Endpoint,
    encoder: Encoder,
    credentials: Credentials,
}

impl Chronicle {
    /// Reads the credentials; connects to nothing yet.
    ///
    /// # Errors
    /// Options that do not fit together, a URL or a secret that cannot be used.
    pub fn open(name: &str, options: &ChronicleOptions) -> Result<Self, OpenError> {
        let endpoint = Endpoint::new(options)?;
        Ok(Self {
            name: name.to_owned(),
            http: Http::open(&endpoint.url, &options.http)?,
            credentials: Credentials::open(options, endpoint.scope, || Utc::now().timestamp())?,
            encoder: Encoder::new(options),
            endpoint,
        })
    }

    async fn deliver(&self, batch: &Batch) -> Result<Answer, Answer> {
        let token = self.credentials.token(&self.http).await?;
        let Endpoint { prefix, suffix, .. } = &self.endpoint;
        let frame = Frame::new(prefix.as_bytes(), b",", suffix.as_bytes());
        let request = self
            .http
            .post(&self.endpoint.path)
            .secret("authorization", &token.authorization)
            .header("content-type", "application/json")
            .body(self.http.batch(frame, batch));
        let response = request.send().await?;
        if response.status == 401 {
            return Err(self.credentials.refused(&token).await);
        }
        token.accepted();
        Ok(answer::read(&response))
    }
}

impl Sink for Chronicle {
    fn name(&self) -> &str {
        &self.name
    }

    fn limits(&self) -> Limits {
        let bytes_max = self.endpoint.bytes_max;
        Limits {
            documents_max: 1_000,
            bytes_max,
            document_bytes_max: bytes_max,
            frame_bytes: 1,
            age_max: Duration::from_secs(1),
            // The client's own timeout ends each request.
            answer_timeout: None,
            in_flight_max: 8,
        }
    }

    fn encode(&self, document: &Document) -> Result<Bytes, Reason> {
        self.encoder.encode(document)
    }

    fn send<'a>(&'a self, batch: &'a Batch) -> Sending<'a> {
        Box::pin(async move { self.deliver(batch).await.unwrap_or_else(|answer| answer) })
    }

    fn remedy(&self) -> &str {
        "check the credentials of this sink, that they have the role `Chronicle API Editor`, and `project`, `region`, `instance` and `api` (SIEM settings > Profile)"
    }
}
