//! What of the plan matters for the events of one logsource.

use std::borrow::Cow;

use rustc_hash::FxHashMap;

use super::needles::Needles;
use super::slot::Slot;
use super::{Bits, NodeId, Plan, RuleNumber};

/// Logsources beyond this many are routed afresh for each event: an attacker cannot fill memory.
pub(crate) const ROUTES_MAX: usize = 256;

/// Which rules, slots and conditions matter.
#[derive(Debug)]
pub(super) struct Route {
    pub(super) rules: Bits,
    pub(super) slots: Bits,
    pub(super) keywords: bool,
    /// The conditions that those rules have; None: all.
    pub(super) nodes: Option<Bits>,
    /// By slot, the texts to search for where those are not nearly all of the slot's.
    pub(super) searched: FxHashMap<u32, Needles>,
    pub(super) keywords_searched: Option<Needles>,
    /// Shorter values have none of the keywords.
    pub(super) keyword_bytes_min: usize,
}

impl Route {
    /// For events of a logsource (category, product, service); None: of no named logsource, so
    /// every rule is held.
    fn new(plan: &Plan, source: Option<[&str; 3]>) -> Self {
        let mut route = Self {
            rules: Bits::new(plan.sources.len()),
            slots: Bits::new(plan.slots.len()),
            keywords: false,
            nodes: None,
            searched: FxHashMap::default(),
            keywords_searched: None,
            keyword_bytes_min: 0,
        };
        for (number, (rule, needs)) in plan.sources.iter().zip(&plan.needs).enumerate() {
            let admitted = source
                .is_none_or(|[category, product, service]| rule.admits(category, product, service));
            if admitted {
                route.rules.set(number);
                let slots = needs.slots.iter();
                slots.for_each(|slot| route.slots.set(*slot as usize));
                route.keywords |= needs.keywords;
            }
        }
        if source.is_some() {
            let rules = 0..plan.sources.len() as RuleNumber;
            let rules = rules.filter(|rule| route.rules.has(*rule as usize));
            route.narrow(plan, plan.graph.below(rules));
        }
        route
    }

    /// Leaves out what the conditions of the route's rules do not look at.
    fn narrow(&mut self, plan: &Plan, nodes: Bits) {
        let only = |slot: &Slot| {
            let wanted = |atom: NodeId| nodes.has(atom as usize);
            slot.searched().only(wanted, &plan.sample)
        };
        for (number, slot) in (0..).zip(&plan.slots) {
            if self.slots.has(number as usize)
                && let Some(needles) = only(slot)
            {
                self.searched.insert(number, needles);
            }
        }
        let keywords = plan.keywords.as_ref().filter(|_| self.keywords);
        self.keywords_searched = keywords.and_then(only);
        let mut costly = plan.graph.costly(&nodes);
        let is_keyword = |test: u32| plan.costly[test as usize].is_keyword();
        if !costly.any(is_keyword)
            && let Some(keywords) = keywords.filter(|keywords| keywords.only_searches())
        {
            let searched = self.keywords_searched.as_ref();
            let searched = searched.unwrap_or(keywords.searched());
            self.keyword_bytes_min = searched.shortest().unwrap_or(0);
        }
        drop(costly);
        self.nodes = Some(nodes);
    }
}

/// The routes of the logsources that were seen.
#[derive(Debug, Default)]
pub(crate) struct Routes {
    known: FxHashMap<Box<[u8]>, Route>,
    every: Option<Route>,
    spare: Option<Route>,
    key: Vec<u8>,
}

impl Routes {
    /// How many are kept.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.known.len()
    }

    /// The route of a logsource: category, product and service.
    pub(super) fn of(&mut self, plan: &Plan, source: Option<[Cow<'_, str>; 3]>) -> &Route {
        let Some(source) = source else {
            return self.every.get_or_insert_with(|| Route::new(plan, None));
        };
        self.key.clear();
        for part in &source {
            self.key.extend_from_slice(part.as_bytes());
            self.key.push(0);
        }
        let route = || Route::new(plan, Some([&source[0], &source[1], &source[2]]));
        if !self.known.contains_key(self.key.as_slice()) {
            if self.known.len() >= ROUTES_MAX {
                return self.spare.insert(route());
            }
            self.known.insert(self.key.as_slice().into(), route());
        }
        &self.known[self.key.as_slice()]
    }
}
