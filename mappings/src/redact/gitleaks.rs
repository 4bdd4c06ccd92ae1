//! Rule files in gitleaks's format, as they are.
//!
//! A team has one file for its code scanner, and the exporter must not know less than that. So
//! `rules`, `allowlist`, `allowlists` with their conditions and targets, `secretGroup`, `entropy`,
//! `stopwords` and `extend` mean here what they mean there. What cannot apply to an event is named
//! in the notes and never skipped in silence: events have no path and no commit, and no rule waits
//! for a second finding nearby (`required`), because half of a pair is a secret, too. A comment
//! `gitleaks:allow` in an event allows nothing: an agent could print it.

use std::collections::BTreeSet;
use std::ops::Range;

use toml::de::DeTable;

use super::marker;
use super::rule::{self, Allowlist, Reach, Rule, Tail, Target};
use super::rulefile::RuleFile;
use crate::problem::Problem;

/// Bytes before a keyword: names and operators that patterns begin with.
const BEFORE: usize = 160;
/// Bytes after a keyword where the pattern has no longest match.
const AFTER_UNBOUNDED: usize = 2048;
const AFTER_TOKEN: usize = 8192;
const AFTER_PEM: usize = 16384;
/// A file may extend a file that extends a file, as in gitleaks.
const EXTEND_DEPTH_MAX: usize = 2;

/// The rules of some files and what was noted about them.
#[derive(Default)]
pub(super) struct Loaded {
    pub(super) rules: Vec<Rule>,
    /// What the files ask for and this engine does not do.
    pub(super) notes: Vec<String>,
    /// Rules of the built-in pack that the files disable.
    pub(super) disabled: BTreeSet<String>,
    problems: Vec<Problem>,
}

/// Loads the files, each `(path, text)`. A file that another one extends is looked for among them.
pub(super) fn load(files: &[(String, String)]) -> Result<Loaded, Vec<Problem>> {
    let mut loaded = Loaded::default();
    for (path, text) in files {
        let extended = files
            .iter()
            .filter_map(|(_, other)| extends(other))
            .any(|wanted| is_named(path, &wanted));
        if !extended {
            file(files, path, text, &BTreeSet::new(), 0, &mut loaded);
        }
    }
    if loaded.problems.is_empty() {
        Ok(loaded)
    } else {
        Err(loaded.problems)
    }
}

/// True where a file is the one that another names: by its path or the end of it.
fn is_named(path: &str, wanted: &str) -> bool {
    path == wanted || path.ends_with(&format!("/{wanted}"))
}

/// The file that a rule file extends (`[extend] path = "…"`), for whoever reads the files.
pub fn extends(text: &str) -> Option<String> {
    let table: toml::Table = text.parse().ok()?;
    let path = table.get("extend")?.get("path")?.as_str()?;
    Some(path.to_owned())
}

fn file(
    files: &[(String, String)],
    path: &str,
    text: &str,
    without: &BTreeSet<String>,
    depth: usize,
    loaded: &mut Loaded,
) {
    let mut file = RuleFile::new(path, text);
    let table = file.parse();
    unknown(path, "the file", &table, &TOP, loaded);
    extend(files, &mut file, &table, depth, loaded);
    let shared: Vec<(Allowlist, Vec<String>)> = ["allowlist", "allowlists"]
        .iter()
        .flat_map(|key| allowlists(&mut file, path, &table, key, loaded))
        .collect();
    for (entry, at) in file.tables(&table, "rules") {
        let Some((id, _)) = file.text(entry, "id") else {
            file.problem(&at, "a rule needs an `id`");
            continue;
        };
        if without.contains(id) {
            continue;
        }
        let known = loaded.rules.iter().position(|rule| rule.id == id);
        let base = known.map(|place| loaded.rules.remove(place));
        if let Some(mut rule) = read(&mut file, path, id, entry, &at, base, loaded) {
            let mine = shared.iter().filter(|(_, targets)| {
                targets.is_empty() || targets.iter().any(|target| target == id)
            });
            rule.allow.extend(mine.map(|(list, _)| list.clone()));
            loaded.rules.push(rule);
        }
    }
    loaded.problems.append(&mut file.problems);
}

const TOP: [&str; 7] = [
    "title",
    "description",
    "minVersion",
    "extend",
    "allowlist",
    "allowlists",
    "rules",
];
const RULE: [&str; 13] = [
    "id",
    "description",
    "regex",
    "secretGroup",
    "entropy",
    "path",
    "keywords",
    "tags",
    "skipReport",
    "allowlist",
    "allowlists",
    "required",
    "report",
];
const LIST: [&str; 8] = [
    "description",
    "condition",
    "commits",
    "paths",
    "regexTarget",
    "regexes",
    "stopwords",
    "targetRules",
];

fn unknown(path: &str, what: &str, table: &DeTable<'_>, known: &[&str], loaded: &mut Loaded) {
    for key in table.keys() {
        if !known.contains(&key.get_ref().as_ref()) {
            let key = key.get_ref();
            loaded.notes.push(format!(
                "{path}: {what}: `{key}` is not known and does nothing"
            ));
        }
    }
}

/// Loads what the file extends, without the rules that it disables there.
fn extend(
    files: &[(String, String)],
    file: &mut RuleFile<'_>,
    table: &DeTable<'_>,
    depth: usize,
    loaded: &mut Loaded,
) {
    let Some((extend, _)) = file.table(table, "extend") else {
        return;
    };
    let disabled: BTreeSet<String> = file
        .texts(extend, "disabledRules")
        .into_iter()
        .map(|(id, _)| id.to_owned())
        .collect();
    if file.flag(extend, "useDefault") {
        loaded.notes.push(
            "extend.useDefault: gitleaks's own rules are not part of Chaperone; its built-in pack \
             stands in for them, or give gitleaks's file as well"
                .to_owned(),
        );
        loaded
            .disabled
            .extend(disabled.iter().map(|id| marker::rule_name(id)));
    }
    if let Some((wanted, at)) = file.text(extend, "path") {
        let found = files.iter().find(|(path, _)| is_named(path, wanted));
        match found {
            Some((path, text)) if depth < EXTEND_DEPTH_MAX => {
                self::file(files, path, text, &disabled, depth + 1, loaded);
            }
            Some(_) => file.problem(&at, "files extend each other more than twice; name this one in the configuration instead"),
            None => file.problem(&at, "the file that is extended cannot be read, neither beside this one nor in the working folder"),
        }
    }
}

/// Reads a rule; one that a file extended before has is changed where this one says something else.
fn read(
    file: &mut RuleFile<'_>,
    path: &str,
    id: &str,
    entry: &DeTable<'_>,
    at: &Range<usize>,
    base: Option<Rule>,
    loaded: &mut Loaded,
) -> Option<Rule> {
    let what = format!("rule {id}");
    unknown(path, &what, entry, &RULE, loaded);
    for key in ["path", "required", "skipReport"] {
        if entry.contains_key(key) && entry.contains_key("regex") {
            loaded.notes.push(format!(
                "{path}: {what}: `{key}` is not looked at; the pattern redacts by itself"
            ));
        }
    }
    let mut rule = match file.text(entry, "regex") {
        Some((pattern, place)) => pattern_rule(file, id, pattern, &place)?,
        None => match base {
            Some(base) => base,
            None if entry.contains_key("path") => {
                loaded.notes.push(format!(
                    "{path}: {what}: it only looks at paths, which events do not have; not used"
                ));
                return None;
            }
            None => {
                file.problem(at, "a rule needs a `regex`");
                return None;
            }
        },
    };
    let keywords = file.texts(entry, "keywords").into_iter();
    rule.keywords.extend(
        keywords
            .map(|(keyword, _)| keyword.to_owned())
            .filter(|k| !k.is_empty()),
    );
    if rule.keywords.is_empty() {
        rule.reach = Reach::Everywhere;
        loaded.notes.push(format!(
            "{path}: {what}: it has no keywords, so it looks at every byte and is slow"
        ));
    }
    if let Some(entropy) = file.number(entry, "entropy") {
        rule.entropy = entropy;
    }
    if let Some(group) = file
        .number(entry, "secretGroup")
        .filter(|group| *group >= 1.0)
    {
        rule.group = Some(group as usize);
        if group as usize >= rule.pattern.captures_len() {
            file.problem(
                at,
                "`secretGroup` names a group that the regex does not have",
            );
            return None;
        }
    }
    for key in ["allowlist", "allowlists"] {
        let lists = allowlists(file, path, entry, key, loaded);
        rule.allow.extend(lists.into_iter().map(|(list, _)| list));
    }
    Some(rule)
}

fn pattern_rule(
    file: &mut RuleFile<'_>,
    id: &str,
    pattern: &str,
    place: &Range<usize>,
) -> Option<Rule> {
    let compiled = rule::compile(pattern)
        .map_err(|message| file.problem(place, format!("the regex does not compile: {message}")))
        .ok()?;
    Some(Rule {
        id: id.to_owned(),
        name: marker::rule_name(id),
        fingerprint: true,
        rank: 2,
        reach: reach(pattern),
        keywords: Vec::new(),
        exact_case: false,
        pattern: compiled,
        floating: None,
        group: None,
        word_start: false,
        tail: Tail::Word,
        entropy: 0.0,
        changes: 0.0,
        placeholders: false,
        allow: Vec::new(),
    })
}

fn reach(pattern: &str) -> Reach {
    let after = match rule::length_max(pattern) {
        Some(longest) => longest + 64,
        None if pattern.contains("BEGIN") => AFTER_PEM,
        None if pattern.contains("ey") => AFTER_TOKEN,
        None => AFTER_UNBOUNDED,
    };
    let before = rule::length_max(pattern).map_or(BEFORE, |longest| longest.clamp(BEFORE, 512));
    Reach::Window { before, after }
}

/// The allowlists under a key, each with the rules it is for (none: all). One table or several.
fn allowlists(
    file: &mut RuleFile<'_>,
    path: &str,
    table: &DeTable<'_>,
    key: &str,
    loaded: &mut Loaded,
) -> Vec<(Allowlist, Vec<String>)> {
    let one = table
        .get(key)
        .is_some_and(|value| matches!(value.get_ref(), toml::de::DeValue::Table(_)));
    let entries = if one {
        file.table(table, key).into_iter().collect()
    } else {
        file.tables(table, key)
    };
    entries
        .into_iter()
        .filter_map(|(entry, _)| {
            unknown(path, "an allowlist", entry, &LIST, loaded);
            allowlist(file, path, entry, loaded)
        })
        .collect()
}

fn allowlist(
    file: &mut RuleFile<'_>,
    path: &str,
    entry: &DeTable<'_>,
    loaded: &mut Loaded,
) -> Option<(Allowlist, Vec<String>)> {
    let every = match file.text(entry, "condition") {
        Some((word, _)) if word.eq_ignore_ascii_case("and") || word == "&&" => true,
        Some((word, _)) if word.eq_ignore_ascii_case("or") || word == "||" => false,
        Some((_, at)) => {
            file.problem(&at, "`condition` must be AND or OR");
            return None;
        }
        None => false,
    };
    let target = match file
        .text(entry, "regexTarget")
        .map(|(word, at)| (word.to_owned(), at))
    {
        None => Target::Secret,
        Some((word, at)) => match word.as_str() {
            "secret" | "" => Target::Secret,
            "match" => Target::Match,
            "line" => Target::Line,
            _ => {
                file.problem(&at, "`regexTarget` must be secret, match or line");
                return None;
            }
        },
    };
    let elsewhere = entry.contains_key("paths") || entry.contains_key("commits");
    if elsewhere {
        let effect = if every {
            "the allowlist never holds"
        } else {
            "they allow nothing"
        };
        loaded.notes.push(format!(
            "{path}: an allowlist: events have no `paths` and `commits`; {effect}"
        ));
    }
    let mut patterns = Vec::new();
    for (pattern, at) in file.texts(entry, "regexes") {
        match rule::compile(pattern) {
            Ok(compiled) => patterns.push(compiled),
            Err(message) => {
                file.problem(&at, format!("the regex does not compile: {message}"));
            }
        }
    }
    let lower = |texts: Vec<super::rulefile::Placed<'_>>| -> Vec<String> {
        texts.into_iter().map(|(text, _)| text.to_owned()).collect()
    };
    let stopwords = lower(file.texts(entry, "stopwords"))
        .into_iter()
        .map(|word| word.to_ascii_lowercase().into_bytes())
        .collect();
    let targets = lower(file.texts(entry, "targetRules"));
    let never = every && elsewhere;
    (!never).then_some((
        Allowlist {
            every,
            target,
            patterns,
            stopwords,
        },
        targets,
    ))
}

#[cfg(test)]
mod tests;
