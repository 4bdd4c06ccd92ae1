//! One flat reading of a text in which the secrets lie bare.
//!
//! A token printed by a tool reaches us as JSON in JSON in JSON, percent-encoded in a query, or
//! coloured by a terminal. Patterns do not survive that: run over serialized JSON, a public rule
//! pack finds less than half of its own samples. Parsing every layer is slow, and some layers do
//! not parse. So one pass removes every layer of escapes at once and notes each removal as a
//! [`Unit`]: a run of backslashes with what it escapes, a percent escape, a colour sequence.
//! Positions of the view map back to whole units of the input, so a rewrite never cuts an escape
//! in two. The depth of nesting costs nothing extra.
//!
//! What it gives up: `C:\new` reads as `C:` and a line break, in the view only. What it refuses: to
//! hide text. A terminal sequence is dropped only where its parameters are digits.

use memchr::memchr3;

/// Bytes of the input that stand for another number of bytes in the view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unit {
    /// Where it stands in the view.
    pub(super) view: u32,
    /// Where it starts in the input.
    pub(super) input: u32,
    /// How many bytes of the input it covers.
    pub(super) len: u32,
    /// How many bytes of the view it makes: 0 or 1.
    pub(super) width: u16,
    /// True for a character written as its number (`%22`, `\u0022`): it is content wherever it
    /// stands and closes no string.
    pub(super) coded: bool,
}

/// A text without its escapes, and the way back.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    /// What the rules read.
    pub(super) text: &'a [u8],
    units: &'a [Unit],
}

impl<'a> View<'a> {
    /// A text that needs no collapsing.
    pub(super) fn plain(text: &'a [u8]) -> Self {
        Self { text, units: &[] }
    }

    /// A collapsed text with the units that [`collapse`] noted.
    pub(super) fn new(text: &'a [u8], units: &'a [Unit]) -> Self {
        Self { text, units }
    }

    /// The input range that a range of the view stands for: whole units.
    pub(super) fn input_range(&self, start: usize, end: usize) -> (usize, usize) {
        let (first, _) = self.input_byte(start);
        let last = if end > start {
            self.input_byte(end - 1).1
        } else {
            first
        };
        (first, last)
    }

    /// Start and end in the input of one byte of the view.
    fn input_byte(&self, at: usize) -> (usize, usize) {
        let after = self.units.partition_point(|unit| unit.view as usize <= at);
        let Some(unit) = after.checked_sub(1).map(|index| self.units[index]) else {
            return (at, at + 1);
        };
        let (view, input) = (unit.view as usize, unit.input as usize);
        if unit.width == 1 && view == at {
            return (input, input + unit.len as usize);
        }
        let start = input + unit.len as usize + (at - view - unit.width as usize);
        (start, start + 1)
    }

    /// How deep the quote at a view position is escaped: the length of its unit. A quote closes a
    /// string where it is escaped no deeper than the quote that opened it. One that is written as
    /// its number closes none, and a string that begins with one ends at any quote.
    pub(super) fn quote_depth(&self, at: usize) -> usize {
        if self.is_coded(at) {
            return usize::MAX;
        }
        let (start, end) = self.input_byte(at);
        end - start
    }

    /// True for a byte that the input writes as its number.
    pub(super) fn is_coded(&self, at: usize) -> bool {
        let after = self.units.partition_point(|unit| unit.view as usize <= at);
        after.checked_sub(1).is_some_and(|index| {
            let unit = self.units[index];
            unit.coded && unit.view as usize == at
        })
    }
}

/// True where [`collapse`] would change anything.
pub(super) fn needs_collapsing(input: &[u8]) -> bool {
    memchr3(b'\\', ESC, b'%', input).is_some()
}

const ESC: u8 = 0x1b;
/// Stands in the view for a character beyond ASCII that was written as an escape.
const BEYOND_ASCII: u8 = 0x80;
/// A longer run of parameters is not a terminal sequence.
const PARAMETERS_MAX: usize = 32;

/// Writes the view of `input` into `text` and its units into `units`; both are cleared first.
/// `input` is shorter than 4 GiB; the caller has checked that.
pub(super) fn collapse(input: &[u8], text: &mut Vec<u8>, units: &mut Vec<Unit>) {
    text.clear();
    units.clear();
    text.reserve(input.len());
    let mut at = 0;
    while let Some(step) = memchr3(b'\\', ESC, b'%', &input[at..]) {
        let special = at + step;
        text.extend_from_slice(&input[at..special]);
        let (len, byte) = match input[special] {
            b'\\' => backslashes(input, special),
            ESC => (1 + parameters(input, special + 1).unwrap_or(0), None),
            _ => percent(input, special),
        };
        at = special + len;
        if len == 1 {
            // Not an escape after all: the byte stays what it is.
            text.push(input[special]);
            continue;
        }
        units.push(Unit {
            view: text.len() as u32,
            input: special as u32,
            len: len as u32,
            width: u16::from(byte.is_some()),
            coded: input[special] == b'%'
                || (len >= 6 && input[special + len - 1].is_ascii_hexdigit()),
        });
        text.extend(byte);
    }
    text.extend_from_slice(&input[at..]);
}

/// A run of backslashes and what it escapes: the length, and the byte it stands for (None for a
/// terminal sequence, which stands for nothing).
fn backslashes(input: &[u8], start: usize) -> (usize, Option<u8>) {
    let run = input[start..]
        .iter()
        .take_while(|byte| **byte == b'\\')
        .count();
    let escaped = start + run;
    if input.get(escaped) == Some(&b'"') {
        return before_quote(run);
    }
    let byte = match input.get(escaped) {
        Some(b'n') => b'\n',
        Some(b'r') => b'\r',
        Some(b't') => b'\t',
        Some(b'b' | b'f') => b' ',
        Some(&other @ (b'\'' | b'`' | b'/')) => other,
        Some(b'u') => return unicode(input, run, escaped),
        Some(b'x' | b'0' | b'e') => return printed_escape(input, run, escaped),
        _ => return (run, Some(b'\\')),
    };
    (run + 1, Some(byte))
}

/// A run of backslashes before a quote. A quote inside `d` layers of strings has 2^d − 1 of them, and
/// a backslash at the end of the string before it a multiple of 2^(d+1), so the run's lowest bits
/// tell which are the quote's own. The others are read first, as a backslash.
fn before_quote(run: usize) -> (usize, Option<u8>) {
    let own = (1 << run.trailing_ones()) - 1;
    if run > own {
        (run - own, Some(b'\\'))
    } else {
        (run + 1, Some(b'"'))
    }
}

/// `\uXXXX`, where `escaped` is the place of the `u`.
fn unicode(input: &[u8], run: usize, escaped: usize) -> (usize, Option<u8>) {
    let code = input
        .get(escaped + 1..escaped + 5)
        .and_then(|hex| std::str::from_utf8(hex).ok())
        .and_then(|hex| u32::from_str_radix(hex, 16).ok());
    match code {
        Some(0x1b) => {
            let rest = parameters(input, escaped + 5);
            (run + 5 + rest.unwrap_or(0), rest.is_none().then_some(b' '))
        }
        Some(code @ 0..0x80) => (run + 5, Some(code as u8)),
        Some(_) => (run + 5, Some(BEYOND_ASCII)),
        None => (run, Some(b'\\')),
    }
}

/// `\x1b[…m`, `\033[…m` and `\e[…m`, the ways in which scripts write a colour.
fn printed_escape(input: &[u8], run: usize, escaped: usize) -> (usize, Option<u8>) {
    let rest = &input[escaped..];
    let name = [&b"x1b"[..], b"x1B", b"033", b"e"]
        .into_iter()
        .find(|name| rest.starts_with(name));
    let sequence =
        name.and_then(|name| parameters(input, escaped + name.len()).map(|len| name.len() + len));
    match sequence {
        Some(len) => (run + len, None),
        None => (run, Some(b'\\')),
    }
}

/// The length of `[…m` after an escape character: digits and their separators, then one letter.
fn parameters(input: &[u8], at: usize) -> Option<usize> {
    if input.get(at) != Some(&b'[') {
        return None;
    }
    let rest = &input[at + 1..input.len().min(at + 1 + PARAMETERS_MAX)];
    let digits = rest
        .iter()
        .take_while(|byte| matches!(byte, b'0'..=b'9' | b';' | b':' | b'?'))
        .count();
    rest.get(digits)
        .is_some_and(u8::is_ascii_alphabetic)
        .then_some(digits + 2)
}

/// `%XX`, also where the percent sign itself was encoded (`%2540`). Only printable ASCII and line
/// breaks are decoded; everything else stays as it is.
fn percent(input: &[u8], start: usize) -> (usize, Option<u8>) {
    let mut at = start + 1;
    while input[at..].starts_with(b"25") && at - start < PARAMETERS_MAX {
        at += 2;
    }
    let digit = |at: usize| {
        input
            .get(at)
            .and_then(|byte| char::from(*byte).to_digit(16))
    };
    match (digit(at), digit(at + 1)) {
        (Some(high), Some(low)) => match (high * 16 + low) as u8 {
            byte @ (b' '..=b'~' | b'\n' | b'\r' | b'\t') => (at + 2 - start, Some(byte)),
            _ => (1, None),
        },
        _ => (1, None),
    }
}

#[cfg(test)]
mod tests;
