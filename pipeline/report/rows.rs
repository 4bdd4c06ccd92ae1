//! Tables of events, matches and refusals.

use chaperone_mappings::Value;
use chaperone_mappings::value::{lookup, text_at};
use comfy_table::presets::UTF8_BORDERS_ONLY;
use comfy_table::{Attribute, Cell, ContentArrangement, Table};

use super::{Look, first_text};
use crate::cli::Emit;

/// The cells of one document.
type Row = fn(&Value) -> Vec<String>;

/// The table of one kind of document.
pub(super) fn table(emit: Emit, rows: &[Value], look: Look) -> Table {
    let (head, row): (&[&str], Row) = match emit {
        Emit::Events | Emit::Alerts => (
            &["time", "source", "action", "outcome", "who", "what"],
            event,
        ),
        Emit::Matches => (&["time", "rule", "for", "group", "event"], found),
        Emit::Refusals => (&["place", "source", "code", "what to do"], refusal),
    };
    let mut table = Table::new();
    table
        .load_style(UTF8_BORDERS_ONLY)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(u16::try_from(look.width).unwrap_or(u16::MAX));
    table.set_header(head.iter().map(|name| {
        let cell = Cell::new(name);
        if look.colour {
            cell.add_attribute(Attribute::Bold)
        } else {
            cell
        }
    }));
    for value in rows {
        table.add_row(row(value));
    }
    table
}

fn event(row: &Value) -> Vec<String> {
    let what = [
        "process.command_line",
        "url.full",
        "file.path",
        "vcs.change.title",
        "vcs.repository.name",
        "destination.domain",
        "gen_ai.tool.name",
        "event.reason",
    ];
    vec![
        first_text(row, &["@timestamp"]).replace('T', " "),
        first_text(row, &["chaperone.source"]).into(),
        first_text(row, &["event.action"]).into(),
        first_text(row, &["event.outcome"]).into(),
        first_text(row, &["user.email", "user.name", "user.id", "source.ip"]).into(),
        first_text(row, &what).chars().take(160).collect(),
    ]
}

fn found(row: &Value) -> Vec<String> {
    let text = |path| text_at(row, path).unwrap_or("").to_owned();
    let group = lookup(row, "group")
        .map(ToString::to_string)
        .unwrap_or_default();
    vec![
        text("@timestamp").replace('T', " "),
        text("rule_id"),
        text("target"),
        group,
        text("event_id"),
    ]
}

fn refusal(row: &Value) -> Vec<String> {
    let text = |path| text_at(row, path).unwrap_or("").to_owned();
    vec![
        text("chaperone.refusal.place"),
        text("chaperone.source"),
        text("error.code"),
        text("error.message"),
    ]
}
