//! What the stages run on: sources, patterns, context and rules, built in and from folders,
//! compiled together before anything starts. All problems of all files come out in one go.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chaperone_detections::{FieldAliases, RuleFile, RuleSet};
use chaperone_mappings::context::Context;
use chaperone_mappings::normalize::Normalizer;
use chaperone_mappings::redact::{FingerprintKey, Redactor, RedactorConfig};
use chaperone_mappings::source::Sources;

use crate::problem::Problem;

/// Where the content comes from.
#[derive(Debug, Clone, Default)]
pub struct Folders {
    /// Source folders beside the built-in ones.
    pub mappings: Vec<PathBuf>,
    /// Rule folders; `builtin` names the built-in pack.
    pub rules: Vec<PathBuf>,
    /// The context folder.
    pub context: Option<PathBuf>,
    /// gitleaks files.
    pub patterns: Vec<PathBuf>,
    /// Whether the built-in patterns are in force.
    pub builtin_patterns: bool,
    /// How far into the future an event may claim to be, in milliseconds.
    pub future_skew_ms: i64,
}

/// Everything compiled.
#[derive(Clone)]
pub struct Content {
    /// Records to events.
    pub normalizer: Arc<Normalizer>,
    /// The only maker of events, and of sealed text.
    pub redactor: Arc<Redactor>,
    /// Sources by name.
    pub sources: Arc<Sources>,
    /// Rules and correlations.
    pub rules: Arc<RuleSet>,
    /// What is legal but looks wrong.
    pub warnings: Vec<String>,
}
