//! Which events a plain rule has alerted on: a delivery that comes again raises no second alert.

use std::collections::BTreeSet;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::Health;
use crate::matched::Match;
use crate::state;

#[derive(Debug, Default)]
pub(super) struct Plain {
    /// Key → when to forget it.
    known: FxHashMap<Arc<[u8]>, i64>,
    oldest: BTreeSet<(i64, Arc<[u8]>)>,
    changes: Vec<(Vec<u8>, Option<Vec<u8>>)>,
}

impl Plain {
    /// Remembers a match; false where it was known.
    pub(super) fn is_new(
        &mut self,
        m: &Match,
        forget_at: i64,
        max: usize,
        health: &mut Health,
    ) -> bool {
        let key = m.key();
        if self.known.contains_key(key.as_slice()) {
            return false;
        }
        while self.known.len() >= max.max(1) {
            let Some((_, key)) = self.oldest.pop_first() else {
                break;
            };
            self.known.remove(&key);
            self.changes.push((key.to_vec(), None));
            health.evicted_events += 1;
        }
        let value = state::encode_event(&m.target, forget_at);
        self.restore(&key, forget_at);
        self.changes.push((key, Some(value)));
        true
    }

    pub(super) fn restore(&mut self, key: &[u8], forget_at: i64) {
        let key: Arc<[u8]> = key.into();
        self.oldest.insert((forget_at, Arc::clone(&key)));
        self.known.insert(key, forget_at);
    }

    pub(super) fn forget(&mut self, watermark: i64) {
        while let Some((forget_at, key)) = self.oldest.first()
            && *forget_at <= watermark
        {
            let (forget_at, key) = (*forget_at, Arc::clone(key));
            self.known.remove(&key);
            self.changes.push((key.to_vec(), None));
            self.oldest.remove(&(forget_at, key));
        }
    }

    pub(super) fn drain(&mut self, out: &mut Vec<(Vec<u8>, Option<Vec<u8>>)>) {
        out.append(&mut self.changes);
    }
}
