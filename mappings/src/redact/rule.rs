//! A pattern for one kind of secret, compiled.
//!
//! Patterns are byte regexes in ASCII mode. That is what public rule packs were written for (in
//! Go's engine `\w`, `\d` and `\b` are ASCII), every rule of theirs compiles in it, and the programs
//! are a hundredth of the size that Unicode classes need. A pattern never runs over a whole text: a
//! keyword must have been seen, and the pattern looks at the bytes around it ([`Reach`]).

use regex::bytes::{Regex, RegexBuilder};

use super::keyed::value;

/// How a rule looks at the text around one of its keywords.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// The keyword is the beginning of the secret; nothing else is tried.
    Prefix {
        /// Bytes from the keyword's start on.
        after: usize,
    },
    /// Anywhere in a window around the keyword.
    Window {
        /// Bytes before the keyword's start.
        before: usize,
        /// Bytes after the keyword's start.
        after: usize,
    },
    /// Anywhere in the text: a rule without keywords.
    Everywhere,
}

/// Which bytes after the matched secret still belong to it. Over-matching leaves nothing behind
/// when a vendor makes its tokens longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tail {
    /// Nothing.
    None,
    /// `A-Z a-z 0-9 _ -`.
    Word,
    /// Word, and `+ / =`.
    Base64,
    /// Word, and `.` where more follows.
    Dotted,
}

/// What a rule's allowlist looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// The secret alone.
    Secret,
    /// The whole match.
    Match,
    /// The line or lines of the match.
    Line,
}

/// Conditions under which a match is no secret.
#[derive(Debug, Clone)]
pub(super) struct Allowlist {
    /// True where every kind of condition given must hold, not just one.
    pub(super) every: bool,
    /// What `patterns` look at.
    pub(super) target: Target,
    /// Patterns, of which one must match.
    pub(super) patterns: Vec<Regex>,
    /// Lower-case words, of which one must lie in the secret.
    pub(super) stopwords: Vec<Vec<u8>>,
}

/// One compiled rule.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    /// The id in its file.
    pub(super) id: String,
    /// The name in markers.
    pub(super) name: String,
    /// True where the secret has enough entropy to be given a fingerprint.
    pub(super) fingerprint: bool,
    /// Which rule names a span that several found: the lowest.
    pub(super) rank: u8,
    /// Keywords, of which one must be there, in whatever case they are written.
    pub(super) keywords: Vec<String>,
    /// True where a prefix in another case cannot be the secret's beginning.
    pub(super) exact_case: bool,
    /// The pattern; anchored where the reach is a prefix.
    pub(super) pattern: Regex,
    /// For a prefix rule the pattern without its anchor.
    pub(super) floating: Option<Regex>,
    /// The group that holds the secret; None: the first that is not empty, else the match.
    pub(super) group: Option<usize>,
    /// Where the pattern looks.
    pub(super) reach: Reach,
    /// True where a letter or digit before the match means that it is something else.
    pub(super) word_start: bool,
    /// What else belongs to the secret.
    pub(super) tail: Tail,
    /// The secret's entropy must be greater (bits per byte); 0 for no such test.
    pub(super) entropy: f64,
    /// The share of neighbours in the secret that must be of different kinds; see [`changes`].
    pub(super) changes: f64,
    /// True where a variable or a template in the secret's place is none.
    pub(super) placeholders: bool,
    /// Exceptions.
    pub(super) allow: Vec<Allowlist>,
}

/// A match: the secret's place in the text that was searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hit {
    /// Start of the secret.
    pub(super) start: usize,
    /// End of the secret, with its tail.
    pub(super) end: usize,
    /// End of the whole match.
    pub(super) match_end: usize,
}

impl Rule {
    /// True where one of the keywords is written like this.
    pub(super) fn spells(&self, text: &[u8]) -> bool {
        self.keywords
            .iter()
            .any(|keyword| keyword.as_bytes() == text)
    }

    /// The secret at `from` for a prefix rule, else the first one in `text[from..to]`.
    pub(super) fn find(&self, text: &[u8], from: usize, to: usize) -> Option<Hit> {
        self.first(&self.pattern, text, from, to)
    }

    /// The first secret in `text[from..to]`, also for a prefix rule.
    pub(super) fn search(&self, text: &[u8], from: usize, to: usize) -> Option<Hit> {
        self.first(
            self.floating.as_ref().unwrap_or(&self.pattern),
            text,
            from,
            to,
        )
    }

    fn first(&self, pattern: &Regex, text: &[u8], from: usize, to: usize) -> Option<Hit> {
        let mut at = from;
        while at < to {
            let (secret, matched) = self.spans(pattern, &text[at..to])?;
            let secret = (at + secret.0, at + secret.1);
            let matched = (at + matched.0, at + matched.1);
            if secret.0 < secret.1 && self.accepts(text, secret, matched) {
                return Some(Hit {
                    start: secret.0,
                    end: self.tail.extend(text, secret.1),
                    match_end: matched.1,
                });
            }
            // An anchored pattern must not take a later place for its own.
            if self.floating.is_some() && std::ptr::eq(pattern, &self.pattern) {
                return None;
            }
            at = matched.1.max(at + 1);
        }
        None
    }

    /// The secret's and the whole match's place. Groups cost, so they are asked for only where
    /// the pattern has some.
    fn spans(&self, pattern: &Regex, text: &[u8]) -> Option<((usize, usize), (usize, usize))> {
        if pattern.captures_len() == 1 {
            let whole = pattern.find(text)?;
            return Some(((whole.start(), whole.end()), (whole.start(), whole.end())));
        }
        let captures = pattern.captures(text)?;
        let whole = captures.get(0)?;
        let secret = match self.group {
            Some(group) => captures.get(group)?,
            None => captures
                .iter()
                .skip(1)
                .flatten()
                .find(|group| !group.is_empty())
                .unwrap_or(whole),
        };
        Some(((secret.start(), secret.end()), (whole.start(), whole.end())))
    }

    fn accepts(&self, text: &[u8], secret: (usize, usize), matched: (usize, usize)) -> bool {
        let inside_word = |at: usize| at > 0 && text[at - 1].is_ascii_alphanumeric();
        let bytes = &text[secret.0..secret.1];
        if self.word_start && inside_word(matched.0) {
            return false;
        }
        if self.entropy > 0.0 && entropy(bytes) <= self.entropy {
            return false;
        }
        if self.changes > 0.0 && (changes(bytes) as f64) < self.changes * bytes.len() as f64 {
            return false;
        }
        if self.placeholders && value::is_placeholder(bytes) {
            return false;
        }
        !self
            .allow
            .iter()
            .any(|list| list.covers(text, secret, matched))
    }
}

impl Allowlist {
    fn covers(&self, text: &[u8], secret: (usize, usize), matched: (usize, usize)) -> bool {
        let (start, end) = match self.target {
            Target::Secret => secret,
            Target::Match => matched,
            Target::Line => (
                memchr::memrchr(b'\n', &text[..matched.0]).map_or(0, |at| at + 1),
                memchr::memchr(b'\n', &text[matched.1..]).map_or(text.len(), |at| matched.1 + at),
            ),
        };
        let pattern = self.patterns.iter().any(|p| p.is_match(&text[start..end]));
        let lower = text[secret.0..secret.1].to_ascii_lowercase();
        let word = self
            .stopwords
            .iter()
            .any(|word| memchr::memmem::find(&lower, word).is_some());
        if self.every {
            (self.patterns.is_empty() || pattern)
                && (self.stopwords.is_empty() || word)
                && !(self.patterns.is_empty() && self.stopwords.is_empty())
        } else {
            pattern || word
        }
    }
}

impl Tail {
    /// Where the secret that the pattern ended at `end` really ends.
    pub(super) fn extend(self, text: &[u8], end: usize) -> usize {
        let mut at = end;
        while let Some(&byte) = text.get(at) {
            let word = byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
            let more = match self {
                Self::None => false,
                Self::Word => word,
                Self::Base64 => word || matches!(byte, b'+' | b'/' | b'='),
                Self::Dotted => {
                    let follows = text.get(at + 1).is_some_and(u8::is_ascii_alphanumeric);
                    word || (byte == b'.' && follows)
                }
            };
            if !more {
                break;
            }
            at += 1;
        }
        at
    }
}

/// Shannon entropy in bits per byte.
pub(super) fn entropy(bytes: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in bytes {
        counts[usize::from(*byte)] += 1;
    }
    let total = bytes.len().max(1) as f64;
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| f64::from(*count) / total)
        .map(|share| -share * share.log2())
        .sum()
}

/// How often neighbours are of different kinds (small, capital, digit, other); separators count as
/// what is before them. Words change rarely, random characters often.
pub(super) fn changes(bytes: &[u8]) -> usize {
    let kind = |byte: &u8| match byte {
        b'0'..=b'9' => Some(0),
        b'a'..=b'z' => Some(1),
        b'A'..=b'Z' => Some(2),
        b'-' | b'_' | b'.' | b'/' => None,
        _ => Some(3),
    };
    let mut last = None;
    let mut changes = 0;
    for kind in bytes.iter().filter_map(kind) {
        changes += usize::from(last.is_some_and(|last| last != kind));
        last = Some(kind);
    }
    changes
}

/// Compiles a pattern of Go's dialect. The error says what is wrong with the pattern.
pub(super) fn compile(pattern: &str) -> Result<Regex, String> {
    RegexBuilder::new(&escape_stray_braces(pattern))
        .unicode(false)
        .size_limit(32 << 20)
        .dfa_size_limit(8 << 20)
        .build()
        .map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => "the pattern is too large".to_owned(),
            other => last_line(&other.to_string()).to_owned(),
        })
}

/// The longest match of a pattern in bytes; None where there is no bound.
pub(super) fn length_max(pattern: &str) -> Option<usize> {
    regex_syntax::ParserBuilder::new()
        .unicode(false)
        .utf8(false)
        .build()
        .parse(&escape_stray_braces(pattern))
        .ok()?
        .properties()
        .maximum_len()
}

// regex's messages show the pattern with a marker under it; the last line says what is wrong.
fn last_line(message: &str) -> &str {
    message.lines().last().unwrap_or_default().trim()
}

/// Go takes a brace that opens no repetition as a literal; here it must be escaped.
fn escape_stray_braces(pattern: &str) -> String {
    let bytes = pattern.as_bytes();
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut class = false;
    let mut chars = pattern.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => {
                out.push(c);
                let Some((next, escaped)) = chars.next() else {
                    break;
                };
                out.push(escaped);
                // `\x{41}` and `\p{Greek}` own the brace that follows.
                if matches!(escaped, 'x' | 'p' | 'P') && bytes.get(next + 1) == Some(&b'{') {
                    out.push('{');
                    chars.next();
                }
                continue;
            }
            '[' => class = true,
            ']' => class = false,
            '{' if !class && !repetition(&pattern[at + 1..]) => out.push('\\'),
            _ => {}
        }
        out.push(c);
    }
    out
}

/// True where the text after a brace makes it a repetition: `3}`, `3,}`, `3,5}`.
fn repetition(rest: &str) -> bool {
    let Some((inside, _)) = rest.split_once('}') else {
        return false;
    };
    let (least, most) = inside.split_once(',').unwrap_or((inside, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    !least.is_empty() && digits(least) && digits(most)
}

#[cfg(test)]
mod tests;
