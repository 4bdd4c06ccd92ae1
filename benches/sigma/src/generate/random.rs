//! Numbers that look random and are the same everywhere (SplitMix64).

/// A seeded generator. Good enough to vary log lines, and nothing else.
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, which must not be 0.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    pub(crate) fn one_in(&mut self, many: u64) -> bool {
        self.below(many) == 0
    }

    /// One of the items, which must not be empty.
    pub(crate) fn pick<'a, T: ?Sized>(&mut self, items: &[&'a T]) -> &'a T {
        items[self.below(items.len() as u64) as usize]
    }

    /// Lower-case hexadecimal digits.
    pub(crate) fn hex(&mut self, digits: usize) -> String {
        let mut text = String::with_capacity(digits + 16);
        while text.len() < digits {
            text.push_str(&format!("{:016x}", self.next()));
        }
        text.truncate(digits);
        text
    }

    pub(crate) fn guid(&mut self) -> String {
        let hex = self.hex(32);
        let (a, b, c, d, e) = (
            &hex[..8],
            &hex[8..12],
            &hex[12..16],
            &hex[16..20],
            &hex[20..],
        );
        format!("{a}-{b}-{c}-{d}-{e}")
    }

    /// A private or a public-looking IPv4 address.
    pub(crate) fn address(&mut self) -> String {
        let (a, b, c) = (self.below(256), self.below(256), self.below(254) + 1);
        match self.below(4) {
            0 => format!("203.0.113.{c}"),
            1 => format!("198.51.100.{c}"),
            2 => format!("192.168.{b}.{c}"),
            _ => format!("10.{a}.{b}.{c}"),
        }
    }

    /// A time within one day.
    pub(crate) fn time(&mut self) -> String {
        let ms = self.below(86_400_000);
        let (s, ms) = (ms / 1000, ms % 1000);
        let (h, m, s) = (s / 3600, s / 60 % 60, s % 60);
        format!("2026-03-05T{h:02}:{m:02}:{s:02}.{ms:03}Z")
    }
}
