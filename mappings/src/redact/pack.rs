//! Chaperone's own rule pack: `redaction/rules.toml`, compiled into the binary.
//!
//! Patterns taken over from a code scanner are tuned to source code and know nothing of the tokens
//! that agents carry today, so the project keeps its own. The file explains its fields; the tests
//! generate a secret from every example and hold it against its pattern.

use toml::de::DeTable;

use super::rule::{self, Allowlist, Reach, Rule, Tail, Target};
use super::rulefile::RuleFile;
use crate::problem::Problem;

/// The pack's text.
pub(super) const TEXT: &str = include_str!("../../redaction/rules.toml");
const PATH: &str = "mappings/redaction/rules.toml";
const KEYS: [&str; 15] = [
    "id", "what", "keywords", "pattern", "before", "after", "start", "tail", "class", "entropy",
    "examples", "others", "group", "changes", "unless",
];
/// Where a pattern has no longest match and the rule names no window.
const AFTER_DEFAULT: usize = 1024;
/// Less is a placeholder: `ghp_xxxxxxxx`.
const TOKEN_ENTROPY: f64 = 2.6;

/// The rules of the built-in pack. The problems are ours to fix: a test holds the list empty.
pub(super) fn load() -> Result<Vec<Rule>, Vec<Problem>> {
    parse(PATH, TEXT)
}

fn parse(path: &str, text: &str) -> Result<Vec<Rule>, Vec<Problem>> {
    let mut file = RuleFile::new(path, text);
    let table = file.parse();
    let mut rules = Vec::new();
    for (entry, at) in file.tables(&table, "rule") {
        for key in entry.keys() {
            if !KEYS.contains(&key.get_ref().as_ref()) {
                file.problem(
                    &key.span(),
                    format!("a rule has no field `{}`", key.get_ref()),
                );
            }
        }
        match read(&mut file, entry) {
            Some(rule) => rules.push(rule),
            None => file.problem(
                &at,
                "a rule needs `id`, `keywords` and a `pattern` that compiles",
            ),
        }
    }
    if file.problems.is_empty() {
        Ok(rules)
    } else {
        Err(file.problems)
    }
}

fn read(file: &mut RuleFile<'_>, entry: &DeTable<'_>) -> Option<Rule> {
    let (id, _) = file.text(entry, "id")?;
    let (pattern, at) = file.text(entry, "pattern")?;
    let any_case = pattern.starts_with("(?i)");
    let keywords: Vec<String> = file
        .texts(entry, "keywords")
        .into_iter()
        .map(|(keyword, _)| keyword.to_owned())
        .collect();
    let after = file
        .number(entry, "after")
        .map(|bytes| bytes as usize)
        .or_else(|| rule::length_max(pattern).map(|bytes| bytes + 1))
        .unwrap_or(AFTER_DEFAULT);
    let before = file.number(entry, "before").map(|bytes| bytes as usize);
    let (reach, anchored) = match before {
        Some(before) => (Reach::Window { before, after }, pattern.to_owned()),
        None => (Reach::Prefix { after }, format!(r"\A(?:{pattern})")),
    };
    let compiled = match rule::compile(&anchored) {
        Ok(compiled) => compiled,
        Err(message) => {
            file.problem(&at, message);
            return None;
        }
    };
    // The anchored form compiled, so this one does.
    let floating = match reach {
        Reach::Prefix { .. } => rule::compile(pattern).ok(),
        _ => None,
    };
    let token = choice(file, entry, "class", &["token", "password"]) == 0;
    let unless: Vec<Vec<u8>> = file
        .texts(entry, "unless")
        .into_iter()
        .map(|(word, _)| word.to_ascii_lowercase().into_bytes())
        .collect();
    let entropy = file.number(entry, "entropy");
    Some(Rule {
        id: id.to_owned(),
        name: id.to_owned(),
        fingerprint: token,
        placeholders: !token,
        rank: 1,
        exact_case: !any_case,
        keywords,
        pattern: compiled,
        floating,
        group: file.number(entry, "group").map(|group| group as usize),
        reach,
        word_start: choice(file, entry, "start", &["word", "any"]) == 0,
        tail: [Tail::Word, Tail::Base64, Tail::Dotted, Tail::None]
            [choice(file, entry, "tail", &["word", "base64", "dotted", "none"])],
        entropy: entropy.unwrap_or(if token { TOKEN_ENTROPY } else { 0.0 }),
        changes: file.number(entry, "changes").unwrap_or(0.0),
        allow: vec![Allowlist {
            every: false,
            target: Target::Secret,
            patterns: Vec::new(),
            stopwords: unless,
        }],
    })
}

/// The index of a field's value among the words it may be; 0 where it is missing.
fn choice(file: &mut RuleFile<'_>, entry: &DeTable<'_>, key: &str, words: &[&str]) -> usize {
    let Some((word, at)) = file.text(entry, key) else {
        return 0;
    };
    words
        .iter()
        .position(|known| *known == word)
        .unwrap_or_else(|| {
            file.problem(&at, format!("`{key}` must be one of {}", words.join(", ")));
            0
        })
}

#[cfg(test)]
mod tests;
