//! One line of a selection, `field|modifier|…: values`, becomes tests.
//!
//! Modifiers are applied left to right, as the specification asks: each changes the values that
//! the ones before it left (`wide|base64offset|contains`), or says how they are compared. One value
//! may become several alternatives (`windash`, `base64offset`, `expand`); alternatives are always
//! joined by `or`, also under `all`, which joins the values.
//!
//! What it refuses: a modifier that cannot act on what it gets (`base64` of a wildcard), one that
//! nobody knows, and a placeholder without values: such a rule would silently never match.

mod encode;
mod regular;

pub(crate) use regular::compile as compile_regex;

use crate::expr::{Atom, Compare, Expr, FieldTest, Network, Number, Test, TimePart};
use crate::lists::Lists;
use crate::pattern::{Pattern, fold};
use crate::problem::{Place, Problems};
use crate::yaml::{Entry, Node, Scalar};

/// A value on its way through the modifiers.
#[derive(Debug, Clone)]
enum Value {
    /// Text with wildcards; `raw` is what the rule wrote, while no modifier changed it.
    Text {
        pattern: Pattern,
        raw: String,
    },
    Number {
        value: f64,
        text: String,
    },
    Bool(bool),
    Null,
    /// Encoded bytes (`wide`) that wait for `base64`.
    Bytes(Vec<u8>),
}

/// How the values are compared, as far as the modifiers have said.
#[derive(Debug, Default)]
struct How {
    all: bool,
    negated: bool,
    cased: bool,
    anchor: Option<FieldTest>,
    kind: Kind,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Kind {
    #[default]
    Plain,
    Regex {
        flags: [bool; 3],
    },
    Cidr,
    Exists,
    Number(Compare),
    Time(TimePart, Compare),
    Field,
}

/// Reads one entry of a selection. None where it has errors, which are then reported.
pub(crate) fn item(entry: &Entry, lists: &Lists, problems: &mut Problems) -> Option<Expr> {
    let before = problems.errors();
    let mut parts = entry.key.split('|');
    let field = parts.next().unwrap_or_default().trim();
    let field = (!field.is_empty()).then_some(field);
    let modifiers: Vec<&str> = parts.map(str::trim).collect();
    let mut item = Item {
        field,
        place: entry.place,
        how: How::default(),
        lists,
        problems,
    };
    let nodes: &[Node] = match entry.value.list() {
        Some(list) => list,
        None => std::slice::from_ref(&entry.value),
    };
    if nodes.is_empty() {
        item.error("an empty list can never match; write a value, or null for an absent field");
    }
    let mut values = item.read(nodes, modifiers.contains(&"expand"));
    for modifier in &modifiers {
        values = item.apply(modifier, values);
        if item.problems.errors() > before {
            return None;
        }
    }
    let expr = item.finish(values);
    (problems.errors() == before).then_some(expr)
}

/// Keywords: values without a field, looked for in the whole event.
pub(crate) fn keyword(node: &Node, lists: &Lists, problems: &mut Problems) -> Option<Expr> {
    let entry = Entry {
        key: String::new(),
        place: node.place,
        value: node.clone(),
    };
    item(&entry, lists, problems)
}

struct Item<'a> {
    field: Option<&'a str>,
    place: Place,
    how: How,
    lists: &'a Lists,
    problems: &'a mut Problems,
}

impl Item<'_> {
    fn error(&mut self, message: impl Into<String>) {
        self.problems.error(self.place, message);
    }

    fn read(&mut self, nodes: &[Node], expand: bool) -> Vec<Vec<Value>> {
        let mut out = Vec::new();
        for node in nodes {
            let value = match node.scalar() {
                Some(Scalar::Null) => Value::Null,
                Some(Scalar::Bool(value)) => Value::Bool(value),
                Some(Scalar::Integer(value)) => Value::Number {
                    value: value as f64,
                    text: value.to_string(),
                },
                Some(Scalar::Float(value)) => Value::Number {
                    value,
                    text: value.to_string(),
                },
                Some(Scalar::Text(raw)) if expand => {
                    out.push(self.expand(raw, node.place));
                    continue;
                }
                Some(Scalar::Text(raw)) => text(raw),
                None => {
                    let message = format!("expected a value here, found {}", node.kind());
                    self.problems.error(node.place, message);
                    continue;
                }
            };
            out.push(vec![value]);
        }
        out
    }

    fn expand(&mut self, raw: &str, place: Place) -> Vec<Value> {
        match self.lists.expand(raw) {
            Ok(texts) => texts.iter().map(|raw| text(raw)).collect(),
            Err(name) => {
                self.problems.error(
                    place,
                    format!("the placeholder %{name}% has no values; give a list of that name"),
                );
                Vec::new()
            }
        }
    }

    fn apply(&mut self, modifier: &str, values: Vec<Vec<Value>>) -> Vec<Vec<Value>> {
        if let Some(compare) = Compare::parse(modifier) {
            self.compare(compare);
            return values;
        }
        if let Some(part) = TimePart::parse(modifier) {
            self.kind(Kind::Time(part, Compare::Equal), modifier);
            return values;
        }
        match modifier {
            "all" => self.how.all = true,
            "cased" => self.how.cased = true,
            "expand" => {}
            "contains" => return self.anchor(FieldTest::Contains, values),
            "startswith" => return self.anchor(FieldTest::StartsWith, values),
            "endswith" => return self.anchor(FieldTest::EndsWith, values),
            "exists" => self.kind(Kind::Exists, modifier),
            "cidr" => self.kind(Kind::Cidr, modifier),
            "fieldref" => self.kind(Kind::Field, modifier),
            "re" => self.kind(Kind::Regex { flags: [false; 3] }, modifier),
            "i" | "m" | "s" => self.flag(modifier),
            "windash" | "base64" | "base64offset" | "wide" | "utf16le" | "utf16be" | "utf16" => {
                return self.encode(modifier, values);
            }
            unknown => self.unknown(unknown),
        }
        values
    }

    fn unknown(&mut self, name: &str) {
        let hint = match name.to_ascii_lowercase().as_str() {
            "equals" | "is" => "; leave it out: a value alone means equal",
            "regex" => "; write `re`",
            "not" => "; write `neq`, or negate the selection in the condition",
            "ge" => "; write `gte`",
            "le" => "; write `lte`",
            "icontains" => "; write `contains`, which ignores case",
            _ => "",
        };
        self.error(format!("unknown modifier `{name}`{hint}"));
    }

    fn kind(&mut self, kind: Kind, modifier: &str) {
        if self.how.kind != Kind::Plain {
            self.error(format!(
                "`{modifier}` cannot follow another kind of comparison"
            ));
        }
        self.how.kind = kind;
    }

    fn compare(&mut self, compare: Compare) {
        match (self.how.kind, compare) {
            (_, Compare::NotEqual) => self.how.negated = true,
            (_, Compare::Equal) => self.unknown("equals"),
            (Kind::Plain, _) => self.how.kind = Kind::Number(compare),
            (Kind::Time(part, Compare::Equal), _) => self.how.kind = Kind::Time(part, compare),
            _ => self.error(format!(
                "`{}` compares numbers; it cannot follow another kind of comparison",
                compare.name()
            )),
        }
    }

    fn flag(&mut self, flag: &str) {
        let Kind::Regex { flags } = &mut self.how.kind else {
            self.error(format!("`{flag}` is a flag of `re`; write `re|{flag}`"));
            return;
        };
        flags[usize::from(flag == "m") + 2 * usize::from(flag == "s")] = true;
    }

    fn anchor(&mut self, anchor: FieldTest, values: Vec<Vec<Value>>) -> Vec<Vec<Value>> {
        self.how.anchor = Some(anchor);
        match self.how.kind {
            Kind::Plain => {}
            Kind::Field => return values,
            _ => {
                self.error("contains, startswith and endswith act on text, not on this comparison");
                return values;
            }
        }
        self.each(values, |value| {
            let (pattern, raw) = match value {
                Value::Text { pattern, raw } => (pattern, raw),
                Value::Number { text, .. } => (Pattern::literal(&text), text),
                Value::Bool(value) => (Pattern::literal(&value.to_string()), value.to_string()),
                Value::Bytes(bytes) => (Pattern::literal(&encode::as_text(&bytes)?), String::new()),
                Value::Null => {
                    return Err("null has no text; test for it without a modifier".into());
                }
            };
            let pattern = match anchor {
                FieldTest::StartsWith => pattern.open_end(),
                FieldTest::EndsWith => pattern.open_start(),
                _ => pattern.open_start().open_end(),
            };
            Ok(vec![Value::Text { pattern, raw }])
        })
    }

    fn encode(&mut self, modifier: &str, values: Vec<Vec<Value>>) -> Vec<Vec<Value>> {
        self.each(values, |value| {
            let pattern = match value {
                Value::Text { pattern, .. } => pattern,
                Value::Number { text, .. } => Pattern::literal(&text),
                Value::Bytes(bytes) => {
                    return encode::bytes(modifier, &bytes)
                        .map(|texts| texts.iter().map(|t| literal(t)).collect());
                }
                _ => return Err(format!("`{modifier}` acts on text")),
            };
            if modifier == "windash" {
                return encode::windash(&pattern)
                    .map(|all| all.into_iter().map(of_pattern).collect());
            }
            let Some(plain) = pattern.as_literal() else {
                return Err(format!(
                    "`{modifier}` cannot encode a wildcard; escape it or write the text without it"
                ));
            };
            match encode::wide(modifier, plain) {
                Some(bytes) => Ok(vec![Value::Bytes(bytes)]),
                None => encode::bytes(modifier, plain.as_bytes())
                    .map(|texts| texts.iter().map(|t| literal(t)).collect()),
            }
        })
    }

    fn each(
        &mut self,
        values: Vec<Vec<Value>>,
        change: impl Fn(Value) -> Result<Vec<Value>, String>,
    ) -> Vec<Vec<Value>> {
        let mut out = Vec::with_capacity(values.len());
        for alternatives in values {
            let changed: Result<Vec<_>, _> = alternatives.into_iter().map(&change).collect();
            match changed {
                Ok(changed) => out.push(changed.concat()),
                Err(message) => self.error(message),
            }
        }
        out
    }

    fn finish(&mut self, values: Vec<Vec<Value>>) -> Expr {
        if self.how.all && values.len() < 2 {
            self.problems.warning(
                self.place,
                "`all` with a single value changes nothing; remove it",
            );
        }
        let mut tests = Vec::with_capacity(values.len());
        for alternatives in values {
            let alternatives = alternatives.into_iter().map(|value| self.test(value));
            tests.push(one_or(alternatives.collect(), Expr::Or));
        }
        let joined = one_or(tests, if self.how.all { Expr::And } else { Expr::Or });
        if self.how.negated {
            Expr::Not(Box::new(joined))
        } else {
            joined
        }
    }

    fn test(&mut self, value: Value) -> Expr {
        let made = match self.how.kind {
            Kind::Plain => return self.plain(value),
            Kind::Exists => return self.exists(&value),
            Kind::Regex { flags } => regular::test(&value, flags),
            Kind::Cidr => match &value {
                Value::Text { raw, .. } => Network::parse(raw).map(Test::Cidr),
                _ => None,
            }
            .ok_or_else(|| "expected an address range such as 10.0.0.0/8 or fe80::/10".into()),
            Kind::Number(compare) => number(&value)
                .map(|number| Test::Number(compare, Number::new(number)))
                .ok_or_else(|| format!("`{}` needs a number", compare.name())),
            Kind::Time(part, compare) => number(&value)
                .map(|number| Test::Time(part, compare, number as i64))
                .ok_or_else(|| format!("`{}` needs a number", part.name())),
            Kind::Field => match &value {
                Value::Text { raw, .. } if !raw.is_empty() => Ok(Test::Field {
                    other: raw.as_str().into(),
                    how: self.how.anchor.unwrap_or(FieldTest::Equals),
                    cased: self.how.cased,
                }),
                _ => Err("`fieldref` needs the name of another field".into()),
            },
        };
        match made {
            Ok(test) => self.atom(test),
            Err(message) => {
                self.error(message);
                Expr::Or(Vec::new())
            }
        }
    }

    fn exists(&mut self, value: &Value) -> Expr {
        let wanted = match value {
            Value::Bool(wanted) => *wanted,
            Value::Text { raw, .. } if raw.eq_ignore_ascii_case("true") => true,
            Value::Text { raw, .. } if raw.eq_ignore_ascii_case("false") => false,
            _ => {
                self.error("`exists` needs true or false");
                true
            }
        };
        let exists = self.atom(Test::Exists);
        if wanted {
            exists
        } else {
            Expr::Not(Box::new(exists))
        }
    }

    fn plain(&mut self, value: Value) -> Expr {
        let pattern = match value {
            Value::Text { pattern, .. } => pattern,
            Value::Number { text, .. } => Pattern::literal(&text),
            Value::Bool(value) => Pattern::literal(&value.to_string()),
            Value::Bytes(bytes) => match encode::as_text(&bytes) {
                Ok(text) => Pattern::literal(&text),
                Err(message) => {
                    self.error(message);
                    Pattern::default()
                }
            },
            Value::Null if self.field.is_none() => {
                self.error("null is not a keyword; name the field");
                return Expr::Or(Vec::new());
            }
            Value::Null => {
                let absent = Expr::Not(Box::new(self.atom(Test::Exists)));
                return Expr::Or(vec![self.atom(Test::IsNull), absent]);
            }
        };
        let pattern = if self.field.is_none() {
            pattern.open_start().open_end()
        } else {
            pattern
        };
        let cased = self.how.cased;
        let pattern = if cased {
            pattern
        } else {
            pattern.map_text(fold)
        };
        self.atom(Test::Text { pattern, cased })
    }

    fn atom(&mut self, test: Test) -> Expr {
        if self.field.is_none() && !matches!(test, Test::Text { .. } | Test::Regex(_)) {
            self.error("this modifier needs a field before it");
        }
        Expr::Atom(Atom {
            field: self.field.map(Into::into),
            test,
        })
    }
}

fn text(raw: &str) -> Value {
    Value::Text {
        pattern: Pattern::parse(raw),
        raw: raw.to_owned(),
    }
}

fn literal(text: &str) -> Value {
    of_pattern(Pattern::literal(text))
}

fn of_pattern(pattern: Pattern) -> Value {
    Value::Text {
        pattern,
        raw: String::new(),
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number { value, .. } => Some(*value),
        Value::Text { raw, .. } => raw.trim().parse().ok().filter(|v: &f64| v.is_finite()),
        _ => None,
    }
}

/// One part alone, or several joined.
pub(crate) fn one_or(mut parts: Vec<Expr>, many: fn(Vec<Expr>) -> Expr) -> Expr {
    if parts.len() == 1 {
        parts.swap_remove(0)
    } else {
        many(parts)
    }
}
