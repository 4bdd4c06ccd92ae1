//! The rules that all engines are given: the built-in pack, or a gitleaks file.

use std::path::Path;

use anyhow::{Context as _, Result};

const PACK: &str = include_str!("../../../mappings/redaction/rules.toml");

/// A pattern and the words of which one must be in the text.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    pub(crate) pattern: String,
    pub(crate) keywords: Vec<String>,
}

/// Where the rules come from.
#[derive(Debug)]
pub(crate) enum Source {
    /// The built-in pack.
    Pack,
    /// A gitleaks file: its name and text.
    File(String, String),
}

impl Source {
    /// The file, or the pack where none is named.
    pub(crate) fn read(path: Option<&Path>) -> Result<Self> {
        let Some(path) = path else {
            return Ok(Self::Pack);
        };
        let name = path.display().to_string();
        let text =
            std::fs::read_to_string(path).with_context(|| format!("{name} cannot be read"))?;
        Ok(Self::File(name, text))
    }

    /// The patterns and keywords, for engines that are not ours. Rules without a pattern are left
    /// out: they look at paths.
    pub(crate) fn rules(&self) -> Result<Vec<Rule>> {
        let (text, list, pattern) = match self {
            Self::Pack => (PACK, "rule", "pattern"),
            Self::File(_, text) => (text.as_str(), "rules", "regex"),
        };
        let table: toml::Table = text.parse()?;
        let rules = table[list].as_array().context("a list of rules")?;
        Ok(rules
            .iter()
            .filter_map(|entry| rule(entry, pattern))
            .collect())
    }
}

fn rule(entry: &toml::Value, pattern: &str) -> Option<Rule> {
    let keywords = entry.get("keywords").and_then(toml::Value::as_array);
    Some(Rule {
        pattern: entry.get(pattern)?.as_str()?.to_owned(),
        keywords: keywords
            .into_iter()
            .flatten()
            .filter_map(|keyword| keyword.as_str().map(str::to_ascii_lowercase))
            .filter(|keyword| !keyword.is_empty())
            .collect(),
    })
}
