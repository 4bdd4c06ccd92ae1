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
/// Bytes that are looked at together for the end of a string.
const BLOCK: usize = 64;
/// An integer of more bytes may not fit into 64 bits.
const INTEGER_BYTES_MAX: usize = 18;

/// Tells a pass everything in a JSON document.
pub(crate) fn read<'e>(text: &'e str, pass: &mut Pass<'_, 'e>) -> Result<(), ParseError> {
    let mut reader = Reader {
        text,
        at: 0,
        block_end: 0,
        special: 0,
    };
    let root = pass.root();
    let read = reader
        .value(Some(root), 0, pass)
        .and_then(|()| reader.end());
    read.map_err(|Stop { too_deep }| place(text, reader.at, too_deep))
}

/// Line and column of a byte.
fn place(text: &str, at: usize, too_deep: bool) -> ParseError {
    let before = &text.as_bytes()[..at.min(text.len())];
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

/// What the letter after a backslash stands for; zero: nothing, or `u` and four digits.
const ESCAPES: [u8; 256] = {
    let mut table = [0; 256];
    let pairs = b"\"\"\\\\//b\x08f\x0cn\nr\rt\t";
    let mut at = 0;
    while at < pairs.len() {
        table[pairs[at] as usize] = pairs[at + 1];
        at += 2;
    }
    table
};

const WRONG: Stop = Stop { too_deep: false };

struct Reader<'e> {
    text: &'e str,
    at: usize,
    /// Where the latest block ends.
    block_end: usize,
    /// Which of its bytes are quotes, backslashes and control characters.
    special: u64,
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
                    pass.enter(path, &unescaped(raw))
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
        let start = self.at;
        let mut escaped = false;
        loop {
            match self.next_special() {
                Some(b'"') => {
                    let raw = &self.text[start..self.at];
                    self.at += 1;
                    return Ok(Quoted { raw, escaped });
                }
                Some(b'\\') => {
                    escaped = true;
                    self.escapes()?;
                }
                _ => return Err(WRONG),
            }
        }
    }

    /// Goes to the next quote, backslash or control character.
    #[inline]
    fn next_special(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        loop {
            if self.at < self.block_end {
                let special = self.special >> (self.at + BLOCK - self.block_end);
                if special != 0 {
                    self.at += special.trailing_zeros() as usize;
                    return bytes.get(self.at).copied();
                }
                self.at = self.block_end;
            }
            let rest = bytes.get(self.at..).filter(|rest| !rest.is_empty())?;
            self.block_end = self.at + BLOCK;
            self.special = match rest.first_chunk() {
                Some(block) => specials(block),
                None => {
                    let mut block = [b' '; BLOCK];
                    block[..rest.len()].copy_from_slice(rest);
                    specials(&block)
                }
            };
        }
    }

    /// Passes by escapes, as many as follow each other.
    fn escapes(&mut self) -> Result<(), Stop> {
        let bytes = self.text.as_bytes();
        while bytes.get(self.at) == Some(&b'\\') {
            let letter = bytes.get(self.at + 1).ok_or(WRONG)?;
            self.at += 2;
            if *letter == b'u' {
                let (_, digits) = unicode(&bytes[self.at..]).ok_or(WRONG)?;
                self.at += digits;
            } else if ESCAPES[usize::from(*letter)] == 0 {
                self.at -= 1;
                return Err(WRONG);
            }
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

/// Which bytes are quotes, backslashes and control characters, the first one lowest. Without a
/// branch, and in a form that compilers make vector instructions of.
fn specials(block: &[u8; BLOCK]) -> u64 {
    let special = |byte| u8::from(byte == b'"') | u8::from(byte == b'\\') | u8::from(byte < 0x20);
    let found = block.map(special);
    let (eights, _) = found.as_chunks::<8>();
    eights.iter().rev().fold(0, |mask, eight| {
        // The product's highest byte has bit n where byte n is one.
        let bits = u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        mask << 8 | bits
    })
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

/// Appends the text that a JSON string stands for. The string's escapes were checked before.
pub(crate) fn unescape(raw: &str, out: &mut Vec<u8>) {
    let mut rest = raw.as_bytes();
    while let Some(at) = memchr::memchr(b'\\', rest) {
        let (before, escape) = rest.split_at(at);
        out.extend_from_slice(before);
        let letter = escape.get(1).copied().unwrap_or(b'\\');
        rest = escape.get(2..).unwrap_or_default();
        if letter != b'u' {
            out.push(ESCAPES[usize::from(letter)]);
        } else if let Some((c, digits)) = unicode(rest) {
            out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            rest = &rest[digits..];
        }
    }
    out.extend_from_slice(rest);
}

/// See [`unescape`].
pub(crate) fn unescaped(raw: &str) -> String {
    let mut out = Vec::with_capacity(raw.len());
    unescape(raw, &mut out);
    String::from_utf8(out).expect("text without escapes is text")
}

#[cfg(test)]
mod tests;
