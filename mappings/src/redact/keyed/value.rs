//! Where a value ends, and what it looks like.

use super::name::Name;
use super::operator::Tie;
use crate::redact::marker;
use crate::redact::rule::{self, changes};
use crate::redact::view::View;

/// Longer values are cut here; what is behind is left to the other rules.
const VALUE_LEN_MAX: usize = 8192;

/// A value in a view.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extent {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) quoted: bool,
    /// Depth of its quotes; see `Finding::depth`.
    pub(super) depth: usize,
    /// True for an unquoted number.
    pub(super) bare_number: bool,
}

/// The value that begins at `at`; None where there is none.
pub(super) fn extent(view: View<'_>, at: usize, name: &Name, tie: Tie) -> Option<Extent> {
    let text = view.text;
    let mut at = at;
    // The letter of a string with a prefix: b"…", f'…', @"…".
    if matches!(text.get(at), Some(b'b' | b'r' | b'f' | b'u' | b'@' | b'$'))
        && matches!(text.get(at + 1), Some(b'"' | b'\''))
    {
        at += 1;
    }
    match text.get(at)? {
        b'"' => double_quoted(view, at),
        &quote @ (b'\'' | b'`') => single_quoted(view, at, quote),
        _ => bare(view, at, name, tie),
    }
}

fn double_quoted(view: View<'_>, open: usize) -> Option<Extent> {
    let depth = view.quote_depth(open);
    let start = open + 1;
    let limit = view.text.len().min(start + VALUE_LEN_MAX);
    let end = memchr::memchr_iter(b'"', &view.text[start..limit])
        .map(|step| start + step)
        .find(|quote| view.quote_depth(*quote) <= depth)
        .unwrap_or(limit);
    trimmed(view.text, start, end, true, depth)
}

fn single_quoted(view: View<'_>, open: usize, quote: u8) -> Option<Extent> {
    let text = view.text;
    let start = open + 1;
    let limit = text.len().min(start + VALUE_LEN_MAX);
    let end = (start..limit)
        .find(|at| match text[*at] {
            b'\n' => true,
            // The end of the JSON string around, and not a quote in the value.
            b'"' => text
                .get(at + 1)
                .is_none_or(|next| b",:}] \t\r\n".contains(next)),
            byte => byte == quote,
        })
        .unwrap_or(limit);
    trimmed(text, start, end, true, usize::MAX)
}

fn bare(view: View<'_>, start: usize, name: &Name, tie: Tie) -> Option<Extent> {
    let text = view.text;
    let limit = text.len().min(start + VALUE_LEN_MAX);
    let query = name.start > 0 && matches!(text[name.start - 1], b'?' | b'&');
    let mut end = (start..limit)
        .find(|at| ends_bare(view, *at, query))
        .unwrap_or(limit);
    if tie != Tie::Flag {
        while end > start
            && matches!(
                text[end - 1],
                b',' | b';' | b')' | b'}' | b']' | b'.' | b':'
            )
        {
            end -= 1;
        }
    }
    let mut extent = trimmed(text, start, end, false, usize::MAX)?;
    extent.bare_number = text[extent.start..extent.end]
        .iter()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'.'));
    Some(extent)
}

/// Where an unquoted value ends: at blanks and quotes always, at punctuation where the next thing
/// begins behind it. A password may hold a comma; leaving its end in place would be a leak.
fn ends_bare(view: View<'_>, at: usize, query: bool) -> bool {
    let text = view.text;
    // What was percent-encoded belongs to the value.
    let encoded = || view.is_coded(at);
    let next = text.get(at + 1);
    match text[at] {
        b' ' | b'\t' | b'\n' | b'\r' | b'"' | b'\'' | b'`' => true,
        b'<' => next.is_none_or(|byte| byte.is_ascii_alphabetic() || *byte == b'/'),
        b'&' | b'#' if query => !encoded(),
        b'&' | b',' | b';' if !encoded() => {
            next.is_none_or(|_| assignment_follows(&text[at + 1..]))
        }
        b'|' | b')' | b'}' | b']' | b'>' if !encoded() => {
            next.is_none_or(|byte| !byte.is_ascii_alphanumeric())
        }
        _ => false,
    }
}

/// `name=`, `name:` or a blank, an operator or a bracket.
fn assignment_follows(rest: &[u8]) -> bool {
    let word = rest
        .iter()
        .take(48)
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
        .count();
    match rest.get(word) {
        None => true,
        Some(b'=' | b':') => word > 0,
        Some(byte) => word == 0 && (!byte.is_ascii_punctuation() || b"&;|{}[]()\"'".contains(byte)),
    }
}

/// The rest of a header line, or of the string it stands in.
pub(super) fn rest_of_line(view: View<'_>, at: usize) -> Option<Extent> {
    let text = view.text;
    if let Some(b'"') = text.get(at) {
        return double_quoted(view, at);
    }
    if let Some(&quote @ (b'\'' | b'`')) = text.get(at) {
        return single_quoted(view, at, quote);
    }
    let limit = text.len().min(at + VALUE_LEN_MAX);
    let end = (at..limit)
        .find(|at| matches!(text[*at], b'\n' | b'\r' | b'"' | b'\'' | b'`'))
        .unwrap_or(limit);
    trimmed(text, at, end, false, usize::MAX)
}

/// The start of the next string of a list.
pub(super) fn next_in_list(text: &[u8], extent: &Extent) -> Option<usize> {
    let rest = &text[(extent.end + usize::from(extent.quoted)).min(text.len())..];
    let comma = rest
        .iter()
        .take_while(|byte| byte.is_ascii_whitespace())
        .count();
    if rest.get(comma) != Some(&b',') {
        return None;
    }
    let blank = rest[comma + 1..]
        .iter()
        .take_while(|byte| byte.is_ascii_whitespace())
        .count();
    Some(text.len() - rest.len() + comma + 1 + blank)
}

fn trimmed(text: &[u8], start: usize, end: usize, quoted: bool, depth: usize) -> Option<Extent> {
    let value = &text[start..end];
    let left = value.len() - value.trim_ascii_start().len();
    let right = value.len() - value.trim_ascii_end().len();
    (left + right < value.len()).then(|| Extent {
        start: start + left,
        end: end - right,
        quoted,
        depth,
        bare_number: false,
    })
}

const WORDS: [&[u8]; 40] = [
    b"true",
    b"false",
    b"null",
    b"none",
    b"nil",
    b"undefined",
    b"string",
    b"str",
    b"int",
    b"bool",
    b"boolean",
    b"number",
    b"integer",
    b"text",
    b"bytes",
    b"any",
    b"object",
    b"required",
    b"optional",
    b"missing",
    b"invalid",
    b"incorrect",
    b"expired",
    b"disabled",
    b"enabled",
    b"redacted",
    b"hidden",
    b"password",
    b"secret",
    b"token",
    b"default",
    b"yes",
    b"no",
    b"on",
    b"off",
    b"unset",
    b"empty",
    b"masked",
    b"authentication",
    b"changed",
];

/// What stands where a secret would stand: a variable, a template, stars, a type.
pub(in crate::redact) fn is_placeholder(value: &[u8]) -> bool {
    let Some((first, rest)) = value.split_first() else {
        return true;
    };
    let same = rest.iter().all(|byte| byte == first);
    let variable = || {
        rest.first().is_some_and(|byte| b"{([".contains(byte))
            || rest
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
    };
    let code = [
        &b"process.env"[..],
        b"os.environ",
        b"os.getenv",
        b"env.",
        b"secrets.",
        b"vars.",
    ];
    let starred = value.len() >= 3
        && value
            .iter()
            .all(|byte| matches!(byte, b'*' | b'x' | b'X' | b'.' | b'-' | b'_' | b' '));
    match first {
        b'$' => variable(),
        b'<' => value.ends_with(b">") || value.starts_with(b"<%"),
        b'{' | b'%' | b'(' => true,
        b'&' => true,
        b'[' => value.starts_with(marker::OPEN) || value.ends_with(b"]"),
        _ => {
            same && value.len() > 1
                || starred
                || value.starts_with(b"...")
                || WORDS.iter().any(|word| value.eq_ignore_ascii_case(word))
                || code.iter().any(|start| value.starts_with(start))
                || memchr::memchr_iter(b'{', value)
                    .any(|at| (at > 0 && value[at - 1] == b'$') || value.get(at + 1) == Some(&b'{'))
        }
    }
}

/// Random beyond doubt: long, letters and digits thoroughly mixed, no path, no words.
pub(in crate::redact) fn is_random(value: &[u8]) -> bool {
    if value.len() < 16 || value.iter().any(|byte| *byte <= b' ' || *byte >= 0x7f) {
        return false;
    }
    // The beginning tells, and a long value costs no more.
    let sample = &value[..value.len().min(256)];
    let digits = sample.iter().filter(|byte| byte.is_ascii_digit()).count();
    let letters = sample
        .iter()
        .filter(|byte| byte.is_ascii_alphabetic())
        .count();
    let mixed = digits >= 2 && letters >= 2 && (digits + letters) * 4 >= sample.len() * 3;
    mixed
        && changes(sample) * 7 >= sample.len()
        && !is_path(sample)
        && !is_wordy(sample)
        && rule::entropy(sample) >= 3.0
}

/// Half of it or more is small letters between separators: `v2-cargo-linux-x64-stable`.
fn is_wordy(value: &[u8]) -> bool {
    let words: usize = value
        .split(|byte| matches!(byte, b'-' | b'_' | b'.' | b'/' | b':'))
        .filter(|part| part.len() >= 3 && part.iter().all(u8::is_ascii_lowercase))
        .map(<[u8]>::len)
        .sum();
    words * 2 >= value.len()
}

fn is_path(value: &[u8]) -> bool {
    value.starts_with(b"./")
        || value.starts_with(b"../")
        || memchr::memmem::find(value, b"://").is_some()
        || (value.starts_with(b"/") && value[1..].contains(&b'/') && !value.contains(&b'+'))
        || value.contains(&b'(')
}

/// Dense and well mixed: a generated password, where only a column or a sentence ties it to its name.
pub(super) fn is_mixed(value: &[u8]) -> bool {
    is_dense(value) && !is_code(value) && changes(value) * 7 >= value.len()
}

/// At least eight characters with a digit or a mixture, and not made of words.
pub(super) fn is_dense(value: &[u8]) -> bool {
    if !(8..=VALUE_LEN_MAX).contains(&value.len()) {
        return false;
    }
    let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    let upper = value.iter().any(u8::is_ascii_uppercase);
    let lower = value.iter().any(u8::is_ascii_lowercase);
    let symbols = value.iter().any(|byte| b"!#$%^&*+=~@".contains(byte));
    let shuffled = value.len() >= 12 && changes(value) * 5 >= value.len() * 2;
    let dense = digits >= 2 || (digits == 1 && upper && lower) || symbols || shuffled;
    let dotted = value.iter().all(|b| b.is_ascii_digit() || *b == b'.');
    dense
        && (lower || upper || digits >= 12)
        && !dotted
        && !is_versioned(value)
        && !is_path(value)
        && !value.contains(&b' ')
}

/// A name with a version at its end: `jackson-core-2.17.1`.
fn is_versioned(value: &[u8]) -> bool {
    let version = value
        .iter()
        .rev()
        .take_while(|byte| byte.is_ascii_digit() || **byte == b'.')
        .count();
    let (name, version) = value.split_at(value.len() - version);
    version.contains(&b'.')
        && name.iter().all(|byte| {
            byte.is_ascii_lowercase() || matches!(byte, b'-' | b'_' | b'@' | b':' | b'.')
        })
}

/// Hexadecimal of the length of a digest, or a UUID: ids and hashes, where the name says nothing.
pub(super) fn is_digest(value: &[u8]) -> bool {
    let hex = value
        .iter()
        .all(|byte| byte.is_ascii_hexdigit() || *byte == b'-');
    hex && matches!(value.len(), 32 | 36 | 40 | 64 | 96 | 128)
        || [&b"sha256"[..], b"sha512", b"sha1", b"md5", b"h1:"]
            .iter()
            .any(|start| value.starts_with(start))
}

/// Words that forms and messages about secrets are made of, and passphrases are not.
const PROSE: [&[u8]; 40] = [
    b"the",
    b"is",
    b"a",
    b"an",
    b"to",
    b"be",
    b"your",
    b"must",
    b"not",
    b"for",
    b"of",
    b"and",
    b"or",
    b"in",
    b"at",
    b"as",
    b"with",
    b"this",
    b"that",
    b"it",
    b"too",
    b"has",
    b"have",
    b"was",
    b"can",
    b"cannot",
    b"please",
    b"enter",
    b"field",
    b"required",
    b"invalid",
    b"password",
    b"token",
    b"secret",
    b"key",
    b"forgot",
    b"reset",
    b"change",
    b"confirm",
    b"new",
];

/// Several words without a digit, one of them of the kind that sentences need: text for people. A
/// passphrase is words as well, so words alone make no sentence.
pub(super) fn is_sentence(value: &[u8]) -> bool {
    let mut words = value
        .split(|byte| !byte.is_ascii_alphabetic())
        .filter(|word| !word.is_empty());
    value.contains(&b' ')
        && !has_digit_or_symbol(value)
        && words.any(|word| PROSE.iter().any(|known| word.eq_ignore_ascii_case(known)))
}

/// True for a digit or a symbol that prose rarely has.
pub(in crate::redact) fn has_digit_or_symbol(value: &[u8]) -> bool {
    value
        .iter()
        .any(|byte| byte.is_ascii_digit() || b"!#$%^&*+=~@/".contains(byte))
}

/// `name=value`, and not the padding of base64.
pub(super) fn is_assignment(value: &[u8]) -> bool {
    let name = value
        .iter()
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
        .count();
    let behind = value.get(name + 1).is_some_and(|byte| *byte != b'=');
    (1..=48).contains(&name)
        && value[0].is_ascii_alphabetic()
        && value.get(name) == Some(&b'=')
        && behind
}

/// `1.2`, `v1.2.3`.
pub(super) fn is_version(value: &[u8]) -> bool {
    let digits = value.strip_prefix(b"v").unwrap_or(value);
    digits.contains(&b'.')
        && digits
            .split(|byte| *byte == b'.')
            .all(|part| !part.is_empty() && part.len() <= 4 && part.iter().all(u8::is_ascii_digit))
}

/// An expression: a call, a path of identifiers, a type.
pub(super) fn is_code(value: &[u8]) -> bool {
    let identifier = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.');
    let calls = value
        .windows(2)
        .any(|pair| pair[1] == b'(' && identifier(&pair[0]));
    let typed = value.contains(&b'<') || memchr::memmem::find(value, b"::").is_some();
    let path = value.contains(&b'.')
        && value.iter().all(identifier)
        && value.split(|byte| *byte == b'.').all(|part| {
            part.first()
                .is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_')
        })
        && changes(value) * 6 < value.len();
    calls || typed || path || value.starts_with(b"-")
}

/// `password=…` without quotes: a configuration line or a command, and not a line of code.
pub(super) fn is_bare_password(text: &[u8], name: &Name, extent: &Extent) -> bool {
    let value = &text[extent.start..extent.end];
    if value.len() < 3 || is_code(value) {
        return false;
    }
    let glued = text[name.end..extent.start] == *b"=";
    let wordlike = value
        .iter()
        .all(|b| b.is_ascii_alphabetic() || matches!(b, b'_' | b'.' | b'-'));
    if !wordlike {
        let number = value.iter().all(u8::is_ascii_digit);
        return value.len() >= 4 && (!number || glued || extent.bare_number && value.len() >= 6);
    }
    let line_ends = matches!(
        text.get(extent.end),
        None | Some(b'\n' | b'\r' | b'"' | b'\'')
    );
    let upper = text[name.start..name.end]
        .iter()
        .all(|b| !b.is_ascii_lowercase());
    let in_query = name.start > 0 && matches!(text[name.start - 1], b'?' | b'&');
    let element = text.get(name.end) == Some(&b'>');
    value.len() >= 6
        && ((glued && (upper || in_query || line_ends))
            || element
            || (line_ends && starts_line(text, name)))
}

/// True where only blanks, dashes and quotes stand before the name on its line.
fn starts_line(text: &[u8], name: &Name) -> bool {
    text[..name.start]
        .iter()
        .rev()
        .take(64)
        .find(|byte| !matches!(byte, b' ' | b'\t' | b'-' | b'+'))
        .is_none_or(|byte| matches!(byte, b'\n' | b'"'))
}
