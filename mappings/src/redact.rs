//! The redactor: the only way from a draft to an event.
//!
//! Agents print tokens, read `.env` files and paste keys into prompts. Nothing of that may be stored
//! or sent, and an analyst must still be able to count and join what leaked. So every secret is
//! replaced by a marker that names the rule and, where the secret cannot be guessed, carries a keyed
//! fingerprint ([`marker`]).
//!
//! It works on bytes and needs no parse, so that the same engine seals a raw delivery before it is
//! written to disk, a broken document on its way to the dead letters, and an event:
//!
//! 1. [`view`]: one flat reading of the text, all layers of escapes removed, with the way back;
//! 2. [`scan`]: all keywords in one pass ([`keywords`]); patterns and detectors look around each hit;
//! 3. [`memory`]: what was caught is looked for in the whole text, bare and encoded;
//! 4. [`rewrite`]: findings are mapped back, cut at string borders, and replaced once.
//!
//! The output is read again until nothing more is found, so redacting twice changes nothing. What
//! cannot be read fails closed: invalid UTF-8 and oversized text become markers, too.

mod encoded;
mod fingerprint;
mod gitleaks;
mod keyed;
mod keywords;
mod marker;
mod memory;
mod pack;
mod report;
mod reported;
mod rewrite;
mod rule;
mod rulefile;
mod scan;
mod stream;
#[cfg(test)]
mod testing;
mod url;
mod utf8;
mod view;

use std::collections::BTreeMap;

use bytes::Bytes;
use sha2::{Digest, Sha256};
use zeroize::Zeroize;

use crate::problem::Problem;
pub use fingerprint::FingerprintKey;
pub use gitleaks::extends;
pub use marker::hash_without_fingerprints;
pub use stream::Stream;

use crate::event::{Draft, Event};
use crate::refusal::RefusalCode;
use crate::value;
use rewrite::Rewrite;
use scan::{Detector, Scan, Scanner, Seal};
use view::{Unit, View};

/// The engine's version, in every event: it changes when the same rules may find something else.
const ENGINE: &str = "chaperone/1";
/// Redacting can bring up what was hidden; this many readings settle every text we know of.
const PASSES_MAX: usize = 8;
/// Positions are 32 bits.
const TEXT_LEN_MAX: usize = u32::MAX as usize - 1;

/// What to redact, and under which key.
#[derive(Debug)]
pub struct RedactorConfig {
    /// Rule files in gitleaks's format: path (for messages) and text.
    pub gitleaks: Vec<(String, String)>,
    /// True for Chaperone's own rules and detectors. They are what makes it safe; false is for
    /// comparing rule files.
    pub builtin: bool,
    /// The key of the fingerprints.
    pub key: FingerprintKey,
}

impl Default for RedactorConfig {
    fn default() -> Self {
        Self {
            gitleaks: Vec::new(),
            builtin: true,
            key: FingerprintKey::fixed(),
        }
    }
}

/// Compiled rules and a fingerprint key. Immutable: share one behind an `Arc`.
pub struct Redactor {
    scanner: Scanner,
    ruleset: String,
}

/// One worker's buffers, and what was found since they were last asked.
pub struct Scratch {
    text: Vec<u8>,
    units: Vec<Unit>,
    json: Vec<u8>,
    scan: Scan,
    counts: BTreeMap<usize, u64>,
}

impl Drop for Scratch {
    fn drop(&mut self) {
        self.text.zeroize();
        self.json.zeroize();
    }
}

impl std::fmt::Debug for Scratch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Scratch(not shown: it may hold secrets)")
    }
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Redactor({})", self.ruleset)
    }
}

impl Redactor {
    /// Compiles the rules. The strings name what the given files ask for and this engine does not
    /// do; the problems are mistakes in them, all in one go.
    pub fn new(config: RedactorConfig) -> Result<(Self, Vec<String>), Vec<Problem>> {
        let files = gitleaks::load(&config.gitleaks)?;
        let mut rules = files.rules;
        if config.builtin {
            let own = pack::load()?.into_iter();
            rules.extend(own.filter(|rule| !files.disabled.contains(&rule.name)));
        }
        let ruleset = ruleset_name(&config);
        let scanner = Scanner::new(rules, config.key, config.builtin).map_err(|message| {
            vec![Problem {
                path: "redaction rules".to_owned(),
                line: 1,
                column: 1,
                message,
            }]
        })?;
        Ok((Self { scanner, ruleset }, files.notes))
    }

    /// Which rules these are: a name that changes with every change of a rule file.
    pub fn ruleset(&self) -> &str {
        &self.ruleset
    }

    /// Buffers for one worker.
    pub fn scratch(&self) -> Scratch {
        Scratch {
            text: Vec::new(),
            units: Vec::new(),
            json: Vec::new(),
            scan: self.scanner.buffers(),
            counts: BTreeMap::new(),
        }
    }

    /// How often each rule redacted something since the last call, by rule name.
    pub fn take_findings(&self, scratch: &mut Scratch) -> Vec<(String, u64)> {
        std::mem::take(&mut scratch.counts)
            .into_iter()
            .map(|(name, count)| (self.scanner.names[name].text.clone(), count))
            .collect()
    }

    /// Redacts any text: JSON, lines of JSON, logs, bytes. None where there is nothing to redact,
    /// which costs no copy. JSON stays JSON with the same keys in the same places.
    pub fn seal_text(&self, input: &[u8], scratch: &mut Scratch) -> Option<Vec<u8>> {
        if input.len() > TEXT_LEN_MAX {
            *scratch
                .counts
                .entry(Detector::OversizedText as usize)
                .or_default() += 1;
            return Some(b"[REDACTED:oversized-text]".to_vec());
        }
        let mut sealed = utf8::replace_invalid(input).map(|(text, replaced)| {
            *scratch
                .counts
                .entry(Detector::InvalidText as usize)
                .or_default() += replaced;
            text
        });
        for _ in 0..PASSES_MAX {
            let text = sealed.as_deref().unwrap_or(input);
            let Some(next) = self.pass(text, scratch) else {
                break;
            };
            if let Some(mut before) = sealed.replace(next) {
                before.zeroize();
            }
        }
        sealed
    }

    /// Makes the event of a draft: redacts it, and says in it what was redacted and by what. Refuses
    /// a draft that is no object or has no usable `event.id` and `@timestamp`.
    pub fn seal(&self, draft: Draft, scratch: &mut Scratch) -> Result<Event, RefusalCode> {
        let mut body = draft.body;
        if !body.is_object() {
            return Err(RefusalCode::InvalidEvent);
        }
        report::remove(&mut body);
        value::insert(&mut body, "chaperone.redaction.engine", ENGINE);
        value::insert(
            &mut body,
            "chaperone.redaction.ruleset",
            self.ruleset.as_str(),
        );
        let mut json = std::mem::take(&mut scratch.json);
        json.clear();
        value::write_json(&body, &mut json);
        let sealed = self.seal_text(&json, scratch);
        if let Some(sealed) = &sealed {
            body = value::parse(sealed).map_err(|_| RefusalCode::InvalidEvent)?;
        }
        if marker::markers(sealed.as_deref().unwrap_or(&json))
            .next()
            .is_some()
        {
            self.report(&mut body);
            json.clear();
            value::write_json(&body, &mut json);
        }
        let event = Event::assemble(body, Bytes::copy_from_slice(&json));
        scratch.json = json;
        event.ok_or(RefusalCode::InvalidEvent)
    }

    fn report(&self, body: &mut value::Value) {
        if let Some((list, left_out)) = report::list(body) {
            value::insert(body, report::PATH, list);
            if left_out > 0 {
                value::insert(body, "chaperone.redaction.more", left_out as i64);
            }
        }
    }

    /// One reading of a text; None where nothing was found.
    fn pass(&self, input: &[u8], scratch: &mut Scratch) -> Option<Vec<u8>> {
        let Scratch {
            text,
            units,
            scan,
            counts,
            ..
        } = scratch;
        let view = if view::needs_collapsing(input) {
            view::collapse(input, text, units);
            View::new(text, units)
        } else {
            View::plain(input)
        };
        self.scanner.scan(view, scan);
        if scan.found.is_empty() {
            return None;
        }
        let key = &self.scanner.key;
        memory::spread(view.text, &mut scan.found, |secret| Seal {
            digest: key.digest(secret),
            length: secret.len(),
        });
        scan.spare_markers();
        rewrite::merge(&mut scan.found, &self.scanner.names, key, view.text);
        let rewrite = Rewrite {
            input,
            view,
            names: &self.scanner.names,
            key,
            ordinal: scan.markers.len(),
        };
        let mut replaced = 0;
        let output = rewrite.apply(&scan.found, |name| {
            *counts.entry(name).or_default() += 1;
            replaced += 1;
        });
        (replaced > 0).then_some(output)
    }
}

/// A hash over all rule texts, short enough for every event.
fn ruleset_name(config: &RedactorConfig) -> String {
    let mut hash = Sha256::new();
    if config.builtin {
        hash.update(pack::TEXT);
    }
    for (_, text) in &config.gitleaks {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    }
    let digest = hash.finalize();
    let short: String = digest[..4]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    match (config.builtin, config.gitleaks.len()) {
        (true, 0) => format!("builtin-{short}"),
        (true, files) => format!("builtin+{files}-{short}"),
        (false, files) => format!("files+{files}-{short}"),
    }
}

#[cfg(test)]
mod tests;
