//! Text on a terminal: its width, its breaks, its colours, and nothing in it that steers.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::sink::Level;

/// A cell is never built from more characters than this; a command line can be a megabyte.
const CELL_CHARS_MAX: usize = 2_000;

/// The text with everything invisible or steering shown as an escape, and bounded.
pub(super) fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(CELL_CHARS_MAX));
    for (count, c) in text.chars().enumerate() {
        if count >= CELL_CHARS_MAX {
            out.push('…');
            break;
        }
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push(' '),
            c if c.is_ascii_control() => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            c if steers(c) => out.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

/// Control characters beyond ASCII, line and paragraph separators, direction marks and other
/// characters that have no width of their own but change how a line reads.
fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// Columns that a text takes.
pub(super) fn width_of(text: &str) -> usize {
    text.width()
}

/// The text cut to a width, with `…` where something is missing.
pub(super) fn clip(text: &str, width: usize) -> String {
    if width_of(text) <= width {
        return text.to_owned();
    }
    let (head, _) = split_at_width(text, width.saturating_sub(1));
    format!("{head}…")
}

/// The text filled with spaces to a width.
pub(super) fn pad(text: &str, width: usize) -> String {
    let missing = width.saturating_sub(width_of(text));
    format!("{text}{}", " ".repeat(missing))
}

/// The text in lines of a width, broken at spaces; only a word (an address) that is longer than a
/// line is broken inside. At most so many lines, the last one clipped. No lines for an empty text.
pub(super) fn wrap(text: &str, width: usize, lines_max: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() && width > 0 {
        if lines.len() + 1 == lines_max || width_of(rest) <= width {
            lines.push(clip(rest, width));
            break;
        }
        let (head, tail) = split_at_width(rest, width);
        if head.is_empty() {
            // One character that is wider than the column.
            lines.push("…".to_owned());
            break;
        }
        let at = if tail.starts_with(' ') {
            head.len()
        } else {
            space_to_break_at(rest, head, width).unwrap_or(head.len())
        };
        lines.push(rest[..at].trim_end().to_owned());
        rest = rest[at..].trim_start();
    }
    lines
}

/// The last space of `head`, where the word behind it fits a line of its own or the line is not
/// left half empty.
fn space_to_break_at(rest: &str, head: &str, width: usize) -> Option<usize> {
    let at = head.rfind(' ')?;
    let word = rest[at..].split_whitespace().next().unwrap_or_default();
    let is_worth_it = width_of(word) <= width || width_of(&head[..at]) * 2 >= width;
    is_worth_it.then_some(at)
}

/// The longest beginning that fits a width, and what is behind it.
fn split_at_width(text: &str, width: usize) -> (&str, &str) {
    let mut used = 0;
    for (at, c) in text.char_indices() {
        used += c.width().unwrap_or(0);
        if used > width {
            return text.split_at(at);
        }
    }
    (text, "")
}

/// A way to mark text on a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Paint {
    Bold,
    Dim,
    Critical,
    High,
    Medium,
    Low,
}

impl Paint {
    /// The mark of a level.
    pub(super) fn of(level: Option<Level>) -> Self {
        match level {
            Some(Level::Critical) => Self::Critical,
            Some(Level::High) => Self::High,
            Some(Level::Medium) => Self::Medium,
            Some(Level::Low) => Self::Low,
            Some(Level::Informational) | None => Self::Dim,
        }
    }

    /// The SGR parameters (ECMA-48).
    fn code(self) -> &'static str {
        match self {
            Self::Bold => "1",
            Self::Dim => "2",
            Self::Critical => "1;97;41",
            Self::High => "1;31",
            Self::Medium => "1;33",
            Self::Low => "36",
        }
    }

    /// Appends the text, marked where colours are on.
    pub(super) fn write(self, out: &mut String, text: &str, colour: bool) {
        if colour && !text.trim().is_empty() {
            out.push_str("\x1b[");
            out.push_str(self.code());
            out.push('m');
            out.push_str(text);
            out.push_str("\x1b[0m");
        } else {
            out.push_str(text);
        }
    }
}
