//! The modifiers that rewrite a value: `windash`, the UTF-16 family and base64.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::pattern::{Pattern, Piece};

/// What may start a flag on a Windows command line: hyphen, slash, en dash, em dash, horizontal bar.
const DASHES: [char; 5] = ['-', '/', '\u{2013}', '\u{2014}', '\u{2015}'];
/// Each dash multiplies the alternatives by five.
const DASHES_MAX: usize = 4;

/// Every way to write the dashes of a value. A dash counts where it starts a word: before it no
/// letter, digit or `_`, after it one of them.
pub(super) fn windash(pattern: &Pattern) -> Result<Vec<Pattern>, String> {
    let mut out = vec![Pattern::default()];
    let mut dashes = 0;
    for piece in pattern.pieces() {
        let Piece::Text(text) = piece else {
            out.iter_mut()
                .for_each(|pattern| pattern.push(piece.clone()));
            continue;
        };
        let chars: Vec<char> = text.chars().collect();
        let word = |at: Option<&char>| at.is_some_and(|c| c.is_alphanumeric() || *c == '_');
        for (at, c) in chars.iter().enumerate() {
            let before = at.checked_sub(1).and_then(|at| chars.get(at));
            if matches!(c, '-' | '/') && !word(before) && word(chars.get(at + 1)) {
                dashes += 1;
                if dashes > DASHES_MAX {
                    return Err(format!(
                        "`windash` takes at most {DASHES_MAX} dashes in a value; split it"
                    ));
                }
                out = out.iter().flat_map(with_each_dash).collect();
            } else {
                out.iter_mut()
                    .for_each(|pattern| pattern.push_text(c.encode_utf8(&mut [0; 4])));
            }
        }
    }
    Ok(out)
}

fn with_each_dash(pattern: &Pattern) -> impl Iterator<Item = Pattern> {
    DASHES.into_iter().map(|dash| {
        let mut with = pattern.clone();
        with.push_text(dash.encode_utf8(&mut [0; 4]));
        with
    })
}

/// The bytes of `wide`, `utf16le`, `utf16be` and `utf16` (with a byte order mark); None for other names.
pub(super) fn wide(modifier: &str, text: &str) -> Option<Vec<u8>> {
    let units = text.encode_utf16();
    Some(match modifier {
        "wide" | "utf16le" => units.flat_map(u16::to_le_bytes).collect(),
        "utf16be" => units.flat_map(u16::to_be_bytes).collect(),
        "utf16" => [0xff, 0xfe]
            .into_iter()
            .chain(units.flat_map(u16::to_le_bytes))
            .collect(),
        _ => return None,
    })
}

/// `base64` gives one text, `base64offset` the three that the bytes have inside other base64.
pub(super) fn bytes(modifier: &str, bytes: &[u8]) -> Result<Vec<String>, String> {
    match modifier {
        "base64" => Ok(vec![STANDARD.encode(bytes)]),
        "base64offset" => Ok((0..3).map(|shift| at_offset(bytes, shift)).collect()),
        _ => Err(format!(
            "`{modifier}` cannot follow an encoding; write base64 or base64offset"
        )),
    }
}

/// The characters that depend on `bytes` alone when `shift` unknown bytes stand before it.
fn at_offset(bytes: &[u8], shift: usize) -> String {
    let mut padded = vec![b' '; shift];
    padded.extend_from_slice(bytes);
    let encoded = STANDARD.encode(&padded);
    let start = [0, 2, 3][shift];
    let cut = [0, 3, 2][padded.len() % 3];
    let end = encoded.len() - cut;
    encoded.get(start..end).unwrap_or_default().to_owned()
}

/// Encoded bytes that no base64 followed are compared as the text that they are.
pub(super) fn as_text(bytes: &[u8]) -> Result<String, String> {
    String::from_utf8(bytes.to_vec()).map_err(|_| {
        "these bytes are not text; write base64 or base64offset after the encoding".into()
    })
}
