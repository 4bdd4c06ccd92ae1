//! Sigma rules and correlations: sealed events in, alerts out.
//!
//! Two halves, each a plain function of its input and its state, without clock, IO or randomness:
//!
//! - **Matching** has no state. [`RuleSet::compile`] turns rule files into one structure, and a
//!   [`Matcher`] holds each event against all rules at once. A rule that holds gives [`Match`]es:
//!   one for the rule itself and one for each correlation that refers to it.
//! - **Correlating** has. A [`Correlator`] sees the matches of one partition in any order, keeps
//!   windows in event time, and raises one [`Alert`] for each episode. A plain rule is the trivial
//!   correlation: one alert for each event.
//!
//! Between the two the matches cross a topic, keyed so that all that one window needs meets in one
//! partition ([`Match::key`]).
//!
//! START at [`rule`] for what a rule is; then `plan` for how thousands are decided in one pass, and
//! `episode` for what makes an alert's identity independent of arrival order.

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
mod json;
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
mod script;
mod state;
mod window;
mod wire;
mod yaml;

pub use alert::{Alert, TACTICS};
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
