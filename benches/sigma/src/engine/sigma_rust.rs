//! `sigma-rust`: it has no rule set, so its users loop over the rules, and so do we.

use std::hint::black_box;

use chaperone_detections::RuleFile;
use sigma_rust::{Event, Rule, event_from_json, rule_from_yaml};

use super::Engine;

/// The rules in the order of their files.
pub(super) struct SigmaRust(Vec<Rule>);

impl SigmaRust {
    pub(super) fn load(files: &[RuleFile]) -> Self {
        let rules = files
            .iter()
            .filter_map(|file| rule_from_yaml(&file.text).ok());
        Self(rules.collect())
    }
}

fn parse(text: &str) -> Event {
    event_from_json(text).expect("the generator writes JSON")
}

impl Engine for SigmaRust {
    fn rules(&self) -> usize {
        self.0.len()
    }

    fn parse(&self, text: &str) {
        black_box(parse(text));
    }

    fn count(&mut self, text: &str) -> usize {
        let event = parse(text);
        self.0.iter().filter(|rule| rule.is_match(&event)).count()
    }

    fn ids(&mut self, text: &str) -> Vec<String> {
        let event = parse(text);
        let held = self.0.iter().filter(|rule| rule.is_match(&event));
        let mut ids: Vec<String> = held
            .map(|rule| rule.id.clone().unwrap_or_else(|| rule.title.clone()))
            .collect();
        ids.sort();
        ids
    }
}
