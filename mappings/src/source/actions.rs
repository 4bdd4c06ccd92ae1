//! What an action is, by its name: the table `actions` of `mapping.toml`.
//!
//! Audit logs name hundreds of actions by subject and verb (`group_member_added`). A table that says
//! what a subject is and what a verb is, exceptions first, holds them all and whatever the vendor
//! adds next, and costs a program nothing.

use super::recognize::Pattern;
use super::spec::Action;
use crate::value::{self, Value};

/// The compiled table of a source.
pub(crate) struct Actions {
    entries: Vec<Entry>,
}

struct Entry {
    names: Vec<Pattern>,
    /// By position in [`PATHS`].
    says: [Option<String>; 4],
}

/// Where the answers go.
const PATHS: [&str; 4] = [
    "event.category",
    "event.type",
    "event.outcome",
    "chaperone.logsource.category",
];

/// How many of [`PATHS`] are lists in ECS: the first ones.
const LISTS: usize = 2;

impl Actions {
    pub(super) fn new(actions: &[Action]) -> Self {
        let entries = actions.iter().map(|action| Entry {
            names: action.names.iter().map(Pattern::new).collect(),
            says: [
                action.category.clone(),
                action.kind.clone(),
                action.outcome.clone(),
                action.activity.clone(),
            ],
        });
        Self {
            entries: entries.collect(),
        }
    }

    /// The paths that [`Self::classify`] may fill.
    pub(super) fn paths(&self) -> &'static [&'static str] {
        if self.entries.is_empty() { &[] } else { &PATHS }
    }

    /// Puts down what the draft's `event.action` is, where nothing is put down yet. False: it has no
    /// action.
    pub(crate) fn classify(&self, draft: &mut Value) -> bool {
        if self.entries.is_empty() {
            return true;
        }
        let Some(name) = value::lookup(draft, "event.action") else {
            return false;
        };
        let mut found: [Option<&str>; 4] = [None; 4];
        for entry in &self.entries {
            let adds = found
                .iter()
                .zip(&entry.says)
                .any(|(found, says)| found.is_none() && says.is_some());
            if adds && entry.names.iter().any(|pattern| pattern.matches(name)) {
                for (found, says) in found.iter_mut().zip(&entry.says) {
                    *found = found.or(says.as_deref());
                }
            }
        }
        for (at, (path, said)) in PATHS.iter().zip(found).enumerate() {
            let Some(said) = said else { continue };
            if value::lookup(draft, path).is_some_and(|found| !found.is_null()) {
                continue;
            }
            if at < LISTS {
                value::insert(draft, path, Value::Array(vec![said.into()]));
            } else {
                value::insert(draft, path, said);
            }
        }
        true
    }
}

#[cfg(test)]
mod tests;
