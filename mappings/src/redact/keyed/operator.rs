//! What ties a name to its value.

use super::name::Name;
use crate::redact::view::View;

/// How firmly name and value belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tie {
    /// `=`, `:`, `=>`, an XML element, a name-and-value pair.
    Firm,
    /// `--name value`.
    Flag,
    /// Columns of a table, neighbours in a list, `is`.
    Loose,
}

/// An operator behind a name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Operator {
    pub(super) tie: Tie,
    /// Where the value begins.
    pub(super) value: usize,
    /// The quote that closes the name, if it has one.
    pub(super) quote: Option<usize>,
    /// True where the value is a list of strings.
    pub(super) list: bool,
}

const SPACES_MAX: usize = 40;

/// The operator behind a name; None where nothing ties a value to it.
pub(super) fn after(view: View<'_>, name: &Name) -> Option<Operator> {
    let text = view.text;
    let mut at = name.end;
    let mut quote = None;
    while at < name.end + 2 && matches!(text.get(at), Some(b'"' | b'\'' | b'`' | b']')) {
        if text[at] == b'"' {
            quote = Some(at);
        }
        at += 1;
    }
    let closed = at > name.end;
    let gap = spaces(text, at);
    let tab = text[at..at + gap].contains(&b'\t');
    let rest = &text[at + gap..];
    // `$PASSWORD` is used here, not set.
    let used = name.start > 0 && text[name.start - 1] == b'$';
    let (tie, skip) = firm(rest, closed).or_else(|| {
        if used {
            None
        } else {
            loose(rest, gap, tab, closed, name.flag)
        }
    })?;
    let mut value = at + gap + skip;
    value += spaces(text, value);
    let list = text.get(value) == Some(&b'[');
    if list {
        value += 1;
        value += text[value..]
            .iter()
            .take(SPACES_MAX)
            .take_while(|b| b.is_ascii_whitespace())
            .count();
    }
    Some(Operator {
        tie,
        value,
        quote,
        list,
    })
}

fn spaces(text: &[u8], at: usize) -> usize {
    text[at..]
        .iter()
        .take(SPACES_MAX)
        .take_while(|byte| matches!(byte, b' ' | b'\t'))
        .count()
}

fn firm(rest: &[u8], closed: bool) -> Option<(Tie, usize)> {
    let skip = match rest {
        [b':', b':', ..] => return None,
        [b':', b'=', ..] | [b'=', b'>', ..] | [b'-', b'>', ..] => 2,
        [b'=', b'=', b'=', ..] => 3,
        [b'=', b'=', ..] => 2,
        [b'=', b'~', ..] => return None,
        [b':' | b'=', ..] => 1,
        [b'>', next, ..] if !closed && is_element(*next, rest) => 1,
        _ if closed => pair(rest)?,
        _ => return None,
    };
    Some((Tie::Firm, skip + object(&rest[skip..])))
}

/// `<password>…</password>`: the text of an element begins at once and ends at the next tag.
fn is_element(first: u8, rest: &[u8]) -> bool {
    const TEXT_LEN_MAX: usize = 1024;
    let text = &rest[..rest.len().min(TEXT_LEN_MAX)];
    let end = memchr::memchr3(b'<', b'\n', b' ', text);
    !first.is_ascii_whitespace() && end.is_some_and(|end| text[end] == b'<')
}

/// `…","value":` and `…" value=`: a pair whose name is itself a value.
fn pair(rest: &[u8]) -> Option<usize> {
    let mut at = usize::from(rest.first() == Some(&b','));
    at += rest[at..]
        .iter()
        .take(SPACES_MAX)
        .take_while(|b| b.is_ascii_whitespace())
        .count();
    let quoted = usize::from(rest.get(at) == Some(&b'"'));
    at += quoted;
    let word = rest.get(at..at + 5)?;
    if !word.eq_ignore_ascii_case(b"value") {
        return None;
    }
    at += 5 + quoted;
    at += spaces(rest, at.min(rest.len()));
    matches!(rest.get(at), Some(b':' | b'=')).then_some(at + 1)
}

/// `{"stringValue": …`, the way OTLP writes a value.
fn object(rest: &[u8]) -> usize {
    let blank = |at: usize| {
        rest[at.min(rest.len())..]
            .iter()
            .take(SPACES_MAX)
            .take_while(|byte| byte.is_ascii_whitespace())
            .count()
    };
    let mut at = blank(0);
    if rest.get(at) != Some(&b'{') {
        return 0;
    }
    at += 1;
    at += blank(at);
    let names = [
        &b"\"stringValue\""[..],
        b"\"string_value\"",
        b"\"Value\"",
        b"\"value\"",
    ];
    let Some(name) = names.into_iter().find(|name| rest[at..].starts_with(name)) else {
        return 0;
    };
    at += name.len();
    at += blank(at);
    if rest.get(at) == Some(&b':') {
        at + 1
    } else {
        0
    }
}

fn loose(rest: &[u8], gap: usize, tab: bool, closed: bool, flag: bool) -> Option<(Tie, usize)> {
    match rest {
        // `["--password", "…"]`, `["token", "…"]`
        [b',', ..] if closed => {
            let tie = if flag { Tie::Flag } else { Tie::Loose };
            Some((tie, 1))
        }
        [b'|', ..] => Some((Tie::Loose, 1)),
        [b'i', b's', b' ', ..] if gap > 0 => Some((Tie::Loose, 3)),
        [b'w', b'a', b's', b' ', ..] if gap > 0 => Some((Tie::Loose, 4)),
        _ if flag && gap > 0 => Some((Tie::Flag, 0)),
        _ if !closed && (gap > 0 || tab) => Some((Tie::Loose, 0)),
        _ => None,
    }
}
