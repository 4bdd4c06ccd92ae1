//! One row: what it says, and how it is set.

use serde_json::Value;

use super::evidence;
use super::layout::{Columns, GAP, Layout, SEVERITY, TIME};
use super::text::{self, Paint, pad, wrap};
use crate::sink::Level;

/// Lines of a cell before it is clipped.
const CELL_LINES_MAX: usize = 4;

/// What a row says, as text that is safe to print.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Row {
    time: String,
    pub(super) level: Option<Level>,
    pub(super) rule: String,
    pub(super) who: String,
    pub(super) repository: String,
    pub(super) evidence: String,
}

impl Row {
    /// Picks the row out of an ECS document.
    pub(super) fn read(document: &Value) -> Self {
        Self {
            time: evidence::time(document),
            level: evidence::level(document),
            rule: text::visible(&evidence::rule(document)),
            who: text::visible(&evidence::who(document)),
            repository: text::visible(&evidence::repository(document)),
            evidence: text::visible(&evidence::evidence(document)),
        }
    }

    /// Appends the row's lines.
    pub(super) fn write(&self, out: &mut String, layout: &Layout, colour: bool) {
        match layout {
            Layout::Columns(columns) => self.write_columns(out, columns, colour),
            Layout::Stacked { width } => self.write_stacked(out, *width, colour),
        }
    }

    /// Side by side: as many lines as the longest cell needs.
    fn write_columns(&self, out: &mut String, columns: &Columns, colour: bool) {
        let rule = wrap(&self.rule, columns.rule, CELL_LINES_MAX);
        let who = wrap(&self.who, columns.who, CELL_LINES_MAX);
        let repository = wrap(&self.repository, columns.repository, CELL_LINES_MAX);
        let evidence = wrap(&self.evidence, columns.evidence, CELL_LINES_MAX);
        let cells = [&rule, &who, &repository, &evidence];
        let lines = cells.map(Vec::len).into_iter().max().unwrap_or(1).max(1);
        for line in 0..lines {
            let cell = |cells: &[String]| cells.get(line).cloned().unwrap_or_default();
            let mut text = self.margin(line == 0, colour);
            Paint::Bold.write(&mut text, &pad(&cell(&rule), columns.rule), colour);
            for (cell, width) in [
                (cell(&who), columns.who),
                (cell(&repository), columns.repository),
            ] {
                text.push_str(GAP);
                text.push_str(&pad(&cell, width));
            }
            text.push_str(GAP);
            text.push_str(&cell(&evidence));
            push_line(out, &text);
        }
    }

    /// One under the other: the rule, who and where, the evidence.
    fn write_stacked(&self, out: &mut String, width: usize, colour: bool) {
        let margin = TIME + SEVERITY + 2 * GAP.len();
        let room = width.saturating_sub(margin);
        let mut is_first = true;
        for line in wrap(&self.rule, room, CELL_LINES_MAX) {
            let mut text = self.margin(is_first, colour);
            Paint::Bold.write(&mut text, &line, colour);
            push_line(out, &text);
            is_first = false;
        }
        let known = |text: &&str| *text != "-";
        let parties: Vec<&str> = [&*self.who, &*self.repository]
            .into_iter()
            .filter(known)
            .collect();
        for line in wrap(&parties.join(" · "), room, 2) {
            push_line(out, &format!("{}{line}", " ".repeat(margin)));
        }
        for line in wrap(&self.evidence, room, CELL_LINES_MAX) {
            push_line(out, &format!("{}{line}", " ".repeat(margin)));
        }
    }

    /// Time and severity on the first line, and room for them on the others.
    fn margin(&self, is_first: bool, colour: bool) -> String {
        let mut text = String::new();
        if !is_first {
            return " ".repeat(TIME + SEVERITY + 2 * GAP.len());
        }
        Paint::Dim.write(&mut text, &pad(&self.time, TIME), colour);
        text.push_str(GAP);
        let severity = self.severity();
        Paint::of(self.level).write(&mut text, severity, colour);
        text.push_str(&" ".repeat(SEVERITY - severity.len()));
        text.push_str(GAP);
        text
    }

    fn severity(&self) -> &'static str {
        match self.level {
            Some(Level::Critical) => "CRITICAL",
            Some(Level::High) => "HIGH",
            Some(Level::Medium) => "MEDIUM",
            Some(Level::Low) => "LOW",
            Some(Level::Informational) => "INFO",
            None => "event",
        }
    }
}

fn push_line(out: &mut String, line: &str) {
    out.push_str(line.trim_end());
    out.push('\n');
}
