//! Puts markers where the findings are, without breaking what is around them.
//!
//! Findings lie in the view; the output is the input with whole escape units replaced. A span that
//! crosses the quotes of a JSON string, at whatever depth of nesting, is cut at them, so documents
//! and the documents inside their strings stay parsable, with the same keys in the same places.

use std::fmt::Write as _;

use super::fingerprint::FingerprintKey;
use super::scan::{Finding, Name, Seal};
use super::view::View;

/// A replacement: a range of the input and what stands there.
#[derive(Debug)]
struct Patch {
    start: usize,
    end: usize,
    text: String,
}

/// Everything a rewrite needs to know.
pub(super) struct Rewrite<'a> {
    pub(super) input: &'a [u8],
    pub(super) view: View<'a>,
    pub(super) names: &'a [Name],
    pub(super) key: &'a FingerprintKey,
    /// Markers without a fingerprint in map keys are numbered from here.
    pub(super) ordinal: usize,
}

/// Sorts the findings and joins those that overlap. The most specific rule names what it joined,
/// and its own part of the span makes the fingerprint: a token has one fingerprint wherever it is.
pub(super) fn merge(found: &mut Vec<Finding>, names: &[Name], key: &FingerprintKey, text: &[u8]) {
    for finding in found.iter_mut() {
        if finding.fingerprint && finding.seal.is_none() {
            let secret = &text[finding.start..finding.end];
            finding.seal = Some(Seal {
                digest: key.digest(secret),
                length: secret.len(),
            });
        }
    }
    found.sort_by_key(|f| (f.start, std::cmp::Reverse(f.end)));
    let mut merged: Vec<(Finding, (u8, usize))> = Vec::with_capacity(found.len());
    for next in found.drain(..) {
        let claim = (names[next.name].rank, usize::MAX - (next.end - next.start));
        match merged.last_mut() {
            Some((last, best)) if next.start < last.end => {
                if next.end > last.end {
                    last.depth = last.depth.max(next.depth);
                    last.quote = None;
                }
                last.end = last.end.max(next.end);
                if claim < *best {
                    (last.name, last.seal, last.fingerprint) =
                        (next.name, next.seal, next.fingerprint);
                    *best = claim;
                }
            }
            _ => merged.push((next, claim)),
        }
    }
    found.extend(merged.into_iter().map(|(finding, _)| finding));
}

impl Rewrite<'_> {
    /// The input with the findings replaced. `found` is what [`merge`] left; `replaced` is told the
    /// name's index of every marker written.
    pub(super) fn apply(mut self, found: &[Finding], mut replaced: impl FnMut(usize)) -> Vec<u8> {
        let mut patches = Vec::with_capacity(found.len());
        let mut strings = Strings::new(self.input);
        for finding in found {
            for (start, end) in pieces(self.view, finding) {
                if let Some(patch) = self.patch(finding, start, end, &mut strings) {
                    replaced(finding.name);
                    patches.push(patch);
                }
            }
        }
        let more: usize = patches.iter().map(|patch| patch.text.len()).sum();
        let mut out = Vec::with_capacity(self.input.len() + more);
        let mut from = 0;
        for patch in patches.iter().filter(|patch| patch.start < patch.end) {
            let start = patch.start.max(from);
            out.extend_from_slice(&self.input[from..start]);
            out.extend_from_slice(patch.text.as_bytes());
            from = patch.end.max(start);
        }
        out.extend_from_slice(&self.input[from..]);
        out
    }

    fn patch(
        &mut self,
        finding: &Finding,
        start: usize,
        end: usize,
        strings: &mut Strings<'_>,
    ) -> Option<Patch> {
        let mut text = self.marker(finding, end);
        let (mut from, mut to) = self.view.input_range(start, end);
        if let Some(quote) = finding.quote {
            let (start, end) = self.view.input_range(quote, quote + 1);
            let quote = String::from_utf8_lossy(&self.input[start..end]).into_owned();
            text = format!("{quote}{text}{quote}");
        } else if strings.outside(from) {
            match &self.input[from..to] {
                b"true" | b"false" | b"null" => return None,
                bare if bare.iter().all(|byte| is_numeric(*byte)) => {
                    (from, to) = number_around(self.input, from, to);
                    text = format!("\"{text}\"");
                }
                _ => {}
            }
        }
        Some(Patch {
            start: from,
            end: to,
            text,
        })
    }

    fn marker(&mut self, finding: &Finding, end: usize) -> String {
        let mut text = String::with_capacity(80);
        text.push_str("[REDACTED:");
        text.push_str(&self.names[finding.name].text);
        // Writing into a String cannot fail.
        if let Some(Seal { digest, length }) = finding.seal {
            let _ = write!(text, ":{}:", self.key.id());
            for byte in digest {
                let _ = write!(text, "{byte:02x}");
            }
            let _ = write!(text, ":{length}");
        } else if names_a_field(self.view.text, end) {
            self.ordinal += 1;
            let _ = write!(text, ":#{}", self.ordinal);
        }
        text.push(']');
        text
    }
}

/// The parts of a finding that no string's quote lies in.
fn pieces(view: View<'_>, finding: &Finding) -> Vec<(usize, usize)> {
    let text = &view.text[..finding.end];
    let mut pieces = Vec::new();
    let mut from = finding.start;
    for at in memchr::memchr_iter(b'"', &text[finding.start..]) {
        let quote = finding.start + at;
        if finding.depth == usize::MAX || view.quote_depth(quote) <= finding.depth {
            pieces.push((from, quote));
            from = quote + 1;
        }
    }
    pieces.push((from, finding.end));
    if pieces.len() > 1 {
        for piece in &mut pieces {
            *piece = without_structure(text, *piece);
        }
    }
    pieces.retain(|(start, end)| start < end);
    pieces
}

/// A piece without the JSON punctuation around it; empty where nothing else is left, or only a bare
/// word or number, which cannot be a part of a secret that crosses strings.
fn without_structure(text: &[u8], (mut start, mut end): (usize, usize)) -> (usize, usize) {
    let structure = |byte: u8| byte.is_ascii_whitespace() || b"{}[]:,\\".contains(&byte);
    while start < end && structure(text[start]) {
        start += 1;
    }
    while start < end && structure(text[end - 1]) {
        end -= 1;
    }
    match &text[start..end] {
        b"true" | b"false" | b"null" => (start, start),
        bare if bare.iter().all(|byte| is_numeric(*byte)) => (start, start),
        _ => (start, end),
    }
}

fn is_numeric(byte: u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E')
}

fn number_around(input: &[u8], start: usize, end: usize) -> (usize, usize) {
    let before = input[..start]
        .iter()
        .rev()
        .take_while(|b| is_numeric(**b))
        .count();
    let after = input[end..].iter().take_while(|b| is_numeric(**b)).count();
    (start - before, end + after)
}

/// True where the string that ends at or after `end` is the key of a map.
fn names_a_field(text: &[u8], end: usize) -> bool {
    const KEY_REST_MAX: usize = 512;
    let rest = &text[end..text.len().min(end + KEY_REST_MAX)];
    let Some(quote) = memchr::memchr(b'"', rest) else {
        return false;
    };
    rest[quote + 1..]
        .iter()
        .find(|byte| !byte.is_ascii_whitespace())
        == Some(&b':')
}

/// Follows the strings of a JSON text; in any other text nothing is outside of a string.
struct Strings<'a> {
    input: &'a [u8],
    at: usize,
    inside: bool,
    json: bool,
}

impl<'a> Strings<'a> {
    fn new(input: &'a [u8]) -> Self {
        let first = input.iter().find(|byte| !byte.is_ascii_whitespace());
        Self {
            input,
            at: 0,
            inside: false,
            json: matches!(first, Some(b'{' | b'[')),
        }
    }

    /// True where the byte at `to` lies between strings. Positions may only grow.
    fn outside(&mut self, to: usize) -> bool {
        while self.json && self.at < to {
            let Some(step) = memchr::memchr2(b'"', b'\\', &self.input[self.at..to]) else {
                self.at = to;
                break;
            };
            let special = self.at + step;
            if self.input[special] == b'"' {
                self.inside = !self.inside;
                self.at = special + 1;
            } else {
                self.at = special + 2;
            }
        }
        self.json && !self.inside
    }
}
