//! What stands where a secret was: `[REDACTED:<rule>:<key id>:<fingerprint>:<length>]`.
//!
//! A marker is ASCII without quotes or backslashes, so it is safe inside a JSON string at any
//! depth. A secret that could be guessed from its fingerprint has none: `[REDACTED:<rule>]`. In a
//! map key such a marker carries an ordinal (`#2`), because two keys must not become one.
//!
//! What looks like a marker is never redacted again, so the grammar is narrow: an agent that writes
//! a token into a marker of its own must not get it through. Rule names are short words, numbers in
//! them at most four digits together, and the fingerprint has its exact length.

use std::sync::LazyLock;

use memchr::memmem::Finder;

/// How every marker begins.
pub(super) const OPEN: &[u8] = b"[REDACTED:";
/// Made once: texts may be short lines.
static OPENINGS: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(OPEN));
/// Hex digits of a fingerprint: 48 bits.
const FINGERPRINT_LEN: usize = 12;
const RULE_LEN_MAX: usize = 48;
const WORD_LEN_MAX: usize = 14;
const DIGITS_MAX: usize = 4;

/// A marker found in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Marker<'a> {
    /// Where it starts.
    pub(super) start: usize,
    /// Behind its closing bracket.
    pub(super) end: usize,
    /// The rule's name.
    pub(super) rule: &'a str,
    /// The fingerprint's key id, fingerprint and where `:<key id>:<fingerprint>` starts.
    pub(super) seal: Option<(&'a str, &'a str, usize)>,
}

/// All markers of a text, in order.
pub(super) fn markers(text: &[u8]) -> impl Iterator<Item = Marker<'_>> {
    let mut from = 0;
    std::iter::from_fn(move || {
        while let Some(step) = OPENINGS.find(&text[from..]) {
            let start = from + step;
            from = start + OPEN.len();
            if let Some(marker) = parse(text, start) {
                from = marker.end;
                return Some(marker);
            }
        }
        None
    })
}

/// The marker whose opening stands at `start`.
fn parse(text: &[u8], start: usize) -> Option<Marker<'_>> {
    let from = start + OPEN.len();
    let close = text[from..].iter().take(128).position(|b| *b == b']')?;
    let inside = std::str::from_utf8(&text[from..from + close]).ok()?;
    let mut parts = inside.split(':');
    let rule = parts.next().filter(|rule| is_rule(rule))?;
    let rest: Vec<&str> = parts.collect();
    let seal = match rest[..] {
        [] => None,
        [ordinal] if is_number(ordinal.strip_prefix('#')?) => None,
        [key, fingerprint, length] if is_seal(key, fingerprint, length) => {
            Some((key, fingerprint, from + rule.len()))
        }
        _ => return None,
    };
    Some(Marker {
        start,
        end: from + close + 1,
        rule,
        seal,
    })
}

fn is_rule(rule: &str) -> bool {
    let word = |word: &str| {
        !word.is_empty()
            && word.len() <= WORD_LEN_MAX
            && word
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    rule.len() <= RULE_LEN_MAX
        && rule.split('-').all(word)
        && rule.bytes().filter(u8::is_ascii_digit).count() <= DIGITS_MAX
}

fn is_seal(key: &str, fingerprint: &str, length: &str) -> bool {
    is_key_id(key)
        && fingerprint.len() == FINGERPRINT_LEN
        && fingerprint
            .bytes()
            .all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        && is_number(length)
}

fn is_number(text: &str) -> bool {
    (1..=8).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

/// Key ids are short, so that nothing can be smuggled in one.
pub(super) fn is_key_id(id: &str) -> bool {
    (1..=8).contains(&id.len())
        && id
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

/// A rule's name as markers spell it: lower-case words and hyphens, cut to what the grammar takes.
/// Rule files of others may name their rules as they like.
pub(super) fn rule_name(id: &str) -> String {
    let mut digits = 0;
    let spelled: String = id
        .chars()
        .map(|c| match c.to_ascii_lowercase() {
            c @ 'a'..='z' => c,
            c @ '0'..='9' if digits < DIGITS_MAX => {
                digits += 1;
                c
            }
            _ => '-',
        })
        .collect();
    let words = spelled
        .split('-')
        .filter(|word| !word.is_empty())
        .map(|word| &word[..word.len().min(WORD_LEN_MAX)]);
    let mut name = String::new();
    for word in words {
        if name.len() + 1 + word.len() > RULE_LEN_MAX {
            break;
        }
        if !name.is_empty() {
            name.push('-');
        }
        name.push_str(word);
    }
    if name.is_empty() {
        name.push_str("unnamed");
    }
    name
}

/// Feeds a text to a hasher without the part of its markers that depends on the fingerprint key,
/// so that an id made from sealed text is the same under every key.
pub fn hash_without_fingerprints(text: &[u8], hasher: &mut impl FnMut(&[u8])) {
    let mut from = 0;
    for marker in markers(text) {
        if let Some((key, fingerprint, at)) = marker.seal {
            hasher(&text[from..at]);
            from = at + 2 + key.len() + fingerprint.len();
        }
    }
    hasher(&text[from..]);
}

#[cfg(test)]
mod tests;
