//! `repositories.toml`: how much a repository matters, and whether agents may work on it.
//!
//! ```toml
//! [[repositories]]
//! match = "example/payments-*"   # `*` any text, `?` one character; the first entry counts
//! tier = "restricted"
//! agents = "denied"              # or "allowed"
//! ```

use regex::{RegexSet, RegexSetBuilder};
use serde::Deserialize;
use toml::Spanned;

use crate::problem::{Problem, read_toml};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    repositories: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    r#match: Spanned<String>,
    tier: Option<String>,
    agents: Option<Agents>,
}

/// Whether agents may work on a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Agents {
    Allowed,
    Denied,
}

impl Agents {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Denied => "denied",
        }
    }
}

/// The entries, and one automaton over their patterns.
pub(super) struct Repositories {
    patterns: RegexSet,
    entries: Vec<Repository>,
}

/// What is known of the repositories that a pattern means.
pub(super) struct Repository {
    pub(super) tier: Option<String>,
    pub(super) agents: Option<Agents>,
}

impl Repositories {
    pub(super) fn read(path: &str, text: &str) -> Result<Self, Vec<Problem>> {
        let file: File = read_toml(path, text).map_err(|problem| vec![problem])?;
        let mut problems = Vec::new();
        for entry in &file.repositories {
            let pattern = entry.r#match.get_ref();
            if !pattern.contains('/') && pattern != "*" {
                let message = "a repository is `owner/name`; write for example \"owner/*\"";
                problems.push(Problem::at(path, text, entry.r#match.span().start, message));
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let patterns = file
            .repositories
            .iter()
            .map(|entry| glob(entry.r#match.get_ref()));
        let patterns = RegexSetBuilder::new(patterns)
            .case_insensitive(true)
            .build();
        let patterns = patterns.map_err(|_| {
            let message = "these are more patterns than can be compiled; merge some with `*`";
            vec![Problem::at(path, text, 0, message)]
        })?;
        let entries = file.repositories.into_iter().map(|entry| Repository {
            tier: entry.tier,
            agents: entry.agents,
        });
        Ok(Self {
            patterns,
            entries: entries.collect(),
        })
    }

    /// The first entry that means the repository.
    pub(super) fn find(&self, name: &str) -> Option<&Repository> {
        let first = self.patterns.matches(name).iter().next()?;
        self.entries.get(first)
    }

    pub(super) fn deny_agents(&self, name: &str) -> bool {
        self.find(name)
            .is_some_and(|entry| entry.agents == Some(Agents::Denied))
    }
}

/// A glob as an anchored regular expression.
fn glob(pattern: &str) -> String {
    let parts = pattern.chars().map(|c| match c {
        '*' => ".*".to_owned(),
        '?' => ".".to_owned(),
        other => regex::escape(other.encode_utf8(&mut [0; 4])),
    });
    format!("(?s)^{}$", parts.collect::<String>())
}
