//! Once a secret was caught in a delivery, it goes wherever else it stands in it.
//!
//! `export T=…` names a secret; the tool output three events later prints it bare, or in base64, and
//! nothing there says what it is. So the secrets found in a text are looked for in all of it. Their
//! escaped and percent-encoded forms are bare in the view already; base64 has three spellings,
//! depending on what stands before. Nothing is remembered beyond the text, which is a whole delivery
//! when it is received: the stages stay stateless.
//!
//! What it refuses: short or plain words. A password `test` must not eat every `test`.

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use zeroize::Zeroize;

use super::keyed::value;
use super::scan::{Detector, Finding, Seal};

/// More secrets than this in one text are not remembered; each was redacted where it was found.
const SECRETS_MAX: usize = 64;
/// Nor are those beyond so many bytes of spellings: a text must not make the search cost more than
/// the reading.
const SPELLINGS_BYTES_MAX: usize = 64 << 10;
/// Longer ones (private keys) are not remembered.
const SECRET_LEN_MAX: usize = 4096;
const SECRET_LEN_MIN: usize = 8;

/// Adds to the findings what they are elsewhere in the same text.
pub(super) fn spread(text: &[u8], found: &mut Vec<Finding>, seal: impl Fn(&[u8]) -> Seal) {
    let mut known: Vec<(Vec<u8>, Finding, bool)> = Vec::new();
    let mut bytes = 0;
    for finding in found.iter() {
        let secret = &text[finding.start..finding.end];
        if known.len() >= SECRETS_MAX * 4
            || bytes >= SPELLINGS_BYTES_MAX
            || finding.name == Detector::Encoded as usize
        {
            break;
        }
        if finding.seal.is_some() || !is_memorable(secret) || known.iter().any(|k| k.0 == secret) {
            continue;
        }
        let finding = Finding {
            seal: finding.fingerprint.then(|| seal(secret)),
            depth: usize::MAX,
            quote: None,
            ..*finding
        };
        let encoded = spellings(secret);
        known.extend(encoded.into_iter().map(|form| (form, finding, true)));
        known.push((secret.to_vec(), finding, false));
        // The bare form and at most six encoded ones, a third longer.
        bytes += 9 * secret.len();
    }
    if known.is_empty() {
        return;
    }
    let forms: Vec<&[u8]> = known.iter().map(|(form, _, _)| form.as_slice()).collect();
    // Built for one text: a denser automaton would be faster, and take longer to build than to use.
    let automaton = AhoCorasick::builder()
        .kind(Some(AhoCorasickKind::ContiguousNFA))
        .match_kind(MatchKind::LeftmostLongest)
        .build(&forms);
    if let Ok(automaton) = automaton {
        for hit in automaton.find_iter(text) {
            let (_, finding, encoded) = &known[hit.pattern().as_usize()];
            let (start, end) = if *encoded {
                run_around(text, hit.start(), hit.end())
            } else {
                (hit.start(), hit.end())
            };
            if *encoded || stands_alone(text, start, end) {
                found.push(Finding {
                    start,
                    end,
                    ..*finding
                });
            }
        }
    }
    for (form, _, _) in &mut known {
        form.zeroize();
    }
}

/// True for a secret that cannot be an ordinary word.
fn is_memorable(secret: &[u8]) -> bool {
    let letters = secret.iter().any(u8::is_ascii_alphabetic);
    (SECRET_LEN_MIN..=SECRET_LEN_MAX).contains(&secret.len())
        && letters
        && value::has_digit_or_symbol(secret)
        && !secret.contains(&b'\n')
}

/// A short secret is only what stands between other characters: `abc12345` is not in `xabc123456`.
fn stands_alone(text: &[u8], start: usize, end: usize) -> bool {
    let before = start > 0 && text[start - 1].is_ascii_alphanumeric();
    let after = text.get(end).is_some_and(u8::is_ascii_alphanumeric);
    end - start >= 16 || !(before || after)
}

/// What a secret is inside base64, for the three places in a group of three bytes at which it can
/// begin; without the characters that its neighbours take part in.
fn spellings(secret: &[u8]) -> Vec<Vec<u8>> {
    let mut forms = Vec::new();
    for shift in 0..3 {
        let mut padded = vec![0; shift];
        padded.extend_from_slice(secret);
        let encoded = STANDARD_NO_PAD.encode(&padded).into_bytes();
        let first = [0, 2, 3][shift];
        let last = padded.len() * 8 / 6;
        padded.zeroize();
        if last > first + 8 {
            let form = encoded[first..last].to_vec();
            let url = form
                .iter()
                .map(|byte| match byte {
                    b'+' => b'-',
                    b'/' => b'_',
                    byte => *byte,
                })
                .collect::<Vec<u8>>();
            if url != form {
                forms.push(url);
            }
            forms.push(form);
        }
    }
    forms
}

/// The whole base64 run around a part of it.
fn run_around(text: &[u8], start: usize, end: usize) -> (usize, usize) {
    let code = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/-_=".contains(byte);
    let before = text[..start]
        .iter()
        .rev()
        .take(8192)
        .take_while(|b| code(b))
        .count();
    let after = text[end..]
        .iter()
        .take(8192)
        .take_while(|b| code(b))
        .count();
    (start - before, end + after)
}
