//! One event in, the matches of all rules out.
//!
//! A [`Matcher`] belongs to one worker: it holds the scratch space that lets an event be decided
//! without allocating. A rule that holds gives one [`Match`] per consumer: the rule's own trivial
//! correlation and every correlation that refers to it, each with its own group values, because
//! each goes to another partition.

mod evidence;
pub(crate) mod groups;

use std::sync::Arc;

use bytes::Bytes;
use chaperone_mappings::value::{self, ParseError};
use chaperone_mappings::{Event, Value};

use crate::json;
use crate::matched::Match;
use crate::naive;
use crate::plan::{Pass, Path, Routes, Scalar, Scratch};
use crate::problem::Problem;
use crate::ruleset::{RuleIndex, RuleSet};
use crate::script::Failures;

pub(crate) use evidence::Evidence;

/// Holds events against a set of rules.
#[derive(Debug)]
pub struct Matcher {
    rules: Arc<RuleSet>,
    scratch: Scratch,
    routes: Routes,
    held: Vec<u32>,
    holding: Vec<RuleIndex>,
    ungrouped: u64,
    failures: Failures,
}

impl Matcher {
    /// A matcher with empty scratch space.
    pub fn new(rules: Arc<RuleSet>) -> Self {
        Self {
            rules,
            scratch: Scratch::default(),
            routes: Routes::default(),
            held: Vec::new(),
            holding: Vec::new(),
            ungrouped: 0,
            failures: Failures::default(),
        }
    }

    /// The rules that hold for a body, ascending. A body that names no logsource
    /// (`chaperone.logsource.*`) is held against every rule.
    pub fn rules_that_hold(&mut self, body: &Value) -> &[RuleIndex] {
        let rules = Arc::clone(&self.rules);
        let mut pass = Pass::new(&rules.plan, &mut self.scratch);
        let root = pass.root();
        walk(body, root, &mut pass);
        pass.finish(&mut self.routes, &mut self.held);
        self.hold(|| json_of(body))
    }

    /// The rules that hold for a JSON document, as [`Self::rules_that_hold`], without parsing it
    /// into a tree. A key that occurs twice in an object counts with both values.
    pub fn rules_that_hold_in(&mut self, json: &str) -> Result<&[RuleIndex], ParseError> {
        let rules = Arc::clone(&self.rules);
        let mut pass = Pass::new(&rules.plan, &mut self.scratch);
        json::read(json, &mut pass)?;
        pass.finish(&mut self.routes, &mut self.held);
        Ok(self.hold(|| serde_json::from_str(json).unwrap_or_default()))
    }

    /// Of the rules whose conditions hold, those whose scripts agree.
    fn hold(&mut self, body: impl Fn() -> serde_json::Value) -> &[RuleIndex] {
        self.held.sort_unstable();
        self.holding.clear();
        self.holding.extend(self.held.drain(..).map(RuleIndex));
        let (rules, failures) = (&self.rules, &mut self.failures);
        self.holding.retain(|rule| {
            let script = rules.script(*rule);
            script.is_none_or(|script| script.holds(&body, failures))
        });
        &self.holding
    }

    /// Appends a match for every rule that holds and every consumer of it.
    pub fn matches(&mut self, event: &Event, out: &mut Vec<Match>) {
        self.rules_that_hold(event.body());
        if self.holding.is_empty() {
            return;
        }
        let body = event.body();
        let tenant = value::text_at(body, "chaperone.tenant").unwrap_or_default();
        let evidence = Bytes::from(Evidence::of(body).to_json());
        let rules = Arc::clone(&self.rules);
        for rule in &self.holding {
            for consumer in rules.consumers(*rule) {
                let field = |path: &str, values: &mut Vec<String>| texts_at(body, path, values);
                let Some(parts) = groups::of(consumer, field) else {
                    self.ungrouped += 1;
                    continue;
                };
                for group in parts.groups {
                    out.push(Match {
                        tenant: tenant.to_owned(),
                        rule: rules.meta(*rule).id.clone(),
                        target: rules.meta(consumer.target).id.clone(),
                        event_id: event.id().to_owned(),
                        time_ms: event.time_ms(),
                        received_ms: 0,
                        group,
                        value: parts.value.clone(),
                        evidence: evidence.clone(),
                    });
                }
            }
        }
    }

    /// How many calls of scripts failed since the last time, and the first failure of each script.
    pub fn take_script_errors(&mut self) -> (u64, Vec<Problem>) {
        let failures = std::mem::take(&mut self.failures);
        (failures.count, failures.problems)
    }

    /// Matches that a correlation could not take because the event lacks one of its group or value
    /// fields, since this matcher began.
    pub fn ungrouped(&self) -> u64 {
        self.ungrouped
    }
}

/// As a script sees it.
pub(crate) fn json_of(body: &Value) -> serde_json::Value {
    let mut json = Vec::new();
    value::write_json(body, &mut json);
    serde_json::from_slice(&json).unwrap_or_default()
}

/// The text forms of the scalars at a path.
fn texts_at(body: &Value, path: &str, out: &mut Vec<String>) {
    let (mut found, mut members) = (Vec::new(), Vec::new());
    naive::at_path(body, path, &mut found);
    for value in found {
        naive::members(value, false, &mut members);
    }
    out.extend(
        members
            .into_iter()
            .filter_map(naive::text)
            .map(|text| text.into_owned()),
    );
}

/// Tells a pass everything below a value.
fn walk<'e>(value: &'e Value, path: Path, pass: &mut Pass<'_, 'e>) {
    let scalar = match value {
        Value::Object(map) => {
            for (key, value) in map {
                if let Some(path) = pass.enter(path, key) {
                    walk(value, path, pass);
                }
            }
            return;
        }
        Value::Array(items) => {
            return items.iter().for_each(|item| walk(item, path, pass));
        }
        Value::Null => Scalar::Null,
        Value::Boolean(value) => Scalar::Bool(*value),
        Value::Integer(value) => Scalar::Integer(*value),
        Value::Float(value) => Scalar::Float(value.into_inner()),
        Value::String(text) => Scalar::Text(text),
        Value::Bytes(bytes) => {
            std::str::from_utf8(bytes).map_or(Scalar::Bytes(bytes), Scalar::Text)
        }
        Value::Timestamp(time) => Scalar::Time(*time),
        Value::Regex(regex) => Scalar::Text(regex.as_str()),
    };
    pass.scalar(path, scalar);
}

#[cfg(test)]
mod tests;
