//! Which of thousands of short texts occur in a value, in about one step for each of its bytes.
//!
//! An automaton over thousands of texts is megabytes of states, and following it waits for memory
//! at every byte. Here each text is found by one **gram** of its own, two to four bytes that few
//! other texts and little else have: the value's grams are looked up in a small set of bits, all
//! independent of each other, and the few that are in it are compared with the texts behind them.
//!
//! Where all texts of a width are longer than their grams by some bytes, the value is looked at in
//! steps of so many bytes, and each text is entered under as many neighbouring grams.

use std::sync::Arc;

use aho_corasick::{AhoCorasick, BuildError, MatchKind};

use super::sample::Sample;

/// Bytes that must follow a value: a gram is always read as four bytes.
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

/// A value to be searched.
#[derive(Debug, Clone, Copy)]
pub(super) struct Padded<'a> {
    /// The value, and at least [`PADDING`] bytes behind it, whatever they are.
    pub(super) bytes: &'a [u8],
    /// Without what is behind it.
    pub(super) len: usize,
    /// False where it may have other bytes than ASCII.
    pub(super) is_ascii: bool,
}

/// Up to four bytes as a number, the first one lowest.
#[inline(always)]
pub(super) fn key(gram: &[u8]) -> u32 {
    let place = |key, byte: &u8| key << 8 | u32::from(*byte);
    gram.iter().rev().fold(0, place)
}

/// Texts to be found, each with a number that is told when it is seen.
#[derive(Debug, Default)]
pub(super) struct Needles {
    bytes: Vec<(u8, u32)>,
    /// Of two or three bytes, found by two of them.
    short: Option<Grams>,
    long: Option<Grams>,
    /// Texts that are not ASCII; only values that are not ASCII are searched for them.
    other: Option<Arc<Other>>,
}

#[derive(Debug)]
struct Other {
    automaton: AhoCorasick,
    numbers: Vec<u32>,
}

impl Needles {
    /// Builds from texts that are not empty. The error: too many that are not ASCII.
    pub(super) fn new(texts: &[(&str, u32)], sample: &Sample) -> Result<Self, BuildError> {
        let (ascii, other): (Vec<_>, Vec<_>) = texts.iter().partition(|(text, _)| text.is_ascii());
        let ascii = ascii
            .iter()
            .map(|(text, number)| (text.as_bytes(), *number));
        let mut needles = Self::of_ascii(ascii, sample);
        if !other.is_empty() {
            let automaton = AhoCorasick::builder()
                .match_kind(MatchKind::Standard)
                .build(other.iter().map(|(text, _)| text))?;
            let numbers = other.iter().map(|(_, number)| *number).collect();
            needles.other = Some(Arc::new(Other { automaton, numbers }));
        }
        Ok(needles)
    }

    fn of_ascii<'a>(texts: impl Iterator<Item = (&'a [u8], u32)>, sample: &Sample) -> Self {
        let mut needles = Self::default();
        let (mut short, mut long) = (Vec::new(), Vec::new());
        for (text, number) in texts {
            match text {
                [byte] => needles.bytes.push((*byte, number)),
                [_, _] | [_, _, _] => short.push((text, number)),
                _ => long.push((text, number)),
            }
        }
        let step_max = if short.is_empty() { STEP_MAX } else { 1 };
        needles.short = Grams::new(&short, 2, 1, sample);
        needles.long = Grams::new(&long, GRAM_BYTES_MAX, step_max, sample);
        needles
    }

    /// Those of the texts that are wanted; None where nearly all are.
    pub(super) fn only(&self, wanted: impl Fn(u32) -> bool, sample: &Sample) -> Option<Self> {
        let bytes = self.bytes.iter();
        let bytes = bytes.map(|(byte, number)| (std::slice::from_ref(byte), *number));
        let grams = self.short.iter().chain(&self.long);
        let all: Vec<(&[u8], u32)> = bytes.chain(grams.flat_map(Grams::texts)).collect();
        let some: Vec<_> = all.iter().filter(|(_, number)| wanted(*number)).collect();
        if some.len() * 4 > all.len() * 3 {
            return None;
        }
        let mut needles = Self::of_ascii(some.into_iter().copied(), sample);
        let other = self.other.as_ref();
        let other = other.filter(|other| other.numbers.iter().any(|number| wanted(*number)));
        needles.other = other.cloned();
        Some(needles)
    }

    /// Bytes of the shortest text; None where there are none.
    pub(super) fn shortest(&self) -> Option<usize> {
        let grams = self.short.iter().chain(&self.long);
        let ascii = grams.map(|grams| grams.shortest);
        let byte = self.bytes.first().map(|_| 1);
        let other = self.other.as_ref().map(|_| 1);
        ascii.chain(byte).chain(other).min()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty() && self.short.is_none() && self.long.is_none() && self.other.is_none()
    }

    /// Tells the number of every text that occurs in a value, some more than once.
    pub(super) fn find(&self, value: Padded<'_>, mut found: impl FnMut(u32)) {
        for (byte, number) in &self.bytes {
            if memchr::memchr(*byte, value.text()).is_some() {
                found(*number);
            }
        }
        match (&self.short, &self.long) {
            (None, None) => {}
            (Some(short), None) => {
                value.scan::<1>(
                    |gram| short.set.has(gram & 0xffff),
                    |at, gram| {
                        short.follow(&value, at, gram & 0xffff, &mut found);
                    },
                );
            }
            (Some(short), Some(long)) => value.scan::<1>(
                |gram| short.set.has(gram & 0xffff) | long.set.has(gram),
                |at, gram| {
                    if short.set.has(gram & 0xffff) {
                        short.follow(&value, at, gram & 0xffff, &mut found);
                    }
                    if long.set.has(gram) {
                        long.follow(&value, at, gram, &mut found);
                    }
                },
            ),
            (None, Some(long)) => {
                let has = |gram| long.set.has(gram);
                let follow = |at, gram| long.follow(&value, at, gram, &mut found);
                match long.step {
                    1 => value.scan::<1>(has, follow),
                    2 => value.scan::<2>(has, follow),
                    3 => value.scan::<3>(has, follow),
                    _ => value.scan::<STEP_MAX>(has, follow),
                }
            }
        }
        if let Some(other) = &self.other
            && !value.is_ascii
        {
            for hit in other.automaton.find_overlapping_iter(value.text()) {
                found(other.numbers[hit.pattern().as_usize()]);
            }
        }
    }
}

impl<'a> Padded<'a> {
    /// Without what is behind it.
    pub(super) fn text(&self) -> &'a [u8] {
        &self.bytes[..self.len]
    }

    /// Looks up a block of grams without branching on what is found, then follows the hits.
    #[inline(always)]
    fn scan<const STEP: usize>(
        &self,
        has: impl Fn(u32) -> bool,
        mut follow: impl FnMut(usize, u32),
    ) {
        // A gram has two bytes at least, so none begins at the last byte.
        let mut rest = &self.bytes[..(self.len + PADDING).saturating_sub(1)];
        let mut hits = [0u32; BLOCK];
        let mut base = 0;
        while rest.len() > PADDING {
            let (block, after) = rest.split_at(rest.len().min(BLOCK * STEP + PADDING));
            let mut count = 0;
            for (at, four) in block.array_windows().step_by(STEP).enumerate() {
                hits[count % BLOCK] = at as u32;
                count += usize::from(has(u32::from_le_bytes(*four)));
            }
            for at in &hits[..count] {
                let at = *at as usize * STEP;
                follow(base + at, key(&block[at..at + 4]));
            }
            rest = if after.is_empty() {
                &[]
            } else {
                &rest[BLOCK * STEP..]
            };
            base += BLOCK * STEP;
        }
    }
}

/// Texts that are found by grams of one width.
#[derive(Debug)]
struct Grams {
    width: usize,
    shortest: usize,
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
    /// None where there are no texts.
    fn new(texts: &[(&[u8], u32)], width: usize, step_max: usize, sample: &Sample) -> Option<Self> {
        let shortest = texts.iter().map(|(text, _)| text.len()).min()?;
        let step = (shortest - width + 1).min(step_max);
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
        Some(Self {
            width,
            shortest,
            step,
            set,
            starts: starts.into(),
            entries: entries.into_iter().map(|(_, entry)| entry).collect(),
            texts: all.into(),
        })
    }

    /// The texts and their numbers.
    fn texts(&self) -> impl Iterator<Item = (&[u8], u32)> {
        let mut entries: Vec<&Entry> = self.entries.iter().collect();
        entries.sort_by_key(|entry| entry.start);
        entries.dedup_by_key(|entry| entry.start);
        entries
            .into_iter()
            .map(|entry| (self.text(entry), entry.number))
    }

    fn text(&self, entry: &Entry) -> &[u8] {
        &self.texts[entry.start as usize..(entry.start + entry.len) as usize]
    }

    /// Compares the texts that have a gram with what stands around it.
    fn follow(&self, text: &Padded<'_>, at: usize, gram: u32, found: &mut impl FnMut(u32)) {
        let place = self.set.place(gram);
        let range = self.starts[place] as usize..self.starts[place + 1] as usize;
        for entry in &self.entries[range] {
            let Some(start) = at.checked_sub(entry.anchor as usize) else {
                continue;
            };
            let end = start + entry.len as usize;
            if end > text.len || key(&text.bytes[end - self.width..end]) != entry.tail {
                continue;
            }
            if text.bytes[start..end] == *self.text(entry) {
                found(entry.number);
            }
        }
    }
}

/// Where `step` neighbouring grams are rarest in all.
fn rarest(text: &[u8], width: usize, step: usize, sample: &Sample) -> usize {
    let last = (text.len() + 1 - width - step).min(ANCHOR_MAX);
    let commonness = |at: usize| -> u64 {
        let grams = text[at..at + step + width - 1].windows(width);
        grams.map(|gram| sample.commonness(gram)).sum()
    };
    (0..=last).min_by_key(|at| commonness(*at)).unwrap_or(0)
}

/// A set of grams by hash: what is not in it is told at once, what is has a place in its order.
#[derive(Debug)]
struct GramSet {
    words: Box<[u64]>,
    /// Members before each word.
    ranks: Box<[u32]>,
}

impl GramSet {
    fn new(grams: impl Iterator<Item = u32>, len: usize) -> Self {
        let bits = (len * BITS_PER_ENTRY).next_power_of_two();
        let mut set = Self {
            words: vec![0; bits.clamp(64, BITS_MAX) / 64].into(),
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
        let ones = self.words.iter().map(|word| word.count_ones() as usize);
        ones.sum()
    }

    /// The bits in the middle of the product are made of all bits of the gram.
    #[inline(always)]
    fn hash(&self, gram: u32) -> usize {
        let product = u64::from(gram).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (product >> 32) as usize & (self.words.len() * 64 - 1)
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
