//! Many deliveries, one durable append: group commit.
//!
//! A sender is answered only when its delivery is durable, and making something durable costs a
//! flush of the disk. One thread owns the appends: while it waits for a flush the next deliveries
//! gather, and the next append takes all of them. So the latency stays one or two flushes, and
//! the throughput grows with the load.
//!
//! The queue needs no limit of its own: a [`Pending`] holds its place among the deliveries in work
//! and its bytes of the budget until it is answered, also when its sender has left meanwhile.

use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::sync::{mpsc, oneshot};

use super::budget::Reservation;
use super::counters::{Counters, InUse};
use super::refused::{Reason, Refused};
use crate::journal::{Journal, JournalError, Message, Outgoing, Topic};

/// How much one append takes at most; a single delivery may be larger.
const GROUP_DELIVERIES_MAX: usize = 512;
const GROUP_BYTES_MAX: usize = 8 * 1024 * 1024;

/// What a delivery holds of the limits until it is durable or refused.
pub(super) struct Held {
    pub(super) _place: InUse,
    pub(super) _bytes: Reservation,
}

/// A delivery that waits to become durable.
struct Pending {
    messages: Vec<Message>,
    bytes: usize,
    answer: oneshot::Sender<Result<(), Refused>>,
    _held: Held,
}

/// The way to the thread that appends. Dropping every one of them ends the thread, after it has
/// appended what it had.
#[derive(Clone)]
pub(super) struct Appender {
    queue: mpsc::Sender<Pending>,
}

impl Appender {
    /// Starts the thread. `in_flight_max` deliveries may be in work at once.
    pub(super) fn start(
        journal: Arc<dyn Journal>,
        counters: Arc<Counters>,
        in_flight_max: usize,
    ) -> std::io::Result<(Self, JoinHandle<()>)> {
        let (queue, pending) = mpsc::channel(in_flight_max);
        let mut thread = AppendThread {
            journal,
            counters,
            pending,
            is_failing: false,
        };
        let thread = std::thread::Builder::new()
            .name("receive-append".into())
            .spawn(move || thread.run())?;
        Ok((Self { queue }, thread))
    }

    /// Returns when the messages are durable, all of them.
    pub(super) async fn append(&self, messages: Vec<Message>, held: Held) -> Result<(), Refused> {
        let (answer, answered) = oneshot::channel();
        let pending = Pending {
            bytes: messages.iter().map(|message| message.value.len()).sum(),
            messages,
            answer,
            _held: held,
        };
        // The queue has a place for every delivery that may be in work, so it is never full.
        self.queue.try_send(pending).map_err(|_| journal_failed())?;
        answered.await.map_err(|_| journal_failed())?
    }
}

struct AppendThread {
    journal: Arc<dyn Journal>,
    counters: Arc<Counters>,
    pending: mpsc::Receiver<Pending>,
    /// Logged when it changes, not with every append.
    is_failing: bool,
}

impl AppendThread {
    fn run(&mut self) {
        while let Some(first) = self.pending.blocking_recv() {
            let group = self.gather(first);
            self.append(group);
        }
    }

    fn gather(&mut self, first: Pending) -> Vec<Pending> {
        let mut bytes = first.bytes;
        let mut group = vec![first];
        while group.len() < GROUP_DELIVERIES_MAX && bytes < GROUP_BYTES_MAX {
            let Ok(next) = self.pending.try_recv() else {
                break;
            };
            bytes += next.bytes;
            group.push(next);
        }
        group
    }

    fn append(&mut self, mut group: Vec<Pending>) {
        let bytes = group.iter().map(|pending| pending.bytes).sum();
        let outgoing: Vec<Outgoing> = group
            .iter_mut()
            .flat_map(|pending| std::mem::take(&mut pending.messages))
            .map(|message| Outgoing {
                topic: Topic::Raw,
                partition: None,
                message,
            })
            .collect();
        let records = outgoing.len();
        let result = self.journal.append(outgoing);
        self.log_change(&result);
        if result.is_ok() {
            self.counters.appended(records, bytes);
        }
        for pending in group {
            let answer = match &result {
                Ok(()) => Ok(()),
                Err(JournalError::Full(_)) => Err(journal_full()),
                Err(_) => Err(journal_failed()),
            };
            // A sender that has left does not want its answer.
            let _ = pending.answer.send(answer);
        }
    }

    fn log_change(&mut self, result: &Result<(), JournalError>) {
        match result {
            Ok(()) if self.is_failing => tracing::warn!("the journal takes deliveries again"),
            Err(error) if !self.is_failing => {
                tracing::error!(%error, "the journal takes no deliveries; senders are told to retry");
            }
            _ => {}
        }
        self.is_failing = result.is_err();
    }
}

fn journal_full() -> Refused {
    Refused::new(
        Reason::JournalFull,
        "the journal is full",
        "send it again after Retry-After seconds; the consumers are behind",
    )
}

fn journal_failed() -> Refused {
    Refused::new(
        Reason::JournalFailed,
        "the journal could not make the delivery durable",
        "send it again after Retry-After seconds; the log of chaperone says why",
    )
}
