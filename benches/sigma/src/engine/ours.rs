//! Our own: all rules in one plan.

use std::cell::RefCell;
use std::hint::black_box;
use std::sync::Arc;

use chaperone_detections::{FieldAliases, Lists, Matcher, RuleFile, RuleIndex, RuleSet};

use super::Engine;

/// The rules and one worker's scratch space.
pub(super) struct Ours {
    rules: Arc<RuleSet>,
    matcher: Matcher,
    /// Of no rules: what reading alone costs.
    reader: RefCell<Matcher>,
}

impl Ours {
    pub(super) fn load(files: &[RuleFile]) -> Self {
        let (rules, _) =
            RuleSet::compile_lenient(files, &Lists::default(), &FieldAliases::default());
        let rules = Arc::new(rules);
        let matcher = Matcher::new(Arc::clone(&rules));
        let reader = RefCell::new(Matcher::new(Arc::default()));
        Self {
            rules,
            matcher,
            reader,
        }
    }
}

fn held<'m>(matcher: &'m mut Matcher, text: &str) -> &'m [RuleIndex] {
    let held = matcher.rules_that_hold_in(text);
    held.expect("the generator writes JSON")
}

impl Engine for Ours {
    fn rules(&self) -> usize {
        self.rules.len()
    }

    fn parse(&self, text: &str) {
        black_box(held(&mut self.reader.borrow_mut(), text));
    }

    fn count(&mut self, text: &str) -> usize {
        held(&mut self.matcher, text).len()
    }

    fn ids(&mut self, text: &str) -> Vec<String> {
        let held = held(&mut self.matcher, text);
        let mut ids: Vec<String> = held
            .iter()
            .map(|rule| self.rules.meta(*rule).id.clone())
            .collect();
        ids.sort();
        ids
    }
}
