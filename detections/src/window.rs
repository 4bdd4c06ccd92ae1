//! Aggregates over a window that slides: add at the front, remove at the back, ask.
//!
//! Each costs the same whether the window holds a hundred matches or ten thousand: counts and sums
//! are O(1), percentiles O(√n) with a small constant. Sums are kept in millionths as integers, so
//! that the order of additions cannot change a result (floating point would, and with it an
//! alert's identity).

mod order;
mod ranked;
pub(crate) mod sweep;

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::condition::Condition;
use crate::correlation::{Correlation, CorrelationKind};
use crate::expr::Compare;
use order::Order;
use ranked::Ranked;

/// What a match adds to a window.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Item {
    pub(crate) time_ms: i64,
    /// Which event, told apart inside the group.
    pub(crate) event: u64,
    /// Which of the correlation's rules.
    pub(crate) member: u16,
    pub(crate) value: Amount,
}

/// The part of a match that is counted or added up.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) enum Amount {
    #[default]
    None,
    Distinct(Vec<Arc<str>>),
    Number(f64),
}

/// The state of one sliding window.
#[derive(Debug)]
pub(crate) enum Window {
    Count(usize),
    Distinct(FxHashMap<Arc<str>, u32>),
    Sum(i128),
    Average(i128, u32),
    Ranked(Ranked, f64),
    Present(Present),
    Order(Order),
}

/// How many matches of each rule a window holds.
#[derive(Debug, Default)]
pub(crate) struct Present {
    counts: Vec<u32>,
    condition: Option<Condition>,
    names: Vec<String>,
}

impl Window {
    /// An empty window for a correlation.
    pub(crate) fn new(correlation: &Correlation) -> Self {
        use CorrelationKind as K;
        match correlation.kind {
            K::EventCount | K::NewTerms => Self::Count(0),
            K::ValueCount => Self::Distinct(FxHashMap::default()),
            K::ValueSum => Self::Sum(0),
            K::ValueAvg => Self::Average(0, 0),
            K::ValuePercentile(percentile) => Self::Ranked(Ranked::default(), percentile),
            K::Temporal => Self::Present(Present::new(correlation)),
            K::TemporalOrdered => Self::Order(Order::new(correlation)),
        }
    }

    pub(crate) fn add(&mut self, item: &Item) {
        match (self, &item.value) {
            (Self::Count(count), _) => *count += 1,
            (Self::Distinct(counts), Amount::Distinct(values)) => {
                for value in values {
                    *counts.entry(Arc::clone(value)).or_default() += 1;
                }
            }
            (Self::Sum(sum), Amount::Number(value)) => *sum += millionths(*value),
            (Self::Average(sum, count), Amount::Number(value)) => {
                *sum += millionths(*value);
                *count += 1;
            }
            (Self::Ranked(ranked, _), Amount::Number(value)) => ranked.add(*value),
            (Self::Present(present), _) => present.change(item.member, 1),
            (Self::Order(order), _) => order.add(item),
            // A value of another kind than the correlation asks for adds nothing.
            _ => {}
        }
    }

    pub(crate) fn remove(&mut self, item: &Item) {
        match (self, &item.value) {
            (Self::Count(count), _) => *count -= 1,
            (Self::Distinct(counts), Amount::Distinct(values)) => {
                for value in values {
                    if let Some(count) = counts.get_mut(value) {
                        *count -= 1;
                        if *count == 0 {
                            counts.remove(value);
                        }
                    }
                }
            }
            (Self::Sum(sum), Amount::Number(value)) => *sum -= millionths(*value),
            (Self::Average(sum, count), Amount::Number(value)) => {
                *sum -= millionths(*value);
                *count -= 1;
            }
            (Self::Ranked(ranked, _), Amount::Number(value)) => ranked.remove(*value),
            (Self::Present(present), _) => present.change(item.member, -1),
            // An order forgets by time, see `Order::holds`.
            _ => {}
        }
    }

    /// Whether the correlation's condition holds of the window that ends at `time_ms`. `ahead` is
    /// what the window holds when it is extended by one timespan; only absences look at it.
    pub(crate) fn holds(&self, asks: &Correlation, time_ms: i64, ahead: Option<&Self>) -> bool {
        match self {
            Self::Order(order) => {
                let trailing = ahead.map(|ahead| match ahead {
                    Self::Order(ahead) => ahead,
                    _ => order,
                });
                order.holds(time_ms, asks.timespan_ms, trailing)
            }
            Self::Present(present) if present.condition.is_some() => {
                let ahead = match ahead {
                    Some(Self::Present(ahead)) => ahead,
                    _ => present,
                };
                present
                    .condition
                    .as_ref()
                    .is_some_and(|c| present.meets(c, ahead, false))
            }
            other => other.amount().is_some_and(|amount| {
                asks.thresholds
                    .iter()
                    .all(|(compare, wanted)| compare.holds(amount, *wanted))
            }),
        }
    }

    /// The number that the thresholds ask about; None where there is nothing to ask about.
    fn amount(&self) -> Option<f64> {
        Some(match self {
            Self::Count(count) => *count as f64,
            Self::Distinct(counts) => counts.len() as f64,
            Self::Sum(sum) => *sum as f64 / 1e6,
            Self::Average(_, 0) => return None,
            Self::Average(sum, count) => *sum as f64 / 1e6 / f64::from(*count),
            Self::Ranked(ranked, percentile) => ranked.percentile(*percentile)?,
            Self::Present(present) => {
                present.counts.iter().filter(|count| **count > 0).count() as f64
            }
            Self::Order(_) => return None,
        })
    }
}

/// Values beyond 10^24 are cut there: no sum of a bounded group can overflow then.
fn millionths(value: f64) -> i128 {
    (value.clamp(-1e24, 1e24) * 1e6).round() as i128
}

impl Present {
    fn new(correlation: &Correlation) -> Self {
        Self {
            counts: vec![0; correlation.rules.len()],
            condition: correlation.condition.clone(),
            names: correlation
                .rules
                .iter()
                .map(|(name, _)| name.clone())
                .collect(),
        }
    }

    fn change(&mut self, member: u16, by: i32) {
        if let Some(count) = self.counts.get_mut(member as usize) {
            *count = count.saturating_add_signed(by);
        }
    }

    fn has(&self, name: &str) -> bool {
        let at = self.names.iter().position(|known| known == name);
        at.is_some_and(|at| self.counts[at] > 0)
    }

    /// The extended condition. What must be there is looked for in the window; what must not be
    /// there, in the window and one timespan past it: absence has to hold on both sides.
    fn meets(&self, condition: &Condition, ahead: &Self, negated: bool) -> bool {
        let all = |parts: &[Condition]| parts.iter().all(|part| self.meets(part, ahead, negated));
        let any = |parts: &[Condition]| parts.iter().any(|part| self.meets(part, ahead, negated));
        // Under a negation `meets` answers for the negated part, so the operators swap.
        match (condition, negated) {
            (Condition::And(parts), false) | (Condition::Or(parts), true) => all(parts),
            (Condition::Or(parts), false) | (Condition::And(parts), true) => any(parts),
            (Condition::Not(inner), _) => self.meets(inner, ahead, !negated),
            (Condition::Name(name, _), false) => self.has(name),
            (Condition::Name(name, _), true) => !ahead.has(name),
            (Condition::Of { all, pattern, .. }, negated) => {
                let mut fitting = self.names.iter().filter(|name| of_takes(pattern, name));
                let one = |name: &String| {
                    if negated {
                        !ahead.has(name)
                    } else {
                        self.has(name)
                    }
                };
                if *all != negated {
                    fitting.all(one)
                } else {
                    fitting.any(one)
                }
            }
        }
    }
}

fn of_takes(pattern: &str, name: &str) -> bool {
    crate::parse::of_takes(pattern, name)
}

/// Whether a threshold of `asks` can be met by a count of at least this: the smallest count that
/// satisfies it, for correlations that are decided on arrival.
pub(crate) fn count_needed(asks: &Correlation) -> usize {
    let each = asks
        .thresholds
        .iter()
        .map(|(compare, wanted)| match compare {
            Compare::Greater => wanted.floor() + 1.0,
            _ => wanted.ceil(),
        });
    each.fold(1.0, f64::max) as usize
}

#[cfg(test)]
mod tests;
