//! What the stages run on: sources, patterns, context and rules, built in and from folders,
//! compiled together before anything starts. All problems of all files come out in one go.

mod patterns;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use chaperone_detections::{FieldAliases, Lists, RuleFile, RuleSet};
use chaperone_mappings::context::Context;
use chaperone_mappings::normalize::{Limits as NormalizeLimits, Normalizer};
use chaperone_mappings::redact::{FingerprintKey, Redactor, RedactorConfig};
use chaperone_mappings::source::{SourceFile, Sources};

use crate::command::{Invalid, invalid};

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
    /// How far into the future an event may claim to be, in milliseconds; None: five minutes.
    pub future_skew_ms: Option<i64>,
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

impl Content {
    /// Reads and compiles everything. Without a key the fingerprints use the fixed key `k0`.
    pub fn load(folders: &Folders, key: Option<FingerprintKey>) -> Result<Self> {
        let mut problems = Vec::new();
        let mut warnings = Vec::new();
        let sources = keep(
            Sources::load(&source_files(&folders.mappings)?),
            &mut problems,
        );
        let context = context_files(folders.context.as_deref())?;
        let context = keep(Context::load(&context), &mut problems);
        let redactor =
            keep(redactor(folders, key)?, &mut problems).map(|(redactor, unsupported)| {
                warnings.extend(unsupported);
                redactor
            });
        let aliases = sources.as_ref().map(aliases).unwrap_or_default();
        let lists = context.as_ref().map(lists).unwrap_or_default();
        let files = rule_files(&folders.rules)?;
        let rules = match RuleSet::compile(&files, &lists, &aliases) {
            Ok((rules, doubts)) => {
                warnings.extend(doubts.iter().map(ToString::to_string));
                Some(rules)
            }
            Err(found) => {
                problems.extend(found.iter().map(ToString::to_string));
                None
            }
        };
        let (Some(sources), Some(context), Some(redactor), Some(rules)) =
            (sources, context, redactor, rules)
        else {
            return Err(Invalid(problems).into());
        };
        Ok(Self::assemble(
            folders, sources, context, redactor, rules, warnings,
        ))
    }

    fn assemble(
        folders: &Folders,
        sources: Sources,
        context: Context,
        redactor: Redactor,
        rules: RuleSet,
        warnings: Vec<String>,
    ) -> Self {
        let (sources, redactor) = (Arc::new(sources), Arc::new(redactor));
        let mut limits = NormalizeLimits::default();
        limits.skew_ms = folders.future_skew_ms.unwrap_or(limits.skew_ms);
        let normalizer =
            Normalizer::with_limits(sources.clone(), redactor.clone(), Arc::new(context), limits);
        Self {
            normalizer: Arc::new(normalizer),
            redactor,
            sources,
            rules: Arc::new(rules),
            warnings,
        }
    }

    /// Says what looks wrong.
    pub fn warn(&self) {
        for warning in &self.warnings {
            tracing::warn!("{warning}");
        }
    }
}

/// The value, or nothing and its problems.
fn keep<T, P: ToString>(outcome: Result<T, Vec<P>>, problems: &mut Vec<String>) -> Option<T> {
    match outcome {
        Ok(value) => Some(value),
        Err(found) => {
            problems.extend(found.iter().map(ToString::to_string));
            None
        }
    }
}

type Redactors = Result<(Redactor, Vec<String>), Vec<String>>;

fn redactor(folders: &Folders, key: Option<FingerprintKey>) -> Result<Redactors> {
    let config = RedactorConfig {
        gitleaks: patterns::files(&folders.patterns)?,
        builtin: folders.builtin_patterns,
        key: key.unwrap_or_else(FingerprintKey::fixed),
    };
    Ok(Redactor::new(config).map_err(|found| found.iter().map(ToString::to_string).collect()))
}

/// What a command without a key says on stderr.
pub const FIXED_KEY: &str = "fingerprints are made with the fixed key k0";

/// The redactor alone, and what of the patterns' files it does not support.
pub fn redactor_alone(folders: &Folders, key: FingerprintKey) -> Result<(Redactor, Vec<String>)> {
    redactor(folders, Some(key))?.map_err(|problems| Invalid(problems).into())
}

/// The built-in sources alone.
pub fn builtin_sources() -> Result<Sources> {
    Sources::builtin()
        .map_err(|found| Invalid(found.iter().map(ToString::to_string).collect()).into())
}

/// What to say where nobody maps a source.
pub fn unknown_source(sources: &Sources, name: &str) -> String {
    let known: Vec<&str> = sources.names().collect();
    format!(
        "there is no source `{name}`; known are {}, or auto",
        known.join(", ")
    )
}

/// The fields of rules that are written against raw vendor names, and the names of streams.
pub fn aliases(sources: &Sources) -> FieldAliases {
    let mut aliases = FieldAliases::default();
    for source in sources.iter() {
        let spec = source.spec();
        let Some(logsource) = &spec.logsource else {
            continue;
        };
        let product = &logsource.product;
        for also in &logsource.also_services {
            aliases.insert_service(product, also, &logsource.service);
        }
        for service in std::iter::once(&logsource.service).chain(&logsource.also_services) {
            // What is moved is an alias by itself; a declared alias has the last word.
            for (field, path) in spec.moves.iter().chain(&spec.aliases) {
                aliases.insert(product, service, field, path);
            }
        }
    }
    aliases
}

/// For documents as the vendor sends them: a name that rules write in another case is, beside
/// itself, the vendor's name.
pub fn spellings(sources: &Sources) -> FieldAliases {
    let mut spellings = FieldAliases::default();
    for source in sources.iter() {
        let spec = source.spec();
        let Some(logsource) = &spec.logsource else {
            continue;
        };
        let names = || spec.moves.keys().chain(spec.aliases.keys());
        let cased = names().filter(|name| **name != name.to_lowercase());
        for name in cased {
            let lower = name.to_lowercase();
            let written = names().filter(|other| *other != name && other.to_lowercase() == lower);
            for other in written {
                spellings.insert(&logsource.product, "", other, other);
                for service in std::iter::once(&logsource.service).chain(&logsource.also_services) {
                    spellings.insert(&logsource.product, service, other, name);
                }
            }
        }
    }
    spellings
}

fn lists(context: &Context) -> Lists {
    let mut lists = Lists::default();
    for (name, values) in context.lists() {
        lists.insert(name, values.clone());
    }
    lists
}

/// The rule files of folders and files, in order; `builtin` is the built-in pack.
pub fn rule_files(dirs: &[PathBuf]) -> Result<Vec<RuleFile>> {
    let mut files = Vec::new();
    for dir in dirs {
        if dir.as_os_str() == "builtin" {
            files.extend(chaperone_detections::builtin::rules());
            continue;
        }
        for path in walk(dir, &["yml", "yaml", "rhai"])? {
            if !is_cases(&path) {
                files.push(RuleFile {
                    path: path.display().to_string(),
                    text: read(&path)?,
                });
            }
        }
    }
    Ok(files)
}

/// The case files of folders and files, beside their rules.
pub fn case_files(dirs: &[PathBuf]) -> Result<Vec<RuleFile>> {
    let mut files = Vec::new();
    for dir in dirs {
        if dir.as_os_str() == "builtin" {
            files.extend(chaperone_detections::builtin::cases());
            continue;
        }
        for path in walk(dir, &["yml", "yaml"])?
            .into_iter()
            .filter(|path| is_cases(path))
        {
            files.push(RuleFile {
                path: path.display().to_string(),
                text: read(&path)?,
            });
        }
    }
    Ok(files)
}

fn is_cases(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.ends_with(".cases.yml") || name.ends_with(".cases.yaml")
}

fn source_files(dirs: &[PathBuf]) -> Result<Vec<SourceFile>> {
    let mut files = Vec::new();
    for dir in dirs {
        for path in walk(dir, &["toml", "vrl"])? {
            files.push(SourceFile {
                path: path.display().to_string(),
                text: read(&path)?,
            });
        }
    }
    Ok(files)
}

fn context_files(dir: Option<&Path>) -> Result<Vec<(String, String)>> {
    let Some(dir) = dir else {
        return Ok(Vec::new());
    };
    let files = walk(dir, &["toml"])?;
    files
        .iter()
        .map(|path| Ok((path.display().to_string(), read(path)?)))
        .collect()
}

/// The context of the stories among the inputs; stories with different contexts need `--context`.
pub fn context_of(inputs: &[PathBuf]) -> Result<Option<PathBuf>> {
    let mut found: Vec<PathBuf> = Vec::new();
    for input in inputs.iter().filter(|input| input.is_dir()) {
        for context in crate::read::story::contexts(input)? {
            if !found.contains(&context) {
                found.push(context);
            }
        }
    }
    match found.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(one.clone())),
        _ => Err(invalid(
            "the inputs bring more than one context along; name one with --context",
        )),
    }
}

/// The files below a folder with one of these endings, in order; a file stands for itself.
fn walk(dir: &Path, endings: &[&str]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in walkdir::WalkDir::new(dir)
        .sort_by_file_name()
        .follow_links(true)
    {
        let entry = entry.with_context(|| format!("{} cannot be read", dir.display()))?;
        let path = entry.path();
        let ending = path.extension().and_then(|ending| ending.to_str());
        let wanted = ending.is_some_and(|ending| endings.contains(&ending)) || path == dir;
        if wanted && entry.file_type().is_file() {
            files.push(path.to_owned());
        }
    }
    Ok(files)
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))
}
