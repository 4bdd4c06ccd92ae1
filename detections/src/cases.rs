//! Tests of rules, written beside them: `<name>.cases.yml` for `<name>.yml`.
//!
//! ```yaml
//! cases:
//!   - name: merged by its author
//!     events:
//!       - vcs.change.state: merged
//!         user: {name: alice}
//!       - {at: 5m, user.name: alice}
//!     expect: match            # at least one alert; or none; or alerts: 2
//! ```
//!
//! An event holds ECS fields, nested or with dots. `at` is a distance from the case's beginning
//! (`90s`, `5m`) or an RFC 3339 time; without it, and without `@timestamp`, events are one second
//! apart. A missing `event.id` is made up, so two events of a case are different unless they say
//! otherwise. Events go through matching and correlation in the order written and the case is
//! closed at its end, as a replay is.
//!
//! Counted are the alerts of the rules in the file beside the cases, or of the one that `rule` names.

mod read;

use std::sync::Arc;

use chaperone_mappings::Event;

use crate::correlator::{Correlator, Limits, Output};
use crate::explain::{Explanation, explain, missing};
use crate::matcher::Matcher;
use crate::ruleset::{RuleIndex, RuleSet};

pub use read::read;

/// One case.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// What it shows.
    pub name: String,
    /// The cases' file.
    pub path: String,
    /// Where it starts there, 1-based.
    pub line: usize,
    /// The id or name of the rule that it is about; None: all rules of the file.
    pub rule: Option<String>,
    /// The events, in the order of arrival.
    pub events: Vec<Event>,
    /// What should come of it.
    pub expect: Expect,
}

/// What should come of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// At least one alert.
    Match,
    /// No alert.
    None,
    /// Exactly so many alerts.
    Alerts(usize),
}

impl Expect {
    /// Whether the case shows that the rule fires (true) or that it keeps still.
    pub fn is_positive(self) -> bool {
        self != Self::None && self != Self::Alerts(0)
    }

    fn is_met_by(self, alerts: usize) -> bool {
        match self {
            Self::Match => alerts > 0,
            Self::None => alerts == 0,
            Self::Alerts(expected) => alerts == expected,
        }
    }
}

/// What came of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseResult {
    /// The case's name.
    pub name: String,
    /// The cases' file.
    pub path: String,
    /// Where the case starts, 1-based.
    pub line: usize,
    /// None where it passed; else what differs, several lines.
    pub difference: Option<String>,
}

/// Runs cases against the rules of the file at `rule_path`, within a set that has them.
pub fn run(rules: &Arc<RuleSet>, rule_path: &str, cases: &[Case]) -> Vec<CaseResult> {
    cases
        .iter()
        .map(|case| one(rules, rule_path, case))
        .collect()
}

fn one(rules: &Arc<RuleSet>, rule_path: &str, case: &Case) -> CaseResult {
    let subjects = subjects(rules, rule_path, case);
    let difference = if subjects.is_empty() {
        Some("the case is about no rule of this set; check the file's name or `rule`".to_owned())
    } else {
        difference(rules, &subjects, case)
    };
    CaseResult {
        name: case.name.clone(),
        path: case.path.clone(),
        line: case.line,
        difference,
    }
}

fn subjects(rules: &RuleSet, rule_path: &str, case: &Case) -> Vec<RuleIndex> {
    let indexes = (0..).map(RuleIndex).zip(rules.rules());
    let about = indexes.filter(|(_, meta)| match &case.rule {
        Some(rule) => meta.id == *rule || meta.name.as_ref() == Some(rule),
        None => meta.path == rule_path,
    });
    about.map(|(index, _)| index).collect()
}

fn difference(rules: &Arc<RuleSet>, subjects: &[RuleIndex], case: &Case) -> Option<String> {
    let alerts = alerts(rules, subjects, case);
    if case.expect.is_met_by(alerts) {
        return None;
    }
    let expected = match case.expect {
        Expect::Match => "a match".to_owned(),
        Expect::None => "none".to_owned(),
        Expect::Alerts(count) => format!("{count}"),
    };
    let mut text = format!("expected {expected}, got {alerts} alerts");
    for (number, event) in case.events.iter().enumerate() {
        for subject in subjects
            .iter()
            .filter(|subject| rules.correlation(**subject).is_none())
        {
            let explained = explain(rules, *subject, event.body());
            text += &format!("\n  event {}, {}", number + 1, outcome(&explained));
        }
    }
    Some(text)
}

fn outcome(explained: &Explanation) -> String {
    if explained.holds {
        return format!("{}: held", explained.label);
    }
    let mut parts = Vec::new();
    missing(explained, &mut parts);
    format!(
        "{}: did not hold, for want of: {}",
        explained.label,
        parts.join("; ")
    )
}

/// How many alerts of the subjects the case's events raise.
fn alerts(rules: &Arc<RuleSet>, subjects: &[RuleIndex], case: &Case) -> usize {
    let mut matcher = Matcher::new(Arc::clone(rules));
    let mut correlator = Correlator::new(Arc::clone(rules), Limits::default());
    let (mut matches, mut out) = (Vec::new(), Output::default());
    for event in &case.events {
        matcher.matches(event, &mut matches);
        matches.drain(..).for_each(|m| correlator.observe(&m));
        correlator.progress(0, event.time_ms());
        correlator.advance();
        correlator.drain(&mut out);
        std::mem::take(&mut out.matches)
            .iter()
            .for_each(|m| correlator.observe(m));
    }
    loop {
        let more = correlator.finish();
        correlator.drain(&mut out);
        std::mem::take(&mut out.matches)
            .iter()
            .for_each(|m| correlator.observe(m));
        if !more {
            break;
        }
    }
    let ids: Vec<&str> = subjects
        .iter()
        .map(|subject| &*rules.meta(*subject).id)
        .collect();
    out.alerts
        .iter()
        .filter(|alert| ids.contains(&&*alert.rule_id))
        .count()
}

#[cfg(test)]
mod tests;
