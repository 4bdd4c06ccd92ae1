//! JSON text told to a plan as it is read, without a tree.
//!
//! A matcher looks at few of an event's values, so most of what a parser does for a tree is lost on
//! it. This reader checks the whole text, as a parser does, and tells only the paths that some rule
//! can name and the scalars there, borrowed from the text. Escapes are checked here and resolved
//! where a value is tested ([`unescape`]).
//!
//! What it refuses: what is not JSON, numbers too large for a double, and more than 128 levels, as
//! the parser of bodies does. A key that occurs twice in an object gives two values, and each
//! counts; a parser would keep the last.

use chaperone_mappings::value::ParseError;

use crate::plan::{Pass, Path, Scalar};

/// As deep as the parser of bodies goes.
const DEPTH_MAX: usize = 128;
/// An integer of more bytes may not fit into 64 bits.
const INTEGER_BYTES_MAX: usize = 18;

/// Tells a pass everything in a JSON document.
pub(crate) fn read<'e>(json: &'e [u8], pass: &mut Pass<'_, 'e>) -> Result<(), ParseError> {
    let text =
        std::str::from_utf8(json).map_err(|error| place(json, error.valid_up_to(), false))?;
    let mut reader = Reader {
        text,
        at: 0,
        key: String::new(),
    };
    let root = pass.root();
    let read = reader
        .value(Some(root), 0, pass)
        .and_then(|()| reader.end());
    read.map_err(|Stop { too_deep }| place(json, reader.at, too_deep))
}

/// Line and column of a byte.
fn place(json: &[u8], at: usize, too_deep: bool) -> ParseError {
    let before = &json[..at.min(json.len())];
    let line = before.iter().rposition(|byte| *byte == b'\n');
    ParseError {
        line: 1 + before.iter().filter(|byte| **byte == b'\n').count(),
        column: before.len() - line.map_or(0, |line| line + 1) + 1,
        too_deep,
    }
}

/// Reading stops at the reader's position.
struct Stop {
    too_deep: bool,
}

const WRONG: Stop = Stop { too_deep: false };

struct Reader<'e> {
    text: &'e str,
    at: usize,
    /// The latest key that had escapes.
    key: String,
}

/// What stands between two quotes.
struct Quoted<'e> {
    raw: &'e str,
    escaped: bool,
}

impl<'e> Reader<'e> {
    fn value(
        &mut self,
        path: Option<Path>,
        depth: usize,
        pass: &mut Pass<'_, 'e>,
    ) -> Result<(), Stop> {
        let scalar = match self.next() {
            Some(b'"') => {
                self.at += 1;
                let Quoted { raw, escaped } = self.quoted()?;
                if escaped {
                    Scalar::Escaped(raw)
                } else {
                    Scalar::Text(raw)
                }
            }
            Some(b'{') => return self.object(path, depth + 1, pass),
            Some(b'[') => return self.list(path, depth + 1, pass),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b't') => self.word("true", Scalar::Bool(true))?,
            Some(b'f') => self.word("false", Scalar::Bool(false))?,
            Some(b'n') => self.word("null", Scalar::Null)?,
            _ => return Err(WRONG),
        };
        if let Some(path) = path {
            pass.scalar(path, scalar);
        }
        Ok(())
    }

    fn object(
        &mut self,
        path: Option<Path>,
        depth: usize,
        pass: &mut Pass<'_, 'e>,
    ) -> Result<(), Stop> {
        self.open(depth)?;
        if self.next() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.expect(b'"')?;
            let Quoted { raw, escaped } = self.quoted()?;
            let inner = path.and_then(|path| {
                if escaped {
                    unescape(raw, &mut self.key);
                    pass.enter(path, &self.key)
                } else {
                    pass.enter(path, raw)
                }
            });
            self.expect(b':')?;
            self.value(inner, depth, pass)?;
            if self.closes(b'}')? {
                return Ok(());
            }
        }
    }

    fn list(
        &mut self,
        path: Option<Path>,
        depth: usize,
        pass: &mut Pass<'_, 'e>,
    ) -> Result<(), Stop> {
        self.open(depth)?;
        if self.next() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.value(path, depth, pass)?;
            if self.closes(b']')? {
                return Ok(());
            }
        }
    }

    fn open(&mut self, depth: usize) -> Result<(), Stop> {
        if depth >= DEPTH_MAX {
            return Err(Stop { too_deep: true });
        }
        self.at += 1;
        Ok(())
    }

    /// After a member: whether the list or object ends here.
    fn closes(&mut self, bracket: u8) -> Result<bool, Stop> {
        let next = self.next();
        if next == Some(b',') || next == Some(bracket) {
            self.at += 1;
            return Ok(next == Some(bracket));
        }
        Err(WRONG)
    }

    /// The next byte that is not space; it is not taken.
    #[inline]
    fn next(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while let Some(byte) = bytes.get(self.at) {
            if !matches!(byte, b' ' | b'\n' | b'\t' | b'\r') {
                return Some(*byte);
            }
            self.at += 1;
        }
        None
    }

    fn expect(&mut self, byte: u8) -> Result<(), Stop> {
        if self.next() != Some(byte) {
            return Err(WRONG);
        }
        self.at += 1;
        Ok(())
    }

    fn end(&mut self) -> Result<(), Stop> {
        self.next().map_or(Ok(()), |_| Err(WRONG))
    }

    fn word(&mut self, word: &str, scalar: Scalar<'e>) -> Result<Scalar<'e>, Stop> {
        if !self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            return Err(WRONG);
        }
        self.at += word.len();
        Ok(scalar)
    }

    /// The rest of a string, after its opening quote.
    fn quoted(&mut self) -> Result<Quoted<'e>, Stop> {
        let bytes = self.text.as_bytes();
        let start = self.at;
        let mut escaped = false;
        loop {
            self.at += plain(&bytes[self.at..]);
            match bytes.get(self.at) {
                Some(b'"') => {
                    let raw = &self.text[start..self.at];
                    self.at += 1;
                    return Ok(Quoted { raw, escaped });
                }
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                _ => return Err(WRONG),
            }
        }
    }

    fn escape(&mut self) -> Result<(), Stop> {
        let rest = &self.text.as_bytes()[self.at + 1..];
        match rest.first() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
            Some(b'u') => {
                let (_, bytes) = unicode(&rest[1..]).ok_or(WRONG)?;
                self.at += 2 + bytes;
            }
            _ => return Err(WRONG),
        }
        Ok(())
    }

    fn number(&mut self) -> Result<Scalar<'e>, Stop> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let mut at = start + usize::from(bytes[start] == b'-');
        let whole = digits(bytes, &mut at);
        if whole == 0 || (whole > 1 && bytes[at - whole] == b'0') {
            return Err(WRONG);
        }
        let mut integer = true;
        if bytes.get(at) == Some(&b'.') {
            at += 1;
            integer = false;
            if digits(bytes, &mut at) == 0 {
                return Err(WRONG);
            }
        }
        if matches!(bytes.get(at), Some(b'e' | b'E')) {
            at += 1;
            integer = false;
            at += usize::from(matches!(bytes.get(at), Some(b'+' | b'-')));
            if digits(bytes, &mut at) == 0 {
                return Err(WRONG);
            }
        }
        self.at = at;
        let text = &self.text[start..at];
        // An integer's text form is as it is written.
        if integer && text.len() <= INTEGER_BYTES_MAX && text != "-0" {
            return Ok(Scalar::Text(text));
        }
        if integer && let Ok(value) = text.parse() {
            return Ok(Scalar::Integer(value));
        }
        let value: f64 = text.parse().map_err(|_| WRONG)?;
        if value.is_finite() {
            Ok(Scalar::Float(value))
        } else {
            Err(WRONG)
        }
    }
}

/// Passes by digits and returns how many there were.
fn digits(bytes: &[u8], at: &mut usize) -> usize {
    let rest = bytes[*at..].iter();
    let count = rest.take_while(|byte| byte.is_ascii_digit()).count();
    *at += count;
    count
}

/// How many bytes stand before the first quote, backslash or control character: eight at a time.
fn plain(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let has_less = |word: u64, limit: u64| word.wrapping_sub(ONES * limit) & !word & HIGH;
    let mut at = 0;
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        let word = u64::from_le_bytes(*word);
        let has = |byte: u8| has_less(word ^ (ONES * u64::from(byte)), 1);
        // A byte above the first that is found may be found wrongly; only the first is used.
        let special = has_less(word, 0x20) | has(b'"') | has(b'\\');
        if special != 0 {
            return at + (special.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    let special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
    at + rest.iter().position(special).unwrap_or(rest.len())
}

/// The character of the four digits after `\u`, and of the second half where they are the first of
/// two; and how many bytes that was.
fn unicode(bytes: &[u8]) -> Option<(char, usize)> {
    let unit = |bytes: &[u8]| {
        let digits = std::str::from_utf8(bytes.get(..4)?).ok()?;
        let all_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        u32::from_str_radix(digits, 16).ok().filter(|_| all_hex)
    };
    let first = unit(bytes)?;
    if !(0xd800..0xdc00).contains(&first) {
        return Some((char::from_u32(first)?, 4));
    }
    let second = unit(bytes[4..].strip_prefix(b"\\u")?)?;
    let both = (0xdc00..0xe000).contains(&second);
    let code = 0x1_0000 + ((first - 0xd800) << 10) + (second.wrapping_sub(0xdc00) & 0x3ff);
    Some((char::from_u32(code).filter(|_| both)?, 10))
}

/// Puts the text that a JSON string stands for in the place of what `out` had. The string's escapes
/// were checked before.
pub(crate) fn unescape(raw: &str, out: &mut String) {
    out.clear();
    let mut rest = raw;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        out.push_str(&rest[..at]);
        let escape = &rest.as_bytes()[at + 1..];
        let (c, bytes) = match escape.first() {
            Some(b'n') => ('\n', 1),
            Some(b't') => ('\t', 1),
            Some(b'r') => ('\r', 1),
            Some(b'b') => ('\u{8}', 1),
            Some(b'f') => ('\u{c}', 1),
            Some(b'u') => {
                unicode(&escape[1..]).map_or(('\u{fffd}', 1), |(c, bytes)| (c, 1 + bytes))
            }
            Some(byte) => (char::from(*byte), 1),
            None => ('\\', 0),
        };
        out.push(c);
        rest = &rest[at + 1 + bytes..];
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests;
