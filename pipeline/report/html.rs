//! A report in one HTML file: no script, no font and no image from anywhere else, so that it can
//! be mailed and kept as evidence.

use std::collections::BTreeMap;
use std::io::{self, Write};

use chaperone_mappings::Value;
use chaperone_mappings::value::{lookup, text_at};
use chrono::DateTime;

use super::first_text;

const LEVELS: [(&str, &str); 5] = [
    ("critical", "#8e1b3a"),
    ("high", "#c8402f"),
    ("medium", "#d98b1f"),
    ("low", "#3d7ea6"),
    ("informational", "#7a8794"),
];

const STYLE: &str = "body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:76rem;padding:0 1rem;color:#1d2733}
h1{font-size:1.5rem;margin:0}h2{font-size:1.05rem;margin:2rem 0 .5rem}p.sub{color:#5b6875;margin:.2rem 0 1.4rem}
.cards{display:flex;gap:.8rem;flex-wrap:wrap}.card{border:1px solid #dde3e9;border-top:4px solid var(--c);border-radius:6px;padding:.5rem 1rem;min-width:7rem}
.card b{display:block;font-size:1.6rem}.two{display:grid;grid-template-columns:1fr 1fr;gap:2rem}
table{border-collapse:collapse;width:100%;font-size:.92rem}th{text-align:left;color:#5b6875;font-weight:600;border-bottom:2px solid #dde3e9;padding:.35rem .5rem}
td{border-bottom:1px solid #edf0f3;padding:.4rem .5rem;vertical-align:top}td.t{white-space:nowrap;font-variant-numeric:tabular-nums}
code{font:.86em ui-monospace,monospace;overflow-wrap:anywhere}.lv{color:#fff;background:var(--c);border-radius:4px;padding:.05rem .45rem;font-size:.82rem}
.bar{background:var(--c,#3d7ea6);height:.7rem;border-radius:3px}small{color:#5b6875}details summary{cursor:pointer;color:#3d7ea6}
@media(prefers-color-scheme:dark){body{background:#12181f;color:#dfe6ee}td,.card,th{border-color:#2b3743}}";

/// Writes the report of these documents; `more` were left out.
pub(super) fn write(
    out: &mut dyn Write,
    rows: &[Value],
    more: u64,
    summary: &str,
) -> io::Result<()> {
    writeln!(
        out,
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\"><title>Chaperone replay</title><style>{STYLE}</style>"
    )?;
    writeln!(
        out,
        "<h1>Chaperone replay</h1><p class=sub>{}</p>",
        escape(summary)
    )?;
    cards(out, rows)?;
    timeline(out, rows)?;
    writeln!(out, "<div class=two>")?;
    ranking(out, "Rules", rows, &["rule.name"])?;
    ranking(out, "Who", rows, &["user.email", "user.name", "user.id"])?;
    writeln!(out, "</div>")?;
    table(out, rows)?;
    if more > 0 {
        writeln!(out, "<p>{more} more are not shown.</p>")?;
    }
    writeln!(out, "</html>")
}

fn level(row: &Value) -> &str {
    first_text(row, &["chaperone.alert.level"])
}

fn colour(level: &str) -> &'static str {
    LEVELS
        .iter()
        .find(|(name, _)| *name == level)
        .map_or("#7a8794", |(_, colour)| colour)
}

fn cards(out: &mut dyn Write, rows: &[Value]) -> io::Result<()> {
    write!(out, "<div class=cards>")?;
    for (name, colour) in LEVELS {
        let number = rows.iter().filter(|row| level(row) == name).count();
        write!(
            out,
            "<div class=card style=\"--c:{colour}\"><b>{number}</b>{name}</div>"
        )?;
    }
    writeln!(out, "</div>")
}

/// Bars over time, stacked by level.
fn timeline(out: &mut dyn Write, rows: &[Value]) -> io::Result<()> {
    const BINS: usize = 60;
    let times: Vec<(i64, &str)> = rows
        .iter()
        .filter_map(|row| Some((time_ms(row)?, level(row))))
        .collect();
    let (Some(first), Some(last)) = (
        times.iter().map(|t| t.0).min(),
        times.iter().map(|t| t.0).max(),
    ) else {
        return Ok(());
    };
    let span = (last - first).max(1);
    let mut bins = vec![[0_u32; LEVELS.len()]; BINS];
    for (time, name) in times {
        let at = usize::try_from((time - first) * (BINS as i64 - 1) / span).unwrap_or(0);
        let of = LEVELS
            .iter()
            .position(|(level, _)| *level == name)
            .unwrap_or(LEVELS.len() - 1);
        bins[at][of] += 1;
    }
    let highest = bins
        .iter()
        .map(|bin| bin.iter().sum::<u32>())
        .max()
        .unwrap_or(1)
        .max(1);
    write!(
        out,
        "<h2>Timeline</h2><svg viewBox=\"0 0 600 110\" role=img aria-label=\"alerts over time\" width=100%>"
    )?;
    for (at, bin) in bins.iter().enumerate() {
        let mut base = 100.0;
        for (number, (_, colour)) in bin.iter().zip(LEVELS) {
            let height = f64::from(*number) * 96.0 / f64::from(highest);
            base -= height;
            if *number > 0 {
                write!(
                    out,
                    "<rect x={} y={base:.1} width=8 height={height:.1} fill=\"{colour}\"><title>{number}</title></rect>",
                    at * 10
                )?;
            }
        }
    }
    writeln!(
        out,
        "<line x1=0 y1=100 x2=600 y2=100 stroke=#99a /></svg><small>{} to {}</small>",
        clock(first),
        clock(last)
    )
}

fn ranking(out: &mut dyn Write, title: &str, rows: &[Value], paths: &[&str]) -> io::Result<()> {
    let mut counts = BTreeMap::<&str, usize>::new();
    for name in rows
        .iter()
        .map(|row| first_text(row, paths))
        .filter(|name| !name.is_empty())
    {
        *counts.entry(name).or_default() += 1;
    }
    let mut counts: Vec<(&str, usize)> = counts.into_iter().collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let most = counts.first().map_or(1, |(_, number)| *number);
    write!(out, "<div><h2>{title}</h2><table>")?;
    for (name, number) in counts.into_iter().take(10) {
        let width = number * 100 / most;
        write!(
            out,
            "<tr><td>{}<td class=t>{number}<td width=40%><div class=bar style=\"width:{width}%\"></div>",
            escape(name)
        )?;
    }
    writeln!(out, "</table></div>")
}

fn table(out: &mut dyn Write, rows: &[Value]) -> io::Result<()> {
    writeln!(
        out,
        "<h2>All</h2><table><tr><th>Time<th>Level<th>Rule<th>Who<th>Repository<th>Evidence"
    )?;
    for row in rows {
        let level = level(row);
        let name = first_text(row, &["rule.name", "event.action", "error.code"]);
        write!(
            out,
            "<tr><td class=t>{}<td><span class=lv style=\"--c:{}\">{}</span><td>{}<td>{}<td>{}<td>{}",
            escape(
                &first_text(row, &["@timestamp"])
                    .replace('T', " ")
                    .replace(".000Z", "Z")
            ),
            colour(level),
            escape(level),
            escape(name),
            escape(first_text(row, &["user.email", "user.name", "user.id"])),
            escape(first_text(row, &["vcs.repository.name"])),
            evidence(row),
        )?;
        let json = escape(&row.to_string());
        writeln!(
            out,
            "<details><summary>document</summary><code>{json}</code></details>"
        )?;
    }
    writeln!(out, "</table>")
}

fn evidence(row: &Value) -> String {
    let paths = [
        "process.command_line",
        "vcs.change.url",
        "url.full",
        "file.path",
        "destination.domain",
        "error.message",
    ];
    let text = first_text(row, &paths);
    let count = lookup(row, "chaperone.alert.count")
        .and_then(Value::as_integer)
        .unwrap_or(1);
    let mut evidence = format!(
        "<code>{}</code>",
        escape(&text.chars().take(300).collect::<String>())
    );
    if count > 1 {
        let first = text_at(row, "chaperone.alert.first_seen").unwrap_or("");
        let last = text_at(row, "chaperone.alert.last_seen").unwrap_or("");
        evidence.push_str(&format!(
            " <small>{count} events, {} to {}</small>",
            escape(first),
            escape(last)
        ));
    }
    evidence
}

fn time_ms(row: &Value) -> Option<i64> {
    let time = DateTime::parse_from_rfc3339(text_at(row, "@timestamp")?).ok()?;
    Some(time.timestamp_millis())
}

fn clock(ms: i64) -> String {
    DateTime::from_timestamp_millis(ms)
        .unwrap_or_default()
        .format("%Y-%m-%d %H:%M UTC")
        .to_string()
}

/// Event text is not trusted: it was written by whoever the alert is about.
fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            _ => safe.push(c),
        }
    }
    safe
}
