//! Other rules in the place of the old ones, with the state of those that stay.
//!
//! The state goes through its changelog form, as it would at a restart: so a reload and a restart
//! cannot differ, and what the changed set does not know, or knows with another meaning, is dropped
//! here by the same rule.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Correlator, END_OF_TIME, UNKNOWN};
use crate::ruleset::RuleSet;
use crate::state::{self, Stored};

impl Correlator {
    /// Puts a set of rules in the place of the old one. Windows and episodes of rules that are in
    /// both go on, the others are forgotten; time, counters and known events stay. To be called
    /// between `drain` and the next `observe`.
    pub fn replace_rules(&mut self, rules: Arc<RuleSet>) {
        let new = Self::new(rules, self.limits.clone());
        let old = std::mem::replace(self, new);
        self.inputs = old.inputs;
        self.watermark = old.watermark;
        self.finished = old.finished;
        self.plain = old.plain;
        self.gone = old.gone;
        self.emitted = old.emitted;
        self.health = old.health;
        for (slot, group) in (0..).zip(old.groups) {
            let Some(group) = group else { continue };
            let value = group.encode(&old.rules);
            let rules = Arc::clone(&self.rules);
            let Ok(Stored::Group(mut kept)) = state::decode(&group.key, &value, &rules) else {
                self.health.foreign_state += 1;
                self.gone.insert(group.key);
                continue;
            };
            let due = rules
                .correlation(kept.target)
                .and_then(|asks| kept.due(asks, UNKNOWN));
            let place = self.insert(*kept, due.unwrap_or(END_OF_TIME));
            let carry = |from: &BTreeSet<u32>, to: &mut BTreeSet<u32>| {
                if from.contains(&slot) {
                    to.insert(place);
                }
            };
            carry(&old.touched, &mut self.touched);
            carry(&old.changed, &mut self.changed);
        }
    }
}

#[cfg(test)]
mod tests;
