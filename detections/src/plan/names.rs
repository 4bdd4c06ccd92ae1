//! Field names as a trie of their dotted parts, so that one walk of an event finds every field.
//!
//! `a.b.c` is found as nested objects, as the flat key `"a.b.c"` and as any mixture of the two. An
//! event that has both forms has two values there, and each counts.

use rustc_hash::FxHashMap;

#[derive(Debug)]
pub(super) struct Names {
    nodes: Vec<Name>,
}

#[derive(Debug, Default)]
struct Name {
    parts: FxHashMap<Box<str>, u32>,
    slot: Option<u32>,
}

impl Default for Names {
    fn default() -> Self {
        Self {
            nodes: vec![Name::default()],
        }
    }
}

impl Names {
    pub(super) const ROOT: u32 = 0;

    /// The slot of a field; made where it is new, from `next`.
    pub(super) fn intern(&mut self, field: &str, next: u32) -> u32 {
        let mut at = Self::ROOT as usize;
        for part in field.split('.') {
            let new = self.nodes.len() as u32;
            let child = *self.nodes[at].parts.entry(part.into()).or_insert(new);
            if child == new {
                self.nodes.push(Name::default());
            }
            at = child as usize;
        }
        *self.nodes[at].slot.get_or_insert(next)
    }

    /// From a place along one key of an event.
    pub(super) fn step(&self, at: u32, key: &str) -> Option<u32> {
        let parts = &self.nodes[at as usize].parts;
        if let Some(found) = parts.get(key) {
            return Some(*found);
        }
        if parts.is_empty() {
            return None;
        }
        let (first, rest) = key.split_once('.')?;
        self.step(*parts.get(first)?, rest)
    }

    pub(super) fn slot(&self, at: u32) -> Option<u32> {
        self.nodes[at as usize].slot
    }
}
