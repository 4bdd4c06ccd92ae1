//! Which of many prefixes (or, read backwards, suffixes) a text has, in one short walk.
//!
//! Most `endswith` lists differ in their last few bytes, so the walk usually stops after a handful
//! of steps, where an automaton would have to read the whole value.

use std::collections::BTreeMap;

/// A trie over bytes; a node may carry a number.
#[derive(Debug, Default)]
pub(super) struct Trie {
    /// For each node: its edges' range and its number.
    nodes: Vec<Node>,
    bytes: Vec<u8>,
    targets: Vec<u32>,
}

#[derive(Debug, Clone, Copy)]
struct Node {
    first: u32,
    count: u16,
    number: Option<u32>,
}

impl Trie {
    /// Builds from words and their numbers.
    pub(super) fn new(words: &BTreeMap<Vec<u8>, u32>) -> Self {
        let mut trie = Self::default();
        if !words.is_empty() {
            let words: Vec<_> = words
                .iter()
                .map(|(word, number)| (&word[..], *number))
                .collect();
            trie.add(&words, 0);
        }
        trie
    }

    pub(super) fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Adds the node for sorted words that share their first `depth` bytes.
    fn add(&mut self, words: &[(&[u8], u32)], depth: usize) -> u32 {
        let at = self.nodes.len();
        let number = words
            .first()
            .filter(|(word, _)| word.len() == depth)
            .map(|(_, n)| *n);
        let rest = &words[usize::from(number.is_some())..];
        let groups = || rest.chunk_by(|a, b| a.0[depth] == b.0[depth]);
        let first = self.bytes.len();
        self.bytes.extend(groups().map(|group| group[0].0[depth]));
        self.targets.resize(self.bytes.len(), 0);
        self.nodes.push(Node {
            first: first as u32,
            count: (self.bytes.len() - first) as u16,
            number,
        });
        for (edge, group) in groups().enumerate() {
            self.targets[first + edge] = self.add(group, depth + 1);
        }
        at as u32
    }

    /// Calls `found` with the number of every word that the bytes start with.
    pub(super) fn walk(&self, bytes: impl Iterator<Item = u8>, mut found: impl FnMut(u32)) {
        let Some(mut node) = self.nodes.first().copied() else {
            return;
        };
        if let Some(number) = node.number {
            found(number);
        }
        for byte in bytes {
            let first = node.first as usize;
            let edges = &self.bytes[first..first + node.count as usize];
            let Some(edge) = edges.iter().position(|edge| *edge == byte) else {
                return;
            };
            node = self.nodes[self.targets[first + edge] as usize];
            if let Some(number) = node.number {
                found(number);
            }
        }
    }
}
