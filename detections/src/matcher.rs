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
use chaperone_mappings::{Event, Value, value};
use rustc_hash::FxHashMap;

use crate::matched::Match;
use crate::naive;
use crate::plan::{Pass, Path, Plan, Route, Scalar, Scratch};
use crate::problem::Problem;
use crate::ruleset::{RuleIndex, RuleSet};
use crate::script::Failures;

pub(crate) use evidence::Evidence;

/// Logsources beyond this many are routed afresh for each event: an attacker cannot fill memory.
const ROUTES_MAX: usize = 256;

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
        let route = self.routes.of(&self.rules.plan, body);
        let mut pass = Pass::new(&self.rules.plan, route, &mut self.scratch);
        let root = pass.root();
        walk(body, root, &mut pass);
        self.held.clear();
        pass.finish(&mut self.held);
        self.held.sort_unstable();
        self.holding.clear();
        self.holding
            .extend(self.held.iter().map(|rule| RuleIndex(*rule)));
        let (rules, failures) = (&self.rules, &mut self.failures);
        self.holding.retain(|rule| {
            let script = rules.script(*rule);
            script.is_none_or(|script| script.holds(|| json_of(body), failures))
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
fn json_of(body: &Value) -> serde_json::Value {
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
fn walk(value: &Value, path: Path, pass: &mut Pass<'_>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                if let Some(path) = pass.enter(path, key) {
                    walk(value, path, pass);
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| walk(item, path, pass)),
        Value::Null => pass.scalar(path, Scalar::Null),
        Value::Boolean(value) => pass.scalar(path, Scalar::Bool(*value)),
        Value::Integer(value) => pass.scalar(path, Scalar::Integer(*value)),
        Value::Float(value) => pass.scalar(path, Scalar::Float(value.into_inner())),
        Value::String(text) => pass.scalar(path, Scalar::Text(text)),
        // Text that is not valid UTF-8, times and expressions are rare; only they may allocate.
        other => {
            if let Some(text) = naive::text(other) {
                pass.scalar(path, Scalar::Text(&text));
            }
        }
    }
}

/// The routes of the logsources that were seen.
#[derive(Debug, Default)]
struct Routes {
    known: FxHashMap<Box<[u8]>, Route>,
    every: Option<Route>,
    spare: Option<Route>,
    key: Vec<u8>,
}

impl Routes {
    fn of(&mut self, plan: &Plan, body: &Value) -> &Route {
        let part = |path| value::text_at(body, path);
        let parts = [
            part("chaperone.logsource.category"),
            part("chaperone.logsource.product"),
            part("chaperone.logsource.service"),
        ];
        if parts.iter().all(Option::is_none) {
            return self.every.get_or_insert_with(|| plan.route(None));
        }
        let [category, product, service] = parts.map(Option::unwrap_or_default);
        self.key.clear();
        for part in [category, product, service] {
            self.key.extend_from_slice(part.as_bytes());
            self.key.push(0);
        }
        let route = || plan.route(Some((category, product, service)));
        if !self.known.contains_key(self.key.as_slice()) {
            if self.known.len() >= ROUTES_MAX {
                return self.spare.insert(route());
            }
            self.known.insert(self.key.as_slice().into(), route());
        }
        &self.known[self.key.as_slice()]
    }
}

#[cfg(test)]
mod tests;
