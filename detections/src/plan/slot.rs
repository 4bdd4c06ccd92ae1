//! Every test of one field, decided together for one value.
//!
//! Text tests are grouped by how they look: equality is one hash probe, `startswith` and `endswith`
//! one walk of a trie each, `contains` one run of an automaton over the value. The automaton also
//! opens the gates of globs and regular expressions, which run only where their literal was seen.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::IpAddr;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use rustc_hash::FxHashMap;

use super::trie::Trie;
use super::{NodeId, Scalar, Scratch, literal};
use crate::expr::{Compare, Network, Number, Test, TimePart};
use crate::modifier::compile_regex;
use crate::pattern::{self, Pattern, Piece, Shape};

/// Up to this many bytes of literals an automaton is a table with one step per byte; above, the
/// table would cost more memory than its speed is worth.
const DENSE_BYTES_MAX: usize = 16 << 10;

/// The tests of one field, ready to run.
#[derive(Debug, Default)]
pub(super) struct Slot {
    pub(super) exists: Option<NodeId>,
    /// Whether values are kept for comparisons with other fields.
    pub(super) captured: bool,
    null: Option<NodeId>,
    /// `*`, with and without regard to case: two tests that mean the same.
    anything: Vec<NodeId>,
    folded: Texts,
    raw: Texts,
    gated: Vec<Gated>,
    /// Positions in `gated` of what has no literal to wait for.
    ungated: Vec<u32>,
    networks: Vec<(Network, NodeId)>,
    numbers: Vec<(Compare, Number, NodeId)>,
    times: Vec<(TimePart, Compare, i64, NodeId)>,
}

/// Literal tests over one form of the text.
#[derive(Debug, Default)]
struct Texts {
    equal: FxHashMap<Box<str>, NodeId>,
    prefixes: Trie,
    suffixes: Trie,
    contained: Option<Contained>,
    empty: bool,
}

#[derive(Debug)]
struct Contained {
    automaton: AhoCorasick,
    /// For each literal: what it decides.
    hits: Vec<Hit>,
}

#[derive(Debug, Default, Clone)]
struct Hit {
    atom: Option<NodeId>,
    gates: Vec<u32>,
}

/// A test that is too costly to run on every value.
#[derive(Debug)]
struct Gated {
    atom: NodeId,
    how: Costly,
}

#[derive(Debug)]
enum Costly {
    Glob { pieces: Box<[Piece]>, cased: bool },
    Regex(Box<regex::Regex>),
}

/// Collects the tests of one field while the plan is built.
#[derive(Debug, Default)]
pub(super) struct SlotBuilder {
    slot: Slot,
    folded: TextsBuilder,
    raw: TextsBuilder,
}

#[derive(Debug, Default)]
struct TextsBuilder {
    equal: FxHashMap<Box<str>, NodeId>,
    prefixes: BTreeMap<Vec<u8>, u32>,
    suffixes: BTreeMap<Vec<u8>, u32>,
    contained: BTreeMap<String, Hit>,
}

impl SlotBuilder {
    /// Adds a test. `test` must not compare fields.
    pub(super) fn add(&mut self, test: &Test, atom: NodeId) {
        match test {
            Test::Text { pattern, cased } => self.add_text(pattern, *cased, atom),
            Test::IsNull => self.slot.null = Some(atom),
            Test::Exists => self.slot.exists = Some(atom),
            Test::Regex(source) => {
                // The parser has compiled it before; a failure here means nothing can match it.
                if let Ok(regex) = compile_regex(source) {
                    self.gate(
                        literal::of_regex(source),
                        atom,
                        Costly::Regex(Box::new(regex)),
                    );
                }
            }
            Test::Cidr(network) => self.slot.networks.push((*network, atom)),
            Test::Number(compare, number) => self.slot.numbers.push((*compare, *number, atom)),
            Test::Time(part, compare, value) => {
                self.slot.times.push((*part, *compare, *value, atom));
            }
            Test::Field { .. } => self.capture(),
        }
    }

    pub(super) fn capture(&mut self) {
        self.slot.captured = true;
    }

    fn add_text(&mut self, pattern: &Pattern, cased: bool, atom: NodeId) {
        let texts = if cased {
            &mut self.raw
        } else {
            &mut self.folded
        };
        match pattern.shape() {
            Shape::Equals(text) => {
                texts.equal.insert(text.into(), atom);
            }
            Shape::StartsWith(text) => {
                texts.prefixes.insert(text.as_bytes().to_vec(), atom);
            }
            Shape::EndsWith(text) => {
                texts.suffixes.insert(text.bytes().rev().collect(), atom);
            }
            Shape::Contains(text) => {
                texts.contained.entry(text.to_owned()).or_default().atom = Some(atom);
            }
            Shape::Anything => {
                self.slot.anything.push(atom);
            }
            Shape::Glob(pieces) => {
                let how = Costly::Glob {
                    pieces: pieces.into(),
                    cased,
                };
                self.gate(literal::of_glob(pieces), atom, how);
            }
        }
    }

    fn gate(&mut self, literals: Option<Vec<String>>, atom: NodeId, how: Costly) {
        let gate = self.slot.gated.len() as u32;
        self.slot.gated.push(Gated { atom, how });
        let Some(literals) = literals else {
            self.slot.ungated.push(gate);
            return;
        };
        for text in literals {
            self.folded
                .contained
                .entry(text)
                .or_default()
                .gates
                .push(gate);
        }
    }

    /// The error names nothing of the rules; the automaton is too large.
    pub(super) fn finish(self) -> Result<Slot, aho_corasick::BuildError> {
        Ok(Slot {
            folded: self.folded.finish()?,
            raw: self.raw.finish()?,
            ..self.slot
        })
    }
}

impl TextsBuilder {
    fn finish(self) -> Result<Texts, aho_corasick::BuildError> {
        let empty = self.equal.is_empty()
            && self.prefixes.is_empty()
            && self.suffixes.is_empty()
            && self.contained.is_empty();
        Ok(Texts {
            equal: self.equal,
            prefixes: Trie::new(&self.prefixes),
            suffixes: Trie::new(&self.suffixes),
            contained: Contained::new(self.contained)?,
            empty,
        })
    }
}

impl Contained {
    fn new(texts: BTreeMap<String, Hit>) -> Result<Option<Self>, aho_corasick::BuildError> {
        if texts.is_empty() {
            return Ok(None);
        }
        let bytes: usize = texts.keys().map(String::len).sum();
        let kind = if bytes <= DENSE_BYTES_MAX {
            AhoCorasickKind::DFA
        } else {
            AhoCorasickKind::ContiguousNFA
        };
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .kind(Some(kind))
            .build(texts.keys())?;
        Ok(Some(Self {
            automaton,
            hits: texts.into_values().collect(),
        }))
    }
}

impl Slot {
    /// Decides every test for one value; true atoms go into the state.
    pub(super) fn test(&self, value: Scalar<'_>, scratch: &mut Scratch) {
        if value == Scalar::Null {
            if let Some(atom) = self.null {
                scratch.state.set(atom);
            }
            return;
        }
        for atom in &self.anything {
            scratch.state.set(*atom);
        }
        if !self.numbers.is_empty() {
            self.test_numbers(value, scratch);
        }
        let mut digits = std::mem::take(&mut scratch.digits);
        if let Some(text) = text_of(value, &mut digits) {
            self.test_text(text, scratch);
        }
        scratch.digits = digits;
    }

    fn test_text(&self, text: &str, scratch: &mut Scratch) {
        let mut folded = std::mem::take(&mut scratch.folded);
        if !self.folded.empty || !self.gated.is_empty() {
            folded.clear();
            pattern::fold_into(text, &mut folded);
            self.folded.test(&folded, scratch);
        }
        if !self.raw.empty {
            self.raw.test(text, scratch);
        }
        if !self.gated.is_empty() {
            self.test_gated(text, &folded, scratch);
        }
        scratch.folded = folded;
        if !self.networks.is_empty()
            && let Ok(address) = text.trim().parse::<IpAddr>()
        {
            for (network, atom) in &self.networks {
                if network.contains(&address) {
                    scratch.state.set(*atom);
                }
            }
        }
        for (part, compare, wanted, atom) in &self.times {
            if part
                .of(text)
                .is_some_and(|value| compare.holds(value, *wanted))
            {
                scratch.state.set(*atom);
            }
        }
    }

    fn test_gated(&self, text: &str, folded: &str, scratch: &mut Scratch) {
        let mut gates = std::mem::take(&mut scratch.gates);
        gates.extend_from_slice(&self.ungated);
        // A literal that occurs twice opens its gate once.
        gates.sort_unstable();
        gates.dedup();
        for gate in gates.drain(..) {
            let Gated { atom, how } = &self.gated[gate as usize];
            let holds = match how {
                Costly::Glob { pieces, cased } => {
                    pattern::glob(pieces, if *cased { text } else { folded })
                }
                Costly::Regex(regex) => regex.is_match(text),
            };
            if holds {
                scratch.state.set(*atom);
            }
        }
        scratch.gates = gates;
    }

    fn test_numbers(&self, value: Scalar<'_>, scratch: &mut Scratch) {
        let number = match value {
            Scalar::Integer(value) => value as f64,
            Scalar::Float(value) => value,
            Scalar::Text(text) => match text.trim().parse::<f64>() {
                Ok(value) if value.is_finite() => value,
                _ => return,
            },
            Scalar::Bool(_) | Scalar::Null => return,
        };
        for (compare, wanted, atom) in &self.numbers {
            if compare.holds(number, wanted.get()) {
                scratch.state.set(*atom);
            }
        }
    }
}

impl Texts {
    fn test(&self, text: &str, scratch: &mut Scratch) {
        if let Some(atom) = self.equal.get(text) {
            scratch.state.set(*atom);
        }
        let state = &mut scratch.state;
        self.prefixes.walk(text.bytes(), |atom| state.set(atom));
        self.suffixes
            .walk(text.bytes().rev(), |atom| state.set(atom));
        let Some(contained) = &self.contained else {
            return;
        };
        for found in contained.automaton.find_overlapping_iter(text) {
            let hit = &contained.hits[found.pattern().as_usize()];
            if let Some(atom) = hit.atom {
                scratch.state.set(atom);
            }
            scratch.gates.extend_from_slice(&hit.gates);
        }
    }
}

/// The text that a value is compared by; None for null. Numbers are written shortest: 1.0 is `1`.
pub(super) fn text_of<'a>(value: Scalar<'a>, digits: &'a mut String) -> Option<&'a str> {
    digits.clear();
    match value {
        Scalar::Null => return None,
        Scalar::Text(text) => return Some(text),
        Scalar::Bool(true) => return Some("true"),
        Scalar::Bool(false) => return Some("false"),
        // Writing into a String cannot fail.
        Scalar::Integer(value) => drop(write!(digits, "{value}")),
        Scalar::Float(value) => drop(write!(digits, "{value}")),
    }
    Some(digits)
}
