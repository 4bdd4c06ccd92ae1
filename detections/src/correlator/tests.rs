//! The faults measured on other engines, one test each, and the laws (`laws`).

mod laws;
mod oracle;

use super::*;
use crate::{FieldAliases, Lists, MatchValue, RuleFile};

/// Rules named `a`, `b` and `c`, and a correlation `corr` with the given body (indented by four).
pub(super) fn set(correlation: &str) -> Arc<RuleSet> {
    let mut text = String::new();
    for name in ["a", "b", "c"] {
        text += &format!(
            "title: rule {name}\nid: id-{name}\nname: {name}\nlogsource:\n    product: test\ndetection:\n    sel:\n        k: {name}\n    condition: sel\n---\n"
        );
    }
    text += &format!("title: correlation\nid: corr\nlevel: high\ncorrelation:\n{correlation}\n");
    let file = RuleFile {
        path: "test.yml".into(),
        text,
    };
    let compiled = RuleSet::compile(&[file], &Lists::default(), &FieldAliases::default());
    let (set, _) = compiled.unwrap_or_else(|problems| {
        let shown: Vec<_> = problems.iter().map(ToString::to_string).collect();
        panic!("{}\n{correlation}", shown.join("\n"))
    });
    Arc::new(set)
}

pub(super) fn matched(rule: &str, id: &str, time_ms: i64) -> Match {
    Match {
        tenant: String::new(),
        rule: format!("id-{rule}"),
        target: "corr".into(),
        event_id: id.into(),
        time_ms,
        received_ms: 0,
        group: vec![("user.name".into(), "x".into())],
        value: None,
        evidence: br#"{"user.name":"x"}"#.to_vec().into(),
    }
}

/// Noon of some day, so that no test is about midnight by accident.
const T0: i64 = 1_790_000_000_000 / 86_400_000 * 86_400_000 + 43_200_000;

/// Observes matches one by one, as they would arrive live, with seconds after [`T0`].
struct Live {
    correlator: Correlator,
    out: Output,
}

impl Live {
    fn new(correlation: &str) -> Self {
        Self {
            correlator: Correlator::new(set(correlation), Limits::default()),
            out: Output::default(),
        }
    }

    fn see(&mut self, rule: &str, id: &str, seconds: i64) -> usize {
        self.take(matched(rule, id, T0 + seconds * 1000))
    }

    fn take(&mut self, m: Match) -> usize {
        self.correlator.observe(&m);
        self.correlator.progress(0, m.time_ms);
        self.correlator.advance();
        self.count()
    }

    fn tick(&mut self, seconds: i64) -> usize {
        self.correlator.progress(0, T0 + seconds * 1000);
        self.correlator.advance();
        self.count()
    }

    fn count(&mut self) -> usize {
        self.correlator.drain(&mut self.out);
        self.out.alerts.len()
    }
}

const COUNT: &str = "    type: event_count\n    rules: [a]\n    group-by: [user.name]\n    timespan: 60s\n    condition:\n        gte: 3";

#[test]
fn no_window_holds_enough_out_of_order() {
    // Fault 1: arrivals at 100, 0, 110 s make no 60 s window of three.
    let mut live = Live::new(COUNT);
    for (id, seconds) in [("e1", 100), ("e2", 0), ("e3", 110)] {
        assert_eq!(live.see("a", id, seconds), 0);
    }
    // But a late one that completes a window counts.
    assert_eq!(live.see("a", "e4", 90), 1);
}

#[test]
fn a_future_event_does_not_evict_the_present() {
    // Fault 2.
    let mut live = Live::new(COUNT);
    live.see("a", "e1", 0);
    live.see("a", "e2", 1);
    live.see("a", "e3", 250);
    assert_eq!(live.see("a", "e4", 2), 1);
}

#[test]
fn an_idle_input_does_not_make_history_forgotten_that_has_just_come() {
    // Days-old events on a quiet live input: between two deliveries it reports the time of day.
    let day = 86_400;
    let old = |id: &str, seconds: i64, received: i64| Match {
        received_ms: T0 + received * 1000,
        ..matched("a", id, T0 + seconds * 1000)
    };
    let mut live = Live::new(COUNT);
    live.take(old("e1", 0, 9 * day));
    live.take(old("e2", 1, 9 * day + 1));
    assert_eq!(live.tick(9 * day + 2), 0);
    assert_eq!(live.take(old("e3", 2, 9 * day + 50)), 1);
    // Only for a timespan (and the lateness) after it came.
    let mut live = Live::new(COUNT);
    live.take(old("e1", 0, 9 * day));
    live.take(old("e2", 1, 9 * day + 1));
    live.tick(9 * day + 62 + 300);
    assert_eq!(live.take(old("e3", 2, 9 * day + 400)), 0);
}

#[test]
fn duplicates_count_once() {
    // Fault 3.
    let mut live = Live::new(COUNT);
    live.see("a", "e1", 0);
    live.see("a", "e2", 1);
    assert_eq!(live.see("a", "e2", 1), 0);
    // Also where a redelivery was clamped to another time.
    assert_eq!(live.see("a", "e2", 3), 0);
    assert_eq!(live.correlator.health().duplicates, 2);
    assert_eq!(live.see("a", "e3", 4), 1);
}

#[test]
fn too_few_is_decided_when_the_window_closes() {
    // Fault 4.
    let few = COUNT.replace("gte: 3", "lt: 3");
    let mut live = Live::new(&few);
    assert_eq!(live.see("a", "e1", 0), 0);
    assert_eq!(live.see("a", "e2", 10), 0);
    assert_eq!(live.see("a", "e3", 20), 0);
    assert_eq!(live.tick(2000), 0, "three are not fewer than three");
    assert_eq!(live.see("a", "e4", 3000), 0);
    assert_eq!(live.tick(3059 + 299), 0);
    assert_eq!(live.tick(3060 + 300), 1);
}

#[test]
fn absence_is_decided_when_the_window_closes() {
    let absent = "    type: temporal\n    rules: [a, b]\n    group-by: [user.name]\n    timespan: 60s\n    condition: a and not b";
    let mut live = Live::new(absent);
    assert_eq!(live.see("a", "e1", 0), 0);
    assert_eq!(live.see("b", "e2", 30), 0);
    assert_eq!(live.tick(2000), 0, "b came after a");
    live.see("b", "e3", 3000);
    live.see("a", "e4", 3059);
    assert_eq!(live.tick(5000), 0, "b came before a");
    live.see("b", "e5", 6000);
    assert_eq!(live.see("a", "e6", 6060), 0, "b is not in (a - 60, a]");
    assert_eq!(live.tick(6060 + 59 + 300), 0);
    assert_eq!(live.tick(6060 + 60 + 300), 1);
}

#[test]
fn ten_thousand_past_the_threshold_are_one_alert() {
    // Fault 5.
    let mut live = Live::new(COUNT);
    for number in 0..10_000 {
        let mut m = matched("a", &format!("e{number}"), T0 + number * 5);
        m.evidence = vec![b' '; 1000].into();
        live.take(m);
    }
    assert_eq!(live.out.alerts.len(), 1);
    let group = live.correlator.groups[0]
        .as_ref()
        .expect("the group is there");
    assert!(
        group.entries.len() < 100,
        "a flood leaves {} matches",
        group.entries.len()
    );
}

#[test]
fn an_episode_ends_with_one_quiet_timespan() {
    let mut live = Live::new(COUNT);
    for (number, seconds) in [0, 1, 2, 50, 100, 101].into_iter().enumerate() {
        live.see("a", &format!("e{number}"), seconds);
    }
    assert_eq!(live.count(), 1);
    for (number, seconds) in [1000, 1001, 1002].into_iter().enumerate() {
        live.see("a", &format!("f{number}"), seconds);
    }
    assert_eq!(live.count(), 2);
}

#[test]
fn windows_are_open_at_the_start() {
    // Fault 6: (t − timespan, t], in milliseconds.
    let mut live = Live::new(COUNT);
    live.take(matched("a", "e1", T0));
    live.take(matched("a", "e2", T0 + 1));
    assert_eq!(live.take(matched("a", "e3", T0 + 60_000)), 0);
    assert_eq!(live.take(matched("a", "e4", T0 + 60_000)), 1);
}

#[test]
fn an_old_backfill_still_alerts() {
    let mut live = Live::new(COUNT);
    live.tick(1_000_000);
    live.see("a", "e1", 0);
    live.see("a", "e2", 1);
    assert_eq!(live.see("a", "e3", 2), 1);
    assert_eq!(live.correlator.health().late, 3);
}

#[test]
fn values_are_counted_and_added() {
    let with = |kind: &str, condition: &str| {
        Live::new(&format!(
            "    type: {kind}\n    rules: [a]\n    group-by: [user.name]\n    timespan: 60s\n    condition:\n        field: f\n        {condition}"
        ))
    };
    let mut live = with("value_count", "gte: 3");
    for (number, value) in ["x", "y", "x", "z"].into_iter().enumerate() {
        let mut m = matched("a", &format!("e{number}"), T0 + number as i64);
        m.value = Some(MatchValue::Distinct(vec![value.into()]));
        assert_eq!(live.take(m), usize::from(value == "z"));
    }
    let numbers = [10.0, 0.1, 0.2, 40.0];
    for (kind, condition, expected) in [
        ("value_sum", "gte: 50.3", 1),
        ("value_sum", "gt: 50.3", 0),
        ("value_avg", "gte: 12.575", 1),
        ("value_median", "gte: 5.05", 1),
        ("value_percentile", "percentile: 100\n        gte: 40", 1),
        ("value_avg", "gt: 12.575", 0),
    ] {
        let mut live = with(kind, condition);
        for (number, value) in numbers.into_iter().enumerate() {
            let mut m = matched("a", &format!("e{number}"), T0);
            m.value = Some(MatchValue::Number(value));
            live.take(m);
        }
        assert_eq!(live.tick(1000), expected, "{kind} {condition}");
    }
}

#[test]
fn order_matters_where_it_is_asked_for() {
    let ordered = "    type: temporal_ordered\n    rules: [a, b, c]\n    group-by: [user.name]\n    timespan: 60s";
    let mut live = Live::new(ordered);
    live.see("b", "e1", 0);
    live.see("a", "e2", 1);
    assert_eq!(live.see("c", "e3", 2), 0);
    live.see("b", "e4", 3);
    assert_eq!(live.see("c", "e5", 4), 1);
    // One event cannot be two steps; two events of one instant can be in either order.
    let mut live = Live::new("    type: temporal_ordered\n    rules: [a, b]\n    timespan: 60s");
    live.see("a", "same", 10);
    assert_eq!(live.see("b", "same", 10), 0);
    assert_eq!(live.see("a", "other", 10), 1);
}

#[test]
fn absence_before_looks_back_only() {
    let mut live = Live::new(
        "    type: temporal_ordered\n    rules: [a, b]\n    timespan: 60s\n    condition: not b and a",
    );
    live.see("b", "e1", 0);
    live.see("a", "e2", 30);
    assert_eq!(live.tick(30 + 300), 0);
    live.see("a", "e3", 1000);
    live.see("b", "e4", 1001);
    assert_eq!(live.tick(1000 + 299), 0);
    assert_eq!(live.tick(1000 + 300), 1, "as soon as the lateness allows");
}

#[test]
fn new_terms_are_new_for_a_timespan() {
    let set = set(
        "    type: new_terms\n    rules: [a]\n    group-by: [user.name]\n    timespan: 7d\n    condition:\n        field: destination.domain",
    );
    let mut correlator = Correlator::new(set, Limits::default());
    let mut out = Output::default();
    let day = 86_400_000;
    for (number, (value, at)) in [("x", 0), ("x", day), ("y", day), ("x", 20 * day)]
        .into_iter()
        .enumerate()
    {
        let mut m = matched("a", &format!("e{number}"), T0 + at);
        m.group.push(("destination.domain".into(), value.into()));
        correlator.observe(&m);
        correlator.progress(0, m.time_ms);
        correlator.advance();
    }
    correlator.drain(&mut out);
    let ids: std::collections::BTreeSet<_> = out.alerts.iter().map(|alert| &alert.id).collect();
    assert_eq!(ids.len(), 3, "x, y, and x again after more than a week");
}

#[test]
fn plain_rules_alert_at_once_and_once_also_after_a_restart() {
    let set = set(COUNT);
    let mut m = matched("b", "e1", T0);
    m.target = "id-b".into();
    m.group.clear();
    let mut first = Correlator::new(Arc::clone(&set), Limits::default());
    first.observe(&m);
    first.observe(&m);
    let mut out = Output::default();
    first.drain(&mut out);
    assert_eq!((out.alerts.len(), first.health().duplicates), (1, 1));
    let mut second = Correlator::new(set, Limits::default());
    for (key, value) in out.state {
        second
            .restore(&key, &value.expect("nothing is forgotten yet"))
            .expect("own state");
    }
    second.observe(&m);
    let mut again = Output::default();
    second.drain(&mut again);
    assert_eq!(again.alerts.len(), 0);
    // The memory ends.
    second.progress(0, T0 + 8 * 86_400_000);
    second.advance();
    second.drain(&mut again);
    assert_eq!(again.state.len(), 1);
    assert!(again.state[0].1.is_none());
}

#[test]
fn a_flood_of_keys_stays_with_its_tenant() {
    let limits = Limits {
        groups_per_rule: 10,
        ..Limits::default()
    };
    let mut correlator = Correlator::new(set(COUNT), limits);
    let mut m = matched("a", "e1", T0);
    m.tenant = "quiet".into();
    correlator.observe(&m);
    for number in 0..100 {
        let mut flood = matched("a", &format!("f{number}"), T0 + number);
        flood.tenant = "loud".into();
        flood.group[0].1 = format!("user{number}");
        correlator.observe(&flood);
    }
    for number in 2..4 {
        m.event_id = format!("e{number}");
        correlator.observe(&m);
    }
    correlator.progress(0, T0 + 1000);
    correlator.advance();
    let mut out = Output::default();
    correlator.drain(&mut out);
    assert_eq!(out.alerts.len(), 1);
    assert_eq!(out.health.evicted_groups, 90);
}

#[test]
fn state_of_unknown_versions_and_rules() {
    let set_with = set(COUNT);
    let mut correlator = Correlator::new(Arc::clone(&set_with), Limits::default());
    correlator.observe(&matched("a", "e1", T0));
    correlator.advance();
    let mut out = Output::default();
    correlator.drain(&mut out);
    let (key, value) = out.state.pop().expect("the group changed");
    let value = value.expect("it is not forgotten");
    let mut newer = value.clone();
    newer[0] = 200;
    assert_eq!(
        correlator.restore(&key, &newer),
        Err(StateError::Version(200))
    );
    for cut in 1..value.len() {
        assert_eq!(
            correlator.restore(&key, &value[..cut]),
            Err(StateError::Damaged),
            "{cut}"
        );
    }
    // The same id with another meaning: the state is dropped, and the changelog told so.
    let other = set("    type: temporal\n    rules: [a]\n    timespan: 60s");
    let mut other = Correlator::new(other, Limits::default());
    assert_eq!(other.restore(&key, &value), Ok(()));
    let mut out = Output::default();
    other.drain(&mut out);
    assert_eq!(out.health.foreign_state, 1);
    assert_eq!(out.state, vec![(key, None)]);
}

#[test]
fn suppress_lengthens_an_episode() {
    let mut live = Live::new(&format!("{COUNT}\n    suppress: 1h"));
    for (number, seconds) in [0, 1, 2, 1000, 1001, 1002, 5000, 5001, 5002]
        .into_iter()
        .enumerate()
    {
        live.see("a", &format!("e{number}"), seconds);
    }
    assert_eq!(
        live.tick(20_000),
        2,
        "1000 s is within the hour, 5000 s is not"
    );
}

#[test]
fn a_rule_may_set_its_own_lateness() {
    let mut live = Live::new(&format!(
        "{}\n    lateness: 0s",
        COUNT.replace("gte: 3", "lt: 3")
    ));
    live.see("a", "e1", 0);
    assert_eq!(live.tick(59), 0);
    assert_eq!(live.tick(60), 1);
}

#[test]
fn an_alert_waits_only_while_its_day_can_change() {
    let midnight = T0 + 43_200_000;
    let mut live = Live::new(COUNT);
    for number in 0..3 {
        live.take(matched(
            "a",
            &format!("e{number}"),
            midnight + 10_000 + number,
        ));
    }
    assert_eq!(
        live.count(),
        0,
        "a late match could still start it before midnight"
    );
    live.correlator.progress(0, midnight + LATENESS_MS);
    live.correlator.advance();
    assert_eq!(live.count(), 1);
}

const LATENESS_MS: i64 = 300_000;

#[test]
fn impossible_times_are_survived() {
    for kind in ["event_count", "temporal"] {
        let mut live = Live::new(&COUNT.replace("event_count", kind));
        for (number, time) in [i64::MIN, i64::MAX, 0, i64::MIN, i64::MAX]
            .into_iter()
            .enumerate()
        {
            live.take(matched("a", &format!("e{number}"), time));
        }
        live.correlator.progress(1, i64::MIN);
        live.correlator.advance();
        while live.correlator.finish() {}
        assert_eq!(live.correlator.health().taken, 5);
    }
}

#[test]
fn restoring_state_does_not_write_it_again() {
    let rules = set(COUNT);
    let mut first = Correlator::new(Arc::clone(&rules), Limits::default());
    first.observe(&matched("a", "e1", T0));
    first.progress(0, T0);
    first.advance();
    let mut out = Output::default();
    first.drain(&mut out);
    let mut second = Correlator::new(rules, Limits::default());
    for (key, value) in out.state.drain(..) {
        second
            .restore(&key, &value.expect("it is not forgotten"))
            .expect("own state");
    }
    second.progress(0, T0 + 1000);
    second.advance();
    second.drain(&mut out);
    assert!(out.state.is_empty());
    // But its time comes.
    second.progress(0, T0 + 60_000 + LATENESS_MS);
    second.advance();
    second.drain(&mut out);
    assert_eq!(out.state.len(), 1);
    assert!(out.state[0].1.is_none());
}
