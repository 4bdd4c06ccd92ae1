//! Where a partition begins, after an assignment and after a transaction that was taken back.

use rdkafka::consumer::Consumer as _;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::super::changelog;
use super::super::client::CALL;
use super::super::transaction::Place;
use super::{GroupMember, list};
use crate::journal::{JournalError, Polled, StateEntries};

impl GroupMember {
    /// The offsets to begin at: what is committed, or the oldest record.
    pub(super) fn starts(&self, places: &[Place]) -> Result<Vec<u64>, JournalError> {
        if places.is_empty() {
            return Ok(Vec::new());
        }
        let mut asked = TopicPartitionList::new();
        for (topic, partition) in places {
            asked.add_partition(topic, *partition);
        }
        // The brokers answer when no transaction is open that could still move these offsets.
        let committed = self
            .client
            .committed_offsets(asked, CALL)
            .map_err(|error| self.failed(&error))?;
        places
            .iter()
            .map(|(topic, partition)| {
                let found = committed.find_partition(topic, *partition);
                let found = found.map(|element| element.offset());
                self.start(topic, *partition, found)
            })
            .collect()
    }

    fn start(
        &self,
        topic: &str,
        partition: i32,
        committed: Option<Offset>,
    ) -> Result<u64, JournalError> {
        let (first, end) = self
            .client
            .fetch_watermarks(topic, partition, CALL)
            .map_err(|error| self.failed(&error))?;
        let first = u64::try_from(first).unwrap_or(0);
        let end = u64::try_from(end).unwrap_or(0);
        let Some(Offset::Offset(committed)) = committed else {
            return Ok(first);
        };
        let committed = u64::try_from(committed).unwrap_or(0);
        if committed < first {
            let lost = first - committed;
            self.shared.meters.lost(lost);
            tracing::error!(
                "{topic}/{partition}: retention has removed {lost} records before the group {} has read them (offsets {committed} to {first}); it goes on at {first}. Raise the topic's retention",
                self.group
            );
            return Ok(first);
        }
        if committed > end {
            tracing::error!(
                "{topic}/{partition}: the group {} has read up to offset {committed}, and the topic ends at {end}: it was deleted and made anew, or has lost records; it is read from offset {first} on",
                self.group
            );
            return Ok(first);
        }
        Ok(committed)
    }

    /// Takes the open transaction back; every partition begins again at what is committed.
    pub(super) fn restart(&mut self) {
        self.writer.abort();
        self.pulled.clear();
        for assigned in self.assigned.values_mut() {
            assigned.announced = false;
            assigned.seek = true;
        }
    }

    /// Sets the client to where the partitions begin again.
    fn seek(&mut self) -> Result<(), JournalError> {
        let astray: Vec<u32> = self
            .assigned
            .iter()
            .filter(|(_, assigned)| assigned.seek)
            .map(|(partition, _)| *partition)
            .collect();
        if astray.is_empty() {
            return Ok(());
        }
        let places: Vec<Place> = astray
            .iter()
            .map(|partition| self.assigned[partition].place.clone())
            .collect();
        let starts = self.starts(&places)?;
        let list = list(places.iter().zip(&starts));
        let sought = self
            .client
            .seek_partitions(list, CALL)
            .map_err(|error| self.failed(&error))?;
        for element in sought.elements() {
            element.error().map_err(|error| self.failed(&error))?;
        }
        for (partition, start) in astray.into_iter().zip(starts) {
            let assigned = self.assigned.get_mut(&partition).expect("it is ours");
            assigned.seek = false;
            assigned.position = start;
            assigned.committed = start;
            assigned.end = None;
        }
        Ok(())
    }

    /// A partition that the caller has not heard of yet.
    pub(super) fn announce(&mut self) -> Result<Option<Polled>, JournalError> {
        self.seek()?;
        let waiting = self.assigned.iter().find(|(_, a)| !a.announced);
        let Some((partition, _)) = waiting else {
            return Ok(None);
        };
        let partition = *partition;
        let state: StateEntries = if self.changelog.exists {
            changelog::restore(&self.shared, &self.group, &self.changelog.topic, partition)?
        } else {
            Box::new(std::iter::empty())
        };
        let assigned = self.assigned.get_mut(&partition).expect("it is ours");
        assigned.announced = true;
        Ok(Some(Polled::Assigned { partition, state }))
    }
}
