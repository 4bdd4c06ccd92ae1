//! All rules compiled into one structure that decides an event in one pass over it.
//!
//! A loop over rules tests the same field thousands of times. Here every distinct test is one
//! **atom**, shared by all rules that use it, and every field that any rule names is one **slot**.
//! The event is walked once; each value that belongs to a slot decides all of the slot's atoms at
//! once ([`slot`]). What is left is Boolean: conditions are hash-consed nodes over atoms, and only
//! true atoms cause work. Each `and` waits for one of its parts, the one that is true least often
//! as far as the rules tell, and is evaluated when that part turns true; nothing else is looked at.
//! Tests that cost more than a look-up are run last, when a condition still depends on them
//! ([`costly`]).
//!
//! Atoms are exact: there is no candidate that is verified later. Adding a rule therefore costs
//! nothing on events that do not touch its rarest part.
//!
//! What it refuses: deciding by arrival of fields. All atoms are known before any node is looked
//! at, so `not` needs no special care, and an event may name its logsource anywhere.

mod build;
mod costly;
mod graph;
mod literal;
mod names;
mod needles;
mod route;
mod sample;
mod slot;
mod trie;
mod values;

use std::borrow::Cow;

use crate::rule::LogSource;
pub(crate) use build::Builder;
use costly::Costly;
use graph::Graph;
use names::Names;
#[cfg(test)]
pub(crate) use route::ROUTES_MAX;
use route::Route;
pub(crate) use route::Routes;
use sample::Sample;
use slot::Slot;
pub(crate) use values::Scalar;
use values::Values;

/// Position of a rule in its set.
pub(crate) type RuleNumber = u32;
/// Position of an atom or a condition in the graph.
type NodeId = u32;

/// Where an event names its logsource: the first slots of every plan.
const LOGSOURCE: [&str; 3] = [
    "chaperone.logsource.category",
    "chaperone.logsource.product",
    "chaperone.logsource.service",
];

/// The compiled form of all rules. Immutable; shared by all matchers.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    names: Names,
    slots: Vec<Slot>,
    /// The slot that sees every value of the event, where a rule has keywords.
    keywords: Option<Slot>,
    costly: Vec<Costly>,
    graph: Graph,
    sources: Vec<LogSource>,
    /// For each rule the slots that its tests look at.
    needs: Vec<Needs>,
    sample: Sample,
}

#[derive(Debug, Default)]
struct Needs {
    slots: Vec<u32>,
    keywords: bool,
}

impl Plan {
    /// How many distinct tests and conditions there are: for benches and tests.
    pub(crate) fn size(&self) -> (usize, usize) {
        (self.slots.len(), self.graph.len())
    }
}

/// What one event has shown so far. Reused from event to event; grows to what events need.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    state: graph::State,
    values: Values<'static>,
    buffers: [String; 2],
}

/// Where the walk of an event stands: the field names that its path so far can still become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Path(Option<u32>);

/// One event on its way through the plan: whoever walks an event (a value tree, or JSON text as it
/// is read) tells it paths and scalars, and gets the rules that hold.
pub(crate) struct Pass<'a, 'e> {
    plan: &'a Plan,
    scratch: &'a mut Scratch,
    values: Values<'e>,
    /// Category, product and service, where the event names them.
    logsource: [Option<Scalar<'e>>; LOGSOURCE.len()],
}

impl<'a, 'e> Pass<'a, 'e> {
    pub(crate) fn new(plan: &'a Plan, scratch: &'a mut Scratch) -> Self {
        scratch.state.begin(plan.graph.len());
        let values = std::mem::take(&mut scratch.values);
        Self {
            plan,
            scratch,
            values: values.recycled(),
            logsource: [None; LOGSOURCE.len()],
        }
    }

    /// The path of the event itself.
    pub(crate) fn root(&self) -> Path {
        Path(Some(Names::ROOT))
    }

    /// The path of a key in an object; None where nothing below it matters.
    #[inline]
    pub(crate) fn enter(&mut self, path: Path, key: &str) -> Option<Path> {
        let next = path.0.and_then(|at| self.plan.names.step(at, key));
        if let Some(slot) = next.and_then(|at| self.plan.names.slot(at))
            && let Some(exists) = self.plan.slots[slot as usize].exists
        {
            self.scratch.state.set(exists);
        }
        (next.is_some() || self.plan.keywords.is_some()).then_some(Path(next))
    }

    /// A scalar at a path. For a list, once for each member, with the list's path.
    #[inline]
    pub(crate) fn scalar(&mut self, path: Path, value: Scalar<'e>) {
        let slot = path.0.and_then(|at| self.plan.names.slot(at));
        let named = slot.and_then(|slot| self.logsource.get_mut(slot as usize));
        if let Some(named) = named {
            named.get_or_insert(value);
        }
        if slot.is_some() || self.plan.keywords.is_some() {
            self.values.push(slot, value);
        }
    }

    /// Puts the rules that hold in the place of what `out` had, in no order.
    pub(crate) fn finish(mut self, routes: &mut Routes, out: &mut Vec<RuleNumber>) {
        out.clear();
        let route = routes.of(self.plan, self.logsource());
        self.test(route);
        let Self {
            plan,
            scratch,
            values,
            ..
        } = self;
        plan.graph.resolve(
            &mut scratch.state,
            route.nodes.as_ref(),
            |test| plan.costly[test as usize].holds(&values, &mut scratch.buffers),
            |rule| {
                if route.rules.has(rule as usize) {
                    out.push(rule);
                }
            },
        );
        scratch.values = values.recycled();
    }

    /// The logsource that the event names: category, product and service. None: none of them.
    fn logsource(&self) -> Option<[Cow<'e, str>; 3]> {
        let parts = self
            .logsource
            .map(|named| named.and_then(Scalar::into_text));
        let named = parts.iter().any(Option::is_some);
        named.then(|| parts.map(Option::unwrap_or_default))
    }

    /// Decides the atoms that the route needs.
    fn test(&mut self, route: &Route) {
        let plan = self.plan;
        let in_route = |slot: Option<u32>| slot.filter(|slot| route.slots.has(*slot as usize));
        let [buffer, _] = &mut self.scratch.buffers;
        let wanted = |slot, bytes| {
            route.keywords && bytes >= route.keyword_bytes_min || in_route(slot).is_some()
        };
        self.values.fold(wanted, buffer);
        let state = &mut self.scratch.state;
        let keywords = plan.keywords.as_ref().filter(|_| route.keywords);
        let whole = keywords.filter(|keywords| !keywords.only_searches());
        for (slot, text) in self.values.iter() {
            if let Some(slot) = in_route(slot) {
                let only = route.searched.get(&slot);
                plan.slots[slot as usize].decide(text.as_ref(), only, buffer, state);
            }
            if let Some(keywords) = whole {
                keywords.test(text.as_ref(), buffer, state);
            }
        }
        if let Some(keywords) = keywords {
            let only = route.keywords_searched.as_ref();
            keywords.search(self.values.all_folded(), only, state);
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
