//! Numbers in order, in chunks: insertion moves one chunk, ranks are found by skipping chunks.

/// A chunk splits when it reaches this size.
const CHUNK_MAX: usize = 256;

/// A multiset of numbers with rank access.
#[derive(Debug, Default)]
pub(crate) struct Ranked {
    chunks: Vec<Vec<f64>>,
    len: usize,
}

impl Ranked {
    pub(crate) fn add(&mut self, value: f64) {
        self.len += 1;
        let at = self.chunk_of(value);
        let Some(chunk) = self.chunks.get_mut(at) else {
            self.chunks.push(vec![value]);
            return;
        };
        let place = chunk.partition_point(|other| other.total_cmp(&value).is_lt());
        chunk.insert(place, value);
        if chunk.len() >= CHUNK_MAX {
            let upper = chunk.split_off(CHUNK_MAX / 2);
            self.chunks.insert(at + 1, upper);
        }
    }

    /// Removes one occurrence, where there is one.
    pub(crate) fn remove(&mut self, value: f64) {
        let at = self.chunk_of(value);
        let Some(chunk) = self.chunks.get_mut(at) else {
            return;
        };
        let place = chunk.partition_point(|other| other.total_cmp(&value).is_lt());
        if chunk
            .get(place)
            .is_some_and(|found| found.total_cmp(&value).is_eq())
        {
            chunk.remove(place);
            self.len -= 1;
            if chunk.is_empty() {
                self.chunks.remove(at);
            }
        }
    }

    /// The first chunk whose last number is not below the value, else the last chunk.
    fn chunk_of(&self, value: f64) -> usize {
        let below = |chunk: &Vec<f64>| {
            chunk
                .last()
                .is_some_and(|last| last.total_cmp(&value).is_lt())
        };
        self.chunks
            .partition_point(below)
            .min(self.chunks.len().saturating_sub(1))
    }

    /// The percentile (0 to 100) with linear interpolation between neighbours, so that the 50th is
    /// the usual median. None for no numbers.
    pub(crate) fn percentile(&self, percentile: f64) -> Option<f64> {
        let last = self.len.checked_sub(1)?;
        let rank = percentile / 100.0 * last as f64;
        let (low, high) = (rank.floor() as usize, rank.ceil() as usize);
        let (low_value, high_value) = (self.at(low)?, self.at(high)?);
        Some(low_value + (high_value - low_value) * (rank - rank.floor()))
    }

    fn at(&self, mut rank: usize) -> Option<f64> {
        for chunk in &self.chunks {
            if let Some(value) = chunk.get(rank) {
                return Some(*value);
            }
            rank -= chunk.len();
        }
        None
    }
}
