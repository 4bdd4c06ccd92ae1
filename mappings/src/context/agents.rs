//! `agents.toml`: what marks a change as the work of an agent.
//!
//! ```toml
//! bots = ["some-agent[bot]"]       # logins of authors
//! labels = ["agent"]               # labels of the change
//! branch_prefixes = ["agent/"]     # of the branch that is to be merged
//! ```
//!
//! Case does not count. What a vendor itself says (`chaperone.change.agent: true` from a mapping)
//! is never taken back.

use rustc_hash::FxHashSet;
use serde::Deserialize;

use crate::problem::{Problem, read_toml};
use crate::value::{self, Value};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    bots: Vec<String>,
    #[serde(default)]
    labels: Vec<String>,
    #[serde(default)]
    branch_prefixes: Vec<String>,
}

/// The marks of agents.
pub(super) struct Agents {
    bots: FxHashSet<String>,
    labels: FxHashSet<String>,
    branch_prefixes: Vec<String>,
}

impl Agents {
    pub(super) fn read(path: &str, text: &str) -> Result<Self, Vec<Problem>> {
        let file: File = read_toml(path, text).map_err(|problem| vec![problem])?;
        let lower = |names: Vec<String>| names.iter().map(|name| name.to_lowercase()).collect();
        Ok(Self {
            bots: lower(file.bots),
            labels: lower(file.labels),
            branch_prefixes: file
                .branch_prefixes
                .iter()
                .map(|p| p.to_lowercase())
                .collect(),
        })
    }

    /// Whether the draft's change is an agent's; None where it is about no change.
    pub(super) fn judge(&self, body: &Value) -> Option<bool> {
        let change = value::lookup(body, "chaperone.change")?;
        if matches!(value::lookup(change, "agent"), Some(Value::Boolean(true))) {
            return Some(true);
        }
        let is_bot = value::text_at(change, "author")
            .is_some_and(|author| self.bots.contains(&author.to_lowercase()));
        let labels = value::lookup(change, "labels").and_then(Value::as_array);
        let is_labelled = labels.is_some_and(|labels| {
            let mut texts = labels.iter().filter_map(value::text);
            texts.any(|label| self.labels.contains(&label.to_lowercase()))
        });
        let is_on_branch = value::text_at(body, "vcs.ref.head.name").is_some_and(|name| {
            let name = name.to_lowercase();
            self.branch_prefixes
                .iter()
                .any(|prefix| name.starts_with(prefix))
        });
        Some(is_bot || is_labelled || is_on_branch)
    }
}
