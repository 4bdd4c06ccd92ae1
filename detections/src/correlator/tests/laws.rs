//! For random matches, in a random order within the lateness, in random batches, with duplicates and
//! with a restart in the middle: the alerts have the identities that brute force gives. Replay
//! (sorted, closed at the end) has them too, and the same bytes however it is cut into batches.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::oracle::{self, Ask};
use super::*;
use crate::alert::{AlertIdentity, Parts};

const TIMESPAN: i64 = 10_000;
const LATE: i64 = 8_000;

/// A correlation for the engine and the same one for the oracle.
fn asks() -> Vec<(String, Ask)> {
    let body = |kind: &str, rules: &str, condition: &str| {
        format!(
            "    type: {kind}\n    rules: {rules}\n    group-by: [user.name]\n    timespan: 10s\n{condition}"
        )
    };
    let count = |condition: &str| {
        body(
            "event_count",
            "[a, b, c]",
            &format!("    condition:\n        {condition}"),
        )
    };
    let value = |kind: &str, condition: &str| {
        body(
            kind,
            "[a, b, c]",
            &format!("    condition:\n        field: f\n        {condition}"),
        )
    };
    let names = |kind: &str, condition: &str| {
        body(kind, "[a, b, c]", &format!("    condition: {condition}"))
    };
    vec![
        (count("gte: 3"), Ask::Count(|n| n >= 3, false)),
        (count("gt: 4"), Ask::Count(|n| n > 4, false)),
        (count("gte: 1"), Ask::Count(|n| n >= 1, false)),
        (count("lt: 3"), Ask::Count(|n| n < 3, true)),
        (count("eq: 2"), Ask::Count(|n| n == 2, true)),
        (count("neq: 2"), Ask::Count(|n| n != 2, true)),
        (
            count("gte: 2\n        lte: 3"),
            Ask::Count(|n| (2..=3).contains(&n), true),
        ),
        (value("value_count", "gte: 3"), Ask::Distinct(3)),
        (value("value_sum", "gte: 9"), Ask::Sum(9.0)),
        (value("value_avg", "gt: 2.5"), Ask::Average(2.5)),
        (value("value_median", "gte: 3"), Ask::Median(3.0)),
        (body("temporal", "[a, b, c]", ""), Ask::All),
        (names("temporal", "(a or b) and c"), Ask::Either),
        (names("temporal", "a and not b"), Ask::AndNot),
        (body("temporal_ordered", "[a, b, c]", ""), Ask::Ordered),
        (names("temporal_ordered", "not b and a"), Ask::NotBefore),
        (
            names("temporal_ordered", "a and not b and c"),
            Ask::NotBetween,
        ),
        (names("temporal_ordered", "a and not b"), Ask::NotAfter),
    ]
}

/// A match and when it arrives.
#[derive(Clone)]
struct Arrival {
    m: Match,
    at: i64,
}

impl std::fmt::Debug for Arrival {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let time = |ms: i64| ms - 20_000 * 86_400_000;
        write!(
            f,
            "{} {} t={} at={} {:?}",
            self.m.rule,
            self.m.event_id,
            time(self.m.time_ms),
            time(self.at),
            self.m.value
        )
    }
}

/// Matches around midnight, in half seconds so that many share an instant.
fn arrivals(kind: usize) -> impl Strategy<Value = Vec<Arrival>> {
    let distinct = kind == 7;
    let one = (
        0i64..160,
        0usize..3,
        0i64..LATE,
        -2i64..6,
        prop::option::of(0i64..LATE),
    );
    prop::collection::vec(one, 1..40).prop_map(move |list| {
        let mut out = Vec::new();
        for (number, (time, rule, delay, value, again)) in list.into_iter().enumerate() {
            let time_ms = 20_000 * 86_400_000 - 40_000 + time * 500;
            let mut m = matched(["a", "b", "c"][rule], &format!("e{number}"), time_ms);
            m.value = Some(if distinct {
                MatchValue::Distinct(vec![value.to_string()])
            } else {
                MatchValue::Number(value as f64)
            });
            out.extend(again.map(|delay| Arrival {
                m: m.clone(),
                at: time_ms + delay,
            }));
            out.push(Arrival {
                m,
                at: time_ms + delay,
            });
        }
        out.sort_by_key(|one| one.at);
        out
    })
}

fn case() -> impl Strategy<Value = (usize, Vec<Arrival>, Vec<usize>, usize)> {
    (0..asks().len()).prop_flat_map(|kind| {
        let batches = prop::collection::vec(1usize..6, 40..90);
        (Just(kind), arrivals(kind), batches, 0usize..30)
    })
}

fn limits() -> Limits {
    Limits {
        lateness_ms: LATE,
        ..Limits::default()
    }
}

/// Runs matches in the given order and batches; with a restart after `restart` batches.
fn run(
    rules: &Arc<RuleSet>,
    list: &[Match],
    batches: &[usize],
    restart: Option<usize>,
) -> Vec<Alert> {
    let mut correlator = Correlator::new(Arc::clone(rules), limits());
    let mut out = Output::default();
    let mut changelog: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
    let (mut rest, mut number) = (list, 0);
    while !rest.is_empty() {
        let size = batches.get(number).copied().unwrap_or(3).min(rest.len());
        let (batch, next) = rest.split_at(size);
        for m in batch {
            correlator.observe(m);
            correlator.progress(0, m.time_ms);
        }
        correlator.advance();
        correlator.drain(&mut out);
        for (key, value) in out.state.drain(..) {
            match value {
                Some(value) => changelog.insert(key, value),
                None => changelog.remove(&key),
            };
        }
        if restart == Some(number) {
            correlator = Correlator::new(Arc::clone(rules), limits());
            for (key, value) in &changelog {
                correlator.restore(key, value).expect("own state");
            }
        }
        (rest, number) = (next, number + 1);
    }
    while correlator.finish() {}
    correlator.drain(&mut out);
    let health = correlator.health();
    assert_eq!(
        health.matches,
        health.duplicates + health.unknown_rule + health.taken
    );
    assert!(
        correlator.groups.iter().all(Option::is_none),
        "the end leaves nothing open"
    );
    out.alerts
}

fn ids(alerts: &[Alert]) -> BTreeSet<String> {
    let ids: BTreeSet<String> = alerts.iter().map(|alert| alert.id.clone()).collect();
    assert_eq!(ids.len(), alerts.len(), "an identity was used twice");
    ids
}

fn expected(rules: &RuleSet, ask: &Ask, list: &[Match]) -> BTreeSet<String> {
    let group = vec![("user.name".to_owned(), "x".to_owned())];
    let meta = rules.meta(rules.find("corr").expect("the correlation"));
    oracle::identities(ask, list, TIMESPAN)
        .into_iter()
        .map(|identity| {
            let parts = Parts {
                script: None,
                meta,
                tenant: "",
                group: &group,
                identity: AlertIdentity::Episode(identity),
                time_ms: 0,
                events: Vec::new(),
            };
            parts.alert(&mut crate::script::Failures::default()).0.id
        })
        .collect()
}

/// `PROPTEST_CASES` can ask for more, never for less.
fn with_cases_at_least(cases: u32) -> ProptestConfig {
    let asked = ProptestConfig::default();
    ProptestConfig {
        cases: asked.cases.max(cases),
        ..asked
    }
}

proptest! {
    #![proptest_config(with_cases_at_least(1500))]

    #[test]
    fn arrival_order_changes_no_identity((kind, arrivals, batches, restart) in case()) {
        let (body, ask) = asks().swap_remove(kind);
        let rules = set(&body);
        let live: Vec<Match> = arrivals.iter().map(|one| one.m.clone()).collect();
        let mut sorted = live.clone();
        sorted.sort_by(|a, b| (a.time_ms, &a.event_id).cmp(&(b.time_ms, &b.event_id)));
        let expected = expected(&rules, &ask, &sorted);
        prop_assert_eq!(&ids(&run(&rules, &live, &batches, None)), &expected, "live");
        prop_assert_eq!(&ids(&run(&rules, &live, &batches, Some(restart))), &expected, "restarted");
        let replayed = run(&rules, &sorted, &batches, None);
        prop_assert_eq!(&ids(&replayed), &expected, "replayed");
        let again = run(&rules, &sorted, &[usize::MAX], None);
        let bytes = |alerts: &[Alert]| {
            let mut all: Vec<_> = alerts.iter().map(|alert| alert.json.clone()).collect();
            all.sort();
            all
        };
        prop_assert_eq!(bytes(&replayed), bytes(&again), "in one batch");
    }
}
