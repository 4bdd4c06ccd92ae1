//! The table for people: what happened, how grave, who, where, and the evidence.
//!
//! An analyst reads a row from left to right and decides whether to look closer, so a row holds
//! what that takes and nothing else: time, severity, rule, who, repository, and below or beside it
//! the evidence (the command, the pull request and its address, the host, how many and over what
//! span). Where the terminal is wide the evidence is the last column; where it is not it gets a line
//! of its own under the row, because a column of twelve characters shows nothing of a command.
//!
//! It refuses to let content steer the terminal: control characters, escape sequences and
//! invisible or direction-changing characters of an event are shown as escapes (`\x1b`, `\u{202e}`).
//! Colour only marks what the words say already, so nothing is lost without it.

use serde_json::Value;

use crate::sink::Level;

mod evidence;
mod layout;
#[cfg(test)]
mod tests;
mod text;

use layout::Layout;
use text::{Paint, clip, pad, wrap};

/// The narrowest table, in columns.
const WIDTH_MIN: usize = 60;

/// How a table looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Columns of the terminal; below 60 it is laid out for 60.
    pub width: usize,
    /// Whether severity is coloured. True only for a terminal, and where `NO_COLOR` is not set.
    pub colour: bool,
}

impl Style {
    /// For a terminal of this width, with colours unless the environment has a non-empty `NO_COLOR`
    /// or says `TERM=dumb`.
    pub fn terminal(width: usize) -> Self {
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let dumb = set("TERM").is_some_and(|term| term == "dumb");
        Self {
            width,
            colour: set("NO_COLOR").is_none() && !dumb,
        }
    }

    /// Without colour, for a file or a pipe.
    pub fn plain(width: usize) -> Self {
        Self {
            width,
            colour: false,
        }
    }
}

/// What a row says, as text that is safe to print.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Row {
    time: String,
    level: Option<Level>,
    rule: String,
    who: String,
    repository: String,
    evidence: String,
}

impl Row {
    fn read(document: &Value) -> Self {
        let rule = evidence::rule(document);
        Self {
            time: evidence::time(document),
            level: evidence::level(document),
            rule: text::visible(&rule),
            who: text::visible(&evidence::who(document)),
            repository: text::visible(&evidence::repository(document)),
            evidence: text::visible(&evidence::evidence(document)),
        }
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

/// A whole table with columns fitted to what is in it: a head, the rows and a line that sums up.
/// `documents` are ECS alerts or events; lines end with a line feed.
pub fn render(documents: &[Value], style: Style) -> String {
    if documents.is_empty() {
        return "No alerts.\n".to_owned();
    }
    let rows: Vec<Row> = documents.iter().map(Row::read).collect();
    let layout = Layout::fitted(&rows, style.width.max(WIDTH_MIN));
    let mut out = String::new();
    head(&mut out, &layout, style);
    for row in &rows {
        write_row(&mut out, row, &layout, style);
    }
    out.push('\n');
    out.push_str(&summary(&rows, style));
    out.push('\n');
    out
}

/// Rows as they come: the same table with columns that do not know what comes later.
#[derive(Debug)]
pub struct Stream {
    style: Style,
    layout: Layout,
    begun: bool,
}

impl Stream {
    /// A table that has no row yet.
    pub fn new(style: Style) -> Self {
        Self {
            style,
            layout: Layout::fixed(style.width.max(WIDTH_MIN)),
            begun: false,
        }
    }

    /// Lays out for another width from the next row on (the window was resized).
    pub fn resize(&mut self, width: usize) {
        if self.style.width != width {
            self.style.width = width;
            self.layout = Layout::fixed(width.max(WIDTH_MIN));
        }
    }

    /// Appends the row of a document, and before the first one the head.
    pub fn write(&mut self, out: &mut String, document: &Value) {
        if !self.begun {
            head(out, &self.layout, self.style);
            self.begun = true;
        }
        write_row(out, &Row::read(document), &self.layout, self.style);
    }
}

fn head(out: &mut String, layout: &Layout, style: Style) {
    let mut line = String::new();
    for (title, width) in layout.titles() {
        line.push_str(&pad(title, width));
        line.push_str(layout::GAP);
    }
    push_painted(out, line.trim_end(), Paint::Dim, style);
    push_painted(out, &"─".repeat(layout.width()), Paint::Dim, style);
}

fn push_painted(out: &mut String, line: &str, paint: Paint, style: Style) {
    paint.write(out, line, style.colour);
    out.push('\n');
}

/// One row: as many lines as its longest cell needs, and the evidence beside or below.
fn write_row(out: &mut String, row: &Row, layout: &Layout, style: Style) {
    let rule = wrap(&row.rule, layout.rule, 2);
    let who = wrap(&row.who, layout.who, 2);
    let repository = wrap(&row.repository, layout.repository, 2);
    let beside = match layout.evidence {
        Some(width) => wrap(&row.evidence, width, 4),
        None => Vec::new(),
    };
    let lines = [&rule, &who, &repository, &beside]
        .map(Vec::len)
        .into_iter()
        .max()
        .unwrap_or(1)
        .max(1);
    for line in 0..lines {
        let cell = |cells: &Vec<String>| cells.get(line).cloned().unwrap_or_default();
        let first = line == 0;
        let mut text = String::new();
        let time = if first {
            clip(&row.time, layout.time)
        } else {
            String::new()
        };
        Paint::Dim.write(&mut text, &pad(&time, layout.time), style.colour);
        text.push_str(layout::GAP);
        let severity = if first { row.severity() } else { "" };
        let painted = Paint::of(row.level);
        painted.write(&mut text, severity, style.colour && first);
        text.push_str(&" ".repeat(layout.severity.saturating_sub(severity.len())));
        text.push_str(layout::GAP);
        Paint::Bold.write(&mut text, &pad(&cell(&rule), layout.rule), style.colour);
        text.push_str(layout::GAP);
        text.push_str(&pad(&cell(&who), layout.who));
        text.push_str(layout::GAP);
        text.push_str(&pad(&cell(&repository), layout.repository));
        text.push_str(layout::GAP);
        text.push_str(&cell(&beside));
        out.push_str(text.trim_end());
        out.push('\n');
    }
    if layout.evidence.is_none() {
        let indent = layout.indent();
        for line in wrap(&row.evidence, layout.width() - indent, 3) {
            out.push_str(&" ".repeat(indent));
            push_painted(out, &line, Paint::Dim, style);
        }
    }
}

/// "7 alerts: 1 critical, 3 high, 3 medium".
fn summary(rows: &[Row], style: Style) -> String {
    let alerts = rows.iter().filter(|row| row.level.is_some()).count();
    let mut parts = Vec::new();
    for level in Level::ALL.into_iter().rev() {
        let count = rows.iter().filter(|row| row.level == Some(level)).count();
        if count > 0 {
            let mut part = String::new();
            Paint::of(Some(level)).write(
                &mut part,
                &format!("{count} {}", level.name()),
                style.colour,
            );
            parts.push(part);
        }
    }
    let events = rows.len() - alerts;
    let of = |count: usize, word: &str| match count {
        1 => format!("1 {word}"),
        _ => format!("{count} {word}s"),
    };
    match (alerts, events) {
        (0, _) => of(events, "event"),
        (_, 0) => format!("{}: {}", of(alerts, "alert"), parts.join(", ")),
        _ => format!(
            "{}: {}; {}",
            of(alerts, "alert"),
            parts.join(", "),
            of(events, "event")
        ),
    }
}
