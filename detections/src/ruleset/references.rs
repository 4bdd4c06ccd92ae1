//! What correlations refer to: checked here once, so that later stages need not doubt it.

use std::collections::BTreeSet;

use super::{Draft, is_called};
use crate::rule::RuleMeta;

/// Longer chains of correlations are refused.
const CHAIN_MAX: usize = 10;

/// Leaves out correlations whose references do not resolve, until all that remain do.
pub(super) fn check(draft: &mut Draft) {
    loop {
        let broken = unresolved(draft).or_else(|| cyclic(draft));
        let Some((at, place, message)) = broken else {
            return;
        };
        let path = draft.correlations[at].meta.path.clone();
        draft.correlations.remove(at);
        draft.error(&path, place, message);
    }
}

type Broken = (usize, crate::problem::Place, String);

fn metas(draft: &Draft) -> impl Iterator<Item = &RuleMeta> {
    let rules = draft.rules.iter().map(|rule| &rule.meta);
    rules.chain(draft.correlations.iter().map(|rule| &rule.meta))
}

fn unresolved(draft: &Draft) -> Option<Broken> {
    for (at, rule) in draft.correlations.iter().enumerate() {
        for (name, place) in &rule.correlation.rules {
            match metas(draft).filter(|meta| is_called(meta, name)).count() {
                1 => {}
                0 => {
                    let message = format!(
                        "no rule of this set has the id or name `{name}`, or it has errors of its own"
                    );
                    return Some((at, *place, message));
                }
                _ => {
                    let message =
                        format!("several rules are called `{name}`; refer to one by its id");
                    return Some((at, *place, message));
                }
            }
        }
        let fields = rule
            .correlation
            .aliases
            .values()
            .flat_map(|fields| fields.keys());
        for name in fields {
            let refers = |known: &str| {
                known == name || metas(draft).any(|m| is_called(m, name) && is_called(m, known))
            };
            if !rule
                .correlation
                .rules
                .iter()
                .any(|(known, _)| refers(known))
            {
                let message = format!("the aliases name `{name}`, which is not among the rules");
                return Some((at, rule.correlation.place, message));
            }
        }
    }
    None
}

fn cyclic(draft: &Draft) -> Option<Broken> {
    (0..draft.correlations.len()).find_map(|at| {
        let mut path = BTreeSet::new();
        let message = if depth(draft, at, &mut path)? {
            "this correlation refers to itself through others; break the circle"
        } else {
            "this chain of correlations is longer than 10; shorten it"
        };
        let place = draft.correlations[at].correlation.place;
        Some((at, place, message.to_owned()))
    })
}

/// Some(true): a circle; Some(false): too long; None: fine.
fn depth(draft: &Draft, at: usize, path: &mut BTreeSet<usize>) -> Option<bool> {
    if !path.insert(at) {
        return Some(true);
    }
    if path.len() > CHAIN_MAX {
        return Some(false);
    }
    for (name, _) in &draft.correlations[at].correlation.rules {
        let next = draft
            .correlations
            .iter()
            .position(|rule| is_called(&rule.meta, name));
        if let Some(problem) = next.and_then(|next| depth(draft, next, path)) {
            return Some(problem);
        }
    }
    path.remove(&at);
    None
}
