//! Sigma rules and correlations: events in, matches and alerts out.
//!
//! Pure: no clock, no IO, no randomness. START at [`rule`].

mod alert;
mod aliases;
pub mod builtin;
pub mod cases;
mod condition;
mod correlation;
mod correlator;
mod episode;
pub mod explain;
mod expr;
mod lists;
mod matched;
mod matcher;
mod modifier;
mod naive;
mod parse;
mod pattern;
mod plan;
mod problem;
pub mod rule;
mod ruleset;
mod state;
mod window;
mod wire;
mod yaml;

pub use alert::Alert;
pub use aliases::FieldAliases;
pub use correlator::{Correlator, Health, Limits, Output};
pub use lists::Lists;
pub use matched::{Match, MatchValue};
pub use matcher::Matcher;
pub use parse::RuleFile;
pub use problem::{Problem, Severity};
pub use rule::{Kind, Level, LogSource, RuleMeta};
pub use ruleset::{RuleIndex, RuleSet};
pub use state::StateError;
