//! Text that arrives in pieces: a pipe, a file, a terminal.
//!
//! A secret may lie across any two pieces, so a piece is held back until a place is reached where no
//! secret goes on: the end of a line, or of a private key. What comes out depends on the text alone
//! and not on where the pieces ended.

use zeroize::Zeroize as _;

use super::{Redactor, Scratch};

/// A line is held back up to this length; a longer one is cut here, at a blank if it has one.
const LINE_LEN_MAX: usize = 16 << 20;
/// A private key whose end does not come is waited for so long.
const KEY_LEN_MAX: usize = 64 << 10;

/// Seals a text that arrives in pieces.
pub struct Stream<'a> {
    redactor: &'a Redactor,
    scratch: Scratch,
    held: Vec<u8>,
}

impl Redactor {
    /// Begins a text.
    pub fn stream(&self) -> Stream<'_> {
        Stream {
            redactor: self,
            scratch: self.scratch(),
            held: Vec::new(),
        }
    }
}

impl Stream<'_> {
    /// Takes a piece and appends to `out` what is certain: whole lines, sealed.
    pub fn push(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        let mut rest = piece;
        while let Some(line_end) = memchr::memchr(b'\n', rest) {
            let (line, next) = rest.split_at(line_end + 1);
            self.hold(line, out);
            rest = next;
            if !key_open(&self.held) {
                self.flush(out);
            }
        }
        self.hold(rest, out);
    }

    /// Ends the text: seals what is held back. Returns the counts by rule.
    pub fn finish(mut self, out: &mut Vec<u8>) -> Vec<(String, u64)> {
        self.flush(out);
        self.redactor.take_findings(&mut self.scratch)
    }

    /// Byte by byte in effect: where an overlong line is cut must not depend on the pieces.
    fn hold(&mut self, mut bytes: &[u8], out: &mut Vec<u8>) {
        while self.held.len() + bytes.len() > LINE_LEN_MAX {
            let room = LINE_LEN_MAX - self.held.len();
            self.held.extend_from_slice(&bytes[..room]);
            bytes = &bytes[room..];
            let cut =
                memchr::memrchr3(b' ', b',', b';', &self.held).map_or(self.held.len(), |at| at + 1);
            let rest = self.held.split_off(cut);
            self.flush(out);
            self.held = rest;
        }
        self.held.extend_from_slice(bytes);
    }

    fn flush(&mut self, out: &mut Vec<u8>) {
        if self.held.is_empty() {
            return;
        }
        match self.redactor.seal_text(&self.held, &mut self.scratch) {
            Some(sealed) => out.extend_from_slice(&sealed),
            None => out.extend_from_slice(&self.held),
        }
        self.held.zeroize();
    }
}

impl Drop for Stream<'_> {
    fn drop(&mut self) {
        self.held.zeroize();
    }
}

impl std::fmt::Debug for Stream<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Stream(not shown: it may hold secrets)")
    }
}

/// True while the text ends inside a private key.
fn key_open(held: &[u8]) -> bool {
    let Some(begin) = memchr::memmem::rfind(held, b"-----BEGIN") else {
        return false;
    };
    let key = &held[begin..];
    let label = &key[..key.len().min(128)];
    key.len() < KEY_LEN_MAX
        && memchr::memmem::find(label, b"PRIVATE KEY").is_some()
        && memchr::memmem::find(key, b"-----END").is_none()
}
