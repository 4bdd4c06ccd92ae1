//! `chaperone rules backtest`: two sets of rules over the same history, and what differs.
//!
//! An alert has the same id in every replay, so one that only one of the sets raises is new or
//! gone, whatever else moved. The history is replayed once for each set.

use std::collections::BTreeMap;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};
use chaperone_detections::Level;
use chaperone_mappings::value;
use serde_json::json;

use super::list::table;
use crate::cli::BacktestArgs;
use crate::command::replay::{History, level};
use crate::command::{Ended, invalid};
use crate::filter::Filter;
use crate::journal::Topic;
use crate::metrics::{Count, Metrics};

/// The alerts of one rule: id → level.
type Alerts = BTreeMap<u128, Level>;

/// One rule under both sets.
#[derive(Debug, Default)]
struct Compared {
    title: String,
    before: Alerts,
    after: Alerts,
}

/// Rule id → what it raised.
type Rules = BTreeMap<String, Compared>;

impl Compared {
    fn only_after(&self) -> impl Iterator<Item = Level> {
        without(&self.after, &self.before)
    }

    fn only_before(&self) -> impl Iterator<Item = Level> {
        without(&self.before, &self.after)
    }

    fn level(&self) -> Option<Level> {
        self.before
            .values()
            .chain(self.after.values())
            .max()
            .copied()
    }

    /// Before, after, new, gone.
    fn counts(&self) -> [usize; 4] {
        let (new, gone) = (self.only_after().count(), self.only_before().count());
        [self.before.len(), self.after.len(), new, gone]
    }
}

/// The levels of the alerts that only the first has.
fn without<'a>(alerts: &'a Alerts, others: &'a Alerts) -> impl Iterator<Item = Level> + 'a {
    let only = alerts.iter().filter(|(id, _)| !others.contains_key(id));
    only.map(|(_, level)| *level)
}

/// Runs the command.
pub(super) fn run(args: &BacktestArgs) -> Result<Ended> {
    if args.inputs.iter().any(|input| input.as_os_str() == "-") {
        return Err(invalid(
            "a backtest reads its inputs twice: put what comes on stdin into a file",
        ));
    }
    let mut rules = Rules::new();
    replay(args, &args.against, &mut rules, |rule| &mut rule.before)?;
    let events = replay(args, &args.rules, &mut rules, |rule| &mut rule.after)?;
    let mut total = [0; 4];
    for rule in rules.values() {
        let counts = rule.counts();
        total
            .iter_mut()
            .zip(counts)
            .for_each(|(sum, count)| *sum += count);
    }
    let mut rules: Vec<(String, Compared)> = rules.into_iter().collect();
    rules.sort_by(|(_, a), (_, b)| (b.level(), &a.title).cmp(&(a.level(), &b.title)));
    print(&rules)?;
    let [before, after, new, gone] = total;
    eprintln!("{events} events: {before} alerts before, {after} after; {new} new, {gone} gone");
    let mut new = rules.iter().flat_map(|(_, rule)| rule.only_after());
    let failed = args
        .fail_on
        .map(level)
        .is_some_and(|least| new.any(|level| level >= least));
    Ok(if failed { Ended::Differs } else { Ended::Well })
}

/// Replays the history with one set of rules; returns how many events it held.
fn replay(
    args: &BacktestArgs,
    dirs: &[PathBuf],
    rules: &mut Rules,
    side: impl Fn(&mut Compared) -> &mut Alerts,
) -> Result<u64> {
    let filter = Filter::new(None, None, &[])?;
    let metrics = Arc::new(Metrics::default());
    let history = History {
        inputs: &args.inputs,
        source: &args.source,
        context: args.context.as_deref(),
    };
    history
        .replay(dirs, filter, &metrics)?
        .run(&mut |outgoing| {
            if outgoing.topic != Topic::Alerts {
                return Ok(());
            }
            let (id, rule, title, level) =
                read(&outgoing.message.value).context("an alert of this build has another form")?;
            let rule = rules.entry(rule).or_default();
            rule.title = title;
            side(rule).insert(id, level);
            Ok(())
        })?;
    Ok(metrics.get(Count::Events))
}

/// Id, rule, title and level of an alert.
fn read(json: &[u8]) -> Option<(u128, String, String, Level)> {
    let alert = value::parse(json).ok()?;
    let text = |path| value::text_at(&alert, path);
    Some((
        u128::from_str_radix(text("event.id")?, 16).ok()?,
        text("rule.id")?.to_owned(),
        text("rule.name")?.to_owned(),
        Level::parse(text("chaperone.alert.level")?)?,
    ))
}

/// A table on a terminal, one JSON document a rule elsewhere. Rules that raise the same under both
/// sets are shown too: that nothing changed is an answer.
fn print(rules: &[(String, Compared)]) -> Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    let level = |rule: &Compared| rule.level().map_or("", Level::name);
    if io::stdout().is_terminal() {
        let mut table = table(["level", "title", "before", "after", "new", "gone", "id"]);
        for (id, rule) in rules {
            let [before, after, new, gone] = rule.counts().map(|count| count.to_string());
            let (level, title) = (level(rule).to_owned(), rule.title.clone());
            table.add_row([level, title, before, after, new, gone, id.clone()]);
        }
        writeln!(out, "{table}")?;
    } else {
        for (id, rule) in rules {
            let [before, after, new, gone] = rule.counts();
            let line = json!({
                "rule_id": id,
                "rule_title": rule.title,
                "level": level(rule),
                "before": before,
                "after": after,
                "new": new,
                "gone": gone,
            });
            writeln!(out, "{line}")?;
        }
    }
    out.flush()?;
    Ok(())
}
