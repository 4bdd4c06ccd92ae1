//! Our own: all rules in one plan.

use std::hint::black_box;
use std::sync::Arc;

use chaperone_detections::{FieldAliases, Lists, Matcher, RuleFile, RuleSet};
use chaperone_mappings::{Value, value};

use super::Engine;

/// The rules and one worker's scratch space.
pub(super) struct Ours {
    rules: Arc<RuleSet>,
    matcher: Matcher,
}

impl Ours {
    pub(super) fn load(files: &[RuleFile]) -> Self {
        let (rules, _) =
            RuleSet::compile_lenient(files, &Lists::default(), &FieldAliases::default());
        let rules = Arc::new(rules);
        let matcher = Matcher::new(Arc::clone(&rules));
        Self { rules, matcher }
    }
}

fn parse(text: &str) -> Value {
    value::parse(text.as_bytes()).expect("the generator writes JSON")
}

impl Engine for Ours {
    fn rules(&self) -> usize {
        self.rules.len()
    }

    fn parse(&self, text: &str) {
        black_box(parse(text));
    }

    fn count(&mut self, text: &str) -> usize {
        self.matcher.rules_that_hold(&parse(text)).len()
    }

    fn ids(&mut self, text: &str) -> Vec<String> {
        let held = self.matcher.rules_that_hold(&parse(text));
        let mut ids: Vec<String> = held
            .iter()
            .map(|rule| self.rules.meta(*rule).id.clone())
            .collect();
        ids.sort();
        ids
    }
}
