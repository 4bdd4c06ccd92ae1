//! `[[sinks]]`: what the pipeline decides for every sink, and the options of its product.
//!
//! The keys of [`Sink`] are the pipeline's. All others belong to the product that `type` names, and
//! are read by the struct that the product owns.

use chaperone_sinks::{Level, Policy, Product, StdoutOptions};
use serde::{Deserialize, Serialize};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::sections::Sections;
use super::{Size, Span};

/// `[[sinks]]`
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sink {
    /// Its name in metrics, logs and the journal: unique.
    pub name: String,
    /// What it takes.
    pub documents: Documents,
    /// The lowest level of an alert.
    #[serde(serialize_with = "level_name")]
    pub level: Level,
    /// Only these sources; empty: all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<String>,
    /// Only these tenants; empty: all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tenants: Vec<String>,
    /// One request at a time, and nothing overtakes what waits.
    pub ordered: bool,
    /// Smaller or rarer requests than the product's own choice.
    #[serde(skip_serializing_if = "Batching::is_default")]
    pub batch: Batching,
    /// The product, with its options.
    #[serde(flatten)]
    pub product: Product,
}

/// What a sink takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Documents {
    /// Alerts only.
    #[default]
    Alerts,
    /// Events only.
    Events,
    /// Both.
    Both,
    /// What could not become an event, and what another sink has refused: the dead letters.
    Refusals,
}

/// `batch = { … }` of a sink. It can lower what the product takes, never raise it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Batching {
    /// Documents in a request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub documents_max: Option<usize>,
    /// Bytes of a request, before compression.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_max: Option<Size>,
    /// How long a document waits for company.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age_max: Option<Span>,
    /// Requests under way at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_flight_max: Option<usize>,
}

/// The keys that are the pipeline's.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Own {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    documents: Documents,
    #[serde(default = "lowest", deserialize_with = "level")]
    level: Level,
    #[serde(default)]
    sources: Vec<String>,
    #[serde(default)]
    tenants: Vec<String>,
    #[serde(default)]
    ordered: bool,
    #[serde(default)]
    batch: Batching,
}

const OWN: [&str; 8] = [
    "name",
    "type",
    "documents",
    "level",
    "sources",
    "tenants",
    "ordered",
    "batch",
];

impl Sink {
    /// Alerts on stdout: what `run` does without any sink.
    pub fn stdout() -> Self {
        Self {
            name: "stdout".into(),
            documents: Documents::Alerts,
            level: lowest(),
            sources: Vec::new(),
            tenants: Vec::new(),
            ordered: false,
            batch: Batching::default(),
            product: Product::Stdout(StdoutOptions::default()),
        }
    }

    /// How patient its delivery is, and how it batches.
    pub fn policy(&self) -> Policy {
        let bytes = self.batch.bytes_max;
        Policy {
            ordered: self.ordered,
            batch_documents_max: self.batch.documents_max,
            batch_bytes_max: bytes.map(|size| usize::try_from(size.0).unwrap_or(usize::MAX)),
            batch_age_max: self.batch.age_max.map(|age| age.0),
            in_flight_max: self.batch.in_flight_max,
            ..Policy::default()
        }
    }
}

impl Batching {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// Every sink that can be read; what is wrong with the others is noted.
pub(super) fn take_all(sections: &mut Sections<'_>) -> Vec<Sink> {
    let tables = sections.take_tables("sinks");
    tables
        .into_iter()
        .filter_map(|table| take(sections, table))
        .collect()
}

fn take<'t>(sections: &mut Sections<'t>, table: Spanned<DeValue<'t>>) -> Option<Sink> {
    let span = table.span();
    let DeValue::Table(mut options) = table.into_inner() else {
        sections.problem("sinks", "write each of them as [[sinks]]".into());
        return None;
    };
    let mut own = DeTable::new();
    for key in OWN {
        if let Some((key, value)) = options.remove_entry(key) {
            own.insert(key, value);
        }
    }
    let own = Spanned::new(span.clone(), DeValue::Table(own));
    let own: Own = sections.read_with(own, Own::deserialize)?;
    let options = Spanned::new(span, DeValue::Table(options));
    let product = sections.read_with(options, |options| Product::read(&own.kind, options))?;
    Some(Sink {
        name: own.name,
        documents: own.documents,
        level: own.level,
        sources: own.sources,
        tenants: own.tenants,
        ordered: own.ordered,
        batch: own.batch,
        product,
    })
}

fn lowest() -> Level {
    Level::Informational
}

fn level<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Level, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(serde::de::Error::custom)
}

fn level_name<S: serde::Serializer>(level: &Level, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(level.name())
}
