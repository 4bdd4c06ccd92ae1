use super::*;
use crate::correlator::tests::{matched, set};
use crate::{Limits, Output};

const T0: i64 = 1_790_000_000_000 / 86_400_000 * 86_400_000 + 43_200_000;

fn count_of(least: usize) -> String {
    format!(
        "    type: event_count\n    rules: [a]\n    group-by: [user.name]\n    timespan: 60s\n    condition:\n        gte: {least}"
    )
}

/// Alerts after one more match of `a`.
fn see(correlator: &mut Correlator, id: &str, seconds: i64, out: &mut Output) -> usize {
    correlator.observe(&matched("a", id, T0 + seconds * 1000));
    correlator.progress(0, T0 + seconds * 1000);
    correlator.advance();
    correlator.drain(out);
    out.alerts.len()
}

#[test]
fn an_unchanged_rule_goes_on_where_it_was() {
    let mut out = Output::default();
    let mut correlator = Correlator::new(set(&count_of(3)), Limits::default());
    see(&mut correlator, "e1", 0, &mut out);
    see(&mut correlator, "e2", 1, &mut out);
    correlator.replace_rules(set(&count_of(3)));
    // What it knew counts, and what it knew twice counts once.
    assert_eq!(see(&mut correlator, "e2", 1, &mut out), 0);
    assert_eq!(see(&mut correlator, "e3", 2, &mut out), 1);
    // The episode is the same one after another change.
    correlator.replace_rules(set(&count_of(3)));
    assert_eq!(see(&mut correlator, "e4", 3, &mut out), 1);
    assert_eq!(correlator.health().foreign_state, 0);
}

#[test]
fn a_replacement_changes_nothing_that_the_changelog_would_hold() {
    let mut out = Output::default();
    let mut correlator = Correlator::new(set(&count_of(3)), Limits::default());
    see(&mut correlator, "e1", 0, &mut out);
    out.state.clear();
    correlator.replace_rules(set(&count_of(3)));
    correlator.drain(&mut out);
    assert!(out.state.is_empty());
}

#[test]
fn state_of_another_meaning_is_forgotten_also_in_the_changelog() {
    let mut out = Output::default();
    let mut correlator = Correlator::new(set(&count_of(3)), Limits::default());
    see(&mut correlator, "e1", 0, &mut out);
    see(&mut correlator, "e2", 1, &mut out);
    let values = count_of(3).replace("event_count", "value_count") + "\n        field: file.path";
    out.state.clear();
    correlator.replace_rules(set(&values));
    correlator.drain(&mut out);
    assert_eq!(correlator.health().foreign_state, 1);
    assert_eq!(out.state.len(), 1);
    assert_eq!(out.state[0].1, None);
}
