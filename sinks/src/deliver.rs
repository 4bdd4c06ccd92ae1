//! The one loop that delivers: batch, send, act on the answer, end every document with a verdict.
//!
//! A [`Delivery`] belongs to one sink and is driven by its owner, who hands documents in and asks
//! for verdicts:
//!
//! ```text
//! hand(place, document) ─▶ filter ─▶ encode ─▶ open batch ─▶ ready ─▶ in flight ─▶ verdict
//!                                                              ▲          │
//!                                                              └── retry, halves, rest
//! ```
//!
//! There is no channel in it and no background task of its own: what is not settled is held here,
//! and **dropping a delivery acknowledges nothing** (invariant I3). Its owner moves an offset only
//! over settled places ([`crate::ledger`]), in the same transaction that writes the dead letters of
//! the refused. A crash therefore repeats what was in flight, and ids let the product drop it.
//!
//! Nothing is given up by default: an outage of a week is a week of retries while the journal holds
//! the documents. `attempts_max` exists for products that answer 500 to one document for ever.
//! Where `ordered` is set, one request goes at a time and nothing overtakes a batch that waits.
//! All waiting is tokio time and the jitter is seeded, so tests run the hours in no time.
//!
//! What it refuses: an answer that cannot be (more accepted than sent, too few verdicts) is not
//! believed in any part; the batch goes again.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{Id, JoinSet};
use tokio::time::Instant;

use crate::filter::Filter;
use crate::gate::Gate;
use crate::sink::{Answer, Batch, Document, Limits, Parcel, Place, Reason, Sink};

mod act;
mod backoff;
mod intake;
mod policy;
#[cfg(test)]
mod tests;

use backoff::Backoff;
pub use policy::Policy;

/// How a document ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The product has it, durably.
    Delivered,
    /// It never will: a dead letter.
    Refused(Reason),
    /// The sink's filter does not want it.
    Skipped,
}

/// A document with its verdict.
#[derive(Debug, Clone)]
pub struct Settled {
    /// Where it was read.
    pub place: Place,
    /// The document, for the dead letter.
    pub document: Document,
    /// How it ended.
    pub verdict: Verdict,
}

/// Nobody takes anything any more (a closed pipe). What is not settled stays unacknowledged; for a
/// command line this is a clean end with exit code 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the other side closed")]
pub struct Closed;

/// What happened so far, for metrics.
/// `handed = delivered + refused + skipped + forgotten + held`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Documents handed in.
    pub handed: u64,
    /// Documents the product has.
    pub delivered: u64,
    /// Documents that ended as dead letters.
    pub refused: u64,
    /// Documents the filter did not want.
    pub skipped: u64,
    /// Documents of partitions that were taken away.
    pub forgotten: u64,
    /// Requests sent.
    pub requests: u64,
    /// Requests that have to go again.
    pub retries: u64,
    /// Batches halved.
    pub splits: u64,
    /// Requests answered with "unauthorized".
    pub unauthorized: u64,
    /// Documents sent again though the product may have them.
    pub possible_duplicates: u64,
}

/// A batch that waits to be sent, again or for the first time.
#[derive(Debug)]
struct Pending {
    batch: Arc<Batch>,
    attempts: u32,
    not_before: Instant,
    /// The other half of a batch that was thrown away for one document which nobody named. It waits
    /// for this half's answer: when this half is taken, the document is in that one, which then
    /// need not be sent whole to know it.
    sibling: Vec<Arc<Parcel>>,
}

/// The batch that is still being filled.
#[derive(Debug, Default)]
struct Open {
    parcels: Vec<Arc<Parcel>>,
    bytes: usize,
    since: Option<Instant>,
}

/// One sink with everything on its way to it.
pub struct Delivery {
    sink: Arc<dyn Sink>,
    filter: Filter,
    policy: Policy,
    limits: Limits,
    open: Open,
    ready: VecDeque<Pending>,
    flights: JoinSet<Answer>,
    flying: HashMap<Id, Pending>,
    settled: Vec<Settled>,
    gate: Gate,
    backoff: Backoff,
    held: usize,
    held_bytes: usize,
    counts: Counts,
    unauthorized_since: Option<Instant>,
    closed: bool,
}

impl Delivery {
    /// A delivery to `sink`. The policy can lower the sink's limits, never raise them.
    pub fn new(sink: Arc<dyn Sink>, filter: Filter, policy: Policy) -> Self {
        let limits = policy.within(sink.limits());
        Self {
            gate: Gate::new(limits.in_flight_max, policy.circuit_failures)
                .with_interval(sink.interval()),
            backoff: Backoff::new(&policy),
            sink,
            filter,
            policy,
            limits,
            open: Open::default(),
            ready: VecDeque::new(),
            flights: JoinSet::new(),
            flying: HashMap::new(),
            settled: Vec::new(),
            held: 0,
            held_bytes: 0,
            counts: Counts::default(),
            unauthorized_since: None,
            closed: false,
        }
    }

    /// Whether another document may be handed in. The bound is on documents and bytes held, so the
    /// one that reaches it may pass it by its own size. Of the bytes, room is left for the bodies of
    /// all requests that may be under way, which a sink makes out of what is held.
    pub fn has_room(&self) -> bool {
        let bytes_max = self.policy.held_bytes_max;
        let bodies = self
            .limits
            .bytes_max
            .saturating_mul(self.limits.in_flight_max);
        !self.closed
            && self.held < self.policy.held_documents_max
            && self.held_bytes < bytes_max - bodies.min(bytes_max / 2)
    }

    /// Documents without a verdict.
    pub fn held(&self) -> usize {
        self.held
    }

    /// True while requests are held back: after failures, on the product's wish, or unauthorized.
    pub fn is_paused(&self) -> bool {
        self.gate.is_paused()
    }

    /// How many requests may be under way just now; it adapts to how the product copes.
    pub fn window(&self) -> usize {
        self.gate.window()
    }

    /// What happened so far.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Works until there are verdicts, and returns them; waits for ever where nothing is held.
    /// Safe to cancel (in a `select!` or a timeout): all state is in the delivery. In flight
    /// requests advance only while the runtime runs. Needs a tokio runtime with time enabled.
    ///
    /// # Errors
    /// [`Closed`] once the other side is gone and every verdict before that was returned.
    pub async fn next(&mut self) -> Result<Vec<Settled>, Closed> {
        loop {
            if !self.settled.is_empty() {
                return Ok(std::mem::take(&mut self.settled));
            }
            if self.closed {
                return Err(Closed);
            }
            self.launch();
            let wake = self.wakes_at();
            tokio::select! {
                Some(ended) = self.flights.join_next_with_id() => self.land(ended),
                () = sleep_until(wake) => {}
            }
        }
    }

    /// Sends everything that is held and returns all verdicts; for replay and tests. Order and
    /// retries are those of [`Delivery::next`], so this waits as long as the product makes it wait.
    ///
    /// # Errors
    /// [`Closed`] with what was settled before.
    pub async fn drain(&mut self) -> Result<Vec<Settled>, (Vec<Settled>, Closed)> {
        self.flush();
        let mut all = std::mem::take(&mut self.settled);
        while self.held > 0 {
            match self.next().await {
                Ok(settled) => all.extend(settled),
                Err(closed) => return Err((all, closed)),
            }
        }
        Ok(all)
    }

    /// Starts every request that may go now.
    fn launch(&mut self) {
        let now = Instant::now();
        let due = |since: Instant| since + self.limits.age_max <= now;
        if self.open.since.is_some_and(due) {
            self.flush();
        }
        while self.gate.permits(now, self.flying.len()) {
            let Some(position) = self.next_due(now) else {
                return;
            };
            let Some(mut pending) = self.ready.remove(position) else {
                return;
            };
            pending.attempts = pending.attempts.saturating_add(1);
            self.counts.requests += 1;
            self.gate.launched(now);
            let sink = Arc::clone(&self.sink);
            let batch = Arc::clone(&pending.batch);
            let patience = self.limits.answer_timeout;
            let flight = self.flights.spawn(async move {
                let answer = sink.send(&batch);
                let Some(patience) = patience else {
                    return answer.await;
                };
                let timed = tokio::time::timeout(patience, answer).await;
                timed.unwrap_or_else(|_| no_answer(patience))
            });
            self.flying.insert(flight.id(), pending);
        }
    }

    /// The batch that goes next. In order, that is the front or none (and the window is one).
    fn next_due(&self, now: Instant) -> Option<usize> {
        if self.policy.ordered {
            let front = self.ready.front()?;
            return (front.not_before <= now).then_some(0);
        }
        self.ready
            .iter()
            .position(|pending| pending.not_before <= now)
    }

    /// When there will be something to do without an answer.
    fn wakes_at(&self) -> Option<Instant> {
        let age = self.open.since.map(|since| since + self.limits.age_max);
        let front = if self.policy.ordered {
            self.ready.front().map(|pending| pending.not_before)
        } else {
            self.ready.iter().map(|pending| pending.not_before).min()
        };
        // A batch that is due waits for the gate: for its time, or for an answer.
        let now = Instant::now();
        let gate = self.gate.opens_at();
        let send = front.and_then(|front| match gate {
            Some(opens) if self.flying.is_empty() => Some(front.max(opens)),
            Some(_) => None,
            None => (front > now).then_some(front),
        });
        match (age, send) {
            (Some(age), Some(send)) => Some(age.min(send)),
            (age, send) => age.or(send),
        }
    }
}

pub(crate) fn no_answer(patience: Duration) -> Answer {
    let detail = format!("no answer within {} s", patience.as_secs());
    Answer::Retry {
        reason: Reason::new("timeout", detail),
        after: None,
        uncertain: true,
    }
}

async fn sleep_until(wake: Option<Instant>) {
    match wake {
        Some(wake) => tokio::time::sleep_until(wake).await,
        None => std::future::pending().await,
    }
}
