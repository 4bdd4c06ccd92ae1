//! Bytes a second, lane by lane.
//!
//! The engines take turns, and an engine's best pass counts. Time is what the thread ran: what a
//! shared machine still does to it only ever slows a pass down, and meets all engines alike.

use comfy_table::presets::ASCII_MARKDOWN;
use comfy_table::{CellAlignment, Table};

use crate::clock::Stopwatch;
use crate::corpus::Lane;
use crate::engine::Engine;

/// One lane's results, engine by engine.
#[derive(Debug)]
pub(crate) struct Row {
    lane: String,
    /// Millions of bytes a second; None where an engine failed.
    rates: Vec<Option<f64>>,
    /// Texts, and how many of them our engine changed.
    texts: usize,
    changed: usize,
}

/// Measures all lanes. A slow engine is given `slow_bytes` of a lane, cut at a line or text.
pub(crate) fn all(
    lanes: &[Lane],
    engines: &mut [Box<dyn Engine>],
    rounds: usize,
    slow_bytes: usize,
) -> Vec<Row> {
    let mut rows = Vec::with_capacity(lanes.len());
    for lane in lanes {
        eprintln!("measuring {}", lane.name);
        let whole: Vec<&str> = lane.texts.iter().map(String::as_str).collect();
        let part = part(&whole, slow_bytes);
        let mut row = Row {
            lane: lane.name.clone(),
            rates: vec![None; engines.len()],
            texts: whole.len(),
            changed: 0,
        };
        for round in 0..rounds.max(1) {
            for (place, engine) in engines.iter_mut().enumerate() {
                // Two passes of a slow engine are enough: they differ by little.
                if engine.is_slow() && round > 1 {
                    continue;
                }
                let texts = if engine.is_slow() { &part } else { &whole };
                let Some((rate, changed)) = pass(engine.as_mut(), texts) else {
                    continue;
                };
                row.rates[place] = Some(row.rates[place].map_or(rate, |best| best.max(rate)));
                if place == 0 {
                    row.changed = changed;
                }
            }
        }
        rows.push(row);
    }
    rows
}

/// Whole texts up to so many bytes, or the beginning of the first one.
fn part<'t>(texts: &[&'t str], bytes: usize) -> Vec<&'t str> {
    let mut left = bytes;
    let mut part = Vec::new();
    for text in texts {
        if text.len() <= left {
            left -= text.len();
            part.push(*text);
        } else if part.is_empty() {
            return vec![&text[..text.floor_char_boundary(bytes)]];
        } else {
            break;
        }
    }
    part
}

fn pass(engine: &mut dyn Engine, texts: &[&str]) -> Option<(f64, usize)> {
    let bytes: usize = texts.iter().map(|text| text.len()).sum();
    let mut changed = 0;
    let watch = Stopwatch::start();
    for text in texts {
        match engine.redact(text) {
            Ok(did) => changed += usize::from(did),
            Err(error) => {
                eprintln!("{}: {error}", engine.name());
                return None;
            }
        }
    }
    let seconds = watch.elapsed().as_secs_f64();
    Some((bytes as f64 / 1e6 / seconds, changed))
}

/// The results as a Markdown table: rates in MB/s, and how many times faster the first engine is.
pub(crate) fn table(engines: &[Box<dyn Engine>], rows: &[Row]) -> Table {
    let mut table = Table::new();
    let mut header = vec!["text".to_owned()];
    header.extend(engines.iter().map(|engine| engine.name().to_owned()));
    header.push("texts changed".to_owned());
    table.load_style(ASCII_MARKDOWN).set_header(header);
    for row in rows {
        let mut cells = vec![format!("`{}`", row.lane)];
        let ours = row.rates.first().copied().flatten();
        for (place, rate) in row.rates.iter().enumerate() {
            cells.push(match (rate, ours) {
                (Some(rate), Some(ours)) if place > 0 => {
                    format!("{rate:.1} ({:.1}×)", ours / rate)
                }
                (Some(rate), _) => format!("{rate:.0}"),
                (None, _) => "fails".to_owned(),
            });
        }
        cells.push(format!("{} of {}", row.changed, row.texts));
        table.add_row(cells);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}
