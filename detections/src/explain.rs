//! Why a rule holds for an event, or why not: its condition as a tree.
//!
//! A line says a field, what is asked of it and whether it held. It never shows a value, neither
//! the event's nor the rule's: an explanation may be pasted into a ticket, and where a test of
//! equality holds the rule's value is the event's.

use std::fmt;

use chaperone_mappings::Value;

use crate::expr::{Atom, Expr, FieldTest, Test};
use crate::matcher::json_of;
use crate::naive;
use crate::pattern::Shape;
use crate::ruleset::{RuleIndex, RuleSet};
use crate::script::Failures;

/// A part of a condition, whether it held, and the parts it is made of. Prints as a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// What is asked: `all of`, `selection`, `user.name equals`, …
    pub label: String,
    /// Whether it held.
    pub holds: bool,
    /// What it is made of.
    pub parts: Vec<Explanation>,
}

/// Explains a rule for an event. A correlation is explained by the rules that it refers to, because
/// whether it holds is not a matter of one event.
pub fn explain(rules: &RuleSet, rule: RuleIndex, event: &Value) -> Explanation {
    let meta = rules.meta(rule);
    if rules.correlation(rule).is_some() {
        let members = rules.members(rule).iter();
        let parts: Vec<_> = members
            .map(|member| explain(rules, *member, event))
            .collect();
        return Explanation {
            label: format!("{} (a correlation; its rules, for this event)", meta.title),
            holds: parts.iter().any(|part| part.holds),
            parts,
        };
    }
    let condition = of(&rules.conditions[rule.0 as usize], event);
    let admitted = logsource(rules, rule, event);
    let mut parts = vec![admitted, condition];
    // As in the matcher: the script is asked only where all before it holds.
    if parts.iter().all(|part| part.holds) {
        parts.extend(script(rules, rule, event));
    }
    Explanation {
        label: meta.title.clone(),
        holds: parts.iter().all(|part| part.holds),
        parts,
    }
}

/// What the rule's script says of an event, where it has a `holds`.
fn script(rules: &RuleSet, rule: RuleIndex, event: &Value) -> Option<Explanation> {
    let script = rules.script(rule).filter(|script| script.has_holds())?;
    let mut failures = Failures::default();
    let holds = script.holds(|| json_of(event), &mut failures);
    Some(Explanation {
        label: if failures.count == 0 {
            "the script's holds(event)"
        } else {
            "the script's holds(event), which failed and so counts as held"
        }
        .into(),
        holds,
        parts: Vec::new(),
    })
}

/// The smallest parts that did not hold and whose holding would have brought the rule closer.
pub(crate) fn missing(explanation: &Explanation, out: &mut Vec<String>) {
    if explanation.holds {
        return;
    }
    if explanation.parts.is_empty() || explanation.label.starts_with("not") {
        out.push(explanation.label.clone());
    }
    if !explanation.label.starts_with("not") {
        explanation.parts.iter().for_each(|part| missing(part, out));
    }
}

fn logsource(rules: &RuleSet, rule: RuleIndex, event: &Value) -> Explanation {
    let part = |name: &str| {
        chaperone_mappings::value::text_at(event, &format!("chaperone.logsource.{name}"))
    };
    let (category, product, service) = (part("category"), part("product"), part("service"));
    let named = category.is_some() || product.is_some() || service.is_some();
    let text = Option::unwrap_or_default;
    let admits = rules
        .meta(rule)
        .logsource
        .admits(text(category), text(product), text(service));
    Explanation {
        label: if named {
            "logsource"
        } else {
            "logsource (the event names none)"
        }
        .into(),
        holds: !named || admits,
        parts: Vec::new(),
    }
}

fn of(expr: &Expr, event: &Value) -> Explanation {
    let all = |parts: &[Expr]| -> Vec<_> { parts.iter().map(|part| of(part, event)).collect() };
    match expr {
        Expr::And(parts) => {
            let parts = all(parts);
            join("all of", parts.iter().all(|part| part.holds), parts)
        }
        Expr::Or(parts) => {
            let parts = all(parts);
            join("any of", parts.iter().any(|part| part.holds), parts)
        }
        Expr::Not(inner) => {
            let inner = of(inner, event);
            Explanation {
                label: "not".into(),
                holds: !inner.holds,
                parts: vec![inner],
            }
        }
        Expr::Named(name, inner) => {
            let inner = of(inner, event);
            Explanation {
                label: name.clone(),
                holds: inner.holds,
                parts: vec![inner],
            }
        }
        Expr::Atom(atom) => Explanation {
            label: label(atom),
            holds: naive::atom_holds(atom, event),
            parts: Vec::new(),
        },
    }
}

/// Joins parts; tests that read the same (one field, one operator, many values) become one line.
fn join(how: &str, holds: bool, parts: Vec<Explanation>) -> Explanation {
    let same = parts
        .windows(2)
        .all(|two| two[0].label == two[1].label && two[0].parts.is_empty());
    match parts.first() {
        Some(first) if same && parts.len() > 1 && first.parts.is_empty() => Explanation {
            label: format!("{} {how} {} values", first.label, parts.len()),
            holds,
            parts: Vec::new(),
        },
        _ => Explanation {
            label: how.into(),
            holds,
            parts,
        },
    }
}

fn label(atom: &Atom) -> String {
    let field = atom.field.as_deref().unwrap_or("any field");
    let operator = match &atom.test {
        Test::Text { pattern, cased } => {
            let operator = match pattern.shape() {
                Shape::Equals(_) => "equals",
                Shape::StartsWith(_) => "starts with",
                Shape::EndsWith(_) => "ends with",
                Shape::Contains(_) => "contains",
                Shape::Anything => "has a value",
                Shape::Glob(_) => "has the form",
            };
            format!("{operator}{}", if *cased { " (case matters)" } else { "" })
        }
        Test::IsNull => "is null".into(),
        Test::Exists => "exists".into(),
        Test::Regex(_) => "matches".into(),
        Test::Cidr(_) => "is in a network".into(),
        Test::Number(compare, _) => format!("{} a number", compare.name()),
        Test::Time(part, compare, _) => format!("has {} {}", part.name(), compare.name()),
        Test::Field { other, how, .. } => {
            let operator = match how {
                FieldTest::Equals => "equals",
                FieldTest::StartsWith => "starts with",
                FieldTest::EndsWith => "ends with",
                FieldTest::Contains => "contains",
            };
            format!("{operator} the field {other}")
        }
    };
    format!("{field} {operator}")
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.print(0, f)
    }
}

impl Explanation {
    fn print(&self, depth: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = if self.holds { "held" } else { "not " };
        writeln!(f, "{mark}  {}{}", "  ".repeat(depth), self.label)?;
        self.parts
            .iter()
            .try_for_each(|part| part.print(depth + 1, f))
    }
}

#[cfg(test)]
mod tests;
