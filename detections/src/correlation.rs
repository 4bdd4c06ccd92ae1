//! What a correlation asks: a type, the rules it refers to, groups, a timespan and a condition.
//!
//! The specification's types are [`CorrelationKind`]. When a window can be decided is a property of
//! type and condition together, see [`Decision`]: it is the one place where the semantics under
//! late and unordered arrival are fixed.

use std::collections::BTreeMap;

use crate::condition::Condition;
use crate::expr::Compare;
use crate::problem::Place;

/// The types of correlation. `NewTerms` is an extension of ours.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum CorrelationKind {
    /// How many matches.
    EventCount,
    /// How many different values (tuples of values) of the fields.
    ValueCount,
    ValueSum,
    ValueAvg,
    /// 0 to 100; the median is 50.
    ValuePercentile(f64),
    /// Matches of the rules within one timespan.
    Temporal,
    /// The same, in the order of the rules.
    TemporalOrdered,
    /// A value of the fields that the group did not have for one timespan.
    NewTerms,
}

/// When a window can be decided without an arrival within the lateness changing it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    /// More matches can only help: decided on arrival.
    Arrival,
    /// An earlier match that is still missing could change it: when the watermark has reached the
    /// window's end.
    Settled,
    /// A later match could change it: when the watermark has reached one timespan past it.
    Closed,
    /// The condition can be true of too few matches, so a window that grows says nothing. The group's
    /// first match opens a window of one timespan, which is decided once, when the watermark has
    /// passed it; the next match opens the next one.
    Anchored,
}

/// A correlation as a document describes it.
#[derive(Debug, Clone)]
pub(crate) struct Correlation {
    pub(crate) kind: CorrelationKind,
    /// Ids or names of rules or correlations.
    pub(crate) rules: Vec<(String, Place)>,
    pub(crate) group_by: Vec<String>,
    pub(crate) timespan_ms: i64,
    /// All of these must hold of the count or the value.
    pub(crate) thresholds: Vec<(Compare, f64)>,
    /// The extended form for the temporal types: a condition over rule names.
    pub(crate) condition: Option<Condition>,
    /// The field or fields of the value types.
    pub(crate) fields: Vec<String>,
    /// Alias → rule id or name → field.
    pub(crate) aliases: BTreeMap<String, BTreeMap<String, String>>,
    /// Whether the rules that it refers to still raise alerts of their own.
    pub(crate) generate: bool,
    /// Extension: an episode ends only after this much quiet, where longer than the timespan.
    pub(crate) suppress_ms: i64,
    /// Extension: the lateness of this correlation instead of the configured one.
    pub(crate) lateness_ms: Option<i64>,
    pub(crate) place: Place,
}

impl Correlation {
    /// Whether the thresholds only ask for enough: `gt` and `gte` alone.
    fn grows(&self) -> bool {
        self.thresholds
            .iter()
            .all(|(compare, _)| matches!(compare, Compare::Greater | Compare::GreaterOrEqual))
    }

    /// When its windows are decided.
    pub(crate) fn decision(&self) -> Decision {
        use CorrelationKind as K;
        match self.kind {
            K::NewTerms => Decision::Arrival,
            K::EventCount | K::ValueCount if self.grows() => Decision::Arrival,
            K::ValueSum | K::ValueAvg | K::ValuePercentile(_) if self.grows() => Decision::Settled,
            K::Temporal | K::TemporalOrdered => match &self.condition {
                Some(condition) => self.extended_decision(condition),
                None if self.grows() => Decision::Arrival,
                None => Decision::Anchored,
            },
            _ => Decision::Anchored,
        }
    }

    fn extended_decision(&self, condition: &Condition) -> Decision {
        if !condition.has_not() {
            return Decision::Arrival;
        }
        if self.kind != CorrelationKind::TemporalOrdered {
            return Decision::Closed;
        }
        // In an ordered condition only an absence at the end looks forward.
        match condition {
            Condition::And(parts) if !matches!(parts.last(), Some(Condition::Not(_))) => {
                Decision::Settled
            }
            _ => Decision::Closed,
        }
    }

    /// How far before a match its decision looks: absences look one timespan further.
    pub(crate) fn lookback_ms(&self) -> i64 {
        let absent = self.condition.as_ref().is_some_and(Condition::has_not);
        self.timespan_ms * if absent { 2 } else { 1 }
    }

    /// How far the watermark must be past an instant (or a window's start) to decide it.
    pub(crate) fn delay_ms(&self) -> i64 {
        match self.decision() {
            Decision::Arrival | Decision::Settled => 0,
            Decision::Closed | Decision::Anchored => self.timespan_ms - 1,
        }
    }

    /// How long quiet must be for an episode to end.
    pub(crate) fn gap_ms(&self) -> i64 {
        self.timespan_ms.max(self.suppress_ms)
    }
}
