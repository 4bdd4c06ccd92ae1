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
use crate::secret::{SecretError, SecretRef};
use crate::sink::Sink;
use crate::splunk::{Splunk, SplunkOptions};
use crate::stdout::Stdout;

/// A configured product with its options.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Product {
    /// A table on a terminal, NDJSON elsewhere.
    Stdout,
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
    ];

    /// Reads the options of a type.
    ///
    /// # Errors
    /// An unknown type, an unknown or missing option.
    pub fn read<'de, D: Deserializer<'de>>(kind: &str, options: D) -> Result<Self, D::Error> {
        Ok(match kind {
            "stdout" => {
                Nothing::deserialize(options)?;
                Self::Stdout
            }
            "file" => Self::File(Deserialize::deserialize(options)?),
            "splunk" => Self::Splunk(Deserialize::deserialize(options)?),
            "datadog" => Self::Datadog(Deserialize::deserialize(options)?),
            "elastic" => Self::Elastic(Deserialize::deserialize(options)?),
            "opensearch" => Self::OpenSearch(Deserialize::deserialize(options)?),
            "chronicle" => Self::Chronicle(Deserialize::deserialize(options)?),
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
            Self::Stdout => Arc::new(Stdout::open()),
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
        })
    }

    /// The paths in the options, which are relative to the file that they are written in.
    pub fn paths(&mut self) -> Vec<&mut PathBuf> {
        match self {
            Self::Stdout => Vec::new(),
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
        }
    }
}

/// The options of a product that has none.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// The paths of a product behind HTTP.
fn secured<'o>(
    secrets: impl IntoIterator<Item = &'o mut SecretRef>,
    http: &'o mut HttpOptions,
) -> Vec<&'o mut PathBuf> {
    let files = secrets.into_iter().filter_map(SecretRef::path);
    files.chain(&mut http.ca_file).collect()
}
