//! Sizes and durations as people write them: `"25MiB"`, `"5m"`.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A number of bytes: an integer, or text with `B`, `KiB`, `MiB`, `GiB`, `TiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(pub u64);

/// A length of time: text with `ms`, `s`, `m`, `h`, `d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub Duration);

const SIZES: [(&str, u64); 5] = [
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("B", 1),
];

const SPANS: [(&str, u64); 5] = [
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("ms", 1),
    ("m", 60_000),
    ("s", 1_000),
];

/// The number before one of the units, times the unit.
fn parse(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let number: u64 = text[..digits].parse().ok()?;
    let (_, factor) = units
        .iter()
        .find(|(unit, _)| *unit == text[digits..].trim())?;
    number.checked_mul(*factor)
}

/// The largest unit that gives a whole number.
fn print(f: &mut fmt::Formatter<'_>, number: u64, units: &[(&str, u64)]) -> fmt::Result {
    let best = units
        .iter()
        .filter(|(_, factor)| number.is_multiple_of(*factor))
        .max_by_key(|(_, factor)| {
            if number == 0 {
                u64::MAX - factor
            } else {
                *factor
            }
        });
    let (unit, factor) = best.expect("every list of units has a factor of one");
    write!(f, "{}{unit}", number / factor)
}

impl Span {
    /// In milliseconds, as event time counts.
    pub fn ms(self) -> i64 {
        i64::try_from(self.0.as_millis()).unwrap_or(i64::MAX)
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        print(f, self.0, &SIZES)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        print(
            f,
            u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX),
            &SPANS,
        )
    }
}

impl Serialize for Size {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Raw {
            Number(u64),
            Text(String),
        }
        let wrong = || de::Error::custom("expected a size like \"25MiB\" (B, KiB, MiB, GiB, TiB)");
        match Raw::deserialize(deserializer).map_err(|_| wrong())? {
            Raw::Number(bytes) => Ok(Self(bytes)),
            Raw::Text(text) => parse(&text, &SIZES).map(Self).ok_or_else(wrong),
        }
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wrong = || de::Error::custom("expected a length of time like \"5m\" (ms, s, m, h, d)");
        let text = String::deserialize(deserializer).map_err(|_| wrong())?;
        parse(&text, &SPANS)
            .map(|ms| Self(Duration::from_millis(ms)))
            .ok_or_else(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_spans_read_as_they_print() {
        for text in ["0B", "1B", "512B", "25MiB", "3KiB", "10GiB", "2TiB"] {
            let size = Size(parse(text, &SIZES).expect(text));
            assert_eq!(size.to_string(), text);
        }
        for text in ["200ms", "5s", "5m", "36h", "7d"] {
            let span = Span(Duration::from_millis(parse(text, &SPANS).expect(text)));
            assert_eq!(span.to_string(), text);
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "5",
            "m",
            "-5m",
            "5 minutes",
            "1.5h",
            "99999999999999999999d",
        ] {
            assert_eq!(parse(text, &SPANS), None, "{text}");
        }
    }
}
