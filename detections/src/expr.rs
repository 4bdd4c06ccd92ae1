//! What a rule asks of one event: a tree of conditions over tests of single fields.
//!
//! Parsing ends in this form; the plan, the explanation and the naive evaluator all start from it.
//! It is a plain value: two equal tests are equal here, so the plan can share them between rules.

use std::net::IpAddr;

use crate::pattern::Pattern;

/// A condition over one event.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Expr {
    /// All of them; with none it holds.
    And(Vec<Expr>),
    /// At least one of them; with none it does not hold.
    Or(Vec<Expr>),
    Not(Box<Expr>),
    Atom(Atom),
    /// A part that the rule gave a name; means what its content means.
    Named(String, Box<Expr>),
}

/// One test of one field.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Atom {
    /// The dotted path; None for a keyword, which looks at every value of the event.
    pub(crate) field: Option<Box<str>>,
    pub(crate) test: Test,
}

/// What is asked of a field's value. A field with several values passes if one of them does.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Test {
    /// Text, or the text form of a number or a boolean. Not cased: compared case-folded, and the
    /// pattern is folded already.
    Text { pattern: Pattern, cased: bool },
    /// The value is null. (A rule's `null` also holds for an absent field; that is an `Or`.)
    IsNull,
    /// The field is there, whatever its value.
    Exists,
    /// The regular expression is found somewhere in the text.
    Regex(Box<str>),
    /// The value is an address in the network.
    Cidr(Network),
    /// The value is a number, or text that is one, and compares so.
    Number(Compare, Number),
    /// A part of the value, which is a time.
    Time(TimePart, Compare, i64),
    /// Compares with the value of another field.
    Field {
        other: Box<str>,
        how: FieldTest,
        cased: bool,
    },
}

/// An address range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Network {
    v6: bool,
    /// The address's bits in the low end, masked.
    bits: u128,
    prefix: u8,
}

impl Network {
    /// Reads `10.0.0.0/8`, `fe80::/10` or a single address. Bits past the prefix are ignored.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse::<u8>().ok()?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let (v6, width) = (address.is_ipv6(), width(&address));
        let prefix = prefix.unwrap_or(width);
        (prefix <= width).then(|| Self {
            v6,
            bits: mask(bits(&address), prefix, width),
            prefix,
        })
    }

    pub(crate) fn contains(&self, address: &IpAddr) -> bool {
        self.v6 == address.is_ipv6()
            && mask(bits(address), self.prefix, width(address)) == self.bits
    }
}

fn width(address: &IpAddr) -> u8 {
    if address.is_ipv6() { 128 } else { 32 }
}

fn bits(address: &IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(v4.to_bits()),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

fn mask(bits: u128, prefix: u8, width: u8) -> u128 {
    let host = u32::from(width - prefix);
    if host >= 128 {
        0
    } else {
        (bits >> host) << host
    }
}

/// How two numbers are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Compare {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
}

impl Compare {
    /// Reads the modifier or the key of a correlation's condition.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "lt" => Self::Less,
            "lte" => Self::LessOrEqual,
            "gt" => Self::Greater,
            "gte" => Self::GreaterOrEqual,
            "eq" => Self::Equal,
            "neq" => Self::NotEqual,
            _ => return None,
        })
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Less => "lt",
            Self::LessOrEqual => "lte",
            Self::Greater => "gt",
            Self::GreaterOrEqual => "gte",
            Self::Equal => "eq",
            Self::NotEqual => "neq",
        }
    }

    pub(crate) fn holds<T: PartialOrd>(self, left: T, right: T) -> bool {
        match self {
            Self::Less => left < right,
            Self::LessOrEqual => left <= right,
            Self::Greater => left > right,
            Self::GreaterOrEqual => left >= right,
            Self::Equal => left == right,
            Self::NotEqual => left != right,
        }
    }
}

/// A finite number that can be hashed; equal numbers have equal bits (no negative zero).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Number(u64);

impl Number {
    pub(crate) fn new(value: f64) -> Self {
        Self((value + 0.0).to_bits())
    }

    pub(crate) fn get(self) -> f64 {
        f64::from_bits(self.0)
    }
}

/// A part of a time, as written in the value: no time zone is converted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum TimePart {
    Minute,
    Hour,
    /// Of the month.
    Day,
    /// ISO 8601.
    Week,
    Month,
    Year,
}

impl TimePart {
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "minute" => Self::Minute,
            "hour" => Self::Hour,
            "day" => Self::Day,
            "week" => Self::Week,
            "month" => Self::Month,
            "year" => Self::Year,
            _ => return None,
        })
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Year => "year",
        }
    }

    /// The part of an RFC 3339 time, with or without a zone.
    pub(crate) fn of(self, text: &str) -> Option<i64> {
        use chrono::{Datelike, NaiveDateTime, Timelike};
        let time = chrono::DateTime::parse_from_rfc3339(text)
            .map(|time| time.naive_local())
            .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f"))
            .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f"))
            .ok()?;
        Some(match self {
            Self::Minute => time.minute().into(),
            Self::Hour => time.hour().into(),
            Self::Day => time.day().into(),
            Self::Week => time.iso_week().week().into(),
            Self::Month => time.month().into(),
            Self::Year => time.year().into(),
        })
    }
}

/// How `fieldref` compares two fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum FieldTest {
    Equals,
    StartsWith,
    EndsWith,
    Contains,
}

impl FieldTest {
    pub(crate) fn holds(self, value: &str, other: &str) -> bool {
        match self {
            Self::Equals => value == other,
            Self::StartsWith => value.starts_with(other),
            Self::EndsWith => value.ends_with(other),
            Self::Contains => value.contains(other),
        }
    }
}

impl Expr {
    /// Calls `visit` for every atom.
    pub(crate) fn atoms<'a>(&'a self, visit: &mut impl FnMut(&'a Atom)) {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|part| part.atoms(visit)),
            Self::Not(inner) | Self::Named(_, inner) => inner.atoms(visit),
            Self::Atom(atom) => visit(atom),
        }
    }
}
