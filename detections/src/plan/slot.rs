//! The cheap tests of one field, decided together for one value.
//!
//! Text tests are grouped by how they look: equality is one hash probe, `startswith` and `endswith`
//! one walk of a trie each, `contains` one search for all texts at once. What costs more (globs,
//! regular expressions, comparisons of fields) is not here: see [`super::costly`].

use std::collections::BTreeMap;
use std::net::IpAddr;

use aho_corasick::BuildError;
use rustc_hash::FxHashMap;

use super::NodeId;
use super::graph::State;
use super::needles::{Needles, Padded};
use super::sample::Sample;
use super::trie::Trie;
use super::values::Text;
use crate::expr::{Compare, Network, Number, Test, TimePart};
use crate::pattern::{Pattern, Shape};

/// The tests of one field, ready to run.
#[derive(Debug, Default)]
pub(super) struct Slot {
    pub(super) exists: Option<NodeId>,
    null: Option<NodeId>,
    /// `*`, with and without regard to case: two tests that mean the same.
    anything: Vec<NodeId>,
    folded: Texts,
    written: Texts,
    networks: Vec<(Network, NodeId)>,
    numbers: Vec<(Compare, Number, NodeId)>,
    times: Vec<(TimePart, Compare, i64, NodeId)>,
}

/// Tests for literals over one form of the text.
#[derive(Debug, Default)]
struct Texts {
    equal: FxHashMap<Box<[u8]>, NodeId>,
    prefixes: Trie,
    suffixes: Trie,
    contained: Needles,
}

/// Collects the tests of one field while the plan is built.
#[derive(Debug, Default)]
pub(super) struct SlotBuilder {
    slot: Slot,
    folded: TextsBuilder,
    written: TextsBuilder,
}

#[derive(Debug, Default)]
struct TextsBuilder {
    equal: FxHashMap<Box<[u8]>, NodeId>,
    prefixes: BTreeMap<Vec<u8>, u32>,
    suffixes: BTreeMap<Vec<u8>, u32>,
    contained: Vec<(Box<str>, NodeId)>,
}

impl SlotBuilder {
    /// Adds a cheap test; a costly one is none of a slot's.
    pub(super) fn add(&mut self, test: &Test, atom: NodeId) {
        match test {
            Test::Text { pattern, cased } => self.add_text(pattern, *cased, atom),
            Test::IsNull => self.slot.null = Some(atom),
            Test::Exists => self.slot.exists = Some(atom),
            Test::Cidr(network) => self.slot.networks.push((*network, atom)),
            Test::Number(compare, number) => self.slot.numbers.push((*compare, *number, atom)),
            Test::Time(part, compare, value) => {
                self.slot.times.push((*part, *compare, *value, atom));
            }
            Test::Regex(_) | Test::Field { .. } => {}
        }
    }

    fn add_text(&mut self, pattern: &Pattern, cased: bool, atom: NodeId) {
        let texts = if cased {
            &mut self.written
        } else {
            &mut self.folded
        };
        match pattern.shape() {
            Shape::Equals(text) => {
                texts.equal.insert(text.as_bytes().into(), atom);
            }
            Shape::StartsWith(text) => {
                texts.prefixes.insert(text.as_bytes().to_vec(), atom);
            }
            Shape::EndsWith(text) => {
                texts.suffixes.insert(text.bytes().rev().collect(), atom);
            }
            Shape::Contains(text) => texts.contained.push((text.into(), atom)),
            Shape::Anything => self.slot.anything.push(atom),
            Shape::Glob(_) => {}
        }
    }

    /// Shows the texts that values are searched for.
    pub(super) fn sample(&self, sample: &mut Sample) {
        for (text, _) in &self.folded.contained {
            sample.add(text);
        }
    }

    /// The error names nothing of the rules; the texts are too many.
    pub(super) fn finish(self, sample: &Sample) -> Result<Slot, BuildError> {
        Ok(Slot {
            folded: self.folded.finish(sample)?,
            written: self.written.finish(sample)?,
            ..self.slot
        })
    }
}

impl TextsBuilder {
    fn finish(self, sample: &Sample) -> Result<Texts, BuildError> {
        let contained = self.contained.iter();
        let contained: Vec<_> = contained.map(|(text, atom)| (&**text, *atom)).collect();
        Ok(Texts {
            contained: Needles::new(&contained, sample)?,
            equal: self.equal,
            prefixes: Trie::new(&self.prefixes),
            suffixes: Trie::new(&self.suffixes),
        })
    }
}

impl Slot {
    /// Whether the only tests are searches in the folded text, which [`Self::search`] decides.
    pub(super) fn only_searches(&self) -> bool {
        self.null.is_none()
            && self.anything.is_empty()
            && self.folded.has_no_whole()
            && self.written.has_no_whole()
            && self.written.contained.is_empty()
            && self.networks.is_empty()
            && self.numbers.is_empty()
            && self.times.is_empty()
    }

    /// Decides which texts are contained in folded bytes,
    pub(super) fn search(&self, value: Padded<'_>, only: Option<&Needles>, state: &mut State) {
        let contained = only.unwrap_or(&self.folded.contained);
        contained.find(value, |atom| state.set(atom));
    }

    /// Decides every test for one value; None: null. True atoms go into the state.
    /// `only`: where not all searched texts matter, those that do.
    pub(super) fn decide(
        &self,
        text: Option<&Text<'_>>,
        only: Option<&Needles>,
        buffer: &mut String,
        state: &mut State,
    ) {
        self.test(text, buffer, state);
        if let Some(text) = text {
            self.search(text.padded(), only, state);
        }
    }

    /// The texts that values are searched for, without regard to case.
    pub(super) fn searched(&self) -> &Needles {
        &self.folded.contained
    }

    /// Decides all tests but those of [`Self::search`].
    pub(super) fn test(&self, text: Option<&Text<'_>>, buffer: &mut String, state: &mut State) {
        let Some(text) = text else {
            self.null.iter().for_each(|atom| state.set(*atom));
            return;
        };
        for atom in &self.anything {
            state.set(*atom);
        }
        self.folded.test_whole(text.folded(), state);
        if !self.numbers.is_empty() {
            self.test_numbers(text, state);
        }
        if !self.networks.is_empty() {
            self.test_networks(text, state);
        }
        if !self.written.has_no_whole() {
            let written = text.written(buffer);
            self.written.test_whole(written.as_bytes(), state);
        }
        let contained = &self.written.contained;
        if !contained.is_empty() {
            contained.find(text.written_padded(buffer), |atom| state.set(atom));
        }
        if !self.times.is_empty() {
            self.test_times(text.written(buffer), state);
        }
    }

    fn test_numbers(&self, text: &Text<'_>, state: &mut State) {
        let number = text.folded_str().trim().parse::<f64>();
        let Some(number) = number.ok().filter(|number| number.is_finite()) else {
            return;
        };
        for (compare, wanted, atom) in &self.numbers {
            if compare.holds(number, wanted.get()) {
                state.set(*atom);
            }
        }
    }

    fn test_networks(&self, text: &Text<'_>, state: &mut State) {
        let Ok(address) = text.folded_str().trim().parse::<IpAddr>() else {
            return;
        };
        for (network, atom) in &self.networks {
            if network.contains(&address) {
                state.set(*atom);
            }
        }
    }

    fn test_times(&self, text: &str, state: &mut State) {
        for (part, compare, wanted, atom) in &self.times {
            if part
                .of(text)
                .is_some_and(|value| compare.holds(value, *wanted))
            {
                state.set(*atom);
            }
        }
    }
}

impl Texts {
    fn has_no_whole(&self) -> bool {
        self.equal.is_empty() && self.prefixes.is_empty() && self.suffixes.is_empty()
    }

    fn test_whole(&self, text: &[u8], state: &mut State) {
        if let Some(atom) = self.equal.get(text) {
            state.set(*atom);
        }
        self.prefixes
            .walk(text.iter().copied(), |atom| state.set(atom));
        self.suffixes
            .walk(text.iter().rev().copied(), |atom| state.set(atom));
    }
}
