//! What a sink is: encode a document, send a batch, read the answer.
//!
//! The products differ in how they fail. Splunk stores everything up to the bad event, Elastic
//! answers for each document, Google SecOps throws the whole request away for one of them, a file
//! runs out of disk. Pipelines lose data where each sink acts on such an answer by itself: a status
//! that nobody read, a retry in three places, a batch dropped for one poison event. So a sink here
//! decides nothing. It says what the product said, as an [`Answer`], and the delivery loop
//! ([`crate::deliver`]) is the one place that waits, resends, splits, pauses and refuses. A new
//! failure mode is one line in a sink's reading of the answer, and the same suite tests them all.
//!
//! What it refuses: success by default. There is no answer for "something came back"; a sink that
//! cannot tell what happened says [`Answer::Retry`] with `uncertain`, and the documents go again.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

mod document;
#[cfg(test)]
mod tests;

pub use document::NotADocument;

/// An event or an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A normalized event.
    Event,
    /// An alert of a rule, a correlation or of chaperone's own health.
    Alert,
}

/// How grave an alert is: Sigma's levels, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Level {
    /// Worth knowing.
    Informational,
    /// Worth a look when there is time.
    Low,
    /// Worth a look.
    Medium,
    /// Look today.
    High,
    /// Look now.
    Critical,
}

impl Level {
    /// Every level, the mildest first.
    pub const ALL: [Self; 5] = [
        Self::Informational,
        Self::Low,
        Self::Medium,
        Self::High,
        Self::Critical,
    ];

    /// The name in rules, the configuration and documents.
    pub fn name(self) -> &'static str {
        match self {
            Self::Informational => "informational",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// A word that is no level. It does not hold the word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a level; write informational, low, medium, high or critical")]
pub struct NotALevel;

impl FromStr for Level {
    type Err = NotALevel;

    fn from_str(text: &str) -> Result<Self, NotALevel> {
        Self::ALL
            .into_iter()
            .find(|level| level.name() == text)
            .ok_or(NotALevel)
    }
}

/// A sealed event or alert on its way out.
#[derive(Clone, PartialEq, Eq)]
pub struct Document {
    /// `event.id`: the same bytes always have the same id, so a product that can may deduplicate.
    pub id: Box<str>,
    /// What it is.
    pub kind: Kind,
    /// How grave, where it is an alert.
    pub level: Option<Level>,
    /// `chaperone.source`, where it has one.
    pub source: Option<Box<str>>,
    /// `chaperone.tenant`, where it has one.
    pub tenant: Option<Box<str>>,
    /// Event time, in milliseconds since 1970.
    pub time_ms: i64,
    /// The document: compact ECS JSON without a line break.
    pub json: Bytes,
}

// The content stays out of logs and panics (invariant I7).
impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .field("bytes", &self.json.len())
            .finish_non_exhaustive()
    }
}

/// Where a document was read, so that the offset can move once it has its verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// Which of the caller's consumers (a sink may read events and alerts).
    pub input: u32,
    /// The partition.
    pub partition: u32,
    /// The offset in the partition.
    pub offset: u64,
}

/// Why a document was refused or has to wait: a stable code and a sentence, never event content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// For metrics and dead letters: lower case with underscores.
    pub code: &'static str,
    /// What the product said and what to do, without content.
    pub detail: Cow<'static, str>,
}

impl Reason {
    /// The code of what is too large, for a product or for one request.
    pub const TOO_LARGE: &'static str = "too_large";

    /// A reason with its code and its sentence.
    pub fn new(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            detail: detail.into(),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.detail)
    }
}

/// What a product takes in one request, and how long a document may wait for company.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Documents in a request.
    pub documents_max: usize,
    /// Bytes of a request before compression. A single document may pass it, up to the next limit.
    pub bytes_max: usize,
    /// Bytes of one encoded document; a larger one is refused as `too_large`.
    pub document_bytes_max: usize,
    /// What the request's frame adds to each document (a comma, a newline).
    pub frame_bytes: usize,
    /// How long the oldest document of a batch waits for more.
    pub age_max: Duration,
    /// A request without an answer for so long goes again. None: it takes as long as it takes, as
    /// where a person may hold a terminal and nothing would come of asking twice.
    pub answer_timeout: Option<Duration>,
    /// Requests under way at once; 1 where the product is a single stream.
    pub in_flight_max: usize,
}

/// A document with its encoded form, which is made once: every retry sends the same bytes.
#[derive(Debug)]
pub(crate) struct Parcel {
    pub(crate) place: Place,
    pub(crate) document: Document,
    pub(crate) encoded: Bytes,
}

/// A run of documents that go in one request; never empty.
#[derive(Debug, Clone)]
pub struct Batch {
    pub(crate) parcels: Vec<Arc<Parcel>>,
}

impl Batch {
    /// How many documents.
    pub fn len(&self) -> usize {
        self.parcels.len()
    }

    /// Never true for a batch that a sink is given.
    pub fn is_empty(&self) -> bool {
        self.parcels.is_empty()
    }

    /// The documents, in order.
    pub fn documents(&self) -> impl ExactSizeIterator<Item = &Document> {
        self.parcels.iter().map(|parcel| &parcel.document)
    }

    /// What [`Sink::encode`] made of them, in the same order.
    pub fn encoded(&self) -> impl ExactSizeIterator<Item = &Bytes> + Clone {
        self.parcels.iter().map(|parcel| &parcel.encoded)
    }

    /// The bytes of all encoded documents, without the frame.
    pub fn bytes(&self) -> usize {
        self.encoded().map(Bytes::len).sum()
    }
}

/// What the product said about one document of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ItemAnswer {
    /// It has it (also where it says that it had it before).
    Accepted,
    /// Not now.
    Retry(Reason),
    /// Never.
    Refused(Reason),
}

/// What the product said about a batch. The loop acts on it; a sink only reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It has all of them, durably.
    Accepted,
    /// It has the first `count`. Where `refused` says so, the one after them is bad, and the ones
    /// behind it were not looked at.
    AcceptedUpTo {
        /// How many it has.
        count: usize,
        /// Why document number `count` (from 0) is refused; None: it is only not stored yet.
        refused: Option<Reason>,
    },
    /// One answer for each document, in the batch's order.
    Each(Vec<ItemAnswer>),
    /// It has none, because of the size or because of one that it does not name: send halves.
    /// Of a single document this is the refusal.
    Split(Reason),
    /// It has none, and the same request may pass later.
    Retry {
        /// What happened.
        reason: Reason,
        /// How long it asked us to wait (`Retry-After`); holds for every request to this product.
        after: Option<Duration>,
        /// It may have them all the same (the answer was lost): counted as possible duplicates.
        uncertain: bool,
    },
    /// It will never take these, whatever their number.
    Refused(Reason),
    /// It does not know us: nothing is wrong with the documents, and somebody must act.
    Unauthorized(Reason),
    /// Nobody is there to take anything any more (a closed pipe): a clean end.
    Closed,
}

impl Answer {
    /// "Not now", with certainty that nothing was stored and no wish for how long.
    pub fn retry(reason: Reason) -> Self {
        Self::Retry {
            reason,
            after: None,
            uncertain: false,
        }
    }
}

/// A request under way. Dropping it may leave the request half done; the loop then sends it again.
pub type Sending<'a> = Pin<Box<dyn Future<Output = Answer> + Send + 'a>>;

/// One configured destination.
///
/// The loop wraps `send` in a timeout and catches a panic; both count as an uncertain retry.
/// `send` may take its time (an indexer acknowledgement that has to be polled for): what it answers
/// as accepted is taken as durable at the product, and the offset moves past it.
pub trait Sink: Send + Sync + 'static {
    /// The name in the configuration, in logs and in metrics.
    fn name(&self) -> &str;

    /// What goes in one request.
    fn limits(&self) -> Limits;

    /// The document in the product's own form. Called once a document; the result is what every
    /// attempt sends. An error refuses the document.
    fn encode(&self, document: &Document) -> Result<Bytes, Reason> {
        Ok(document.json.clone())
    }

    /// Sends one batch and reads the answer.
    fn send<'a>(&'a self, batch: &'a Batch) -> Sending<'a>;

    /// The least time between two requests, for a product that counts them.
    fn interval(&self) -> Duration {
        Duration::ZERO
    }

    /// What somebody should do about an [`Answer::Unauthorized`], for the log.
    fn remedy(&self) -> &str {
        "check the credentials of this sink"
    }
}
