//! A record that could not become an event, and why, without its content.

use crate::record::Origin;

/// Why a record was refused. The names are stable: metrics, dead letters and scripts use them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RefusalCode {
    /// Not JSON; `detail` says where it breaks.
    InvalidJson,
    /// Nests deeper than 128 levels.
    TooDeep,
    /// Larger than the limit for one record.
    TooLarge,
    /// Not valid UTF-8.
    InvalidUtf8,
    /// No mapping recognizes it; name its source.
    UnknownSource,
    /// The named source has no mapping.
    NoMapping,
    /// The mapping program failed; `detail` is `file:line:column`.
    MappingFailed,
    /// The mapping program ran past its limit.
    MappingLimit,
    /// The draft has no usable `@timestamp` and the record no time of its own.
    NoTime,
    /// An event as large as the limit or a value that cannot be an event (not an object).
    InvalidEvent,
}

impl RefusalCode {
    /// The name in metrics, dead letters and output.
    pub fn name(self) -> &'static str {
        match self {
            Self::InvalidJson => "invalid_json",
            Self::TooDeep => "too_deep",
            Self::TooLarge => "too_large",
            Self::InvalidUtf8 => "invalid_utf8",
            Self::UnknownSource => "unknown_source",
            Self::NoMapping => "no_mapping",
            Self::MappingFailed => "mapping_failed",
            Self::MappingLimit => "mapping_limit",
            Self::NoTime => "no_time",
            Self::InvalidEvent => "invalid_event",
        }
    }
}

/// A refused record or a refused part of one. Holds no event content (invariant I7).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub code: RefusalCode,
    /// The record it is about.
    pub origin: Origin,
    /// Which item of the record, from 0, where one record holds several.
    pub item: usize,
    /// Positions, names and what to do; never content.
    pub detail: String,
}
