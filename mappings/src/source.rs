//! Sources: what can send us something, and how each is mapped.
//!
//! A source is one folder, `<vendor>/<stream>/`, with `mapping.toml` (what it is, how a delivery
//! splits into items, how an item is recognized, where its id lies) and `mapping.vrl` (the program,
//! see [`crate::mapper`]). Its name is `<vendor>.<stream>`. The built-in ones are compiled in;
//! files that the user gives add to them, or replace a file of the same source, one by one: who
//! wants another program for a built-in source writes only `mapping.vrl`.
//!
//! Recognition refuses to guess. An item is given to a source only where one of the source's
//! `recognize` entries holds in full; where two sources claim it, the entry with more conditions
//! wins, and a tie is a refusal that names both.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::mapper::Mapper;
use crate::problem::Problem;
use crate::record::Origin;
use crate::value::Value;

pub(crate) use actions::Actions;
pub(crate) use lines::Lines;
pub use produces::Produces;
use recognize::Recognizer;
pub use spec::{Action, Challenge, ItemPath, Logsource, Spec};

mod actions;
mod lines;
mod produces;
mod recognize;
mod spec;

/// The built-in sources: path and text of each file.
static BUILTIN: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/builtin.rs"));

/// A file of a source that the user gives.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// Its path, as shown in problems. The last two folders name the source:
    /// `…/acme/audit/mapping.toml` belongs to `acme.audit`.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// One source: its description and its compiled program.
pub struct Source {
    name: String,
    spec: Spec,
    pub(crate) mapper: Mapper,
    pub(crate) recognizer: Recognizer,
    pub(crate) lines: Lines,
    pub(crate) actions: Actions,
    pub(crate) ids: Vec<IdPath>,
}

/// Where an id lies: the values at all of these paths, joined.
pub(crate) type IdPath = Vec<String>;

impl Source {
    /// `<vendor>.<stream>`, as in the configuration, in metrics and in `chaperone.source`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What `mapping.toml` says.
    pub fn spec(&self) -> &Spec {
        &self.spec
    }
}

/// Every source that is known.
pub struct Sources {
    all: Vec<Source>,
    by_name: FxHashMap<String, usize>,
    envelopes: Vec<ItemPath>,
}

impl Sources {
    /// The built-in sources.
    ///
    /// # Errors
    /// Every problem in them; a test makes sure that there is none.
    pub fn builtin() -> Result<Self, Vec<Problem>> {
        Self::load(&[])
    }

    /// The built-in sources with the user's files over them.
    ///
    /// # Errors
    /// Every problem in every file.
    pub fn load(files: &[SourceFile]) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let parts = collect(files, &mut problems);
        let mut all = Vec::new();
        for (name, parts) in parts {
            match build(name, parts) {
                Ok(source) => all.push(source),
                Err(found) => problems.extend(found),
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let by_name = all.iter().enumerate();
        let by_name = by_name
            .map(|(at, source)| (source.name.clone(), at))
            .collect();
        let mut envelopes: Vec<ItemPath> = Vec::new();
        for path in all.iter().flat_map(|source| &source.spec.items) {
            if !envelopes.contains(path) {
                envelopes.push(path.clone());
            }
        }
        Ok(Self {
            all,
            by_name,
            envelopes,
        })
    }

    /// The source of this name.
    pub fn get(&self, name: &str) -> Option<&Source> {
        self.by_name.get(name).map(|at| &self.all[*at])
    }

    /// Every source, in order of name.
    pub fn iter(&self) -> impl Iterator<Item = &Source> {
        self.all.iter()
    }

    /// Every name, in order, for messages that say what could be written instead.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.all.iter().map(Source::name)
    }

    /// The canonical path of a raw vendor field, for a rule whose logsource names this product and
    /// service. Without a service the first source of the product that knows the name answers.
    pub fn alias(&self, product: &str, service: Option<&str>, field: &str) -> Option<&str> {
        let of_product = self.all.iter().filter(|source| {
            source.spec.logsource.as_ref().is_some_and(|logsource| {
                logsource.product == product
                    && service.is_none_or(|service| {
                        logsource.service == service
                            || logsource.also_services.iter().any(|also| also == service)
                    })
            })
        });
        of_product
            .filter_map(|source| {
                let Spec { aliases, moves, .. } = &source.spec;
                aliases.get(field).or_else(|| moves.get(field))
            })
            .map(String::as_str)
            .next()
    }

    /// The paths at which any delivery may hold its items.
    pub(crate) fn envelopes(&self) -> &[ItemPath] {
        &self.envelopes
    }

    /// The source that an item is of, or why that cannot be said: names of sources only.
    pub(crate) fn recognize(&self, item: &Value, origin: &Origin) -> Result<&Source, String> {
        let mut best: Option<(&Source, usize)> = None;
        let mut rival: Option<&Source> = None;
        for source in &self.all {
            let Some(weight) = source.recognizer.weigh(item, origin) else {
                continue;
            };
            match best {
                Some((_, so_far)) if so_far > weight => {}
                Some((_, so_far)) if so_far == weight => rival = Some(source),
                _ => {
                    best = Some((source, weight));
                    rival = None;
                }
            }
        }
        match (best, rival) {
            (Some((source, _)), None) => Ok(source),
            (Some((one, _)), Some(other)) => Err(format!(
                "both {} and {} recognize it; name its source",
                one.name, other.name
            )),
            (None, _) => Err("no mapping recognizes it; name its source".to_owned()),
        }
    }

    /// The source that reads a line of text; None where none does, or more than one.
    pub(crate) fn recognize_line(&self, line: &str) -> Option<&Source> {
        let mut readers = self.all.iter().filter(|source| source.lines.reads(line));
        readers.next().filter(|_| readers.next().is_none())
    }
}

/// The two files of a source, each a path and its text.
#[derive(Default, Clone)]
struct Parts {
    spec: Option<(String, String)>,
    program: Option<(String, String)>,
}

/// Sorts the files by source; the user's come last and win.
fn collect(files: &[SourceFile], problems: &mut Vec<Problem>) -> BTreeMap<String, Parts> {
    let mut sources: BTreeMap<String, Parts> = BTreeMap::new();
    let builtin = BUILTIN.iter().copied();
    let given = files
        .iter()
        .map(|file| (file.path.as_str(), file.text.as_str()));
    for (path, text) in builtin.chain(given) {
        let mut folders = path.rsplit(['/', '\\']);
        let file = folders.next().unwrap_or_default();
        let (Some(stream), Some(vendor)) = (folders.next(), folders.next()) else {
            let message = "a source is a folder `<vendor>/<stream>`; put the file into one";
            problems.push(Problem::at(path, text, 0, message));
            continue;
        };
        let parts = sources.entry(format!("{vendor}.{stream}")).or_default();
        let part = Some((path.to_owned(), text.to_owned()));
        match file {
            "mapping.toml" => parts.spec = part,
            "mapping.vrl" => parts.program = part,
            _ => {
                let message = "not a file of a source; it is made of mapping.toml and mapping.vrl";
                problems.push(Problem::at(path, text, 0, message));
            }
        }
    }
    sources
}

fn build(name: String, parts: Parts) -> Result<Source, Vec<Problem>> {
    let (spec, program) = match (parts.spec, parts.program) {
        (Some(spec), Some(program)) => (spec, program),
        (Some((path, text)), None) => {
            let message = "the source has no program; write mapping.vrl beside this file";
            return Err(vec![Problem::at(&path, &text, 0, message)]);
        }
        (None, Some((path, text))) => {
            let message = "the source has no description; write mapping.toml beside this file";
            return Err(vec![Problem::at(&path, &text, 0, message)]);
        }
        (None, None) => return Err(Vec::new()),
    };
    let described = Spec::read(&spec.0, &spec.1).and_then(|described| {
        let lines = Lines::compile(&described, &spec.0, &spec.1)?;
        Ok((described, lines))
    });
    let is_builtin = BUILTIN.contains(&(program.0.as_str(), program.1.as_str()));
    let compiled = if is_builtin {
        Ok(Mapper::trusted(&program.0, &program.1))
    } else {
        Mapper::compile(&program.0, &program.1)
    };
    match (described, compiled) {
        (Ok((spec, lines)), Ok(mapper)) => Ok(Source {
            name: spec.name.clone().unwrap_or(name),
            recognizer: Recognizer::new(&spec.recognize),
            lines,
            actions: Actions::new(&spec.actions),
            ids: spec.id.iter().map(spec::IdSpec::paths).collect(),
            spec,
            mapper,
        }),
        (spec, program) => {
            let mut problems = spec.err().unwrap_or_default();
            problems.extend(program.err().unwrap_or_default());
            Err(problems)
        }
    }
}

#[cfg(test)]
mod tests;
