//! What a replay prints: NDJSON for programs, tables for people, one HTML file for both.

use std::io::{self, Write};

use anyhow::Result;
use chaperone_mappings::Value;
use chaperone_mappings::value::{self, text_at};
use chaperone_sinks::table::{self, Style};

use crate::cli::{Emit, Format};

mod html;
mod rows;

/// The most rows that a table or a report holds; what is beyond is counted.
const ROWS_MAX: usize = 10_000;

/// Takes documents one by one and prints them.
pub struct Report<'w> {
    out: Box<dyn Write + 'w>,
    emit: Emit,
    format: Format,
    look: Look,
    rows: Vec<Value>,
    more: u64,
}

/// How a table looks.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// Columns of the terminal.
    pub width: usize,
    /// Whether to colour.
    pub colour: bool,
}

impl<'w> Report<'w> {
    /// A report into `out`.
    pub fn new(out: Box<dyn Write + 'w>, emit: Emit, format: Format, look: Look) -> Self {
        Self {
            out,
            emit,
            format,
            look,
            rows: Vec::new(),
            more: 0,
        }
    }

    /// The next document, as compact JSON.
    pub fn add(&mut self, json: &[u8]) -> Result<()> {
        if self.format == Format::Ndjson {
            self.out.write_all(json)?;
            self.out.write_all(b"\n")?;
            return Ok(());
        }
        if self.rows.len() == ROWS_MAX {
            self.more += 1;
        } else if let Ok(row) = value::parse(json) {
            self.rows.push(row);
        }
        Ok(())
    }

    /// The end: tables and reports are printed here.
    pub fn finish(mut self, summary: &str) -> Result<()> {
        match (self.format, self.emit) {
            (Format::Ndjson, _) => {}
            (Format::Html, _) => html::write(&mut self.out, &self.rows, self.more, summary)?,
            (Format::Table, Emit::Alerts) => self.alerts()?,
            (Format::Table, emit) => {
                let table = rows::table(emit, &self.rows, self.look);
                writeln!(self.out, "{table}")?;
            }
        }
        if self.more > 0 && self.format == Format::Table {
            let more = self.more;
            writeln!(
                self.out,
                "… and {more} more: --format ndjson prints all of them"
            )?;
        }
        Ok(self.out.flush()?)
    }

    fn alerts(&mut self) -> io::Result<()> {
        let rows = self
            .rows
            .iter()
            .map(serde_json::to_value)
            .collect::<Result<Vec<_>, _>>()?;
        let mut style = Style::plain(self.look.width);
        style.colour = self.look.colour;
        writeln!(self.out, "{}", table::render(&rows, style).trim_end())
    }
}

/// The text at the first of the paths that has one.
fn first_text<'a>(row: &'a Value, paths: &[&str]) -> &'a str {
    paths
        .iter()
        .find_map(|path| text_at(row, path))
        .unwrap_or("")
}
