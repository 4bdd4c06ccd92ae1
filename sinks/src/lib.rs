//! The way out: what every sink implements, and the one loop that delivers.
//!
//! Start at [`sink`], which says what a sink author writes (encode, send, read the answer) and what
//! an answer can be. [`deliver`] is the only place that acts on an answer: it batches, waits,
//! retries, splits and ends every document with a verdict. [`ledger`] turns verdicts into offsets
//! that may move. Then one file a product.
//!
//! A sink knows neither the journal nor the detections: documents are sealed JSON that says its
//! own id, kind and level.

pub mod chronicle;
pub mod datadog;
pub mod deliver;
pub mod elastic;
mod facts;
pub mod file;
pub mod filter;
mod gate;
pub mod http;
mod json;
pub mod kafka;
pub mod ledger;
pub mod probe;
pub mod product;
mod schema;
pub mod secret;
pub mod setting;
pub mod sink;
pub mod splunk;
pub mod stdout;
pub mod table;
pub mod unit;
pub mod webhook;

#[cfg(test)]
mod conformance;

pub use chronicle::{Chronicle, ChronicleOptions};
pub use datadog::{Datadog, DatadogOptions};
pub use deliver::{Closed, Counts, Delivery, Policy, Settled, Verdict};
pub use elastic::{Elastic, ElasticOptions};
pub use file::{File, FileOptions};
pub use filter::Filter;
pub use http::{Http, HttpOptions};
pub use kafka::{Kafka, KafkaOptions};
pub use ledger::Ledger;
pub use product::{OpenError, Product};
pub use secret::{Secret, SecretRef};
pub use setting::Setting;
pub use sink::{Answer, Batch, Document, ItemAnswer, Kind, Level, Limits, Place, Reason, Sink};
pub use splunk::{Splunk, SplunkOptions};
pub use stdout::{Stdout, StdoutOptions};
pub use webhook::{Webhook, WebhookOptions};
