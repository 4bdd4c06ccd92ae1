//! What of the plan matters for the events of one logsource.

use std::borrow::Cow;

use rustc_hash::FxHashMap;

use super::{Bits, Plan, RuleNumber};

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
            route.nodes = Some(plan.graph.below(rules));
        }
        route
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
