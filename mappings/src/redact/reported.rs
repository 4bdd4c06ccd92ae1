//! Reports of scanners: the fields that hold what was found, whatever it looks like.
//!
//! A scanner for secrets says where a secret lies by printing it. Its rules know kinds that ours do
//! not, so the shape of a value decides nothing here: the field does. `Match` and `Raw` are ordinary
//! words, so a report is known by another field that stands somewhere in the same text.

use super::keyed::value;
use super::scan::{Detector, Finding};
use super::view::View;

/// A kind of report.
struct Report {
    /// The field that only it has, in quotes.
    known_by: &'static str,
    /// The fields that hold secrets: texts, or objects and lists of texts.
    fields: &'static [&'static str],
}

/// How many kinds of report are known.
pub(super) const KINDS: usize = 3;

const REPORTS: [Report; KINDS] = [
    // Gitleaks's JSON.
    Report {
        known_by: "\"RuleID\"",
        fields: &["\"Secret\"", "\"Match\"", "\"Line\""],
    },
    // TruffleHog's JSON.
    Report {
        known_by: "\"DetectorName\"",
        fields: &["\"Raw\"", "\"RawV2\"", "\"SecretParts\"", "\"Redacted\""],
    },
    // SARIF of any scanner: the lines around a finding.
    Report {
        known_by: "\"physicalLocation\"",
        fields: &["\"snippet\""],
    },
];

/// What tells that a text is a report, by the report's number.
pub(super) fn keywords() -> impl Iterator<Item = (usize, &'static str)> {
    REPORTS.iter().map(|report| report.known_by).enumerate()
}

/// Finds what the fields of a report hold, in all of the text.
pub(super) fn examine(view: View<'_>, number: usize, found: &mut Vec<Finding>) {
    for field in REPORTS[number].fields {
        for at in memchr::memmem::find_iter(view.text, field) {
            let mut at = skip_blanks(view.text, at + field.len());
            if view.text.get(at) != Some(&b':') {
                continue;
            }
            at = skip_blanks(view.text, at + 1);
            match view.text.get(at) {
                Some(b'"') => {
                    let end = string_end(view, at);
                    push(view, at, end, found);
                }
                Some(b'{' | b'[') => strings_within(view, at, found),
                _ => {}
            }
        }
    }
}

/// Every text of an object or a list, and not the names in it.
fn strings_within(view: View<'_>, open: usize, found: &mut Vec<Finding>) {
    let text = view.text;
    let mut depth = 0_usize;
    let mut at = open;
    while let Some(byte) = text.get(at) {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' => {
                let end = string_end(view, at);
                let is_name = text.get(skip_blanks(text, end + 1)) == Some(&b':');
                if !is_name {
                    push(view, at, end, found);
                }
                at = end;
            }
            _ => {}
        }
        if depth == 0 {
            return;
        }
        at += 1;
    }
}

/// The place of the quote that closes the string; the end of the text where none does.
fn string_end(view: View<'_>, open: usize) -> usize {
    let depth = view.quote_depth(open);
    memchr::memchr_iter(b'"', &view.text[open + 1..])
        .map(|step| open + 1 + step)
        .find(|quote| view.quote_depth(*quote) <= depth)
        .unwrap_or(view.text.len())
}

fn push(view: View<'_>, open: usize, end: usize, found: &mut Vec<Finding>) {
    let start = open + 1;
    if start >= end {
        return;
    }
    let secret = &view.text[start..end];
    let fingerprint = secret.len() >= 20 && value::is_random(secret);
    found.push(Finding {
        depth: view.quote_depth(open),
        ..Finding::new(start, end, Detector::Reported, fingerprint)
    });
}

fn skip_blanks(text: &[u8], mut at: usize) -> usize {
    while text.get(at).is_some_and(u8::is_ascii_whitespace) {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests;
