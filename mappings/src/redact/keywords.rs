//! Finds every keyword of every rule in one pass.
//!
//! An automaton reads each byte after the other and waits for its table every time, and nearly all
//! of that is for bytes that begin nothing. So each place is first asked whether its three bytes,
//! hashed, are the beginning of some keyword: those questions do not wait for each other and their
//! table fits the first cache. Only where the answer is yes does the automaton look, from that place
//! alone. A hash may say yes too often, never no: what is found is what the automaton alone finds.

use aho_corasick::automaton::Automaton as _;
use aho_corasick::dfa::DFA;
use aho_corasick::{Anchored, BuildError, MatchKind, StartKind};

/// Bits of a hash of three bytes.
const HASH_BITS: u32 = 15;
const WORDS: usize = 1 << (HASH_BITS - 6);

/// All keywords, compiled.
pub(super) struct Keywords {
    automaton: DFA,
    /// One bit for each hash that some keyword begins with.
    begins: Box<[u64; WORDS]>,
}

impl Keywords {
    /// Compiles keywords; their case does not matter. Fails where they are too large together.
    pub(super) fn new(keywords: &[String]) -> Result<Self, Box<BuildError>> {
        let automaton = DFA::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .start_kind(StartKind::Anchored)
            .prefilter(false)
            .build(keywords)
            .map_err(Box::new)?;
        let mut begins = Box::new([0; WORDS]);
        for keyword in keywords {
            mark(keyword.as_bytes(), &mut begins);
        }
        Ok(Self { automaton, begins })
    }

    /// Calls `found` with the index, the start and the end of each keyword that begins in a range of
    /// a text, by start. It may end behind the range.
    pub(super) fn each(
        &self,
        text: &[u8],
        (from, to): (usize, usize),
        found: &mut dyn FnMut(usize, usize, usize),
    ) {
        // Four bytes are one load.
        let whole = to.min(text.len().saturating_sub(3)).max(from);
        let fours = text[from..text.len().min(whole + 3)].windows(4);
        fours.enumerate().for_each(|(step, four)| {
            if self.may_begin([four[0], four[1], four[2]]) {
                self.walk(text, from + step, found);
            }
        });
        for at in whole..to {
            let byte = |step: usize| text.get(at + step).copied().unwrap_or(0);
            if self.may_begin([byte(0), byte(1), byte(2)]) {
                self.walk(text, at, found);
            }
        }
    }

    #[inline]
    fn may_begin(&self, bytes: [u8; 3]) -> bool {
        let hash = hash(bytes);
        self.begins[hash / 64 % WORDS] >> (hash % 64) & 1 != 0
    }

    /// The keywords that begin at a place. What is done with them stays out of this loop.
    fn walk(&self, text: &[u8], start: usize, found: &mut dyn FnMut(usize, usize, usize)) {
        let Ok(mut state) = self.automaton.start_state(Anchored::Yes) else {
            return;
        };
        for (length, byte) in (1..).zip(&text[start..]) {
            state = self.automaton.next_state(Anchored::Yes, state, *byte);
            if !self.automaton.is_special(state) {
                continue;
            }
            if self.automaton.is_dead(state) {
                return;
            }
            if self.automaton.is_match(state) {
                for index in 0..self.automaton.match_len(state) {
                    let keyword = self.automaton.match_pattern(state, index);
                    // A state also knows the keywords that end here and begin later.
                    if self.automaton.pattern_len(keyword) == length {
                        found(keyword.as_usize(), start, start + length);
                    }
                }
            }
        }
    }
}

/// Marks the hashes that a keyword can begin with: of one that is shorter than three bytes, with
/// whatever comes behind it.
fn mark(keyword: &[u8], begins: &mut [u64; WORDS]) {
    let choices = |at: usize| match keyword.get(at) {
        Some(byte) => *byte..=*byte,
        None => 0..=u8::MAX,
    };
    for first in choices(0) {
        for second in choices(1) {
            for third in choices(2) {
                let hash = hash([first, second, third]);
                begins[hash / 64] |= 1 << (hash % 64);
            }
        }
    }
}

/// Hashes three bytes, capital and small letters alike.
#[inline]
fn hash([a, b, c]: [u8; 3]) -> usize {
    let bytes = u32::from_le_bytes([a, b, c, 0]) | 0x0020_2020;
    (bytes.wrapping_mul(0x9e37_79b1) >> (32 - HASH_BITS)) as usize
}

#[cfg(test)]
mod tests;
