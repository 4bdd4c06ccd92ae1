//! How patient a delivery is. Every number has a default that suits a SIEM behind a network.

use std::time::Duration;

use crate::sink::Limits;

/// The choices of one sink's configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// One request at a time, and nothing overtakes a batch that waits.
    pub ordered: bool,
    /// Fewer documents in a request than the sink would take.
    pub batch_documents_max: Option<usize>,
    /// Fewer bytes in a request than the sink would take.
    pub batch_bytes_max: Option<usize>,
    /// How long a document waits for company, in place of the sink's own choice.
    pub batch_age_max: Option<Duration>,
    /// Fewer requests at once than the sink would take.
    pub in_flight_max: Option<usize>,
    /// How long to wait for an answer, in place of the sink's own choice.
    pub answer_timeout: Option<Duration>,
    /// The first retry waits about so long; each further one twice as long.
    pub retry_delay_first: Duration,
    /// No retry waits longer by our own choice.
    pub retry_delay_max: Duration,
    /// The most that a product's `Retry-After` is believed.
    pub retry_after_max: Duration,
    /// A batch that failed so often is refused as `gave_up`; None: never.
    pub attempts_max: Option<u32>,
    /// So many failures in a row pause all requests but one.
    pub circuit_failures: u32,
    /// How long to wait between two attempts while unauthorized.
    pub unauthorized_pause: Duration,
    /// Documents held before [`crate::Delivery::has_room`] says no.
    pub held_documents_max: usize,
    /// Bytes held before [`crate::Delivery::has_room`] says no.
    pub held_bytes_max: usize,
    /// Where the jitter starts. The same seed gives the same delays.
    pub seed: u64,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            ordered: false,
            batch_documents_max: None,
            batch_bytes_max: None,
            batch_age_max: None,
            in_flight_max: None,
            answer_timeout: None,
            retry_delay_first: Duration::from_millis(500),
            retry_delay_max: Duration::from_secs(60),
            retry_after_max: Duration::from_secs(3600),
            attempts_max: None,
            circuit_failures: 5,
            unauthorized_pause: Duration::from_secs(30),
            held_documents_max: 100_000,
            held_bytes_max: 64 << 20,
            seed: 0,
        }
    }
}

impl Policy {
    /// The sink's limits, lowered where the policy says so; never below one document.
    pub(super) fn within(&self, limits: Limits) -> Limits {
        let lower = |own: usize, choice: Option<usize>| choice.unwrap_or(own).min(own).max(1);
        let bytes_max = lower(limits.bytes_max, self.batch_bytes_max);
        let in_flight = lower(limits.in_flight_max, self.in_flight_max);
        Limits {
            documents_max: lower(limits.documents_max, self.batch_documents_max),
            bytes_max,
            document_bytes_max: limits.document_bytes_max,
            frame_bytes: limits.frame_bytes,
            answer_timeout: self.answer_timeout.or(limits.answer_timeout),
            age_max: self.batch_age_max.unwrap_or(limits.age_max),
            in_flight_max: if self.ordered { 1 } else { in_flight },
        }
    }
}
