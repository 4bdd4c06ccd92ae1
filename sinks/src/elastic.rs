//! Elasticsearch and OpenSearch: `_bulk` with `create` into data streams.
//!
//! Events go to `logs-chaperone.events-<namespace>`, alerts to `logs-chaperone.alerts-<namespace>`, as
//! the ECS documents they are. Elastic Security's rule "External Alerts" reads such streams and
//! promotes what has `event.kind: alert`; it looks at `event.ingested` of the last minutes, so
//! every document gets the time of its sending there (when it is sent, also after an outage).
//!
//! `_id` is the document's own id ([`encode`]), so what is sent twice is there once: the second answer
//! is 409, which counts as delivered. The answer has a verdict for each document ([`answer`]); the
//! types of errors are read and their words are not even asked for, since they quote documents.
//!
//! Before the first batch the index templates are put there, where they are missing or older
//! ([`install`]); without them OpenSearch would make plain indexes with guessed types.
//!
//! What it cannot promise: `_id` is unique within one backing index, so a document that is sent again
//! after the data stream has rolled over is there twice.

use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use tokio::sync::OnceCell;

use crate::http::{Frame, HttpOptions};
use crate::product::OpenError;
use crate::secret::SecretRef;
use crate::sink::{Answer, Batch, Document, Limits, Reason, Sending, Sink};
use crate::unit::Span;

mod answer;
mod encode;
mod install;
#[cfg(test)]
mod model;
mod nodes;
mod templates;
#[cfg(test)]
mod tests;

use encode::Encoder;
use install::Part;
use nodes::Nodes;

/// Elastic advises 5 to 15 MB; nodes refuse more than 100 MB.
const REQUEST_BYTES_MAX: usize = 5_000_000;
const DOCUMENT_BYTES_MAX: usize = 50_000_000;
/// Of the answer only this is sent: no ids, and no words that quote a document.
const BULK: &str = "/_bulk?filter_path=items.*.status,items.*.error.type,error.type,status";

/// The options of `type = "elastic"` and `type = "opensearch"`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ElasticOptions {
    /// The nodes, like `https://elastic.example.com:9200`; the next one is asked where one is gone.
    pub urls: Vec<String>,
    /// The last part of the data streams' names.
    #[serde(default = "namespace")]
    pub namespace: String,
    /// An API key: as Elasticsearch shows it encoded, or as `id:key`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_key: Option<SecretRef>,
    /// A user, with `password`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The user's password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<SecretRef>,
    /// A bearer token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<SecretRef>,
    /// Puts index templates there before the first batch, where they are missing or older.
    #[serde(default = "yes")]
    pub install_templates: bool,
    /// Elasticsearch only: documents are deleted so long after their index has rolled over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retention: Option<Span>,
    /// How to reach it.
    #[serde(default)]
    pub http: HttpOptions,
}

fn namespace() -> String {
    "default".to_owned()
}

fn yes() -> bool {
    true
}

/// Which of the two it is. They differ in types of fields and in the lifecycle of indexes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// Elasticsearch 8 and 9.
    Elasticsearch,
    /// OpenSearch 2 and 3.
    OpenSearch,
}

impl ElasticOptions {
    pub(crate) fn find(&self, id: &str) -> String {
        let url = self.urls.first().map_or("", String::as_str);
        let namespace = &self.namespace;
        format!("{url}/logs-chaperone.alerts-{namespace}/_search?q=event.id:\"{id}\"")
    }
}

/// One cluster.
pub struct Elastic {
    name: String,
    nodes: Nodes,
    encoder: Encoder,
    templates: Vec<Part>,
    installed: OnceCell<()>,
    now: fn() -> DateTime<Utc>,
}

impl Elastic {
    /// Reads the secrets; connects to nothing yet.
    ///
    /// # Errors
    /// A URL, a secret or a namespace that cannot be used, and options that do not fit together.
    pub fn open(name: &str, options: &ElasticOptions, engine: Engine) -> Result<Self, OpenError> {
        let wrong = |what: &str| Err(OpenError::Options(what.to_owned()));
        if !is_namespace(&options.namespace) {
            return wrong(
                "`namespace` is part of an index's name: lower case, at most 100 bytes, without `-` and other signs but `_` and `.`",
            );
        }
        if engine == Engine::OpenSearch && options.retention.is_some() {
            return wrong(
                "OpenSearch has no lifecycle in its templates: leave `retention` out, and add an ISM policy for logs-chaperone.*",
            );
        }
        if options.retention.is_some() && !options.install_templates {
            return wrong(
                "`retention` is part of the templates: set `install_templates = true`, or leave it out",
            );
        }
        Ok(Self {
            name: name.to_owned(),
            nodes: Nodes::open(options)?,
            encoder: Encoder::new(&options.namespace),
            templates: match options.install_templates {
                true => templates::all(engine, options.retention),
                false => Vec::new(),
            },
            installed: OnceCell::new(),
            now: Utc::now,
        })
    }

    async fn deliver(&self, batch: &Batch) -> Result<Answer, Answer> {
        let install = || install::install(&self.nodes, &self.templates);
        self.installed.get_or_try_init(install).await?;
        let tail = encode::tail((self.now)());
        let frame = Frame::new(b"", tail.as_bytes(), tail.as_bytes());
        let body = self.nodes.batch(frame, batch);
        let request = |http| nodes::post(http, BULK, "application/x-ndjson", body.clone());
        let response = self.nodes.send(request).await?;
        Ok(answer::read(&response, batch.len()))
    }
}

fn is_namespace(text: &str) -> bool {
    let fits = |c: char| c.is_alphanumeric() && !c.is_uppercase() || matches!(c, '_' | '.');
    !text.is_empty() && text.len() <= 100 && text.chars().all(fits)
}

impl Sink for Elastic {
    fn name(&self) -> &str {
        &self.name
    }

    fn limits(&self) -> Limits {
        Limits {
            documents_max: 2_000,
            bytes_max: REQUEST_BYTES_MAX,
            document_bytes_max: DOCUMENT_BYTES_MAX,
            frame_bytes: encode::TAIL_BYTES,
            age_max: Duration::from_secs(1),
            // The client's own timeout ends each request.
            answer_timeout: None,
            in_flight_max: 8,
        }
    }

    fn encode(&self, document: &Document) -> Result<Bytes, Reason> {
        Ok(self.encoder.encode(document))
    }

    fn send<'a>(&'a self, batch: &'a Batch) -> Sending<'a> {
        Box::pin(async move { self.deliver(batch).await.unwrap_or_else(|answer| answer) })
    }

    fn remedy(&self) -> &str {
        "check `urls` and the credentials of this sink: they need the privileges `auto_configure` and `create_doc` on logs-chaperone.*, and for `install_templates` the cluster's `manage_index_templates` and `manage_ilm` (OpenSearch: `crud` and `create_index`, `manage_index_templates`)"
    }
}

impl Engine {
    fn is_opensearch(self) -> bool {
        self == Self::OpenSearch
    }
}

/// Milliseconds are what the products keep.
fn text(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}
