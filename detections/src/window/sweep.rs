//! Walks a group's matches in time and finds the instants at which the correlation holds.
//!
//! In order of arrival each match is added once and removed once. A match that arrives late is put
//! in its place and the walk goes back to it: every window that contains it is looked at again.

use super::{Item, Window};
use crate::correlation::{Correlation, Decision};

/// Where the walk of one group stands. Rebuilt from the group's matches at any time.
#[derive(Debug, Default)]
pub(crate) struct Sweep {
    /// The window that ends before `next`; None until the walk begins.
    window: Option<Window>,
    /// The first match in the window.
    low: usize,
    /// The first match that is not in the window.
    next: usize,
    /// The window extended by one timespan, for absences, and its end.
    ahead: Option<(Window, usize)>,
}

impl Sweep {
    /// Matches from `at` on have changed or are new: the walk goes on from there.
    pub(crate) fn back_to(&mut self, at: usize) {
        if at < self.next {
            self.window = None;
            self.next = at;
        }
        // What lies ahead was read already where a match came in before its end.
        if self.ahead.as_ref().is_some_and(|(_, end)| at < *end) {
            self.window = None;
        }
    }

    /// The match at a position was taken out of the list.
    pub(crate) fn removed(&mut self, at: usize, item: &Item) {
        if at >= self.low
            && at < self.next
            && let Some(window) = &mut self.window
        {
            window.remove(item);
        }
        self.next -= usize::from(at < self.next);
        self.low -= usize::from(at < self.low);
        if self.ahead.is_some() {
            self.window = None;
        }
    }

    /// The first `count` matches were taken out of the list.
    pub(crate) fn forgot(&mut self, count: usize) {
        if count > self.low {
            self.window = None;
        }
        self.low = self.low.saturating_sub(count);
        self.next = self.next.saturating_sub(count);
        if let Some((_, end)) = &mut self.ahead {
            *end = end.saturating_sub(count);
        }
    }

    /// The first match that the walk has not decided.
    pub(crate) fn next(&self) -> usize {
        self.next
    }

    /// Sets the walk to a position without deciding what lies before.
    pub(crate) fn start_at(&mut self, at: usize) {
        self.window = None;
        self.next = at;
    }

    /// Walks while `due` allows it and reports every match at whose instant the condition holds.
    pub(crate) fn run<'a, T: AsRef<Item> + 'a>(
        &mut self,
        asks: &Correlation,
        matches: &'a [T],
        mut due: impl FnMut(&T) -> bool,
        mut found: impl FnMut(usize),
    ) {
        let eager = asks.decision() == Decision::Arrival;
        while let Some(one) = matches.get(self.next) {
            let time_ms = one.as_ref().time_ms;
            if !due(one) {
                return;
            }
            if self.window.is_none() {
                self.rebuild(asks, matches, time_ms);
            }
            self.advance(asks, matches, time_ms);
            let last_of_instant = matches
                .get(self.next)
                .is_none_or(|next| next.as_ref().time_ms != time_ms);
            // Decided on arrival, each match can be the one that completes it; else all matches of
            // an instant count together.
            if (eager || last_of_instant)
                && let Some(window) = &self.window
                && window.holds(asks, time_ms, self.ahead.as_ref().map(|(ahead, _)| ahead))
            {
                found(self.next - 1);
            }
        }
    }

    fn rebuild<T: AsRef<Item>>(&mut self, asks: &Correlation, matches: &[T], time_ms: i64) {
        let from = time_ms - asks.lookback_ms();
        self.low = matches[..self.next].partition_point(|one| one.as_ref().time_ms <= from);
        let mut window = Window::new(asks);
        for one in &matches[self.low..self.next] {
            window.add(one.as_ref());
        }
        self.window = Some(window);
        self.ahead = (asks.decision() == Decision::Closed).then(|| {
            let mut ahead = Window::new(asks);
            for one in &matches[self.low..self.next] {
                ahead.add(one.as_ref());
            }
            (ahead, self.next)
        });
    }

    /// Takes the next match into the window and lets go of what is too old for it.
    fn advance<T: AsRef<Item>>(&mut self, asks: &Correlation, matches: &[T], time_ms: i64) {
        let Some(window) = &mut self.window else {
            return;
        };
        window.add(matches[self.next].as_ref());
        self.next += 1;
        if let Some((ahead, end)) = &mut self.ahead {
            let within = |one: &T| one.as_ref().time_ms < time_ms + asks.timespan_ms;
            while let Some(one) = matches.get(*end).filter(|one| within(one)) {
                ahead.add(one.as_ref());
                *end += 1;
            }
        }
        let from = time_ms - asks.timespan_ms;
        while let Some(one) = matches
            .get(self.low)
            .filter(|one| one.as_ref().time_ms <= from)
        {
            window.remove(one.as_ref());
            if let Some((ahead, _)) = &mut self.ahead {
                ahead.remove(one.as_ref());
            }
            self.low += 1;
        }
    }
}

/// The matches that make the alert of an episode which starts with the instant `start_ms`: the window
/// that ends there, and for what is decided on arrival only as far as the condition needed.
pub(crate) fn completing<T: AsRef<Item>>(
    asks: &Correlation,
    matches: &[T],
    start_ms: i64,
) -> std::ops::Range<usize> {
    let position = |limit: i64| matches.partition_point(|one| one.as_ref().time_ms <= limit);
    if asks.decision() == Decision::Anchored {
        let low = matches.partition_point(|one| one.as_ref().time_ms < start_ms);
        return low..position(start_ms + asks.timespan_ms - 1);
    }
    let (low, high) = (position(start_ms - asks.timespan_ms), position(start_ms));
    if asks.decision() != Decision::Arrival {
        return low..high;
    }
    let mut window = Window::new(asks);
    for (at, one) in matches[low..high].iter().enumerate() {
        window.add(one.as_ref());
        if one.as_ref().time_ms == start_ms && window.holds(asks, start_ms, None) {
            return low..low + at + 1;
        }
    }
    low..high
}
