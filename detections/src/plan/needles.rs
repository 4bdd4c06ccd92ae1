//! Which of thousands of short texts occur in a value, in about one step for each of its bytes.
//!
//! An automaton over thousands of texts is megabytes of states, and following it waits for memory
//! at every byte. Here each text is found by one **gram** of its own, two to four bytes that few
//! other texts and little else have: the value's grams are looked up in a small set of bits, all
//! independent of each other, and the few that are in it are compared with the texts behind them.
//!
//! Where all texts of a width are longer than their grams by some bytes, the value is looked at in
//! steps of so many bytes, and each text is entered under as many neighbouring grams.

use aho_corasick::{AhoCorasick, BuildError, MatchKind};
use rustc_hash::FxHashMap;

/// Zero bytes that must follow the last value: a gram is always read as four bytes.
pub(super) const PADDING: usize = 3;
/// Bytes of the longest gram.
const GRAM_BYTES_MAX: usize = 4;
/// Longer steps make more entries and find their grams in more places.
const STEP_MAX: usize = 4;
/// Where the best gram is looked for.
const ANCHOR_MAX: usize = 256;
/// Bits of the set for each entry, so that few grams are in it by chance.
const BITS_PER_ENTRY: usize = 64;
const BITS_MAX: usize = 1 << 20;
/// Positions that are looked up before the first hit is followed.
const BLOCK: usize = 32;

/// Texts to be found, each with a number that is told when it is seen.
#[derive(Debug, Default)]
pub(super) struct Needles {
    bytes: Vec<(u8, u32)>,
    grams: Vec<Grams>,
    /// Texts that are not ASCII; only values that are not ASCII are searched for them.
    other: Option<(AhoCorasick, Vec<u32>)>,
}

/// How often each gram occurs in all texts of the rules: a sample of what values look like.
#[derive(Debug, Default)]
pub(super) struct Sample {
    grams: FxHashMap<u32, u32>,
    bytes: FxHashMap<u8, u32>,
}

impl Sample {
    pub(super) fn add(&mut self, text: &str) {
        let bytes = text.as_bytes();
        for gram in bytes.windows(GRAM_BYTES_MAX) {
            *self.grams.entry(key(gram)).or_default() += 1;
        }
        for byte in bytes {
            *self.bytes.entry(*byte).or_default() += 1;
        }
    }

    /// How common a gram is; only the order matters. Equal counts are told apart by the bytes.
    fn commonness(&self, gram: &[u8]) -> f64 {
        let bytes = gram.iter().map(|byte| self.bytes.get(byte).unwrap_or(&0));
        let bytes: f64 = bytes.map(|count| f64::from(count + 1).ln()).sum();
        let count = self.grams.get(&key(gram)).copied().unwrap_or(0);
        f64::from(count) + bytes / 100.0
    }
}

/// Up to four bytes as a number, the first one lowest.
fn key(gram: &[u8]) -> u32 {
    gram.iter()
        .rev()
        .fold(0, |key, byte| key << 8 | u32::from(*byte))
}

impl Needles {
    /// Builds from texts that are not empty. The error: too many that are not ASCII.
    pub(super) fn new(texts: &[(&str, u32)], sample: &Sample) -> Result<Self, BuildError> {
        let mut needles = Self::default();
        let mut widths: [Vec<(&[u8], u32)>; 3] = Default::default();
        let mut other = (Vec::new(), Vec::new());
        for (text, number) in texts {
            match text.len() {
                _ if !text.is_ascii() => {
                    other.0.push(*text);
                    other.1.push(*number);
                }
                1 => needles.bytes.push((text.as_bytes()[0], *number)),
                len => widths[len.min(GRAM_BYTES_MAX) - 2].push((text.as_bytes(), *number)),
            }
        }
        for (texts, width) in widths.iter().zip(2..) {
            if !texts.is_empty() {
                needles.grams.push(Grams::new(texts, width, sample));
            }
        }
        if !other.0.is_empty() {
            let automaton = AhoCorasick::builder()
                .match_kind(MatchKind::Standard)
                .build(other.0)?;
            needles.other = Some((automaton, other.1));
        }
        Ok(needles)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty() && self.grams.is_empty() && self.other.is_none()
    }

    /// Tells the number of every text that occurs in the first `len` bytes of `padded`, some more
    /// than once. At least [`PADDING`] bytes must follow those, whatever they are.
    pub(super) fn find(&self, padded: &[u8], len: usize, mut found: impl FnMut(u32)) {
        let text = &padded[..len];
        for (byte, number) in &self.bytes {
            if memchr::memchr(*byte, text).is_some() {
                found(*number);
            }
        }
        for grams in &self.grams {
            grams.find(padded, len, &mut found);
        }
        if let Some((automaton, numbers)) = &self.other
            && !text.is_ascii()
        {
            for hit in automaton.find_overlapping_iter(text) {
                found(numbers[hit.pattern().as_usize()]);
            }
        }
    }
}

/// Texts that are found by grams of one width.
#[derive(Debug)]
struct Grams {
    width: usize,
    step: usize,
    set: GramSet,
    /// Where each member of the set has its entries; one more at the end.
    starts: Box<[u32]>,
    entries: Box<[Entry]>,
    texts: Box<[u8]>,
}

/// A text under one of its grams.
#[derive(Debug, Clone, Copy)]
struct Entry {
    number: u32,
    /// Of the text in all texts.
    start: u32,
    len: u32,
    /// The gram's place in the text.
    anchor: u32,
    /// The text's last gram, which tells most values apart from it.
    tail: u32,
}

impl Grams {
    fn new(texts: &[(&[u8], u32)], width: usize, sample: &Sample) -> Self {
        let shortest = texts.iter().map(|(text, _)| text.len()).min();
        let step = (shortest.unwrap_or(width) - width + 1).clamp(1, STEP_MAX);
        let mut all: Vec<u8> = Vec::new();
        let mut entries: Vec<(u32, Entry)> = Vec::with_capacity(texts.len() * step);
        for (text, number) in texts {
            let anchor = rarest(text, width, step, sample);
            for anchor in anchor..anchor + step {
                let entry = Entry {
                    number: *number,
                    start: all.len() as u32,
                    len: text.len() as u32,
                    anchor: anchor as u32,
                    tail: key(&text[text.len() - width..]),
                };
                entries.push((key(&text[anchor..anchor + width]), entry));
            }
            all.extend_from_slice(text);
        }
        let set = GramSet::new(entries.iter().map(|(gram, _)| *gram), entries.len());
        entries.sort_by_key(|(gram, entry)| (set.place(*gram), entry.start));
        let mut starts = vec![0; set.len() + 1];
        for (gram, _) in &entries {
            starts[set.place(*gram) + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        Self {
            width,
            step,
            set,
            starts: starts.into(),
            entries: entries.into_iter().map(|(_, entry)| entry).collect(),
            texts: all.into(),
        }
    }

    fn find(&self, padded: &[u8], len: usize, found: &mut impl FnMut(u32)) {
        let Some(positions) = (len + 1).checked_sub(self.width) else {
            return;
        };
        match (self.width, self.step) {
            (2, _) => self.scan::<1>(padded, len, positions, 0xffff, found),
            (3, _) => self.scan::<1>(padded, len, positions, 0x00ff_ffff, found),
            (_, 1) => self.scan::<1>(padded, len, positions, u32::MAX, found),
            (_, 2) => self.scan::<2>(padded, len, positions, u32::MAX, found),
            (_, 3) => self.scan::<3>(padded, len, positions, u32::MAX, found),
            _ => self.scan::<STEP_MAX>(padded, len, positions, u32::MAX, found),
        }
    }

    /// Looks up a block of positions without branching on what is found, then follows the hits.
    #[inline(always)]
    fn scan<const STEP: usize>(
        &self,
        padded: &[u8],
        len: usize,
        positions: usize,
        mask: u32,
        found: &mut impl FnMut(u32),
    ) {
        let grams = padded[..positions + PADDING].windows(4).step_by(STEP);
        let mut grams = grams.map(|four| u32::from_le_bytes([four[0], four[1], four[2], four[3]]));
        let mut hits = [(0u32, 0u32); BLOCK];
        let mut base = 0;
        while base < positions {
            let mut count = 0;
            for (at, gram) in grams.by_ref().take(BLOCK).enumerate() {
                let gram = gram & mask;
                hits[count % BLOCK] = (at as u32, gram);
                count += usize::from(self.set.has(gram));
            }
            for (at, gram) in &hits[..count] {
                self.follow(padded, len, base + *at as usize * STEP, *gram, found);
            }
            base += BLOCK * STEP;
        }
    }

    fn follow(&self, padded: &[u8], len: usize, at: usize, gram: u32, found: &mut impl FnMut(u32)) {
        let place = self.set.place(gram);
        let range = self.starts[place] as usize..self.starts[place + 1] as usize;
        for entry in &self.entries[range] {
            let Some(start) = at.checked_sub(entry.anchor as usize) else {
                continue;
            };
            let end = start + entry.len as usize;
            if end > len || key(&padded[end - self.width..end]) != entry.tail {
                continue;
            }
            let text = entry.start as usize..(entry.start + entry.len) as usize;
            if padded[start..end] == self.texts[text] {
                found(entry.number);
            }
        }
    }
}

/// Where `step` neighbouring grams are rarest in all.
fn rarest(text: &[u8], width: usize, step: usize, sample: &Sample) -> usize {
    let last = (text.len() + 1 - width - step).min(ANCHOR_MAX);
    let commonness = |at: usize| -> f64 {
        let grams = text[at..at + step + width - 1].windows(width);
        grams.map(|gram| sample.commonness(gram)).sum()
    };
    let places = (0..=last).map(|at| (at, commonness(at)));
    let best = places.min_by(|a, b| a.1.total_cmp(&b.1));
    best.map_or(0, |(at, _)| at)
}

/// A set of grams by hash: what is not in it is told at once, what is has a place in its order.
#[derive(Debug)]
struct GramSet {
    shift: u32,
    words: Box<[u64]>,
    /// Members before each word.
    ranks: Box<[u32]>,
}

impl GramSet {
    fn new(grams: impl Iterator<Item = u32>, len: usize) -> Self {
        let bits = (len * BITS_PER_ENTRY)
            .next_power_of_two()
            .clamp(64, BITS_MAX);
        let mut set = Self {
            shift: u32::BITS - bits.trailing_zeros(),
            words: vec![0; bits / 64].into(),
            ranks: Box::default(),
        };
        for gram in grams {
            let hash = set.hash(gram);
            set.words[hash / 64] |= 1 << (hash % 64);
        }
        let mut before = 0;
        let ranks = set.words.iter().map(|word| {
            let rank = before;
            before += word.count_ones();
            rank
        });
        set.ranks = ranks.collect();
        set
    }

    fn len(&self) -> usize {
        self.words
            .iter()
            .map(|word| word.count_ones() as usize)
            .sum()
    }

    /// The upper bits of a product are made of all bits of the gram.
    #[inline(always)]
    fn hash(&self, gram: u32) -> usize {
        (gram.wrapping_mul(0x9e37_79b1) >> self.shift) as usize
    }

    #[inline(always)]
    fn has(&self, gram: u32) -> bool {
        let hash = self.hash(gram);
        self.words[hash / 64] >> (hash % 64) & 1 != 0
    }

    /// The place of a gram that is in the set.
    fn place(&self, gram: u32) -> usize {
        let hash = self.hash(gram);
        let below = self.words[hash / 64] & ((1 << (hash % 64)) - 1);
        self.ranks[hash / 64] as usize + below.count_ones() as usize
    }
}

#[cfg(test)]
mod tests;
