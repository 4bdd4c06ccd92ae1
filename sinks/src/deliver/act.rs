//! Acting on an answer: the only code that settles, requeues, halves and pauses.
//!
//! Every path below ends each document of the batch in exactly one of two places: among the settled
//! or back in `ready`. What goes back goes to the front, so order holds where it is asked for.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::{Id, JoinError};
use tokio::time::Instant;

use super::intake::weight;
use super::{Delivery, Pending, Settled, Verdict};
use crate::sink::{Answer, Batch, ItemAnswer, Parcel, Reason};

impl Delivery {
    /// Takes a request that ended.
    pub(super) fn land(&mut self, ended: Result<(Id, Answer), JoinError>) {
        let (id, answer) = match ended {
            Ok(landed) => landed,
            Err(failed) => {
                tracing::error!(
                    sink = self.sink.name(),
                    "the sink failed inside; the batch goes again"
                );
                let reason = Reason::new("sink_failed", "the sink failed inside");
                let answer = Answer::Retry {
                    reason,
                    after: None,
                    uncertain: true,
                };
                (failed.id(), answer)
            }
        };
        if let Some(pending) = self.flying.remove(&id) {
            self.act(pending, answer);
        }
    }

    fn act(&mut self, pending: Pending, answer: Answer) {
        let len = pending.batch.len();
        match answer {
            Answer::Accepted => {
                self.product_answered();
                self.settle(&pending.batch.parcels, &Verdict::Delivered);
                self.suspect(pending.sibling);
            }
            Answer::AcceptedUpTo { count, refused }
                if is_possible(count, refused.as_ref(), len) =>
            {
                self.accept_up_to(pending, count, refused);
            }
            Answer::Each(answers) if answers.len() == len => self.accept_each(pending, answers),
            Answer::AcceptedUpTo { .. } | Answer::Each(_) => {
                tracing::error!(
                    sink = self.sink.name(),
                    "the product gave an answer that cannot be; the batch goes again"
                );
                let reason =
                    Reason::new("impossible_answer", "more or fewer verdicts than documents");
                self.try_again(pending, reason, None, true);
            }
            Answer::Split(reason) => self.split(pending, reason),
            Answer::Retry {
                reason,
                after,
                uncertain,
            } => self.try_again(pending, reason, after, uncertain),
            Answer::Refused(reason) => {
                self.product_answered();
                self.requeue(pending.sibling, Instant::now());
                self.settle(&pending.batch.parcels, &Verdict::Refused(reason));
            }
            Answer::Unauthorized(reason) => self.wait_for_credentials(pending, &reason),
            Answer::Closed => self.closed = true,
        }
    }

    /// The first `count` are there, the next one may be bad, the rest goes again at once.
    fn accept_up_to(&mut self, pending: Pending, count: usize, refused: Option<Reason>) {
        if count == 0 && refused.is_none() {
            let reason = Reason::new("nothing_accepted", "the product took none of the batch");
            return self.try_again(pending, reason, None, false);
        }
        self.product_answered();
        self.requeue(pending.sibling, Instant::now());
        let (stored, rest) = pending.batch.parcels.split_at(count);
        self.settle(stored, &Verdict::Delivered);
        let rest = match refused {
            Some(reason) => {
                self.settle(&rest[..1], &Verdict::Refused(reason));
                &rest[1..]
            }
            None => rest,
        };
        self.requeue(rest.to_vec(), Instant::now());
    }

    /// One answer for each; those that have to wait go again together.
    fn accept_each(&mut self, pending: Pending, answers: Vec<ItemAnswer>) {
        let mut again: Vec<Arc<Parcel>> = Vec::new();
        let mut why = None;
        let total = answers.len();
        for (parcel, answer) in pending.batch.parcels.iter().zip(answers) {
            let one = std::slice::from_ref(parcel);
            match answer {
                ItemAnswer::Accepted => self.settle(one, &Verdict::Delivered),
                ItemAnswer::Refused(reason) => self.settle(one, &Verdict::Refused(reason)),
                ItemAnswer::Retry(reason) => {
                    again.push(Arc::clone(parcel));
                    why = Some(reason);
                }
            }
        }
        let Some(reason) = why else {
            self.requeue(pending.sibling, Instant::now());
            return self.product_answered();
        };
        let progress = again.len() < total;
        let rest = Pending {
            batch: Arc::new(Batch { parcels: again }),
            attempts: if progress { 1 } else { pending.attempts },
            not_before: pending.not_before,
            sibling: pending.sibling,
        };
        self.try_again(rest, reason, None, false);
    }

    /// Halves; of one document the answer is the refusal. What was too large is two batches from
    /// then on; what holds a bad document is searched, with one request for each halving.
    fn split(&mut self, pending: Pending, reason: Reason) {
        self.product_answered();
        self.requeue(pending.sibling, Instant::now());
        let parcels = &pending.batch.parcels;
        if parcels.len() == 1 {
            return self.settle(parcels, &Verdict::Refused(reason));
        }
        if reason.code != Reason::TOO_LARGE {
            return self.suspect(parcels.clone());
        }
        self.counts.splits += 1;
        let (left, right) = parcels.split_at(parcels.len() / 2);
        let now = Instant::now();
        self.requeue(right.to_vec(), now);
        self.requeue(left.to_vec(), now);
    }

    /// One of these is bad: sends the first half, and keeps the second until that has its answer.
    fn suspect(&mut self, mut parcels: Vec<Arc<Parcel>>) {
        let now = Instant::now();
        if parcels.len() <= 1 {
            return self.requeue(parcels, now);
        }
        self.counts.splits += 1;
        let sibling = parcels.split_off(parcels.len() / 2);
        self.ready.push_front(Pending {
            batch: Arc::new(Batch { parcels }),
            attempts: 0,
            not_before: now,
            sibling,
        });
    }

    /// The same documents later, unless their attempts are used up.
    fn try_again(
        &mut self,
        pending: Pending,
        reason: Reason,
        after: Option<Duration>,
        uncertain: bool,
    ) {
        self.counts.retries += 1;
        let now = Instant::now();
        let delay = self.backoff.delay(pending.attempts);
        let after = after.map(|after| after.min(self.policy.retry_after_max));
        let asked = after.map(|after| after + self.backoff.extra(after));
        let paused = self.gate.is_paused();
        self.gate.failed(now, asked, delay);
        if self.gate.is_paused() && !paused {
            tracing::warn!(sink = self.sink.name(), code = reason.code, detail = %reason.detail, "requests pause");
        }
        if uncertain {
            self.counts.possible_duplicates += pending.batch.len() as u64;
        }
        if self
            .policy
            .attempts_max
            .is_some_and(|max| pending.attempts >= max)
        {
            let detail = format!("{} attempts; the last: {reason}", pending.attempts);
            let gave_up = Reason::new("gave_up", detail);
            self.requeue(pending.sibling, now);
            return self.settle(&pending.batch.parcels, &Verdict::Refused(gave_up));
        }
        self.ready.push_front(Pending {
            not_before: now + delay,
            ..pending
        });
    }

    /// Nothing is wrong with the documents: pause everything, and say so once.
    fn wait_for_credentials(&mut self, mut pending: Pending, reason: &Reason) {
        self.counts.unauthorized += 1;
        let now = Instant::now();
        if self.unauthorized_since.is_none() {
            self.unauthorized_since = Some(now);
            tracing::error!(
                sink = self.sink.name(),
                code = reason.code,
                detail = %reason.detail,
                remedy = self.sink.remedy(),
                "unauthorized: nothing is sent and nothing is lost until this is repaired"
            );
        }
        let pause = self.policy.unauthorized_pause;
        let extra = self.backoff.extra(pause);
        self.gate.pause(now + pause + extra);
        // The attempt was not the documents' fault and does not count against them.
        pending.attempts = pending.attempts.saturating_sub(1);
        pending.not_before = now;
        self.ready.push_front(pending);
    }

    fn product_answered(&mut self) {
        self.gate.answered();
        if let Some(since) = self.unauthorized_since.take() {
            let seconds = since.elapsed().as_secs();
            tracing::info!(
                sink = self.sink.name(),
                seconds,
                "authorized again; delivery goes on"
            );
        }
    }

    fn requeue(&mut self, parcels: Vec<Arc<Parcel>>, not_before: Instant) {
        if !parcels.is_empty() {
            self.ready.push_front(Pending {
                batch: Arc::new(Batch { parcels }),
                attempts: 0,
                not_before,
                sibling: Vec::new(),
            });
        }
    }

    fn settle(&mut self, parcels: &[Arc<Parcel>], verdict: &Verdict) {
        for parcel in parcels {
            self.held -= 1;
            self.held_bytes -= weight(parcel);
            match verdict {
                Verdict::Delivered => self.counts.delivered += 1,
                Verdict::Refused(_) => self.counts.refused += 1,
                Verdict::Skipped => self.counts.skipped += 1,
            }
            self.settled.push(Settled {
                place: parcel.place,
                document: parcel.document.clone(),
                verdict: verdict.clone(),
            });
        }
    }
}

/// A refused document must be one of the batch.
fn is_possible(count: usize, refused: Option<&Reason>, len: usize) -> bool {
    count < len || (count == len && refused.is_none())
}
