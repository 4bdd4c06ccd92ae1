//! What was measured, as tables for people and as lines for machines.

use comfy_table::{CellAlignment, Table, presets};
use serde_json::{Value, json};

use crate::args::Args;
use crate::compare::{Compared, Difference};
use crate::load::Load;
use crate::measure::{LaneResult, Rate};
use crate::whole_path::Path;

/// Prints everything that a run measured.
pub(crate) fn print(
    args: &Args,
    files: usize,
    loads: &[Load],
    lanes: &[LaneResult],
    paths: &[Path],
) {
    if args.ndjson {
        lines(loads, lanes, paths).for_each(|line| println!("{line}"));
        return;
    }
    let events = args.events;
    println!(
        "{files} rule files; {events} events a lane; one thread; best of {} rounds\n",
        args.rounds
    );
    println!("{}\n", load_table(loads));
    println!(
        "Events a second, JSON parse included:\n{}\n",
        rate_table(lanes)
    );
    println!(
        "The parse alone, and matching's share of parse and match:\n{}\n",
        parse_table(lanes)
    );
    println!(
        "The whole path (parse, map, redact, serialize, match) with 100 agent rules:\n{}",
        path_table(paths)
    );
}

fn table(titles: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN).set_header(titles);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn load_table(loads: &[Load]) -> Table {
    let mut table = table(&["engine", "rules", "load ms", "peak MB", "stays MB"]);
    for load in loads {
        table.add_row([
            load.kind.name().to_owned(),
            load.rules.to_string(),
            format!("{:.0}", load.load_ms),
            megabytes(load.peak_bytes),
            megabytes(load.resident_bytes),
        ]);
    }
    table
}

fn rate_table(lanes: &[LaneResult]) -> Table {
    let mut table = table(&[
        "lane",
        "bytes",
        "sigma-rust",
        "rsigma-eval",
        "chaperone",
        "ratio",
        "matches",
        "rsigma-eval routed",
        "chaperone routed",
        "ratio routed",
        "matches routed",
    ]);
    for lane in lanes {
        table.add_row([
            lane.lane.to_owned(),
            lane.bytes_per_event.to_string(),
            thousands(lane.sigma_rust.per_second),
            thousands(lane.rsigma.per_second),
            thousands(lane.ours.per_second),
            ratio(&lane.ours, &lane.rsigma),
            both(&lane.ours, &lane.rsigma),
            thousands(lane.rsigma_routed.per_second),
            thousands(lane.ours_routed.per_second),
            ratio(&lane.ours_routed, &lane.rsigma_routed),
            both(&lane.ours_routed, &lane.rsigma_routed),
        ]);
    }
    table
}

fn parse_table(lanes: &[LaneResult]) -> Table {
    let mut table = table(&[
        "lane",
        "serde_json::Value",
        "chaperone reads",
        "rsigma-eval share",
        "chaperone share",
        "chaperone share routed",
    ]);
    for lane in lanes {
        table.add_row([
            lane.lane.to_owned(),
            thousands(lane.rsigma.parse_per_second),
            thousands(lane.ours.parse_per_second),
            percent(lane.rsigma.matching_share()),
            percent(lane.ours.matching_share()),
            percent(lane.ours_routed.matching_share()),
        ]);
    }
    table
}

fn path_table(paths: &[Path]) -> Table {
    let mut table = table(&["source", "events/s", "matching's share", "matches"]);
    for path in paths {
        table.add_row([
            path.source.to_owned(),
            thousands(path.per_second),
            format!("{:.1} %", path.matching_share * 100.0),
            path.matches.to_string(),
        ]);
    }
    table
}

/// Prints a comparison of matches.
pub(crate) fn print_comparison(lanes: &[Compared], differences: &[Difference]) {
    let mut table = table(&[
        "lane",
        "events",
        "rules that held",
        "same",
        "chaperone only",
        "rsigma-eval only",
    ]);
    for lane in lanes {
        table.add_row([
            lane.lane.to_owned(),
            lane.events.to_string(),
            lane.rules.len().to_string(),
            lane.both.to_string(),
            lane.ours_only.to_string(),
            lane.rsigma_only.to_string(),
        ]);
    }
    println!("{table}\n");
    for difference in differences {
        let state = if difference.explained {
            "explained"
        } else {
            "OPEN"
        };
        println!(
            "{state} {} {} only in {}, {} events, e.g.\n  {}",
            difference.lane,
            difference.rule,
            difference.only,
            difference.events,
            difference.example
        );
    }
}

fn lines(loads: &[Load], lanes: &[LaneResult], paths: &[Path]) -> impl Iterator<Item = Value> {
    let loads = loads.iter().map(|load| {
        json!({
            "kind": "load", "engine": load.kind.name(), "rules": load.rules, "load_ms": load.load_ms,
            "peak_bytes": load.peak_bytes, "resident_bytes": load.resident_bytes,
        })
    });
    let lanes = lanes.iter().flat_map(|lane| {
        let engines = [
            ("chaperone", false, lane.ours),
            ("chaperone", true, lane.ours_routed),
            ("rsigma-eval", false, lane.rsigma),
            ("rsigma-eval", true, lane.rsigma_routed),
            ("sigma-rust", false, lane.sigma_rust),
        ];
        let measured = engines.into_iter().filter(|(_, _, rate)| rate.is_measured());
        measured.map(|(engine, routed, rate)| {
            json!({
                "kind": "rate", "lane": lane.lane, "engine": engine, "routed": routed,
                "events_per_second": rate.per_second, "parse_per_second": rate.parse_per_second,
                "matches": rate.matches, "events": rate.events, "bytes_per_event": lane.bytes_per_event,
            })
        })
    });
    let paths = paths.iter().map(|path| {
        json!({
            "kind": "path", "source": path.source, "events_per_second": path.per_second,
            "matching_share": path.matching_share, "matches": path.matches, "events": path.events,
        })
    });
    let all: Vec<Value> = loads.chain(lanes).chain(paths).collect();
    all.into_iter()
}

fn ratio(ours: &Rate, theirs: &Rate) -> String {
    if !ours.is_measured() || !theirs.is_measured() {
        return "-".to_owned();
    }
    format!("{:.1}x", ours.per_second / theirs.per_second)
}

/// Matches of a pass: one number where both agree.
fn both(ours: &Rate, theirs: &Rate) -> String {
    if !theirs.is_measured() || ours.matches == theirs.matches {
        ours.matches.to_string()
    } else {
        format!("{} / {}", ours.matches, theirs.matches)
    }
}

fn thousands(rate: f64) -> String {
    if rate == 0.0 {
        "-".to_owned()
    } else if rate < 1000.0 {
        format!("{rate:.0}")
    } else {
        format!("{:.1}k", rate / 1000.0)
    }
}

fn percent(share: f64) -> String {
    if share.is_nan() {
        return "-".to_owned();
    }
    format!("{:.0} %", share * 100.0)
}

fn megabytes(bytes: u64) -> String {
    format!("{:.0}", bytes as f64 / 1e6)
}
