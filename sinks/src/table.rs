//! The table for people: what happened, how grave, who, where, and the evidence.
//!
//! An analyst reads a row from left to right and decides whether to look closer, so a row holds
//! what that takes and nothing else: time, severity, rule, who, repository and the evidence (the
//! command, the pull request and its address, the host, how many and over what span). From 140
//! columns on these are six columns. On a narrower terminal six columns would show twelve characters
//! of a command, so there what follows the severity is stacked: the rule, below it who and where,
//! below that the evidence.
//!
//! It refuses to let content steer the terminal: control characters, escape sequences and
//! invisible or direction-changing characters of an event are shown as escapes (`\x1b`, `\u{202e}`).
//! Colour only marks what the words say already, so nothing is lost without it.

use std::ffi::OsString;

use serde_json::Value;

use crate::sink::Level;

mod evidence;
mod layout;
mod row;
#[cfg(test)]
mod tests;
mod text;

use layout::{GAP, Layout};
use row::Row;
use text::{Paint, clip, pad};

/// The width where nobody says one: output that is kept in a file.
pub const WIDTH_DEFAULT: usize = 160;

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
        Self::terminal_where(width, |name| std::env::var_os(name))
    }

    fn terminal_where(width: usize, variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let is_dumb = set("TERM").is_some_and(|term| term == "dumb");
        Self {
            width,
            colour: set("NO_COLOR").is_none() && !is_dumb,
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
        row.write(&mut out, &layout, style.colour);
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
        Row::read(document).write(out, &self.layout, self.style.colour);
    }
}

fn head(out: &mut String, layout: &Layout, style: Style) {
    let mut line = String::new();
    for (title, width) in layout.titles() {
        line.push_str(&pad(title, width));
        line.push_str(GAP);
    }
    let titles = clip(line.trim_end(), layout.width());
    for line in [titles, "─".repeat(layout.width())] {
        Paint::Dim.write(out, &line, style.colour);
        out.push('\n');
    }
}

/// "7 alerts: 1 critical, 3 high, 3 medium".
fn summary(rows: &[Row], style: Style) -> String {
    let mut parts = Vec::new();
    for level in Level::ALL.into_iter().rev() {
        let count = rows.iter().filter(|row| row.level == Some(level)).count();
        if count > 0 {
            let mut part = String::new();
            let text = format!("{count} {}", level.name());
            Paint::of(Some(level)).write(&mut part, &text, style.colour);
            parts.push(part);
        }
    }
    let alerts = rows.iter().filter(|row| row.level.is_some()).count();
    let events = rows.len() - alerts;
    let of = |count: usize, word: &str| match count {
        1 => format!("1 {word}"),
        _ => format!("{count} {word}s"),
    };
    let graded = format!("{}: {}", of(alerts, "alert"), parts.join(", "));
    match (alerts, events) {
        (0, _) => of(events, "event"),
        (_, 0) => graded,
        _ => format!("{graded}; {}", of(events, "event")),
    }
}
