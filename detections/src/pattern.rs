//! Sigma's string patterns: text with `*` (any run, also empty) and `?` (exactly one character).
//!
//! A pattern is parsed once into pieces; most patterns then turn out to be one of the simple
//! [`Shape`]s that an index can decide without looking at the pieces again.
//!
//! Escapes (specification, "Escape Character"): `\*`, `\?` and `\\` stand for the character itself;
//! a backslash before anything else is a backslash.

/// A piece of a pattern.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Piece {
    /// Literal text, never empty.
    Text(Box<str>),
    /// `*`
    Any,
    /// `?`
    One,
}

/// A parsed pattern. Neighbouring texts and neighbouring `*` are merged.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(crate) struct Pattern {
    pieces: Vec<Piece>,
}

/// What a pattern asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape<'a> {
    Equals(&'a str),
    StartsWith(&'a str),
    EndsWith(&'a str),
    Contains(&'a str),
    /// `*`: any text at all.
    Anything,
    Glob(&'a [Piece]),
}

impl Pattern {
    /// Reads a pattern as a rule writes it.
    pub(crate) fn parse(text: &str) -> Self {
        let mut pattern = Self::default();
        let mut run = String::new();
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            let special = match c {
                '\\' => {
                    run.push(
                        chars
                            .next_if(|c| matches!(c, '*' | '?' | '\\'))
                            .unwrap_or('\\'),
                    );
                    continue;
                }
                '*' => Piece::Any,
                '?' => Piece::One,
                other => {
                    run.push(other);
                    continue;
                }
            };
            pattern.push_text(&std::mem::take(&mut run));
            pattern.push(special);
        }
        pattern.push_text(&run);
        pattern
    }

    /// Text without any wildcard.
    pub(crate) fn literal(text: &str) -> Self {
        let mut pattern = Self::default();
        pattern.push_text(text);
        pattern
    }

    pub(crate) fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    pub(crate) fn push_text(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        if let Some(Piece::Text(last)) = self.pieces.last_mut() {
            *last = format!("{last}{text}").into();
        } else {
            self.pieces.push(Piece::Text(text.into()));
        }
    }

    pub(crate) fn push(&mut self, piece: Piece) {
        match piece {
            Piece::Text(text) => self.push_text(&text),
            Piece::Any if self.pieces.last() == Some(&Piece::Any) => {}
            other => self.pieces.push(other),
        }
    }

    /// The pattern with `*` before it (`endswith`).
    pub(crate) fn open_start(mut self) -> Self {
        if self.pieces.first() != Some(&Piece::Any) {
            self.pieces.insert(0, Piece::Any);
        }
        self
    }

    /// The pattern with `*` after it (`startswith`).
    pub(crate) fn open_end(mut self) -> Self {
        self.push(Piece::Any);
        self
    }

    /// The text where the pattern has no wildcard.
    pub(crate) fn as_literal(&self) -> Option<&str> {
        match self.shape() {
            Shape::Equals(text) => Some(text),
            _ => None,
        }
    }

    /// Applies a function to the literal parts.
    pub(crate) fn map_text(&self, change: impl Fn(&str) -> String) -> Self {
        let mut out = Self::default();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.push_text(&change(text)),
                other => out.push(other.clone()),
            }
        }
        out
    }

    pub(crate) fn shape(&self) -> Shape<'_> {
        match self.pieces.as_slice() {
            [] => Shape::Equals(""),
            [Piece::Any] => Shape::Anything,
            [Piece::Text(text)] => Shape::Equals(text),
            [Piece::Text(text), Piece::Any] => Shape::StartsWith(text),
            [Piece::Any, Piece::Text(text)] => Shape::EndsWith(text),
            [Piece::Any, Piece::Text(text), Piece::Any] => Shape::Contains(text),
            pieces => Shape::Glob(pieces),
        }
    }
}

/// Whether a text has the pieces' form from its first to its last character.
///
/// The usual two-pointer walk: on a mismatch it goes back to the latest `*` and lets it take one
/// character more, so the time is at most length of text times length of pattern.
pub(crate) fn glob(pieces: &[Piece], text: &str) -> bool {
    let (mut at, mut rest) = (0, text);
    let mut retry: Option<(usize, &str)> = None;
    loop {
        let advanced = match pieces.get(at) {
            None if rest.is_empty() => return true,
            None => None,
            Some(Piece::Any) => {
                retry = Some((at, rest));
                Some(rest)
            }
            Some(Piece::Text(literal)) => rest.strip_prefix(&**literal),
            Some(Piece::One) => skip_one(rest),
        };
        if let Some(next) = advanced {
            (at, rest) = (at + 1, next);
            continue;
        }
        let Some(next) = retry.and_then(|(star, from)| Some((star, skip_one(from)?))) else {
            return false;
        };
        retry = Some(next);
        (at, rest) = (next.0 + 1, next.1);
    }
}

fn skip_one(text: &str) -> Option<&str> {
    let mut chars = text.chars();
    chars.next()?;
    Some(chars.as_str())
}

/// Appends the case-folded form of a text: the form in which rules and events are compared.
pub(crate) fn fold_into(text: &str, out: &mut Vec<u8>) {
    if text.is_ascii() {
        let start = out.len();
        out.extend_from_slice(text.as_bytes());
        out[start..].make_ascii_lowercase();
    } else {
        let mut buffer = [0; 4];
        for c in text.chars().flat_map(char::to_lowercase) {
            out.extend_from_slice(c.encode_utf8(&mut buffer).as_bytes());
        }
    }
}

/// The case-folded form of a text, see [`fold_into`].
pub(crate) fn fold(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    fold_into(text, &mut out);
    String::from_utf8(out).expect("folded text is text")
}

#[cfg(test)]
mod tests;
