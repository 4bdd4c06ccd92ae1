//! All rules compiled into one structure that decides an event in one pass over it.
//!
//! A loop over rules tests the same field thousands of times. Here every distinct test is one
//! **atom**, shared by all rules that use it, and every field that any rule names is one **slot**.
//! The event is walked once; each value that belongs to a slot decides all of the slot's atoms at
//! once ([`slot`]). What is left is Boolean: conditions are hash-consed nodes over atoms, and only
//! true atoms cause work. Each `and` waits for one of its parts, the one that is true least often
//! as far as the rules tell, and is evaluated when that part turns true; nothing else is looked at.
//!
//! Atoms are exact: no value is looked at twice, there is no candidate that is verified later.
//! Adding a rule therefore costs nothing on events that do not touch its rarest part.
//!
//! What it refuses: deciding by arrival of fields. All atoms are known before any node is looked
//! at, so `not` needs no special care.

mod build;
mod graph;
mod literal;
mod names;
mod slot;
mod trie;

use crate::expr::FieldTest;
use crate::pattern;
use crate::rule::LogSource;
pub(crate) use build::Builder;
use graph::Graph;
use names::Names;
use slot::Slot;

/// Position of a rule in its set.
pub(crate) type RuleNumber = u32;
/// Position of an atom or a condition in the graph.
type NodeId = u32;

/// The compiled form of all rules. Immutable; shared by all matchers.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    names: Names,
    slots: Vec<Slot>,
    /// The slot that sees every value of the event, where a rule has keywords.
    keywords: Option<Slot>,
    /// Comparisons of two fields, decided after the walk.
    pairs: Vec<Pair>,
    graph: Graph,
    sources: Vec<LogSource>,
    /// For each rule the slots that its tests look at.
    needs: Vec<Needs>,
}

#[derive(Debug, Default)]
struct Needs {
    slots: Vec<u32>,
    keywords: bool,
}

#[derive(Debug)]
struct Pair {
    atom: NodeId,
    value: u32,
    other: u32,
    how: FieldTest,
    cased: bool,
}

/// A value of an event that is not an object or a list.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Scalar<'a> {
    Null,
    Bool(bool),
    Integer(i64),
    Float(f64),
    Text(&'a str),
}

/// Which rules and slots matter for events of one logsource.
#[derive(Debug, Clone)]
pub(crate) struct Route {
    rules: Bits,
    slots: Bits,
    keywords: bool,
}

impl Plan {
    /// The route for events of a logsource; None: of no named logsource, so every rule is held.
    pub(crate) fn route(&self, source: Option<(&str, &str, &str)>) -> Route {
        let mut route = Route {
            rules: Bits::new(self.sources.len()),
            slots: Bits::new(self.slots.len()),
            keywords: false,
        };
        for (number, (rule, needs)) in self.sources.iter().zip(&self.needs).enumerate() {
            let admitted = source
                .is_none_or(|(category, product, service)| rule.admits(category, product, service));
            if admitted {
                route.rules.set(number);
                needs
                    .slots
                    .iter()
                    .for_each(|slot| route.slots.set(*slot as usize));
                route.keywords |= needs.keywords;
            }
        }
        route
    }

    /// How many distinct tests and conditions there are: for benches and tests.
    pub(crate) fn size(&self) -> (usize, usize) {
        (self.slots.len(), self.graph.len())
    }
}

/// What one event has shown so far. Reused from event to event; grows to what events need.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    state: graph::State,
    folded: String,
    digits: String,
    /// Gated tests of the current value whose literals were seen.
    gates: Vec<u32>,
    captured: Vec<Capture>,
    captured_raw: String,
    captured_folded: String,
}

#[derive(Debug)]
struct Capture {
    slot: u32,
    raw: std::ops::Range<usize>,
    folded: std::ops::Range<usize>,
}

/// Where the walk of an event stands: the field names that its path so far can still become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Path(Option<u32>);

/// One event on its way through the plan: whoever walks an event (a value tree today, a streaming
/// parser tomorrow) tells it paths and scalars, and gets the rules that hold.
pub(crate) struct Pass<'a> {
    plan: &'a Plan,
    route: &'a Route,
    scratch: &'a mut Scratch,
}

impl<'a> Pass<'a> {
    pub(crate) fn new(plan: &'a Plan, route: &'a Route, scratch: &'a mut Scratch) -> Self {
        scratch.state.begin(plan.graph.len());
        scratch.captured.clear();
        scratch.captured_raw.clear();
        scratch.captured_folded.clear();
        Self {
            plan,
            route,
            scratch,
        }
    }

    /// The path of the event itself.
    pub(crate) fn root(&self) -> Path {
        Path(Some(Names::ROOT))
    }

    /// The path of a key in an object; None where nothing below it matters.
    pub(crate) fn enter(&mut self, path: Path, key: &str) -> Option<Path> {
        let next = path.0.and_then(|at| self.plan.names.step(at, key));
        if let Some(slot) = next.and_then(|at| self.plan.names.slot(at))
            && let Some(exists) = self.plan.slots[slot as usize].exists
        {
            self.scratch.state.set(exists);
        }
        (next.is_some() || self.route.keywords).then_some(Path(next))
    }

    /// A scalar at a path. For a list, once for each member, with the list's path.
    pub(crate) fn scalar(&mut self, path: Path, value: Scalar<'_>) {
        let plan = self.plan;
        let slot = path.0.and_then(|at| plan.names.slot(at));
        if let Some(slot) = slot.filter(|slot| self.route.slots.has(*slot as usize)) {
            let compiled = &plan.slots[slot as usize];
            compiled.test(value, self.scratch);
            if compiled.captured {
                self.capture(slot, value);
            }
        }
        if self.route.keywords
            && let Some(keywords) = &plan.keywords
        {
            keywords.test(value, self.scratch);
        }
    }

    /// Appends the rules that hold, in no order.
    pub(crate) fn finish(mut self, out: &mut Vec<RuleNumber>) {
        self.compare_pairs();
        let rules = &self.route.rules;
        let graph = &self.plan.graph;
        graph.resolve(&mut self.scratch.state, |rule| {
            if rules.has(rule as usize) {
                out.push(rule);
            }
        });
    }

    fn capture(&mut self, slot: u32, value: Scalar<'_>) {
        let scratch = &mut *self.scratch;
        let Some(text) = slot::text_of(value, &mut scratch.digits) else {
            return;
        };
        let (raw, folded) = (scratch.captured_raw.len(), scratch.captured_folded.len());
        scratch.captured_raw.push_str(text);
        pattern::fold_into(text, &mut scratch.captured_folded);
        scratch.captured.push(Capture {
            slot,
            raw: raw..scratch.captured_raw.len(),
            folded: folded..scratch.captured_folded.len(),
        });
    }

    fn compare_pairs(&mut self) {
        let scratch = &mut *self.scratch;
        for pair in &self.plan.pairs {
            let of = |slot: u32| {
                scratch
                    .captured
                    .iter()
                    .filter(move |value| value.slot == slot)
            };
            let text = |capture: &Capture| {
                if pair.cased {
                    &scratch.captured_raw[capture.raw.clone()]
                } else {
                    &scratch.captured_folded[capture.folded.clone()]
                }
            };
            let holds = of(pair.value)
                .any(|value| of(pair.other).any(|other| pair.how.holds(text(value), text(other))));
            if holds {
                scratch.state.set(pair.atom);
            }
        }
    }
}

/// A fixed set of small numbers.
#[derive(Debug, Clone, Default)]
struct Bits(Vec<u64>);

impl Bits {
    fn new(len: usize) -> Self {
        Self(vec![0; len.div_ceil(64)])
    }

    fn set(&mut self, at: usize) {
        self.0[at / 64] |= 1 << (at % 64);
    }

    fn has(&self, at: usize) -> bool {
        self.0[at / 64] & (1 << (at % 64)) != 0
    }
}
