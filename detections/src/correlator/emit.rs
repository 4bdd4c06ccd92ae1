//! From a decided episode (or a plain match) to an alert and to the matches of chained correlations.

use bytes::Bytes;

use super::{Health, Output};
use crate::alert::{Alert, AlertIdentity, Parts};
use crate::correlation::Correlation;
use crate::episode::{Episode, Identity};
use crate::matched::Match;
use crate::matcher::{Evidence, groups};
use crate::ruleset::{RuleIndex, RuleSet};
use crate::script::Failures;
use crate::state::{Entry, Group};

/// What was emitted and not drained yet.
#[derive(Debug, Default)]
pub(super) struct Emitted {
    alerts: Vec<Alert>,
    /// How many of the alerts are in order already.
    ordered: usize,
    matches: Vec<Match>,
    failures: Failures,
}

impl Emitted {
    pub(super) fn plain(&mut self, rules: &RuleSet, target: RuleIndex, m: &Match) {
        let parts = Parts {
            meta: rules.meta(target),
            tenant: &m.tenant,
            group: &m.group,
            identity: AlertIdentity::Event(&m.event_id),
            time_ms: m.time_ms,
            events: vec![(&m.event_id, m.time_ms, &m.evidence)],
            script: rules.script(target),
        };
        let (alert, _) = parts.alert(&mut self.failures);
        self.alerts.push(alert);
    }

    /// Whether an alert goes out; a correlation that only feeds others raises none.
    pub(super) fn episode(
        &mut self,
        rules: &RuleSet,
        asks: &Correlation,
        group: &Group,
        identity: Identity,
        episode: Episode,
    ) -> bool {
        let entries = group.completing(asks, episode);
        let event = |one: &'_ Entry| one.item.time_ms;
        let parts = Parts {
            meta: rules.meta(group.target),
            tenant: &group.tenant,
            group: &group.values,
            identity: AlertIdentity::Episode(identity),
            time_ms: entries.last().map_or(episode.start, event),
            events: entries
                .iter()
                .map(|one| (&*one.id, event(one), &*one.evidence))
                .collect(),
            script: rules.script(group.target),
        };
        let (alert, evidence) = parts.alert(&mut self.failures);
        let mut raised = false;
        for consumer in rules.consumers(group.target) {
            if consumer.target == group.target {
                raised = true;
                continue;
            }
            let field =
                |path: &str, out: &mut Vec<String>| field(&group.values, &evidence, path, out);
            let Some(parts) = groups::of(consumer, field) else {
                continue;
            };
            let evidence = Bytes::from(evidence.to_json());
            self.matches
                .extend(parts.groups.into_iter().map(|values| Match {
                    tenant: group.tenant.clone(),
                    rule: alert.rule_id.clone(),
                    target: rules.meta(consumer.target).id.clone(),
                    event_id: alert.id.clone(),
                    time_ms: alert.time_ms,
                    received_ms: 0,
                    group: values,
                    value: parts.value.clone(),
                    evidence: evidence.clone(),
                }));
        }
        if raised {
            self.alerts.push(alert);
        }
        raised
    }

    /// Puts the alerts of this batch in an order that does not depend on where groups are stored.
    pub(super) fn order(&mut self) {
        self.alerts[self.ordered..].sort_by(|a, b| (a.time_ms, &a.id).cmp(&(b.time_ms, &b.id)));
        self.ordered = self.alerts.len();
    }

    /// What went wrong in scripts: counted in `health`, and reported in `out`.
    pub(super) fn drain_failures(&mut self, health: &mut Health, out: &mut Output) {
        health.script_errors += std::mem::take(&mut self.failures.count);
        out.problems.append(&mut self.failures.problems);
    }

    pub(super) fn drain(&mut self, out: &mut Output) {
        out.alerts.append(&mut self.alerts);
        out.matches.append(&mut self.matches);
        self.ordered = 0;
    }
}

/// A field of a correlation's alert: a group value, else what all of its events agree in.
fn field(group: &[(String, String)], evidence: &Evidence, path: &str, out: &mut Vec<String>) {
    if let Some((_, value)) = group.iter().find(|(name, _)| name == path) {
        out.push(value.clone());
        return;
    }
    for (_, value) in evidence.fields().filter(|(known, _)| *known == path) {
        match value {
            serde_json::Value::String(text) => out.push(text.clone()),
            serde_json::Value::Array(items) => {
                out.extend(
                    items
                        .iter()
                        .filter_map(|item| item.as_str())
                        .map(str::to_owned),
                );
            }
            other => out.push(other.to_string()),
        }
    }
}
