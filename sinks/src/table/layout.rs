//! How wide each column is.
//!
//! Time and severity have the width they need. What is left goes to rule, who, repository and
//! evidence: each gets what its content asks for up to its share, and what one leaves over goes to
//! the others.

use super::row::Row;
use super::text::width_of;

/// Between two columns.
pub(super) const GAP: &str = "  ";

/// From this width on there are six columns.
const WIDE: usize = 140;

/// The columns of a time.
pub(super) const TIME: usize = "2026-11-12 09:14:07".len();

/// The columns of the longest severity.
pub(super) const SEVERITY: usize = "CRITICAL".len();

/// How the shares of rule, who, repository and evidence relate.
const WEIGHTS: [usize; 4] = [6, 5, 4, 9];

/// Six columns, or three of which the last is stacked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Layout {
    /// Everything side by side.
    Columns(Columns),
    /// Too narrow for that.
    Stacked {
        /// Of the whole table.
        width: usize,
    },
}

/// The widths that depend on the content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Columns {
    pub(super) rule: usize,
    pub(super) who: usize,
    pub(super) repository: usize,
    pub(super) evidence: usize,
}

impl Layout {
    /// For rows that are not known yet.
    pub(super) fn fixed(width: usize) -> Self {
        Self::of(width, || [40, 32, 24, width])
    }

    /// For exactly these rows.
    pub(super) fn fitted(rows: &[Row], width: usize) -> Self {
        let widest = |cell: fn(&Row) -> &str, title: &str| {
            let widths = rows.iter().map(|row| width_of(cell(row)));
            widths.max().unwrap_or(0).max(title.len())
        };
        Self::of(width, || {
            [
                widest(|row| &row.rule, "RULE"),
                widest(|row| &row.who, "WHO"),
                widest(|row| &row.repository, "REPOSITORY"),
                widest(|row| &row.evidence, "EVIDENCE"),
            ]
        })
    }

    fn of(width: usize, wants: impl FnOnce() -> [usize; 4]) -> Self {
        if width < WIDE {
            return Self::Stacked { width };
        }
        let room = width - TIME - SEVERITY - 5 * GAP.len();
        let [rule, who, repository, evidence] = share(room, wants());
        Self::Columns(Columns {
            rule,
            who,
            repository,
            evidence,
        })
    }

    pub(super) fn width(&self) -> usize {
        match self {
            Self::Stacked { width } => *width,
            Self::Columns(of) => {
                let content = of.rule + of.who + of.repository + of.evidence;
                TIME + SEVERITY + content + 5 * GAP.len()
            }
        }
    }

    pub(super) fn titles(&self) -> Vec<(&'static str, usize)> {
        let mut titles = vec![("TIME (UTC)", TIME), ("SEVERITY", SEVERITY)];
        match self {
            Self::Stacked { .. } => titles.push(("RULE · WHO · REPOSITORY · EVIDENCE", 0)),
            Self::Columns(of) => titles.extend([
                ("RULE", of.rule),
                ("WHO", of.who),
                ("REPOSITORY", of.repository),
                ("EVIDENCE", of.evidence),
            ]),
        }
        titles
    }
}

/// Gives every column what it wants where that is no more than its share, and divides the rest
/// among the others by weight.
fn share(room: usize, wants: [usize; 4]) -> [usize; 4] {
    let mut left = room;
    let mut given = [0; 4];
    let mut open: Vec<usize> = (0..4).collect();
    while !open.is_empty() {
        let total: usize = open.iter().map(|&column| WEIGHTS[column]).sum();
        let share = |column: usize| left * WEIGHTS[column] / total;
        let Some(modest) = open
            .iter()
            .position(|&column| wants[column] <= share(column))
        else {
            for &column in &open {
                given[column] = share(column);
            }
            return given;
        };
        let column = open.remove(modest);
        given[column] = wants[column];
        left -= wants[column];
    }
    given
}
