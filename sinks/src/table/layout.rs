//! How wide each column is.
//!
//! Time and severity have the width they need. What is left goes to rule, who, repository and
//! evidence: each gets what its content asks for up to its share, and what one leaves over goes to
//! the others. Below 120 columns the evidence moves under the row.

use super::Row;
use super::text::width_of;

/// Between two columns.
pub(super) const GAP: &str = "  ";

/// From this width on the evidence is a column.
const WIDE: usize = 120;

const TIME: usize = "2026-11-12 09:14:07".len();
const SEVERITY: usize = "CRITICAL".len();

/// Widths in columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) time: usize,
    pub(super) severity: usize,
    pub(super) rule: usize,
    pub(super) who: usize,
    pub(super) repository: usize,
    /// None: on lines of its own.
    pub(super) evidence: Option<usize>,
}

impl Layout {
    /// For rows that are not known yet.
    pub(super) fn fixed(width: usize) -> Self {
        let wants = if width >= WIDE {
            [34, 26, 22, width]
        } else {
            [30, 24, 20, 0]
        };
        Self::shared(width, wants)
    }

    /// For exactly these rows.
    pub(super) fn fitted(rows: &[Row], width: usize) -> Self {
        let widest = |cell: fn(&Row) -> &str, title: &str| {
            let widths = rows.iter().map(|row| width_of(cell(row)));
            widths.max().unwrap_or(0).max(title.len())
        };
        let evidence = if width >= WIDE {
            widest(|row| &row.evidence, "EVIDENCE")
        } else {
            0
        };
        let wants = [
            widest(|row| &row.rule, "RULE"),
            widest(|row| &row.who, "WHO"),
            widest(|row| &row.repository, "REPOSITORY"),
            evidence,
        ];
        Self::shared(width, wants)
    }

    /// Gives every column what it wants where that is no more than its share, and divides the rest
    /// among the others by weight.
    fn shared(width: usize, wants: [usize; 4]) -> Self {
        let weights = if width >= WIDE {
            [5, 4, 3, 9]
        } else {
            [5, 4, 3, 0]
        };
        let columns = if width >= WIDE { 6 } else { 5 };
        let mut left = width.saturating_sub(TIME + SEVERITY + (columns - 1) * GAP.len());
        let mut given = [0; 4];
        let mut open: Vec<usize> = (0..4).filter(|&column| weights[column] > 0).collect();
        while !open.is_empty() {
            let total: usize = open.iter().map(|&column| weights[column]).sum();
            let share = |column: usize| left * weights[column] / total;
            let Some(position) = open
                .iter()
                .position(|&column| wants[column] <= share(column))
            else {
                for &column in &open {
                    given[column] = share(column);
                }
                break;
            };
            let column = open.remove(position);
            given[column] = wants[column];
            left -= wants[column];
        }
        Self {
            time: TIME,
            severity: SEVERITY,
            rule: given[0],
            who: given[1],
            repository: given[2],
            evidence: (width >= WIDE).then_some(given[3]),
        }
        .filled(width)
    }

    /// A narrow table whose cells are short still spans the width, for the evidence's lines.
    fn filled(mut self, width: usize) -> Self {
        if self.evidence.is_none() {
            self.repository += width.saturating_sub(self.width());
        }
        self
    }

    /// Where the evidence begins when it has its own line: under the rule.
    pub(super) fn indent(&self) -> usize {
        self.time + self.severity + 2 * GAP.len()
    }

    pub(super) fn width(&self) -> usize {
        let columns = [Some(self.time), Some(self.severity), Some(self.rule)];
        let more = [Some(self.who), Some(self.repository), self.evidence];
        let widths: Vec<usize> = columns.into_iter().chain(more).flatten().collect();
        widths.iter().sum::<usize>() + (widths.len() - 1) * GAP.len()
    }

    pub(super) fn titles(&self) -> impl Iterator<Item = (&'static str, usize)> {
        [
            ("TIME (UTC)", Some(self.time)),
            ("SEVERITY", Some(self.severity)),
            ("RULE", Some(self.rule)),
            ("WHO", Some(self.who)),
            ("REPOSITORY", Some(self.repository)),
            ("EVIDENCE", self.evidence),
        ]
        .into_iter()
        .filter_map(|(title, width)| width.map(|width| (title, width)))
    }
}
