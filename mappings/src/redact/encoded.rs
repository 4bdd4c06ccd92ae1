//! Secrets inside base64: a run that decodes to text is read like any other text.
//!
//! Decoding every run would be slow, so runs are found by sampling every sixteenth byte, and all
//! but a few are given up after twelve decoded bytes: what is not printable is not text. Lines of a
//! wrapped block are joined. A secret inside replaces the whole run, because nothing of an encoded
//! secret may remain.

use super::scan::{Finding, Scan, Scanner, Seal};
use super::view::View;

/// Shorter runs hold no secret worth the decoding.
const RUN_LEN_MIN: usize = 24;
/// What lies beyond is decoded as a run of its own.
const RUN_LEN_MAX: usize = 1 << 16;
const STEP: usize = 16;
/// Base64 in base64 is decoded so often.
const DEPTH_MAX: usize = 2;

/// Finds base64 runs with secrets in them and adds them to the findings.
pub(super) fn scan(scanner: &Scanner, view: View<'_>, scan: &mut Scan) {
    let inner = scan.inner.take();
    let mut inner = inner.unwrap_or_else(|| Box::new(scanner.buffers()));
    search(scanner, view.text, 0, &mut inner, &mut scan.found);
    scan.inner = Some(inner);
}

/// Adds to `found` the runs of a text that hold a secret; `inner` is for reading what they encode.
fn search(
    scanner: &Scanner,
    text: &[u8],
    depth: usize,
    inner: &mut Scan,
    found: &mut Vec<Finding>,
) {
    let mut decoded = Vec::new();
    let mut at = STEP / 2;
    while at < text.len() {
        if VALUES[usize::from(text[at])] == NONE {
            at += STEP;
            continue;
        }
        let (start, end) = run(text, at);
        at = at.max(end) + STEP / 2;
        if end - start >= RUN_LEN_MIN
            && decode(&text[start..end], &mut decoded)
            && let Some(secret) = inside(scanner, &decoded, depth, inner)
        {
            found.push(Finding {
                start,
                end,
                ..secret
            });
        }
    }
}

/// The first secret in a decoded text.
fn inside(scanner: &Scanner, decoded: &[u8], depth: usize, inner: &mut Scan) -> Option<Finding> {
    scanner.scan_flat(View::plain(decoded), inner);
    let mut first = inner.found.first().copied();
    if first.is_none() && depth + 1 < DEPTH_MAX {
        let mut deeper = Vec::new();
        search(scanner, decoded, depth + 1, inner, &mut deeper);
        first = deeper.first().copied();
    }
    let first = first?;
    let secret = &decoded[first.start..first.end];
    Some(Finding {
        seal: first.seal.or_else(|| {
            first.fingerprint.then(|| Seal {
                digest: scanner.key.digest(secret),
                length: secret.len(),
            })
        }),
        fingerprint: false,
        depth: usize::MAX,
        quote: None,
        ..first
    })
}

/// True where a credential is the base64 of `user:password`.
pub(super) fn decodes_to_pair(credential: &[u8]) -> bool {
    let mut pair = Vec::new();
    credential.len() >= 8
        && decode(credential, &mut pair)
        && memchr::memchr(b':', &pair).is_some_and(|colon| colon + 1 < pair.len())
}

const NONE: u8 = 0xff;
/// The six bits of a base64 character, of both alphabets.
const VALUES: [u8; 256] = values();

const fn values() -> [u8; 256] {
    let mut table = [NONE; 256];
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut at = 0;
    while at < alphabet.len() {
        table[alphabet[at] as usize] = at as u8;
        at += 1;
    }
    table[b'-' as usize] = 62;
    table[b'_' as usize] = 63;
    table
}

/// The run of base64 characters around a place, with its padding and its wrapped lines.
fn run(text: &[u8], at: usize) -> (usize, usize) {
    let code = |byte: &u8| VALUES[usize::from(*byte)] != NONE;
    let floor = at.saturating_sub(RUN_LEN_MAX);
    let limit = text.len().min(at + RUN_LEN_MAX);
    let start = at - text[floor..at].iter().rev().take_while(|b| code(b)).count();
    let mut end = at;
    let mut line = start;
    loop {
        end += text[end..limit].iter().take_while(|b| code(b)).count();
        let width = end - line;
        let wrapped = width >= 60 && width.is_multiple_of(4);
        let line_end = usize::from(text.get(end) == Some(&b'\r'));
        let more = text.get(end + line_end) == Some(&b'\n')
            && text.get(end + line_end + 1).is_some_and(code);
        if !(wrapped && more) || end >= limit {
            break;
        }
        line = end + line_end + 1;
        end = line;
    }
    end += text[end..]
        .iter()
        .take(2)
        .take_while(|b| **b == b'=')
        .count();
    (start, end)
}

fn is_text(byte: &u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\n' | b'\r' | b'\t')
}

/// Writes the text that a run encodes; false where it is not text.
fn decode(run: &[u8], decoded: &mut Vec<u8>) -> bool {
    decoded.clear();
    // Whole groups of four first; what is left, and a wrapped run, goes character by character.
    let mut rest = run;
    while let [a, b, c, d, after @ ..] = rest {
        let [a, b, c, d] = [a, b, c, d].map(|byte| VALUES[usize::from(*byte)]);
        if (a | b | c | d) & 0xc0 != 0 {
            break;
        }
        let bits = u32::from(a) << 18 | u32::from(b) << 12 | u32::from(c) << 6 | u32::from(d);
        let [_, text @ ..] = bits.to_be_bytes();
        if !text.iter().all(is_text) {
            return false;
        }
        decoded.extend_from_slice(&text);
        rest = after;
    }
    let (mut bits, mut count) = (0_u32, 0);
    for byte in rest {
        let value = VALUES[usize::from(*byte)];
        if value == NONE {
            continue;
        }
        bits = (bits << 6) | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            let byte = (bits >> count) as u8;
            if !is_text(&byte) {
                return false;
            }
            decoded.push(byte);
        }
    }
    true
}
