//! `chaperone redact`: text or NDJSON in, the same out without its secrets.
//!
//! Input goes through in blocks of whole lines as it arrives, so that a pipe stays lively; a block
//! that ends inside a private key waits for the rest of it.

use std::fs::File;
use std::io::{self, Read, Write};

use anyhow::{Context, Result};
use chaperone_mappings::redact::{FingerprintKey, Redactor, Scratch};

use super::Ended;
use crate::cli::RedactArgs;
use crate::content::{self, Folders};

/// The most that is held back for a private key's end, or for a line's.
const HELD_BYTES_MAX: usize = 4 << 20;

/// Runs the command.
pub fn run(args: &RedactArgs) -> Result<Ended> {
    let folders = Folders {
        patterns: args.rules.clone(),
        builtin_patterns: true,
        ..Folders::default()
    };
    let (redactor, unsupported) = content::patterns(&folders, FingerprintKey::fixed())?;
    for what in unsupported {
        eprintln!("{what}");
    }
    let input: Box<dyn Read> = match &args.file {
        Some(path) if path.as_os_str() != "-" => {
            Box::new(File::open(path).with_context(|| format!("{} cannot be opened", path.display()))?)
        }
        _ => Box::new(io::stdin().lock()),
    };
    let mut out = io::stdout().lock();
    let mut blocks = Blocks { scratch: redactor.scratch(), redactor: &redactor, held: Vec::new() };
    blocks.run(input, &mut out)?;
    Ok(Ended::Well)
}

struct Blocks<'r> {
    redactor: &'r Redactor,
    scratch: Scratch,
    held: Vec<u8>,
}

impl Blocks<'_> {
    fn run(&mut self, mut input: impl Read, out: &mut dyn Write) -> Result<()> {
        let mut block = vec![0; 256 << 10];
        loop {
            let read = input.read(&mut block).context("the input cannot be read")?;
            if read == 0 {
                break;
            }
            self.held.extend_from_slice(&block[..read]);
            let whole = if self.held.len() > HELD_BYTES_MAX {
                self.held.len()
            } else {
                whole_lines(&self.held)
            };
            self.pass(whole, out)?;
        }
        self.pass(self.held.len(), out)
    }

    fn pass(&mut self, length: usize, out: &mut dyn Write) -> Result<()> {
        if length == 0 {
            return Ok(());
        }
        let block = &self.held[..length];
        match self.redactor.seal_text(block, &mut self.scratch) {
            Some(sealed) => out.write_all(&sealed)?,
            None => out.write_all(block)?,
        }
        out.flush()?;
        self.held.drain(..length);
        Ok(())
    }
}

/// How much of the text can go: up to the last line break that is not inside a private key.
fn whole_lines(text: &[u8]) -> usize {
    let lines = memchr::memrchr(b'\n', text).map_or(0, |at| at + 1);
    let begins = memchr::memmem::rfind(&text[..lines], b"-----BEGIN");
    let Some(begin) = begins else { return lines };
    let ends = memchr::memmem::find(&text[begin..lines], b"-----END").is_some();
    if ends {
        return lines;
    }
    memchr::memrchr(b'\n', &text[..begin]).map_or(0, |at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_ends_with_a_line_and_never_inside_a_key() {
        assert_eq!(whole_lines(b"ab\ncd"), 3);
        assert_eq!(whole_lines(b"abcd"), 0);
        let key = ["-----BEG", "IN PRIVATE KEY-----\nabc\n"].concat();
        let text = format!("one\n{key}");
        assert_eq!(whole_lines(text.as_bytes()), 4);
        let ended = format!("{text}-----END PRIVATE KEY-----\nnext");
        assert_eq!(whole_lines(ended.as_bytes()), ended.len() - 4);
    }
}
