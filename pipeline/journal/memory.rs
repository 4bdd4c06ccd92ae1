//! The journal in memory: the contract without a disk, for tests and for runs that keep nothing.
//!
//! It holds what it was given until it is dropped, without a limit and without retention, and it
//! outlives a restart of a stage only as long as the value itself lives. One lock orders all
//! writers, which is what makes its transactions atomic.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use bytes::Bytes;

use super::consumer::{BATCH_BYTES_MAX, LocalConsumer, Store, size};
use super::ends::{Ends, lock};
use super::group::{Claim, GroupId, Groups};
use super::route::Router;
use super::stats::{PartitionStats, Stats, TopicStats};
use super::{
    Consumer, Incoming, Journal, JournalError, Member, Message, Outgoing, StateEntries, Topic,
    Transaction,
};

/// A journal that is gone when it is dropped. Clones share it.
#[derive(Clone)]
pub struct Memory {
    shared: Arc<Shared>,
}

struct Shared {
    logs: Mutex<Logs>,
    ends: [Ends; Topic::ALL.len()],
    groups: Mutex<Groups>,
    router: Router,
}

type StateKey = (GroupId, u32, Bytes);

struct Logs {
    messages: Vec<Vec<Vec<Message>>>,
    state: BTreeMap<StateKey, Bytes>,
}

impl Memory {
    /// An empty journal; every topic has this many partitions, at least one.
    pub fn new(partitions: u32) -> Self {
        let partitions = partitions.max(1) as usize;
        let shared = Shared {
            logs: Mutex::new(Logs {
                messages: vec![vec![Vec::new(); partitions]; Topic::ALL.len()],
                state: BTreeMap::new(),
            }),
            ends: std::array::from_fn(|_| Ends::new(vec![0; partitions])),
            groups: Mutex::default(),
            router: Router::default(),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// What it holds.
    pub fn stats(&self) -> Stats {
        let logs = lock(&self.shared.logs);
        let groups = lock(&self.shared.groups);
        let topics = Topic::ALL.map(|topic| {
            let partitions = logs.messages[topic.index()]
                .iter()
                .map(|messages| PartitionStats {
                    oldest: 0,
                    next: messages.len() as u64,
                    bytes: messages.iter().map(|message| size(message) as u64).sum(),
                })
                .collect();
            TopicStats::new(topic, partitions, groups.of_topic(topic), 0)
        });
        Stats {
            topics: topics.into(),
            refused_full: 0,
            fsyncs: 0,
        }
    }
}

impl Shared {
    fn routed(&self, outgoing: Vec<Outgoing>) -> Result<Vec<(u32, Outgoing)>, JournalError> {
        let partitions = self.ends(Topic::Raw).partitions();
        let routes = self.router.route(&outgoing, partitions)?;
        Ok(routes.into_iter().zip(outgoing).collect())
    }

    fn write(&self, logs: &mut Logs, routed: Vec<(u32, Outgoing)>) {
        let mut touched = BTreeMap::new();
        for (partition, out) in routed {
            let log = &mut logs.messages[out.topic.index()][partition as usize];
            log.push(out.message);
            touched.insert((out.topic, partition), log.len() as u64);
        }
        for ((topic, partition), end) in touched {
            self.ends(topic).publish([(partition, end)]);
        }
    }
}

impl Journal for Memory {
    fn partitions(&self, topic: Topic) -> u32 {
        self.shared.ends(topic).partitions()
    }

    fn append(&self, outgoing: Vec<Outgoing>) -> Result<(), JournalError> {
        let routed = self.shared.routed(outgoing)?;
        self.shared.write(&mut lock(&self.shared.logs), routed);
        Ok(())
    }

    fn subscribe(
        &self,
        group: &str,
        topic: Topic,
        member: Member,
    ) -> Result<Box<dyn Consumer>, JournalError> {
        let consumer = LocalConsumer::join(Arc::clone(&self.shared), group, topic, member)?;
        Ok(Box::new(consumer))
    }
}

impl Store for Shared {
    fn ends(&self, topic: Topic) -> &Ends {
        &self.ends[topic.index()]
    }

    fn groups(&self) -> &Mutex<Groups> {
        &self.groups
    }

    fn claim(&self, group: &GroupId, member: Member) -> Result<(Claim, Vec<u32>), JournalError> {
        // A commit holds this lock from its check to its end.
        let _logs = lock(&self.logs);
        let mut groups = lock(&self.groups);
        if !groups.knows(group) {
            let partitions = self.ends(group.topic).partitions() as usize;
            groups.insert(group.clone(), vec![0; partitions]);
        }
        Ok(groups.claim(group, member))
    }

    fn read(
        &self,
        topic: Topic,
        partition: u32,
        from: u64,
        messages: usize,
    ) -> Result<Vec<Incoming>, JournalError> {
        let logs = lock(&self.logs);
        let log = &logs.messages[topic.index()][partition as usize];
        let start = usize::try_from(from).unwrap_or(usize::MAX);
        let mut bytes = 0;
        let mut found = Vec::new();
        for (offset, message) in (from..).zip(log.iter().skip(start).take(messages)) {
            bytes += size(message);
            if bytes > BATCH_BYTES_MAX && !found.is_empty() {
                break;
            }
            let message = message.clone();
            found.push(Incoming { offset, message });
        }
        Ok(found)
    }

    fn state(&self, group: &GroupId, partition: u32) -> Result<StateEntries, JournalError> {
        let logs = lock(&self.logs);
        let entries: Vec<_> = logs
            .state
            .range((group.clone(), partition, Bytes::new())..)
            .take_while(|((owner, of, _), _)| owner == group && *of == partition)
            .map(|((_, _, key), value)| Ok((key.clone(), value.clone())))
            .collect();
        Ok(Box::new(entries.into_iter()))
    }

    fn commit(&self, claim: &Claim, transaction: Transaction) -> Result<(), JournalError> {
        let routed = self.routed(transaction.outputs)?;
        let mut logs = lock(&self.logs);
        let mut groups = lock(&self.groups);
        let states = transaction.state.iter().map(|change| change.partition);
        groups.check(claim, &transaction.inputs, states, |partition| {
            self.ends(claim.group.topic).of(partition)
        })?;
        for change in transaction.state {
            let key = (claim.group.clone(), change.partition, change.key);
            match change.value {
                Some(value) => logs.state.insert(key, value),
                None => logs.state.remove(&key),
            };
        }
        groups.advance(&claim.group, &transaction.inputs);
        drop(groups);
        self.write(&mut logs, routed);
        Ok(())
    }
}
