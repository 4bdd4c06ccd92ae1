//! `agents.toml`: what marks a change as the work of an agent.
//!
//! ```toml
//! bots = ["some-agent[bot]"]       # logins of authors
//! labels = ["agent"]               # labels of the change, whole
//! label_words = ["agent"]          # words in them: `made-by: agent`
//! branch_prefixes = ["agent/"]     # of the branch that is to be merged
//! ```
//!
//! Case does not count. What a vendor itself says (`chaperone.change.agent: true` from a mapping)
//! is never taken back. The marks that agents are known by (`mappings/agents.toml`) hold without a
//! file; but only an organization that has one says of a change that no agent made it.

use std::sync::LazyLock;

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
    label_words: Vec<String>,
    #[serde(default)]
    branch_prefixes: Vec<String>,
}

/// The marks that hold for everybody.
static KNOWN: LazyLock<Agents> = LazyLock::new(|| {
    let text = include_str!("../../agents.toml");
    Agents::read("mappings/agents.toml", text).unwrap_or_else(|problems| panic!("{problems:?}"))
});

/// The marks of agents.
pub(super) struct Agents {
    bots: FxHashSet<String>,
    labels: FxHashSet<String>,
    label_words: FxHashSet<String>,
    branch_prefixes: Vec<String>,
}

impl Agents {
    pub(super) fn read(path: &str, text: &str) -> Result<Self, Vec<Problem>> {
        let file: File = read_toml(path, text).map_err(|problem| vec![problem])?;
        let lower = |names: Vec<String>| names.iter().map(|name| name.to_lowercase()).collect();
        Ok(Self {
            bots: lower(file.bots),
            labels: lower(file.labels),
            label_words: lower(file.label_words),
            branch_prefixes: file
                .branch_prefixes
                .iter()
                .map(|p| p.to_lowercase())
                .collect(),
        })
    }

    /// Whether the change bears one of the marks.
    fn mark(&self, change: &Value, body: &Value) -> bool {
        let is_bot = value::text_at(change, "author")
            .is_some_and(|author| self.bots.contains(&author.to_lowercase()));
        let labels = value::lookup(change, "labels").and_then(Value::as_array);
        let is_labelled = labels.is_some_and(|labels| {
            let mut texts = labels.iter().filter_map(value::text);
            texts.any(|label| self.mark_label(&label.to_lowercase()))
        });
        let is_on_branch = value::text_at(body, "vcs.ref.head.name").is_some_and(|name| {
            let name = name.to_lowercase();
            self.branch_prefixes
                .iter()
                .any(|prefix| name.starts_with(prefix))
        });
        is_bot || is_labelled || is_on_branch
    }

    fn mark_label(&self, label: &str) -> bool {
        let mut words = label.split(|char: char| !char.is_alphabetic());
        self.labels.contains(label) || words.any(|word| self.label_words.contains(word))
    }
}

/// Whether the draft's change is an agent's; None where it is about no change, and where nothing
/// marks it and the organization has said nothing of its agents.
pub(super) fn judge(own: Option<&Agents>, body: &Value) -> Option<bool> {
    let change = value::lookup(body, "chaperone.change")?;
    let is_said = matches!(value::lookup(change, "agent"), Some(Value::Boolean(true)));
    let mut marks = [Some(&*KNOWN), own].into_iter().flatten();
    if is_said || marks.any(|agents| agents.mark(change, body)) {
        Some(true)
    } else {
        own.map(|_| false)
    }
}
