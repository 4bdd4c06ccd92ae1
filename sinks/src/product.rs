//! The one list of products: what `type` in the configuration can be.
//!
//! Each product owns the struct of its options, the part of `[[sinks]]` that is not the pipeline's.
//! To add one: a variant, and a line in each of the functions below.

use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, de};

use crate::chronicle::{Chronicle, ChronicleOptions};
use crate::datadog::{Datadog, DatadogOptions};
use crate::elastic::{Elastic, ElasticOptions, Engine};
use crate::file::{File, FileError, FileOptions};
use crate::http::{HttpError, HttpOptions};
use crate::kafka::{Kafka, KafkaOptions};
use crate::secret::{SecretError, SecretRef};
use crate::sink::Sink;
use crate::splunk::{Splunk, SplunkOptions};
use crate::stdout::{Stdout, StdoutOptions};
use crate::webhook::{Webhook, WebhookOptions};

/// A configured product with its options.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Product {
    /// A table on a terminal, NDJSON elsewhere.
    Stdout(StdoutOptions),
    /// Rotating NDJSON.
    File(FileOptions),
    /// Splunk's HTTP Event Collector.
    Splunk(SplunkOptions),
    /// Datadog's log intake.
    Datadog(DatadogOptions),
    /// Elasticsearch's data streams.
    Elastic(ElasticOptions),
    /// OpenSearch's data streams.
    OpenSearch(ElasticOptions),
    /// Google SecOps.
    Chronicle(ChronicleOptions),
    /// A topic of a Kafka.
    Kafka(KafkaOptions),
    /// Anything that takes a JSON body over HTTP, with forms for some products.
    Webhook(WebhookOptions),
}

/// Why a sink cannot be opened. It says what to change, and holds no secret.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file.
    #[error(transparent)]
    File(#[from] FileError),
    /// The URL, TLS or the proxy.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// A secret that is not where it should be.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// Options that do not fit together.
    #[error("{0}")]
    Options(String),
}

impl Product {
    /// Every type.
    pub const TYPES: &[&str] = &[
        "stdout",
        "file",
        "splunk",
        "datadog",
        "elastic",
        "opensearch",
        "chronicle",
        "kafka",
        "webhook",
    ];

    /// Reads the options of a type.
    ///
    /// # Errors
    /// An unknown type, an unknown or missing option.
    pub fn read<'de, D: Deserializer<'de>>(kind: &str, options: D) -> Result<Self, D::Error> {
        Ok(match kind {
            "stdout" => Self::Stdout(Deserialize::deserialize(options)?),
            "file" => Self::File(Deserialize::deserialize(options)?),
            "splunk" => Self::Splunk(Deserialize::deserialize(options)?),
            "datadog" => Self::Datadog(Deserialize::deserialize(options)?),
            "elastic" => Self::Elastic(Deserialize::deserialize(options)?),
            "opensearch" => Self::OpenSearch(Deserialize::deserialize(options)?),
            "chronicle" => Self::Chronicle(Deserialize::deserialize(options)?),
            "kafka" => Self::Kafka(Deserialize::deserialize(options)?),
            "webhook" => Self::Webhook(Deserialize::deserialize(options)?),
            _ => {
                let known = Self::TYPES.join(", ");
                let what = format!("there is no such `type` of sink; known are {known}");
                return Err(de::Error::custom(what));
            }
        })
    }

    /// Opens the sink that is configured as `name`: reads its secrets, connects to nothing yet.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(&self, name: &str) -> Result<Arc<dyn Sink>, OpenError> {
        Ok(match self {
            Self::Stdout(options) => Arc::new(Stdout::open(*options)),
            Self::File(options) => Arc::new(File::open(options.clone())?),
            Self::Splunk(options) => Arc::new(Splunk::open(name, options)?),
            Self::Datadog(options) => Arc::new(Datadog::open(name, options)?),
            Self::Elastic(options) => {
                Arc::new(Elastic::open(name, options, Engine::Elasticsearch)?)
            }
            Self::OpenSearch(options) => {
                Arc::new(Elastic::open(name, options, Engine::OpenSearch)?)
            }
            Self::Chronicle(options) => Arc::new(Chronicle::open(name, options)?),
            Self::Kafka(options) => Arc::new(Kafka::open(name, options)?),
            Self::Webhook(options) => Arc::new(Webhook::open(name, options)?),
        })
    }

    /// What `type` says.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Stdout(_) => "stdout",
            Self::File(_) => "file",
            Self::Splunk(_) => "splunk",
            Self::Datadog(_) => "datadog",
            Self::Elastic(_) => "elastic",
            Self::OpenSearch(_) => "opensearch",
            Self::Chronicle(_) => "chronicle",
            Self::Kafka(_) => "kafka",
            Self::Webhook(_) => "webhook",
        }
    }

    /// How to find the alert with this id in the product: a search in its own language.
    pub fn find(&self, id: &str) -> String {
        match self {
            Self::Stdout(_) => format!("look for {id} above"),
            Self::File(options) => options.find(id),
            Self::Splunk(options) => options.find(id),
            Self::Datadog(options) => options.find(id),
            Self::Elastic(options) | Self::OpenSearch(options) => options.find(id),
            Self::Chronicle(options) => options.find(id),
            Self::Kafka(options) => options.find(id),
            Self::Webhook(options) => options.find(id),
        }
    }

    /// The paths in the options, which are relative to the file that they are written in.
    pub fn paths(&mut self) -> Vec<&mut PathBuf> {
        match self {
            Self::Stdout(_) => Vec::new(),
            Self::File(options) => vec![&mut options.path],
            Self::Splunk(options) => secured([&mut options.token], &mut options.http),
            Self::Datadog(options) => secured([&mut options.api_key], &mut options.http),
            Self::Elastic(options) | Self::OpenSearch(options) => {
                let secrets = [
                    &mut options.api_key,
                    &mut options.password,
                    &mut options.token,
                ];
                secured(secrets.into_iter().flatten(), &mut options.http)
            }
            Self::Chronicle(options) => {
                let secrets = [&mut options.service_account, &mut options.token];
                secured(secrets.into_iter().flatten(), &mut options.http)
            }
            Self::Kafka(options) => options.paths(),
            Self::Webhook(options) => options.paths(),
        }
    }
}

/// The paths of a product behind HTTP.
fn secured<'o>(
    secrets: impl IntoIterator<Item = &'o mut SecretRef>,
    http: &'o mut HttpOptions,
) -> Vec<&'o mut PathBuf> {
    let files = secrets.into_iter().filter_map(SecretRef::path);
    files.chain(&mut http.ca_file).collect()
}
