//! All rules, correlations and filters of a set, compiled together.
//!
//! Compilation resolves what documents say about each other: field aliases of the rules'
//! logsources, filters, the references of correlations. The result is immutable and shared.
//!
//! What it refuses: two rules with one id, a correlation that refers to nothing or to itself, a
//! filter for a rule that does not exist. Strictly, one error refuses the whole set (a set that is
//! half loaded detects half); leniently, the documents with errors are left out and named.

mod consumers;
mod references;
mod scripts;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::aliases::FieldAliases;
use crate::correlation::Correlation;
use crate::expr::{Atom, Expr, Test};
use crate::lists::Lists;
use crate::parse::{self, RuleFile};
use crate::plan::{self, Plan};
use crate::problem::{Place, Problem, Severity};
use crate::rule::{CorrelationRule, Document, Filter, LogSource, Rule, RuleMeta};
use crate::script::Script;

pub(crate) use consumers::{Consumer, Source};

/// Position of a rule or a correlation in its set: rules first, then correlations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleIndex(pub(crate) u32);

/// A compiled set of rules.
#[derive(Debug, Default)]
pub struct RuleSet {
    metas: Vec<RuleMeta>,
    /// The conditions of the rules, by number, for explanations.
    pub(crate) conditions: Vec<Expr>,
    correlations: Vec<Correlation>,
    /// For each correlation the rules that it refers to.
    members: Vec<Vec<RuleIndex>>,
    pub(crate) plan: Plan,
    /// For each rule or correlation: who takes its matches.
    consumers: Vec<Vec<Consumer>>,
    by_id: BTreeMap<String, RuleIndex>,
    /// The scripts beside rules and correlations, by index; empty where there is none at all.
    scripts: Vec<Option<Arc<Script>>>,
}

impl RuleSet {
    /// Compiles rule files, and the `.rhai` scripts beside them, into a set, all or nothing. The warnings come with the set; on any error
    /// every problem of every file comes back, ordered by path and line.
    pub fn compile(
        files: &[RuleFile],
        lists: &Lists,
        aliases: &FieldAliases,
    ) -> Result<(Self, Vec<Problem>), Vec<Problem>> {
        let (set, problems) = Self::compile_lenient(files, lists, aliases);
        if problems
            .iter()
            .any(|problem| problem.severity == Severity::Error)
        {
            Err(problems)
        } else {
            Ok((set, problems))
        }
    }

    /// Compiles what is right and returns every problem, errors and warnings.
    pub fn compile_lenient(
        files: &[RuleFile],
        lists: &Lists,
        aliases: &FieldAliases,
    ) -> (Self, Vec<Problem>) {
        let mut draft = Draft::default();
        let (scripts, files): (Vec<_>, Vec<_>) =
            files.iter().partition(|file| scripts::is_script(file));
        for file in files {
            let (documents, problems) = parse::file(file, lists);
            draft.problems.extend(problems);
            documents
                .into_iter()
                .for_each(|document| draft.add(document));
        }
        draft.resolve_aliases(aliases);
        draft.apply_filters();
        references::check(&mut draft);
        let mut set = draft.finish(aliases);
        set.scripts = scripts::compile(&scripts, &set.metas, &mut draft.problems);
        let mut problems = draft.problems;
        problems.sort_by(|a, b| {
            (&a.path, a.line, a.column, a.severity).cmp(&(&b.path, b.line, b.column, b.severity))
        });
        (set, problems)
    }

    /// What every rule and correlation says about itself, in the order of their indexes.
    pub fn rules(&self) -> impl Iterator<Item = &RuleMeta> {
        self.metas.iter()
    }

    /// What one rule or correlation says about itself.
    pub fn meta(&self, index: RuleIndex) -> &RuleMeta {
        &self.metas[index.0 as usize]
    }

    /// The rule or correlation with an id.
    pub fn find(&self, id: &str) -> Option<RuleIndex> {
        self.by_id.get(id).copied()
    }

    /// The fields that a rule's condition looks at, canonical and without repetition; none for a
    /// correlation. A caller that knows what the mappings produce can tell which never come.
    pub fn fields(&self, index: RuleIndex) -> Vec<&str> {
        let mut fields = Vec::new();
        if let Some(condition) = self.conditions.get(index.0 as usize) {
            condition.atoms(&mut |atom| {
                fields.extend(atom.field.as_deref());
                if let Test::Field { other, .. } = &atom.test {
                    fields.push(other);
                }
            });
        }
        fields.sort_unstable();
        fields.dedup();
        fields
    }

    /// How many rules and correlations there are.
    pub fn len(&self) -> usize {
        self.metas.len()
    }

    /// Whether the set is empty.
    pub fn is_empty(&self) -> bool {
        self.metas.is_empty()
    }

    /// How many fields and how many distinct tests and conditions the plan has.
    pub fn plan_size(&self) -> (usize, usize) {
        self.plan.size()
    }

    pub(crate) fn script(&self, index: RuleIndex) -> Option<&Script> {
        self.scripts.get(index.0 as usize)?.as_deref()
    }

    pub(crate) fn correlation(&self, index: RuleIndex) -> Option<&Correlation> {
        let at = (index.0 as usize).checked_sub(self.conditions.len())?;
        self.correlations.get(at)
    }

    /// The rules that a correlation refers to, in its order; empty for a rule.
    pub(crate) fn members(&self, index: RuleIndex) -> &[RuleIndex] {
        let at = (index.0 as usize).checked_sub(self.conditions.len());
        at.and_then(|at| self.members.get(at))
            .map_or(&[], Vec::as_slice)
    }

    /// Where a rule stands among those that a correlation refers to.
    pub(crate) fn member(&self, correlation: RuleIndex, rule: RuleIndex) -> Option<u16> {
        let at = self
            .members(correlation)
            .iter()
            .position(|member| *member == rule)?;
        u16::try_from(at).ok()
    }

    pub(crate) fn consumers(&self, index: RuleIndex) -> &[Consumer] {
        &self.consumers[index.0 as usize]
    }
}

/// A set while it is compiled.
#[derive(Default)]
struct Draft {
    rules: Vec<Rule>,
    correlations: Vec<CorrelationRule>,
    filters: Vec<Filter>,
    problems: Vec<Problem>,
    /// Id → where it was first seen.
    ids: BTreeMap<String, (String, usize)>,
}

impl Draft {
    fn add(&mut self, document: Document) {
        match document {
            Document::Rule(rule) => {
                if self.is_new(&rule.meta, rule.place) {
                    self.rules.push(*rule);
                }
            }
            Document::Correlation(rule) => {
                if self.is_new(&rule.meta, rule.correlation.place) {
                    self.correlations.push(*rule);
                }
            }
            Document::Filter(filter) => self.filters.push(*filter),
        }
    }

    fn is_new(&mut self, meta: &RuleMeta, place: Place) -> bool {
        if let Some((path, line)) = self.ids.get(&meta.id) {
            let message = format!(
                "the id {} is taken by {path}:{line}; give each rule its own",
                meta.id
            );
            self.error(&meta.path, place, message);
            return false;
        }
        let seen = (meta.path.clone(), meta.line);
        self.ids.insert(meta.id.clone(), seen);
        true
    }

    fn error(&mut self, path: &str, place: Place, message: String) {
        self.problems.push(Problem {
            path: path.to_owned(),
            line: place.line.max(1),
            column: place.column.max(1),
            severity: Severity::Error,
            message,
        });
    }

    fn resolve_aliases(&mut self, aliases: &FieldAliases) {
        for rule in &mut self.rules {
            resolve(&mut rule.condition, &rule.meta.logsource, aliases);
            aliases.rename(&mut rule.meta.logsource);
        }
        for filter in &mut self.filters {
            resolve(&mut filter.condition, &filter.logsource, aliases);
            aliases.rename(&mut filter.logsource);
        }
    }

    /// Adds each filter's condition to the rules that it names (filters specification).
    fn apply_filters(&mut self) {
        for filter in std::mem::take(&mut self.filters) {
            let Some(names) = &filter.rules else {
                let covered = |rule: &&mut Rule| filter.logsource.covers(&rule.meta.logsource);
                self.rules
                    .iter_mut()
                    .filter(covered)
                    .for_each(|rule| add_filter(rule, &filter));
                continue;
            };
            for (name, place) in names {
                let known = |rule: &&mut Rule| is_called(&rule.meta, name);
                match self.rules.iter_mut().find(known) {
                    Some(rule) if filter.logsource.covers(&rule.meta.logsource) => {
                        add_filter(rule, &filter);
                    }
                    Some(_) => self.error(
                        &filter.path,
                        *place,
                        format!("the rule `{name}` has another logsource than this filter; make them agree"),
                    ),
                    None => self.error(
                        &filter.path,
                        *place,
                        format!("no rule has the id or name `{name}`"),
                    ),
                }
            }
        }
    }

    fn finish(&mut self, aliases: &FieldAliases) -> RuleSet {
        let mut builder = plan::Builder::default();
        for rule in &self.rules {
            let message = match builder.add(&rule.condition, &rule.meta.logsource) {
                None => continue,
                Some(true) => "the condition holds for every event; it asks for nothing",
                Some(false) => {
                    "the condition can never hold; it asks for something and for its opposite"
                }
            };
            self.problems.push(Problem {
                path: rule.meta.path.clone(),
                line: rule.place.line,
                column: rule.place.column,
                severity: Severity::Warning,
                message: message.into(),
            });
        }
        let plan = builder.finish().unwrap_or_else(|_| {
            let place = Place::default();
            self.error(
                "rules",
                place,
                "the rules' literals are too many for one set".into(),
            );
            Plan::default()
        });
        let consumers = consumers::of(&self.rules, &self.correlations, aliases);
        let mut set = RuleSet {
            plan,
            consumers,
            ..RuleSet::default()
        };
        for rule in self.rules.drain(..) {
            set.metas.push(rule.meta);
            set.conditions.push(rule.condition);
        }
        for rule in self.correlations.drain(..) {
            set.metas.push(rule.meta);
            set.correlations.push(rule.correlation);
        }
        for (at, meta) in set.metas.iter().enumerate() {
            set.by_id.insert(meta.id.clone(), RuleIndex(at as u32));
        }
        for correlation in &set.correlations {
            let find = |name: &str| set.metas.iter().position(|meta| is_called(meta, name));
            // References were checked before, so every name is found.
            let members = correlation.rules.iter().filter_map(|(name, _)| find(name));
            set.members
                .push(members.map(|at| RuleIndex(at as u32)).collect());
        }
        set
    }
}

/// Whether a reference means this rule.
fn is_called(meta: &RuleMeta, reference: &str) -> bool {
    meta.id == reference || meta.name.as_deref() == Some(reference)
}

fn add_filter(rule: &mut Rule, filter: &Filter) {
    let own = std::mem::replace(&mut rule.condition, Expr::And(Vec::new()));
    let name = format!("filter: {}", filter.title);
    let added = Expr::Named(name, Box::new(filter.condition.clone()));
    rule.condition = Expr::And(vec![own, added]);
}

/// Puts canonical paths in the place of raw field names.
fn resolve(expr: &mut Expr, source: &LogSource, aliases: &FieldAliases) {
    match expr {
        Expr::And(parts) | Expr::Or(parts) => {
            parts
                .iter_mut()
                .for_each(|part| resolve(part, source, aliases));
        }
        Expr::Not(inner) | Expr::Named(_, inner) => resolve(inner, source, aliases),
        Expr::Atom(atom) => {
            let mut paths = places(atom, source, aliases);
            if paths.len() == 1 {
                *expr = Expr::Atom(paths.swap_remove(0));
            } else {
                *expr = Expr::Or(paths.into_iter().map(Expr::Atom).collect());
            }
        }
    }
}

fn places(atom: &Atom, source: &LogSource, aliases: &FieldAliases) -> Vec<Atom> {
    let (product, service) = (source.product.as_deref(), source.service.as_deref());
    let Some(field) = &atom.field else {
        return vec![atom.clone()];
    };
    let fields = aliases.resolve(product, service, field);
    let tests = match &atom.test {
        Test::Field { other, how, cased } => aliases
            .resolve(product, service, other)
            .into_iter()
            .map(|other| Test::Field {
                other: other.into(),
                how: *how,
                cased: *cased,
            })
            .collect(),
        test => vec![test.clone()],
    };
    let pairs = fields
        .iter()
        .flat_map(|field| tests.iter().map(move |test| (field, test)));
    pairs
        .map(|(field, test)| Atom {
            field: Some((*field).into()),
            test: test.clone(),
        })
        .collect()
}

#[cfg(test)]
mod tests;
