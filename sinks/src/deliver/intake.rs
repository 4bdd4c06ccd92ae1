//! Handing documents in: filter, encode, and fill the open batch.
//!
//! A document that cannot go at all (too large, not encodable) or is not wanted has its verdict
//! here, before anything is sent.

use std::sync::Arc;

use tokio::time::Instant;

use super::{Delivery, Pending, Settled, Verdict};
use crate::sink::{Batch, Document, Parcel, Place, Reason};

impl Delivery {
    /// Takes a document. It will come out of [`Delivery::next`] exactly once, with its verdict.
    /// The caller looks at [`Delivery::has_room`] first; one too many is held, not lost.
    pub fn hand(&mut self, place: Place, document: Document) {
        self.counts.handed += 1;
        if !self.filter.wants(&document) {
            self.counts.skipped += 1;
            self.settled.push(Settled {
                place,
                document,
                verdict: Verdict::Skipped,
            });
            return;
        }
        let encoded = match self.sink.encode(&document) {
            Ok(encoded) if encoded.len() <= self.limits.document_bytes_max => encoded,
            Ok(encoded) => {
                let detail = format!(
                    "{} bytes encoded, and this product takes {} a document",
                    encoded.len(),
                    self.limits.document_bytes_max
                );
                return self.refuse_unsent(place, document, Reason::new(Reason::TOO_LARGE, detail));
            }
            Err(reason) => return self.refuse_unsent(place, document, reason),
        };
        let parcel = Parcel {
            place,
            document,
            encoded,
        };
        self.held += 1;
        self.held_bytes += weight(&parcel);
        let bytes = parcel.encoded.len() + self.limits.frame_bytes;
        if self.open.bytes + bytes > self.limits.bytes_max {
            self.flush();
        }
        self.open.since.get_or_insert_with(Instant::now);
        self.open.bytes += bytes;
        self.open.parcels.push(Arc::new(parcel));
        if self.open.parcels.len() >= self.limits.documents_max {
            self.flush();
        }
    }

    /// Closes the open batch: what was handed in goes without waiting for company.
    pub fn flush(&mut self) {
        let open = std::mem::take(&mut self.open);
        if !open.parcels.is_empty() {
            self.ready.push_back(Pending {
                batch: Arc::new(Batch {
                    parcels: open.parcels,
                }),
                attempts: 0,
                not_before: Instant::now(),
                sibling: Vec::new(),
            });
        }
    }

    /// Forgets what is held of a partition that is no longer ours. A request under way ends as it
    /// ends; its verdicts still come, and a ledger that forgot the partition ignores them.
    pub fn forget(&mut self, input: u32, partition: u32) {
        let stays = |parcel: &Arc<Parcel>| {
            parcel.place.input != input || parcel.place.partition != partition
        };
        let mut gone: Vec<Arc<Parcel>> = Vec::new();
        let mut keep = |parcels: &mut Vec<Arc<Parcel>>| {
            gone.extend(parcels.iter().filter(|parcel| !stays(parcel)).cloned());
            parcels.retain(stays);
        };
        keep(&mut self.open.parcels);
        for pending in &mut self.ready {
            let parcels = &mut Arc::make_mut(&mut pending.batch).parcels;
            keep(parcels);
            keep(&mut pending.sibling);
            if parcels.is_empty() {
                std::mem::swap(parcels, &mut pending.sibling);
            }
        }
        self.ready.retain(|pending| !pending.batch.is_empty());
        self.open.bytes = self
            .open
            .parcels
            .iter()
            .map(|parcel| parcel.encoded.len() + self.limits.frame_bytes)
            .sum();
        if self.open.parcels.is_empty() {
            self.open.since = None;
        }
        for parcel in gone {
            self.held -= 1;
            self.held_bytes -= weight(&parcel);
            self.counts.forgotten += 1;
        }
    }

    fn refuse_unsent(&mut self, place: Place, document: Document, reason: Reason) {
        self.counts.refused += 1;
        self.settled.push(Settled {
            place,
            document,
            verdict: Verdict::Refused(reason),
        });
    }
}

/// What a held document costs: its JSON, its encoded form where that is another, and its words.
pub(super) fn weight(parcel: &Parcel) -> usize {
    let json = parcel.document.json.len();
    let shared = parcel.encoded.as_ptr() == parcel.document.json.as_ptr();
    let encoded = if shared { 0 } else { parcel.encoded.len() };
    json + encoded + size_of::<Parcel>() + parcel.document.id.len()
}
