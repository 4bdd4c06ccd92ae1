//! Consumer groups: how far each has read, and which of its members a partition belongs to.
//!
//! A partition has one owner. Whoever subscribes takes the partitions of its place in the group
//! over from an earlier member; from then on a commit of that earlier member for them fails, as a
//! fenced producer's does in Kafka. So a worker that was thought dead cannot move an offset twice.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{JournalError, Member, Topic};

/// A group of consumers of one topic.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct GroupId {
    pub(super) topic: Topic,
    pub(super) name: Arc<str>,
}

/// The longest name of a group, in bytes: its length is one byte on disk.
const NAME_BYTES_MAX: usize = 255;

impl GroupId {
    /// Refuses an empty name and one that does not fit into the store.
    pub(super) fn new(topic: Topic, name: &str) -> Result<Self, JournalError> {
        if name.is_empty() || name.len() > NAME_BYTES_MAX {
            return Err(JournalError::Io {
                doing: format!("joining a consumer group of {}", topic.name()),
                detail: format!("a group's name has 1 to {NAME_BYTES_MAX} bytes"),
            });
        }
        Ok(Self {
            topic,
            name: name.into(),
        })
    }
}

/// What the names of groups begin with that read by hand, now and then: nothing is kept for them.
pub(super) const BY_HAND: &str = "redeliver.";

/// What one consumer owns: proof that it may commit.
#[derive(Debug, Clone)]
pub(super) struct Claim {
    pub(super) group: GroupId,
    id: u64,
}

#[derive(Debug)]
struct Group {
    /// The next offset to read, by partition.
    committed: Vec<u64>,
    /// The claim that owns each partition; 0: nobody.
    owner: Vec<u64>,
}

/// All groups that the journal knows.
#[derive(Debug, Default)]
pub(super) struct Groups {
    groups: BTreeMap<GroupId, Group>,
    claims: u64,
}

impl Groups {
    /// True where the group is known.
    pub(super) fn knows(&self, group: &GroupId) -> bool {
        self.groups.contains_key(group)
    }

    /// Makes a group known, with the offsets that it is to read next.
    pub(super) fn insert(&mut self, group: GroupId, committed: Vec<u64>) {
        let owner = vec![0; committed.len()];
        self.groups.insert(group, Group { committed, owner });
    }

    /// Forgets a group, so that retention no longer waits for it.
    pub(super) fn remove(&mut self, group: &GroupId) {
        self.groups.remove(group);
    }

    /// Gives a member its partitions, and takes them from whoever had them.
    pub(super) fn claim(&mut self, group: &GroupId, member: Member) -> (Claim, Vec<u32>) {
        self.claims += 1;
        let id = self.claims;
        let mut partitions = Vec::new();
        if let Some(known) = self.groups.get_mut(group) {
            for (partition, owner) in (0u32..).zip(&mut known.owner) {
                if partition % member.count.max(1) == member.index {
                    *owner = id;
                    partitions.push(partition);
                }
            }
        }
        let group = group.clone();
        (Claim { group, id }, partitions)
    }

    /// True while the partition belongs to the claim.
    pub(super) fn owns(&self, claim: &Claim, partition: u32) -> bool {
        self.groups
            .get(&claim.group)
            .and_then(|group| group.owner.get(partition as usize))
            .is_some_and(|owner| *owner == claim.id)
    }

    /// The next offset to read.
    pub(super) fn committed(&self, group: &GroupId, partition: u32) -> Option<u64> {
        let group = self.groups.get(group)?;
        group.committed.get(partition as usize).copied()
    }

    /// Checks that a transaction moves only what its claim owns, and only forward, up to `end`.
    pub(super) fn check(
        &self,
        claim: &Claim,
        inputs: &[(u32, u64)],
        states: impl Iterator<Item = u32>,
        end: impl Fn(u32) -> u64,
    ) -> Result<(), JournalError> {
        let refuse = |detail| {
            Err(JournalError::Io {
                doing: format!("committing for the group {}", claim.group.name),
                detail,
            })
        };
        let topic = claim.group.topic.name();
        let touched = inputs.iter().map(|(partition, _)| *partition).chain(states);
        if let Some(partition) = touched.into_iter().find(|p| !self.owns(claim, *p)) {
            return refuse(format!(
                "partition {partition} of {topic} belongs to another member"
            ));
        }
        for (partition, next) in inputs {
            let from = self.committed(&claim.group, *partition).unwrap_or(0);
            let to = end(*partition);
            if !(from..=to).contains(next) {
                return refuse(format!(
                    "offset {next} of partition {partition} of {topic} is not in {from} to {to}"
                ));
            }
        }
        Ok(())
    }

    /// Moves the offsets of a group. Called with what has been made durable.
    pub(super) fn advance(&mut self, group: &GroupId, inputs: &[(u32, u64)]) {
        let Some(known) = self.groups.get_mut(group) else {
            return;
        };
        for (partition, next) in inputs {
            if let Some(committed) = known.committed.get_mut(*partition as usize) {
                *committed = *next;
            }
        }
    }

    /// What every group of the topic has read; None where nobody ever read the topic. A group that
    /// reads by hand counts while it does.
    pub(super) fn floor(&self, topic: Topic, partition: u32) -> Option<u64> {
        let groups = self.groups.iter().filter(|(id, _)| id.topic == topic);
        groups
            .filter(|(id, group)| {
                !id.name.starts_with(BY_HAND) || group.owner.iter().any(|owner| *owner != 0)
            })
            .filter_map(|(_, group)| group.committed.get(partition as usize).copied())
            .min()
    }

    /// The groups of a topic and their committed offsets.
    pub(super) fn of_topic(&self, topic: Topic) -> impl Iterator<Item = (&str, &[u64])> {
        self.groups
            .iter()
            .filter(move |(id, _)| id.topic == topic)
            .map(|(id, group)| (&*id.name, &*group.committed))
    }
}
