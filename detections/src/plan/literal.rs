//! Text without which a regular expression or a glob cannot match, to run it only where it is seen.

use regex_syntax::hir::{Class, Hir, HirKind};

use crate::pattern::{Piece, fold};

/// Shorter literals are seen too often to gate anything.
const BYTES_MIN: usize = 3;
/// More alternatives than this cost more than they save.
const ALTERNATIVES_MAX: usize = 32;

/// One of these folded texts occurs in the folded form of every text that the expression matches.
/// None where no useful set is known.
pub(super) fn of_regex(source: &str) -> Option<Vec<String>> {
    let hir = regex_syntax::parse(source).ok()?;
    required(&hir).filter(|texts| weight(texts) >= BYTES_MIN)
}

/// The longest literal of a glob, folded.
pub(super) fn of_glob(pieces: &[Piece]) -> Option<Vec<String>> {
    let texts = pieces.iter().filter_map(|piece| match piece {
        Piece::Text(text) => Some(fold(text)),
        _ => None,
    });
    let longest = texts.max_by_key(String::len)?;
    (longest.len() >= BYTES_MIN).then(|| vec![longest])
}

/// A set is as good as its shortest member.
fn weight(texts: &[String]) -> usize {
    texts.iter().map(String::len).min().unwrap_or(0)
}

fn required(hir: &Hir) -> Option<Vec<String>> {
    match hir.kind() {
        HirKind::Literal(_) | HirKind::Class(_) => single(hir).map(|text| vec![text]),
        HirKind::Capture(capture) => required(&capture.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => required(&repetition.sub),
        HirKind::Concat(parts) => best_of(parts),
        HirKind::Alternation(parts) => {
            let sets: Option<Vec<Vec<String>>> = parts.iter().map(required).collect();
            let texts = sets?.concat();
            (texts.len() <= ALTERNATIVES_MAX).then_some(texts)
        }
        _ => None,
    }
}

/// In a sequence every part is required: the best is the one with the longest shortest text.
fn best_of(parts: &[Hir]) -> Option<Vec<String>> {
    let mut sets: Vec<Vec<String>> = Vec::new();
    let mut run = String::new();
    for part in parts {
        match single(part) {
            Some(text) => run.push_str(&text),
            None => {
                sets.push(vec![std::mem::take(&mut run)]);
                sets.extend(required(part));
            }
        }
    }
    sets.push(vec![run]);
    sets.into_iter()
        .max_by_key(|texts| weight(texts))
        .filter(|texts| weight(texts) > 0)
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
