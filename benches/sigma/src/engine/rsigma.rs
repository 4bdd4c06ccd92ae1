//! `rsigma-eval`: a candidate index, then a walk of each candidate's tree.

use std::hint::black_box;

use chaperone_detections::RuleFile;
use rsigma_eval::{EvaluationResult, JsonEvent, LogSourceExtractor};
use serde_json::Value;

use super::Engine;
use crate::generate::{CATEGORY, PRODUCT, SERVICE};

/// Its engine with its defaults; routing is the one choice.
pub(super) struct Rsigma(rsigma_eval::Engine);

impl Rsigma {
    pub(super) fn load(files: &[RuleFile], routed: bool) -> Self {
        let mut rules = Vec::new();
        for file in files {
            if let Ok(collection) = rsigma_parser::parse_sigma_yaml(&file.text) {
                rules.extend(collection.rules);
            }
        }
        let mut engine = rsigma_eval::Engine::new();
        let _refused = engine.add_rules(&rules);
        if routed {
            let extractor = LogSourceExtractor::new().with_field_names(PRODUCT, SERVICE, CATEGORY);
            engine.set_logsource_extractor(Some(extractor));
        }
        Self(engine)
    }

    fn evaluate(&self, text: &str) -> Vec<EvaluationResult> {
        self.0.evaluate(&JsonEvent::borrow(&parse(text)))
    }
}

fn parse(text: &str) -> Value {
    serde_json::from_str(text).expect("the generator writes JSON")
}

impl Engine for Rsigma {
    fn rules(&self) -> usize {
        self.0.rule_count()
    }

    fn parse(&self, text: &str) {
        black_box(parse(text));
    }

    fn count(&mut self, text: &str) -> usize {
        self.evaluate(text).len()
    }

    fn ids(&mut self, text: &str) -> Vec<String> {
        let results = self.evaluate(text).into_iter();
        let mut ids: Vec<String> = results
            .map(|result| result.header.rule_id.unwrap_or(result.header.rule_title))
            .collect();
        ids.sort();
        ids
    }
}
