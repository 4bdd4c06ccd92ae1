//! One sink: read alerts and events from the journal, hand them to the delivery loop, commit what
//! has a verdict.
//!
//! Each sink has consumers of its own, so a slow product holds up nobody. The loop of
//! [`chaperone_sinks`] decides about retries; here verdicts become offsets. A refused document
//! goes to the dead letters in the transaction that moves past it (invariant I3).

use std::collections::BTreeSet;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::Result;
use bytes::Bytes;
use chaperone_sinks::ledger::Progress;
use chaperone_sinks::{Delivery, Document, Kind, Ledger, Place, Reason, Settled, Verdict};
use tokio::runtime::Handle;

use crate::journal::{
    Consumer, Journal, JournalError, Member, Message, Outgoing, Polled, Topic, Transaction,
};
use crate::metrics::{Count, Metrics};
use crate::worker::Drain;

/// How long to wait for documents where nothing is under way.
const POLL_WAIT: Duration = Duration::from_millis(250);
/// How long to wait for verdicts before looking for more documents.
const VERDICT_WAIT: Duration = Duration::from_millis(20);
/// The most documents of one read.
const READ_MAX: usize = 500;

/// The other side of a sink is gone for good: a closed pipe.
#[derive(Debug, thiserror::Error)]
#[error("the reader of the sink `{0}` has gone")]
pub struct Gone(pub String);

/// A sink with its consumers.
pub struct Deliverer {
    name: String,
    delivery: Delivery,
    ledger: Ledger,
    consumers: Vec<Box<dyn Consumer>>,
    is_shared: bool,
    /// What is read are this sink's dead letters.
    again: Option<Again>,
    runtime: Handle,
    metrics: Arc<Metrics>,
}

/// Which dead letters a run takes: those of its sink, up to the first that it has made itself.
struct Again {
    run: String,
    /// Partitions in which that one has come.
    ended: BTreeSet<u32>,
}

/// What becomes of a dead letter.
enum Choice {
    Take,
    /// It is another's.
    Pass,
    /// It is left for the next run.
    Leave,
}

impl Deliverer {
    /// A deliverer of these topics.
    pub fn new(
        name: &str,
        delivery: Delivery,
        topics: &[Topic],
        journal: &dyn Journal,
        runtime: Handle,
        metrics: Arc<Metrics>,
    ) -> Result<Self> {
        let alone = Member { index: 0, count: 1 };
        let group = format!("sink.{name}");
        let consumers = topics
            .iter()
            .map(|topic| journal.subscribe(&group, *topic, alone))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            name: name.to_owned(),
            delivery,
            ledger: Ledger::default(),
            consumers,
            is_shared: journal.is_shared(),
            again: None,
            runtime,
            metrics,
        })
    }

    /// A deliverer of the dead letters of this sink, each once whatever the number of runs. What is
    /// refused again is a new dead letter, marked with `run` so that this run leaves it.
    pub fn of_dead_letters(
        name: &str,
        delivery: Delivery,
        journal: &dyn Journal,
        run: String,
        runtime: Handle,
        metrics: Arc<Metrics>,
    ) -> Result<Self> {
        let alone = Member { index: 0, count: 1 };
        let consumer =
            journal.subscribe(&format!("redeliver.{name}"), Topic::DeadLetters, alone)?;
        Ok(Self {
            name: name.to_owned(),
            delivery,
            ledger: Ledger::default(),
            consumers: vec![consumer],
            // It reads to the end, whoever else is there.
            is_shared: false,
            again: Some(Again {
                run,
                ended: BTreeSet::new(),
            }),
            runtime,
            metrics,
        })
    }

    /// Delivers until drained, or until the other side is gone.
    pub fn run(mut self, drain: &Drain) -> Result<()> {
        loop {
            let draining = drain.begun();
            // What others go on with is not read any more, only what is under way is ended.
            let idle = (draining && self.is_shared) || self.read()?;
            if draining && idle {
                self.delivery.flush();
                if self.delivery.held() == 0 && self.ledger.held() == 0 {
                    return Ok(());
                }
            }
            self.settle()?;
        }
    }

    /// Takes in what there is room for. True where there was nothing.
    fn read(&mut self) -> Result<bool> {
        let mut idle = true;
        for input in 0..self.consumers.len() {
            if !self.delivery.has_room() {
                idle = false;
                self.remain(input)?;
                continue;
            }
            let quiet = self.delivery.held() == 0 && self.ledger.held() == 0;
            let wait = if quiet && input == 0 {
                POLL_WAIT
            } else {
                Duration::ZERO
            };
            match self.consumers[input].poll(READ_MAX, wait) {
                Ok(Polled::Idle { all, .. }) => idle &= all,
                Ok(polled) => {
                    idle = false;
                    self.follow(input, polled)?;
                }
                Err(error) => {
                    idle = false;
                    self.interrupted(error)?;
                }
            }
        }
        Ok(idle)
    }

    /// There is no room, but the group must not think that this member has gone.
    fn remain(&mut self, input: usize) -> Result<()> {
        match self.consumers[input].remain() {
            Ok(None) => Ok(()),
            Ok(Some(polled)) => self.follow(input, polled),
            Err(error) => self.interrupted(error),
        }
    }

    fn follow(&mut self, input: usize, polled: Polled) -> Result<()> {
        match polled {
            Polled::Assigned { partition, .. } | Polled::Revoked { partition } => {
                self.forget(input, partition);
            }
            Polled::Batch(batch) => {
                for incoming in batch.messages {
                    self.hand(input, batch.partition, incoming.offset, incoming.message);
                }
            }
            Polled::Idle { .. } => {}
        }
        Ok(())
    }

    /// The consumer goes back to what is committed and says so with an assignment.
    fn interrupted(&self, error: JournalError) -> Result<()> {
        if error.is_fatal() {
            return Err(error.into());
        }
        tracing::warn!(sink = self.name, "{error}; trying again");
        thread::park_timeout(POLL_WAIT);
        Ok(())
    }

    /// What is held of a partition does not count any more: it comes again from its offset.
    fn forget(&mut self, input: usize, partition: u32) {
        self.delivery.forget(place(input), partition);
        self.ledger.forget(place(input), partition);
    }

    fn hand(&mut self, input: usize, partition: u32, offset: u64, message: Message) {
        let place = Place {
            input: place(input),
            partition,
            offset,
        };
        let again = self.again.as_mut();
        let choice = again.map_or(Choice::Take, |again| {
            again.choose(&self.name, partition, &message)
        });
        let json = message.value;
        match choice {
            Choice::Take => {}
            Choice::Leave => return,
            Choice::Pass => {
                self.ledger.note(place);
                self.ledger.settle(Settled {
                    place,
                    document: unreadable(json, message.time_ms),
                    verdict: Verdict::Skipped,
                });
                return;
            }
        }
        match Document::read(json.clone()) {
            Ok(document) => {
                self.ledger.note(place);
                self.delivery.hand(place, document);
            }
            // Ours are always documents; what somebody else wrote into the topic is refused.
            Err(error) => {
                self.ledger.note(place);
                self.ledger.settle(Settled {
                    place,
                    document: unreadable(json, message.time_ms),
                    verdict: Verdict::Refused(Reason::new("not_a_document", error.to_string())),
                });
            }
        }
    }

    /// Waits a little for verdicts and commits what they allow.
    fn settle(&mut self) -> Result<()> {
        if self.ledger.held() == 0 && self.delivery.held() == 0 {
            return Ok(());
        }
        let next = async { tokio::time::timeout(VERDICT_WAIT, self.delivery.next()).await };
        match self.runtime.block_on(next) {
            // What was settled without the product may be committed all the same.
            Err(_elapsed) => {}
            Ok(Err(chaperone_sinks::Closed)) => return Err(Gone(self.name.clone()).into()),
            Ok(Ok(settled)) => settled.into_iter().for_each(|one| {
                let delivered = one.verdict == Verdict::Delivered;
                self.metrics.add(Count::Delivered, u64::from(delivered));
                self.ledger.settle(one);
            }),
        }
        for progress in self.ledger.take() {
            self.commit(progress)?;
        }
        Ok(())
    }

    fn commit(&mut self, progress: Progress) -> Result<()> {
        let Progress {
            input,
            partition,
            next_offset,
            refused,
        } = progress;
        self.metrics.add(Count::DeadLetters, refused.len() as u64);
        let run = self.again.as_ref().map(|again| &*again.run);
        let outputs = refused
            .iter()
            .map(|settled| dead_letter(&self.name, settled, run));
        let transaction = Transaction {
            inputs: vec![(partition, next_offset)],
            outputs: outputs.collect(),
            state: Vec::new(),
        };
        match self.consumers[input as usize].commit(transaction) {
            Ok(()) => Ok(()),
            Err(error) => self.interrupted(error),
        }
    }
}

impl Again {
    fn choose(&mut self, sink: &str, partition: u32, message: &Message) -> Choice {
        let says = |name: &str, what: &str| {
            let mut headers = message.headers.iter();
            headers.any(|(header, value)| header == name && value == what)
        };
        if says(RUN, &self.run) {
            self.ended.insert(partition);
        }
        match self.ended.contains(&partition) {
            true => Choice::Leave,
            false if says(SINK, sink) => Choice::Take,
            false => Choice::Pass,
        }
    }
}

/// The headers of a dead letter that say whose it is, and which run of `sinks redeliver` made it.
const SINK: &str = "sink";
const RUN: &str = "run";

fn place(input: usize) -> u32 {
    u32::try_from(input).expect("a sink has one consumer a topic")
}

/// What stands in a topic of documents and is none.
fn unreadable(json: Bytes, time_ms: i64) -> Document {
    Document {
        id: "".into(),
        kind: Kind::Event,
        level: None,
        source: None,
        tenant: None,
        time_ms,
        json,
    }
}

/// What a sink refused, with why: the document is sealed already.
fn dead_letter(sink: &str, settled: &Settled, run: Option<&str>) -> Outgoing {
    let Verdict::Refused(reason) = &settled.verdict else {
        unreachable!("the ledger gives out refused documents only")
    };
    let text = |text: &str| Bytes::copy_from_slice(text.as_bytes());
    let run = run.map(|run| (RUN.into(), text(run)));
    let said = [
        (SINK.into(), text(sink)),
        ("code".into(), text(reason.code)),
        ("reason".into(), text(&reason.detail)),
    ];
    Outgoing {
        topic: Topic::DeadLetters,
        partition: None,
        message: Message {
            key: text(&settled.document.id),
            value: settled.document.json.clone(),
            headers: said.into_iter().chain(run).collect(),
            time_ms: settled.document.time_ms,
        },
    }
}
