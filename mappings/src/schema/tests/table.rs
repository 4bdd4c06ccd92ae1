//! The tables of facts that `examples/schema_tables.rs` writes, read for the validators.

use std::collections::{BTreeMap, BTreeSet};

/// What is wrong at one place of a document.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Wrong {
    pub(super) path: String,
    pub(super) what: String,
}

/// Collects what is wrong.
#[derive(Default)]
pub(super) struct Report(pub(super) Vec<Wrong>);

impl Report {
    pub(super) fn say(&mut self, path: &str, what: impl Into<String>) {
        self.0.push(Wrong {
            path: path.to_owned(),
            what: what.into(),
        });
    }
}

/// The rows of a table, cut into columns; a missing column is empty.
pub(super) fn rows(table: &'static str) -> impl Iterator<Item = [&'static str; 7]> {
    table.lines().map(|line| {
        let mut columns = [""; 7];
        for (column, text) in columns.iter_mut().zip(line.split('\t')) {
            *column = text;
        }
        columns
    })
}

/// `name:type` or `name:type[]`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Member {
    pub(super) kind: &'static str,
    pub(super) list: bool,
}

/// The members of a row.
pub(super) fn members(text: &'static str) -> BTreeMap<&'static str, Member> {
    text.split(' ')
        .filter_map(|member| member.split_once(':'))
        .map(|(name, kind)| {
            let bare = kind.strip_suffix("[]");
            let member = Member {
                kind: bare.unwrap_or(kind),
                list: bare.is_some(),
            };
            (name, member)
        })
        .collect()
}

/// The words of a row.
pub(super) fn words(text: &'static str) -> BTreeSet<&'static str> {
    text.split(' ').filter(|word| !word.is_empty()).collect()
}

/// Names to choose from, the nearest first, for somebody who wrote another.
pub(super) fn choices<'a>(wrong: &str, known: impl Iterator<Item = &'a str>) -> String {
    let mut known: Vec<&str> = known.collect();
    let shared = |name: &str| {
        let same = name.chars().zip(wrong.chars());
        let start = same.take_while(|(a, b)| a == b).count();
        let inside = usize::from(name.contains(wrong) || wrong.contains(name));
        start + 3 * inside
    };
    known.sort_by_key(|name| (std::cmp::Reverse(shared(name)), *name));
    let more = if known.len() > 12 { ", …" } else { "" };
    known.truncate(12);
    format!("{}{more}", known.join(", "))
}
