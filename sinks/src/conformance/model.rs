//! Products that exist only here, one for each way to fail: they test the loop itself.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use super::{Fault, Rig};
use crate::sink::{Answer, Batch, ItemAnswer, Limits, Reason, Sending, Sink};

/// What a product says when one document of several is bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// It has what came before the bad one, and names it.
    Prefix,
    /// It answers for each.
    Each,
    /// It throws the whole request away and names nobody.
    Whole,
}

#[derive(Debug, Default)]
struct Contents {
    stored: Vec<String>,
    faults: VecDeque<Fault>,
    requests: Vec<usize>,
}

/// A product.
#[derive(Debug, Clone)]
pub(crate) struct Model {
    unit: Unit,
    deduplicates: bool,
    contents: Arc<Mutex<Contents>>,
}

impl Model {
    pub(crate) fn new(unit: Unit, deduplicates: bool) -> Self {
        Self {
            unit,
            deduplicates,
            contents: Arc::default(),
        }
    }

    /// How many documents each request held.
    pub(crate) fn requests(&self) -> Vec<usize> {
        self.contents().requests.clone()
    }

    fn contents(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().expect("no panic while locked")
    }

    fn take(&self, ids: &[String]) {
        let mut contents = self.contents();
        for id in ids {
            if !(self.deduplicates && contents.stored.contains(id)) {
                contents.stored.push(id.clone());
            }
        }
    }

    /// A request that is not spoiled.
    fn judge(&self, ids: &[String]) -> Answer {
        let bad = Reason::new("rejected", "the product does not take this one");
        let position = ids.iter().position(|id| id.starts_with("poison"));
        let Some(position) = position else {
            self.take(ids);
            return Answer::Accepted;
        };
        match self.unit {
            Unit::Prefix => {
                self.take(&ids[..position]);
                Answer::AcceptedUpTo {
                    count: position,
                    refused: Some(bad),
                }
            }
            Unit::Each => {
                let is_poison = |id: &&String| id.starts_with("poison");
                let good: Vec<String> = ids.iter().filter(|id| !is_poison(id)).cloned().collect();
                self.take(&good);
                let answer = |id| match is_poison(&id) {
                    true => ItemAnswer::Refused(bad.clone()),
                    false => ItemAnswer::Accepted,
                };
                Answer::Each(ids.iter().map(answer).collect())
            }
            Unit::Whole => Answer::Split(bad),
        }
    }

    /// A product that answers for each says so for halves, too.
    fn half(&self, ids: &[String]) -> Answer {
        let count = ids.len() / 2;
        self.take(&ids[..count]);
        let busy = || ItemAnswer::Retry(Reason::new("busy", "this one later"));
        match self.unit {
            Unit::Each => {
                let answers = (0..ids.len()).map(|item| match item < count {
                    true => ItemAnswer::Accepted,
                    false => busy(),
                });
                Answer::Each(answers.collect())
            }
            Unit::Prefix | Unit::Whole => Answer::AcceptedUpTo {
                count,
                refused: None,
            },
        }
    }

    async fn spoiled(&self, fault: Fault, ids: &[String]) -> Answer {
        let busy = Reason::new("busy", "try again later");
        let lost = |reason| Answer::Retry {
            reason,
            after: None,
            uncertain: true,
        };
        match fault {
            Fault::Busy => Answer::retry(busy),
            Fault::BusyFor(seconds) => Answer::Retry {
                reason: busy,
                after: Some(Duration::from_secs(seconds)),
                uncertain: false,
            },
            Fault::Unauthorized => {
                Answer::Unauthorized(Reason::new("unauthorized", "no such token"))
            }
            Fault::Half => self.half(ids),
            Fault::LostAnswer => {
                self.take(ids);
                lost(Reason::new("reset", "the connection was reset"))
            }
            Fault::Slow => {
                self.take(ids);
                tokio::time::sleep(Duration::from_secs(3600)).await;
                Answer::Accepted
            }
            Fault::Impossible => {
                self.take(ids);
                match self.unit {
                    Unit::Prefix => Answer::AcceptedUpTo {
                        count: ids.len(),
                        refused: Some(busy),
                    },
                    Unit::Each | Unit::Whole => Answer::Each(Vec::new()),
                }
            }
            Fault::Panic => panic!("a sink with a fault of its own"),
            Fault::Gone => Answer::Closed,
            _ => unreachable!("a fault of HTTP"),
        }
    }
}

impl Sink for Model {
    fn name(&self) -> &str {
        "model"
    }

    fn limits(&self) -> Limits {
        Limits {
            documents_max: 100,
            bytes_max: 1 << 20,
            document_bytes_max: 1 << 16,
            frame_bytes: 1,
            age_max: Duration::from_secs(1),
            answer_timeout: Some(Duration::from_secs(60)),
            in_flight_max: 4,
        }
    }

    fn send<'a>(&'a self, batch: &'a Batch) -> Sending<'a> {
        Box::pin(async move {
            let ids: Vec<String> = batch.documents().map(|one| one.id.to_string()).collect();
            let fault = {
                let mut contents = self.contents();
                contents.requests.push(ids.len());
                contents.faults.pop_front()
            };
            match fault {
                Some(fault) => self.spoiled(fault, &ids).await,
                None => self.judge(&ids),
            }
        })
    }
}

impl Rig for Model {
    fn open(&self) -> Arc<dyn Sink> {
        Arc::new(self.clone())
    }

    fn spoil(&self, fault: Fault) -> bool {
        let can = !fault.is_http();
        if can {
            self.contents().faults.push_back(fault);
        }
        can
    }

    fn stored(&self) -> Vec<String> {
        self.contents().stored.clone()
    }

    fn refuses_poison(&self) -> bool {
        true
    }

    fn deduplicates(&self) -> bool {
        self.deduplicates
    }
}
