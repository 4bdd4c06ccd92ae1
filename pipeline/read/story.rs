//! A recorded story: a folder with `case.toml`, inputs, and what must come of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;

/// A folder with a `case.toml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Story {
    /// What happened, in a sentence.
    pub title: String,
    /// The input files, in order.
    pub inputs: Vec<PathBuf>,
    /// The source of every record, or empty for `auto`.
    pub source: String,
    /// The folder with its context.
    pub context: Option<PathBuf>,
    /// Fake secrets by name, put together only here: `{{name}}` in an input stands for one, so
    /// that no file of a story looks like a leak.
    pub fakes: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    title: String,
    inputs: Vec<PathBuf>,
    #[serde(default)]
    source: String,
    context: Option<PathBuf>,
    #[serde(default)]
    fakes: BTreeMap<String, Vec<String>>,
}

impl Story {
    /// Reads the folder's `case.toml`; None where there is none.
    pub fn load(folder: &Path) -> Result<Option<Self>> {
        let path = folder.join("case.toml");
        if !path.is_file() {
            return Ok(None);
        }
        let name = path.display();
        let text =
            std::fs::read_to_string(&path).with_context(|| format!("{name} cannot be read"))?;
        let raw: Raw = toml::from_str(&text).with_context(|| format!("{name} is not a story"))?;
        Ok(Some(Self {
            title: raw.title,
            inputs: raw.inputs.iter().map(|input| folder.join(input)).collect(),
            source: raw.source,
            context: raw.context.map(|context| folder.join(context)),
            fakes: raw
                .fakes
                .into_iter()
                .map(|(name, parts)| (name, parts.concat()))
                .collect(),
        }))
    }
}

/// The contexts of a story, or of the stories in a folder.
pub fn contexts(folder: &Path) -> Result<Vec<PathBuf>> {
    if let Some(story) = Story::load(folder)? {
        let context = story
            .context
            .map(|context| context.canonicalize().unwrap_or(context));
        return Ok(context.into_iter().collect());
    }
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)
        .with_context(|| format!("{} cannot be listed", folder.display()))?
    {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(contexts(&path)?);
        }
    }
    found.sort();
    found.dedup();
    Ok(found)
}
