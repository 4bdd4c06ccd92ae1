//! Correlations by brute force: all matches at once, every window from scratch, straight from the
//! definitions. Shares no code with the windows, the sweep or the episodes.

use std::collections::BTreeSet;

use crate::episode::Identity;
use crate::{Match, MatchValue};

/// A correlation, as the oracle understands it.
#[derive(Debug, Clone)]
pub(super) enum Ask {
    Count(fn(usize) -> bool, bool),
    Distinct(usize),
    Sum(f64),
    Average(f64),
    Median(f64),
    All,
    Either,
    AndNot,
    Ordered,
    NotBefore,
    NotBetween,
    NotAfter,
}

const DAY: i64 = 86_400_000;

/// The identities of all alerts of one group.
pub(super) fn identities(ask: &Ask, matches: &[Match], timespan: i64) -> BTreeSet<Identity> {
    let mut seen = BTreeSet::new();
    let mut all: Vec<&Match> = matches
        .iter()
        .filter(|m| seen.insert((m.event_id.clone(), m.rule.clone())))
        .collect();
    all.sort_by_key(|m| m.time_ms);
    if let Ask::Count(holds, true) = ask {
        return anchored(*holds, &all, timespan);
    }
    let instants: BTreeSet<i64> = all.iter().map(|m| m.time_ms).collect();
    let holding: Vec<i64> = instants
        .into_iter()
        .filter(|t| holds_at(ask, &all, *t, timespan))
        .collect();
    let mut starts = Vec::new();
    let mut last = None;
    for t in holding {
        if last.is_none_or(|last| t > last + timespan) {
            starts.push(t);
        }
        last = Some(t);
    }
    let exact = !matches!(
        ask,
        Ask::Count(..) | Ask::Distinct(_) | Ask::All | Ask::Either | Ask::Ordered
    );
    if exact {
        return starts.into_iter().map(Identity::At).collect();
    }
    let mut out = BTreeSet::new();
    for start in &starts {
        let day = start.div_euclid(DAY);
        let number = starts
            .iter()
            .filter(|s| s.div_euclid(DAY) == day && *s < start)
            .count();
        out.insert(Identity::OfDay {
            day,
            number: number as u32,
        });
    }
    out
}

/// Windows that open with a match and do not overlap.
fn anchored(holds: fn(usize) -> bool, all: &[&Match], timespan: i64) -> BTreeSet<Identity> {
    let mut out = BTreeSet::new();
    let (mut from, mut quiet_from) = (i64::MIN, None);
    while let Some(first) = all.iter().find(|m| m.time_ms >= from) {
        let start = first.time_ms;
        let count = all
            .iter()
            .filter(|m| (start..start + timespan).contains(&m.time_ms))
            .count();
        if holds(count) {
            if quiet_from.is_none_or(|quiet| start > quiet) {
                out.insert(Identity::At(start));
            }
            quiet_from = Some(start + timespan - 1 + timespan);
        }
        from = start + timespan;
    }
    out
}

fn holds_at(ask: &Ask, all: &[&Match], t: i64, timespan: i64) -> bool {
    let window: Vec<&Match> = all
        .iter()
        .copied()
        .filter(|m| m.time_ms > t - timespan && m.time_ms <= t)
        .collect();
    let has = |rule: &str| window.iter().any(|m| m.rule == rule);
    let wide = |rule: &str| {
        all.iter()
            .any(|m| m.rule == rule && m.time_ms > t - timespan && m.time_ms < t + timespan)
    };
    let mut numbers: Vec<f64> = window
        .iter()
        .filter_map(|m| match m.value {
            Some(MatchValue::Number(number)) => Some(number),
            _ => None,
        })
        .collect();
    numbers.sort_by(f64::total_cmp);
    let sum: f64 = numbers.iter().sum();
    match ask {
        Ask::Count(holds, _) => holds(window.len()),
        Ask::Distinct(wanted) => {
            let values: BTreeSet<String> =
                window.iter().map(|m| format!("{:?}", m.value)).collect();
            values.len() >= *wanted
        }
        Ask::Sum(wanted) => sum >= *wanted,
        Ask::Average(wanted) => sum / numbers.len() as f64 > *wanted,
        Ask::Median(wanted) => {
            let middle = numbers.len() / 2;
            let median = if numbers.len() % 2 == 1 {
                numbers[middle]
            } else {
                (numbers[middle - 1] + numbers[middle]) / 2.0
            };
            median >= *wanted
        }
        Ask::All => has("id-a") && has("id-b") && has("id-c"),
        Ask::Either => (has("id-a") || has("id-b")) && has("id-c"),
        Ask::AndNot => has("id-a") && !wide("id-b"),
        Ask::Ordered => pairs(&window, "id-a", "id-b").any(|(_, b)| {
            window
                .iter()
                .any(|c| c.rule == "id-c" && follows(b, c) && c.time_ms == t)
                && pairs(&window, "id-a", "id-b")
                    .filter(|(_, other)| other.event_id == b.event_id)
                    .any(|(a, b)| {
                        window.iter().any(|c| {
                            c.rule == "id-c"
                                && c.time_ms == t
                                && follows(b, c)
                                && a.time_ms > t - timespan
                        })
                    })
        }),
        Ask::NotBefore => window.iter().any(|a| {
            a.rule == "id-a" && a.time_ms == t && !matched_in(all, "id-b", t - timespan + 1, t - 1)
        }),
        Ask::NotBetween => pairs(&window, "id-a", "id-c")
            .any(|(a, c)| c.time_ms == t && !matched_in(all, "id-b", a.time_ms + 1, t - 1)),
        Ask::NotAfter => window.iter().any(|a| {
            a.rule == "id-a" && a.time_ms == t && !matched_in(all, "id-b", t + 1, t + timespan - 1)
        }),
    }
}

fn matched_in(all: &[&Match], rule: &str, from: i64, to: i64) -> bool {
    all.iter()
        .any(|m| m.rule == rule && (from..=to).contains(&m.time_ms))
}

/// One match can come after another: not before it in time, and another event.
fn follows(first: &Match, then: &Match) -> bool {
    first.time_ms <= then.time_ms && first.event_id != then.event_id
}

fn pairs<'a>(
    window: &'a [&'a Match],
    first: &'a str,
    then: &'a str,
) -> impl Iterator<Item = (&'a Match, &'a Match)> {
    window
        .iter()
        .filter(move |m| m.rule == first)
        .flat_map(move |a| {
            let after = window
                .iter()
                .filter(move |m| m.rule == then && follows(a, m));
            after.map(move |b| (*a, *b))
        })
}
