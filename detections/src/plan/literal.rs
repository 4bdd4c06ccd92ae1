//! Texts without which a regular expression or a glob cannot match, to run it only where they are
//! seen.

use regex_syntax::hir::{Class, Hir, HirKind};

use crate::expr::Test;
use crate::pattern::{Piece, fold};

/// Shorter literals are seen too often to tell anything.
const BYTES_MIN: usize = 2;
/// More alternatives than this cost more than they save.
const ALTERNATIVES_MAX: usize = 32;

/// All of several groups are required, and of each group at least one text: it occurs in the
/// folded form of whatever the expression matches. Empty where nothing useful is known.
pub(super) type Required = Vec<Vec<String>>;

/// What a costly test requires.
pub(super) fn of_test(test: &Test) -> Required {
    match test {
        Test::Regex(source) => of_regex(source),
        Test::Text { pattern, .. } => of_glob(pattern.pieces()),
        _ => Required::new(),
    }
}

fn of_regex(source: &str) -> Required {
    let mut groups = Required::new();
    if let Ok(hir) = regex_syntax::parse(source) {
        required(&hir, &mut groups);
    }
    groups.retain(|texts| texts.iter().all(|text| text.len() >= BYTES_MIN));
    groups.sort();
    groups.dedup();
    groups
}

/// The literals of a glob, folded.
fn of_glob(pieces: &[Piece]) -> Required {
    let texts = pieces.iter().filter_map(|piece| match piece {
        Piece::Text(text) => Some(vec![fold(text)]),
        _ => None,
    });
    texts.filter(|texts| texts[0].len() >= BYTES_MIN).collect()
}

fn required(hir: &Hir, groups: &mut Required) {
    match hir.kind() {
        HirKind::Literal(_) | HirKind::Class(_) => {
            groups.extend(single(hir).map(|text| vec![text]));
        }
        HirKind::Capture(capture) => required(&capture.sub, groups),
        HirKind::Repetition(repetition) if repetition.min > 0 => required(&repetition.sub, groups),
        HirKind::Concat(parts) => sequence(parts, groups),
        HirKind::Alternation(parts) => groups.extend(alternatives(parts)),
        _ => {}
    }
}

/// Literals that follow each other are one text.
fn sequence(parts: &[Hir], groups: &mut Required) {
    let mut run = String::new();
    for part in parts {
        if let Some(text) = single(part) {
            run.push_str(&text);
        } else {
            groups.push(vec![std::mem::take(&mut run)]);
            required(part, groups);
        }
    }
    groups.push(vec![run]);
}

/// One of the alternatives matches, and of that one the longest text is required.
fn alternatives(parts: &[Hir]) -> Option<Vec<String>> {
    let mut texts = Vec::new();
    for part in parts {
        let mut groups = Required::new();
        required(part, &mut groups);
        let weight = |texts: &Vec<String>| texts.iter().map(String::len).min();
        texts.extend(groups.into_iter().max_by_key(weight)?);
    }
    (texts.len() <= ALTERNATIVES_MAX).then_some(texts)
}

/// The folded text of a part that can only match one text up to case.
fn single(hir: &Hir) -> Option<String> {
    match hir.kind() {
        HirKind::Literal(literal) => std::str::from_utf8(&literal.0).ok().map(fold),
        HirKind::Class(Class::Unicode(class)) => {
            let mut chars = class
                .ranges()
                .iter()
                .flat_map(|range| range.start()..=range.end());
            let first: String = chars.next()?.to_lowercase().collect();
            // A class that is case variants of one letter has few members.
            let same = chars.take(4).all(|c| c.to_lowercase().eq(first.chars()));
            let few = class
                .ranges()
                .iter()
                .map(regex_syntax::hir::ClassUnicodeRange::len)
                .sum::<usize>()
                <= 4;
            (same && few).then_some(first)
        }
        _ => None,
    }
}
