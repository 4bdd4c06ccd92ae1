//! Named value lists for the placeholders of `expand`.

use std::collections::BTreeMap;

/// More texts than this from one value with several placeholders is a mistake.
const EXPANSIONS_MAX: usize = 10_000;

/// Placeholder name → values. Values are Sigma patterns: they may hold wildcards.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lists(BTreeMap<String, Vec<String>>);

impl Lists {
    /// Adds or replaces a list.
    pub fn insert(&mut self, name: impl Into<String>, values: Vec<String>) {
        self.0.insert(name.into(), values);
    }

    /// The names that have values.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Every text that a value with placeholders stands for; `\%` is a percent sign. The error is
    /// the name of a placeholder without values.
    pub(crate) fn expand(&self, raw: &str) -> Result<Vec<String>, String> {
        let mut out = vec![String::new()];
        let mut rest = raw;
        while let Some(at) = rest.find('%') {
            let (before, after) = (&rest[..at], &rest[at + 1..]);
            let name = after.split('%').next().unwrap_or_default();
            if let Some(before) = before.strip_suffix('\\') {
                append(&mut out, &[&format!("{before}%")]);
                rest = after;
            } else if is_name(name) && after.len() > name.len() {
                append(&mut out, &[before]);
                let values = self.0.get(name).filter(|values| !values.is_empty());
                let values = values.ok_or_else(|| name.to_owned())?;
                if out.len() * values.len() > EXPANSIONS_MAX {
                    return Err(format!("{name} (too many combinations)"));
                }
                append(&mut out, values);
                rest = &after[name.len() + 1..];
            } else {
                append(&mut out, &[&format!("{before}%")]);
                rest = after;
            }
        }
        append(&mut out, &[rest]);
        Ok(out)
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ' '))
}

fn append(texts: &mut Vec<String>, ends: &[impl AsRef<str>]) {
    *texts = texts
        .iter()
        .flat_map(|text| {
            ends.iter()
                .map(move |end| format!("{text}{}", end.as_ref()))
        })
        .collect();
}
