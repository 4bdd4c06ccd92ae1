//! Matches in an order: `temporal_ordered`, with absences between them.
//!
//! For each step the latest possible start of a chain up to that step is kept. A new match of step
//! k can only continue the best chain up to step k−1, so each match costs one step, and the window
//! needs no removal: a chain is too old when its start is.
//!
//! Two matches of the same instant can be in either order (sources with whole seconds have many of
//! those), but one event cannot be two steps of a chain.

use super::Item;
use crate::condition::Condition;
use crate::correlation::Correlation;

/// What stands at a place of the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Step {
    member: u16,
    /// The rules that must not match between the step before (or, for the first step, one
    /// timespan before it) and this one; a bit set over members.
    without: u64,
}

/// The best chain up to a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Chain {
    /// When its first match was.
    start: i64,
    /// When its last match was.
    end: i64,
    event: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Order {
    steps: Vec<Step>,
    /// What must not follow within one timespan; a bit set over members.
    trailing: u64,
    timespan_ms: i64,
    /// The best chains up to each step that ended before the current instant.
    settled: Vec<Option<Chain>>,
    /// All matches of the current instant.
    now: Vec<(u16, u64)>,
    now_ms: i64,
    /// The chains that reach each step with the current instant's matches, where it was recomputed.
    current: Vec<Option<Chain>>,
    /// For each member when it last matched, before the current instant.
    last: Vec<Option<i64>>,
}

impl Order {
    pub(super) fn new(correlation: &Correlation) -> Self {
        let position = |name: &str| {
            correlation
                .rules
                .iter()
                .position(|(known, _)| known == name)
                .unwrap_or(0) as u16
        };
        let mut order = Self {
            timespan_ms: correlation.timespan_ms,
            now_ms: i64::MIN,
            last: vec![None; correlation.rules.len()],
            ..Self::default()
        };
        let mut without = 0;
        let all: Vec<Condition>;
        let parts: &[Condition] = match &correlation.condition {
            Some(Condition::And(parts)) => parts,
            Some(other) => std::slice::from_ref(other),
            None => {
                let names = correlation.rules.iter();
                all = names
                    .map(|(name, _)| Condition::Name(name.clone(), 0))
                    .collect();
                &all
            }
        };
        for part in parts {
            match part {
                Condition::Name(name, _) => order.steps.push(Step {
                    member: position(name),
                    without: std::mem::take(&mut without),
                }),
                Condition::Not(inner) => {
                    if let Condition::Name(name, _) = &**inner {
                        without |= 1u64 << (position(name) % 64);
                    }
                }
                _ => {}
            }
        }
        order.trailing = without;
        order.settled = vec![None; order.steps.len()];
        order.current = vec![None; order.steps.len()];
        order
    }

    /// Takes the next match in time.
    pub(super) fn add(&mut self, item: &Item) {
        if item.time_ms != self.now_ms {
            self.settle();
            self.now_ms = item.time_ms;
        }
        self.now.push((item.member, item.event));
        self.recompute();
    }

    fn settle(&mut self) {
        for (settled, current) in self.settled.iter_mut().zip(&mut self.current) {
            *settled = best(*settled, current.take());
        }
        for (member, _) in self.now.drain(..) {
            if let Some(last) = self.last.get_mut(member as usize) {
                *last = Some(self.now_ms);
            }
        }
    }

    /// The chains that the current instant's matches make, step by step.
    fn recompute(&mut self) {
        self.current.fill(None);
        for step in 0..self.steps.len() {
            let Step { member, without } = self.steps[step];
            for (_, event) in self.now.iter().filter(|(known, _)| *known == member) {
                let chain = if step == 0 {
                    let quiet_from = self.now_ms - self.timespan_ms;
                    (!self.seen_after(without, quiet_from)).then_some(self.now_ms)
                } else {
                    let settled =
                        self.settled[step - 1].filter(|chain| !self.seen_after(without, chain.end));
                    let current = self.current[step - 1].filter(|chain| chain.event != *event);
                    best(settled, current).map(|chain| chain.start)
                };
                let chain = chain.map(|start| Chain {
                    start,
                    end: self.now_ms,
                    event: *event,
                });
                self.current[step] = best(self.current[step], chain);
            }
        }
    }

    /// Whether one of some members matched after a time and before the current instant.
    fn seen_after(&self, members: u64, time_ms: i64) -> bool {
        let each = self.last.iter().enumerate();
        let mut each = each.filter(|(member, _)| members & (1u64 << (member % 64)) != 0);
        each.any(|(_, last)| last.is_some_and(|last| last > time_ms))
    }

    /// Whether a chain ends at this instant, began within the timespan, and nothing followed that
    /// must not. `ahead` has seen everything until one timespan later.
    pub(super) fn holds(&self, time_ms: i64, timespan_ms: i64, ahead: Option<&Self>) -> bool {
        let complete = self.current.last().copied().flatten();
        let complete = complete
            .is_some_and(|chain| self.now_ms == time_ms && chain.start > time_ms - timespan_ms);
        complete && ahead.is_none_or(|ahead| !ahead.matched_since(self.trailing, time_ms))
    }

    /// Whether one of some members matched after an instant, the current one included.
    fn matched_since(&self, members: u64, time_ms: i64) -> bool {
        let now = self
            .now
            .iter()
            .any(|(member, _)| members & (1u64 << (member % 64)) != 0);
        self.seen_after(members, time_ms) || (now && self.now_ms > time_ms)
    }
}

/// The chain that began later; of two that began together, the one that an absence can break less.
fn best(a: Option<Chain>, b: Option<Chain>) -> Option<Chain> {
    match (a, b) {
        (Some(a), Some(b)) => Some(if (b.start, b.end) > (a.start, a.end) {
            b
        } else {
            a
        }),
        (a, b) => a.or(b),
    }
}
