//! Following what the group decides: partitions come and go.

use rdkafka::consumer::Consumer as _;
use rdkafka::topic_partition_list::TopicPartitionList;

use super::super::client::{self, GroupEvent};
use super::super::transaction::Place;
use super::{Assigned, GroupMember, list, number};
use crate::journal::JournalError;

impl GroupMember {
    /// Does what the group has decided. A member that is to lose partitions ends its transaction
    /// first: their next owner begins where it ends.
    pub(super) fn follow(&mut self) -> Result<(), JournalError> {
        while let Some(event) = self.client.context().event() {
            match event {
                GroupEvent::Assign(partitions) => self.take_over(&partitions)?,
                GroupEvent::Revoke(partitions) => self.give_back(&partitions)?,
            }
            self.client.context().followed();
        }
        Ok(())
    }

    fn take_over(&mut self, partitions: &TopicPartitionList) -> Result<(), JournalError> {
        let places: Vec<Place> = partitions
            .elements()
            .iter()
            .map(|element| (element.topic().into(), element.partition()))
            .collect();
        let starts = self.starts(&places)?;
        let list = list(places.iter().zip(&starts));
        client::take(&self.client, &list).map_err(|error| self.failed(&error))?;
        self.resume()?;
        for (place, start) in places.into_iter().zip(starts) {
            let assigned = Assigned {
                announced: false,
                seek: false,
                position: start,
                committed: start,
                end: None,
                place,
            };
            self.assigned.insert(number(&assigned.place), assigned);
            self.shared.meters.rebalanced();
        }
        Ok(())
    }

    pub(super) fn resume(&mut self) -> Result<(), JournalError> {
        if self.paused {
            let all = list(self.assigned.values().map(|a| (&a.place, &a.position)));
            self.client
                .resume(&all)
                .map_err(|error| self.failed(&error))?;
            self.paused = false;
        }
        Ok(())
    }

    fn give_back(&mut self, partitions: &TopicPartitionList) -> Result<(), JournalError> {
        let ended = if self.client.assignment_lost() {
            // Somebody else may have them by now, and would refuse our offsets.
            self.restart();
            Ok(())
        } else {
            self.commit_open()
        };
        client::give_back(&self.client, partitions).map_err(|error| self.failed(&error))?;
        for element in partitions.elements() {
            let place = (element.topic().into(), element.partition());
            let partition = number(&place);
            self.pulled.retain(|batch| batch.partition != partition);
            if self.assigned.remove(&partition).is_some() {
                self.revoked.push_back(partition);
                self.shared.meters.left(&self.group, partition);
                self.shared.meters.rebalanced();
            }
        }
        if let Err(error) = ended {
            tracing::warn!("{error}; the next owner does it again");
        }
        Ok(())
    }
}
