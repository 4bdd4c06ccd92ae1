//! Episodes: stretches of time in which a correlation keeps holding for a group. One alert each.
//!
//! An episode is a set of instants at which the condition held, no two neighbours further apart than
//! the gap. Its alert needs an identity that arrival order cannot change, and it should go out at
//! once. Both are possible, because more matches can do only three things to the episodes of a
//! correlation that is decided on arrival: extend one (also to an earlier start), join two, or make
//! a new one.
//!
//! - Extending changes the start, so the start cannot be the identity. Identity is the **day** (UTC)
//!   in which the episode starts and its **number** among the group's episodes of that day. An
//!   alert waits only while a missing match could still move the start into the day before.
//! - Joining would make two alerts one. An episode after another one therefore waits until the
//!   watermark has passed the gap between them; the first one of a group never waits for that.
//! - A new episode takes the next number: the set of identities is the same in every order.
//!
//! So the first alert of a group goes out with the match that completes it, except in the minutes
//! of the lateness after midnight UTC; and the set of ids depends on nothing but the matches.
//!
//! What is decided by the watermark is final when it is decided: there the identity is the exact
//! start. The same holds for what arrives past the lateness, which no other order could have had.

/// The day that identities count in.
pub(crate) const DAY_MS: i64 = 86_400_000;

/// One episode of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Episode {
    /// The first instant at which the condition held.
    pub(crate) start: i64,
    /// The last one so far.
    pub(crate) end: i64,
    /// Whether its alert has gone out.
    pub(crate) alerted: bool,
    /// Whether it began with a match that came after the watermark.
    pub(crate) late: bool,
}

/// What makes an episode's alert different from all others of its group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Identity {
    /// The n-th episode that started on a day.
    OfDay { day: i64, number: u32 },
    /// The episode that started at an instant.
    At(i64),
}

/// The episodes of a group that can still change, ordered by time.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Episodes {
    pub(crate) list: Vec<Episode>,
    /// How many alerts of each recent day went out.
    pub(crate) numbers: Vec<(i64, u32)>,
}

/// An alert that is ready, or when to look again.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    Alert(Identity, Episode),
    /// Not before the watermark has reached this.
    Wait(i64),
    Nothing,
}

impl Episodes {
    /// The condition held from `start` to `end`. Joins what is no further apart than the gap.
    pub(crate) fn add(&mut self, start: i64, end: i64, late: bool, gap_ms: i64) {
        let from = self
            .list
            .partition_point(|episode| episode.end + gap_ms < start);
        let to = self
            .list
            .partition_point(|episode| episode.start - gap_ms <= end);
        let joined = self.list[from..to].iter().fold(
            Episode {
                start,
                end,
                alerted: false,
                late: late || from < to,
            },
            |sum, one| Episode {
                start: sum.start.min(one.start),
                end: sum.end.max(one.end),
                alerted: sum.alerted || one.alerted,
                late: sum.late && one.late,
            },
        );
        self.list.splice(from..to, [joined]);
    }

    /// The next alert that no missing match can change any more. `exact`: the instants are final.
    pub(crate) fn next(&mut self, watermark: i64, gap_ms: i64, exact: bool) -> Next {
        let mut wait: Option<i64> = None;
        for at in 0..self.list.len() {
            let episode = self.list[at];
            if episode.alerted {
                continue;
            }
            let apart = at
                .checked_sub(1)
                .map_or(i64::MIN, |before| self.list[before].end + gap_ms);
            let day = episode.start.div_euclid(DAY_MS);
            let fixed = day * DAY_MS - 1;
            let ready_at = if exact || episode.late {
                i64::MIN
            } else {
                apart.max(fixed)
            };
            if watermark < ready_at {
                wait = Some(wait.map_or(ready_at, |wait| wait.min(ready_at)));
                continue;
            }
            self.list[at].alerted = true;
            let identity = if exact || episode.late {
                Identity::At(episode.start)
            } else {
                self.number(day)
            };
            return Next::Alert(identity, episode);
        }
        wait.map_or(Next::Nothing, Next::Wait)
    }

    fn number(&mut self, day: i64) -> Identity {
        let at = match self.numbers.iter().position(|(known, _)| *known == day) {
            Some(at) => at,
            None => {
                self.numbers.push((day, 0));
                self.numbers.len() - 1
            }
        };
        let number = self.numbers[at].1;
        self.numbers[at].1 += 1;
        Identity::OfDay { day, number }
    }

    /// Forgets what nothing can join any more, and the numbers of days that are over.
    pub(crate) fn forget(&mut self, watermark: i64, gap_ms: i64) {
        self.list
            .retain(|one| !one.alerted || one.end.saturating_add(gap_ms) > watermark);
        self.numbers
            .retain(|(day, _)| (day + 1) * DAY_MS + gap_ms > watermark);
    }

    /// The watermark at which something of this can be forgotten; None where there is nothing.
    pub(crate) fn forget_at(&self, gap_ms: i64) -> Option<i64> {
        let ends = self
            .list
            .iter()
            .filter(|one| one.alerted)
            .map(|one| one.end + gap_ms);
        let days = self
            .numbers
            .iter()
            .map(|(day, _)| (day + 1) * DAY_MS + gap_ms);
        ends.chain(days).min()
    }

    /// The end of the last episode whose alert went out.
    pub(crate) fn alerted_until(&self) -> Option<i64> {
        self.list
            .iter()
            .rev()
            .find(|one| one.alerted)
            .map(|one| one.end)
    }
}
