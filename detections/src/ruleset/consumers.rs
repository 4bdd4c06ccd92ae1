//! Who takes a rule's matches, and which fields of the event each of them needs.

use super::{RuleIndex, is_called};
use crate::aliases::FieldAliases;
use crate::correlation::{Correlation, CorrelationKind};
use crate::rule::{CorrelationRule, LogSource, Rule, RuleMeta};

/// One taker of a rule's matches.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Consumer {
    /// The rule itself (it raises an alert for each match) or a correlation.
    pub(crate) target: RuleIndex,
    /// Which fields make the group.
    pub(crate) group: Vec<Source>,
    /// Which fields make the value.
    pub(crate) values: Vec<Source>,
    /// Whether the value is a number.
    pub(crate) numeric: bool,
}

/// A field as a correlation calls it, and where it is in the event of this rule.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Source {
    pub(crate) name: String,
    pub(crate) paths: Vec<String>,
}

/// The consumers of every rule and correlation, by index.
pub(super) fn of(
    rules: &[Rule],
    correlations: &[CorrelationRule],
    aliases: &FieldAliases,
) -> Vec<Vec<Consumer>> {
    let rule_metas = rules.iter().map(|rule| &rule.meta);
    let metas: Vec<&RuleMeta> = rule_metas
        .chain(correlations.iter().map(|rule| &rule.meta))
        .collect();
    let mut out = Vec::with_capacity(metas.len());
    for (at, meta) in metas.iter().enumerate() {
        let mut consumers = Vec::new();
        let mut own = true;
        for (number, rule) in correlations.iter().enumerate() {
            let correlation = &rule.correlation;
            if !correlation
                .rules
                .iter()
                .any(|(name, _)| is_called(meta, name))
            {
                continue;
            }
            own &= correlation.generate;
            let target = RuleIndex((rules.len() + number) as u32);
            consumers.push(consumer(correlation, target, meta, aliases));
        }
        if own {
            consumers.push(Consumer {
                target: RuleIndex(at as u32),
                group: Vec::new(),
                values: Vec::new(),
                numeric: false,
            });
        }
        out.push(consumers);
    }
    out
}

fn consumer(
    correlation: &Correlation,
    target: RuleIndex,
    meta: &RuleMeta,
    aliases: &FieldAliases,
) -> Consumer {
    use CorrelationKind as K;
    let source = |name: &String| {
        let alias = correlation.aliases.get(name);
        let field = alias.and_then(|fields| {
            fields
                .iter()
                .find(|(rule, _)| is_called(meta, rule))
                .map(|(_, field)| field)
        });
        Source {
            name: name.clone(),
            paths: paths(field.unwrap_or(name), &meta.logsource, aliases),
        }
    };
    // A new term is new for its group, so the term is part of what has one window.
    let (terms, values): (&[String], &[String]) = match correlation.kind {
        K::NewTerms => (&correlation.fields, &[]),
        _ => (&[], &correlation.fields),
    };
    Consumer {
        target,
        group: correlation
            .group_by
            .iter()
            .chain(terms)
            .map(source)
            .collect(),
        values: values.iter().map(source).collect(),
        numeric: matches!(
            correlation.kind,
            K::ValueSum | K::ValueAvg | K::ValuePercentile(_)
        ),
    }
}

fn paths(field: &str, source: &LogSource, aliases: &FieldAliases) -> Vec<String> {
    let (product, service) = (source.product.as_deref(), source.service.as_deref());
    let paths = aliases.resolve(product, service, field);
    paths.into_iter().map(str::to_owned).collect()
}
