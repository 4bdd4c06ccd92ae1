//! The matches of our engine beside rsigma-eval's, event by event.
//!
//! Both get the plain text of every event, so no logsource narrows anything down. A difference
//! belongs to a rule; it is listed once, with its direction, how often it was seen and the
//! shortest event that shows it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::ExitCode;

use anyhow::Context;
use chaperone_detections::RuleFile;
use serde_json::json;

use crate::args::Args;
use crate::engine::{Engine, Kind};
use crate::{provoke, report};

/// One rule that the engines do not agree on, on one lane.
#[derive(Debug)]
pub(crate) struct Difference {
    pub(crate) lane: &'static str,
    pub(crate) rule: String,
    pub(crate) only: &'static str,
    pub(crate) events: usize,
    pub(crate) example: String,
    pub(crate) explained: bool,
}

/// One lane's comparison.
#[derive(Debug, Default)]
pub(crate) struct Compared {
    pub(crate) lane: &'static str,
    pub(crate) events: usize,
    /// Matches of both, of ours alone, of rsigma alone.
    pub(crate) both: usize,
    pub(crate) ours_only: usize,
    pub(crate) rsigma_only: usize,
    /// Rules that held at least once in both.
    pub(crate) rules: BTreeSet<String>,
}

/// Compares every lane and the provoked events, prints, and says whether all is explained.
pub(crate) fn run(args: &Args, files: &[RuleFile]) -> anyhow::Result<ExitCode> {
    let explained = match &args.explained {
        Some(path) => fs::read_to_string(path)
            .with_context(|| format!("reading explanations from {}", path.display()))?,
        None => String::new(),
    };
    let mut ours = Kind::Ours.load(files);
    let mut rsigma = Kind::Rsigma.load(files);
    let (mut lanes, mut differences) = (Vec::new(), Vec::new());
    for (lane, texts) in inputs(args, files) {
        let (compared, mut found) = lane_of(lane, &texts, &mut *ours, &mut *rsigma);
        for difference in &mut found {
            difference.explained = explained.contains(&difference.rule);
        }
        lanes.push(compared);
        differences.extend(found);
    }
    if args.ndjson {
        differences
            .iter()
            .for_each(|difference| println!("{}", line(difference)));
    } else {
        report::print_comparison(&lanes, &differences);
    }
    let open = differences.iter().any(|difference| !difference.explained);
    Ok(ExitCode::from(u8::from(open)))
}

fn inputs(args: &Args, files: &[RuleFile]) -> Vec<(&'static str, Vec<String>)> {
    let lanes = args.lanes().into_iter().map(|lane| {
        let events = lane.events(args.events, args.seed).into_iter();
        (lane.name(), events.map(|event| event.plain).collect())
    });
    let mut inputs: Vec<_> = lanes.collect();
    if args.provoke > 0 {
        inputs.push(("provoked", provoke::events(files, args.provoke, args.seed)));
    }
    inputs
}

fn lane_of(
    lane: &'static str,
    texts: &[String],
    ours: &mut dyn Engine,
    rsigma: &mut dyn Engine,
) -> (Compared, Vec<Difference>) {
    let mut compared = Compared {
        lane,
        events: texts.len(),
        ..Compared::default()
    };
    let mut found: BTreeMap<(String, &'static str), (usize, &str)> = BTreeMap::new();
    for text in texts {
        let ours: BTreeSet<String> = ours.ids(text).into_iter().collect();
        let theirs: BTreeSet<String> = rsigma.ids(text).into_iter().collect();
        compared.both += ours.intersection(&theirs).count();
        compared.rules.extend(ours.intersection(&theirs).cloned());
        let ours_only = ours.difference(&theirs).map(|rule| (rule, "chaperone"));
        let theirs_only = theirs.difference(&ours).map(|rule| (rule, "rsigma-eval"));
        for (rule, only) in ours_only.chain(theirs_only) {
            if only == "chaperone" {
                compared.ours_only += 1;
            } else {
                compared.rsigma_only += 1;
            }
            let (events, example) = found.entry((rule.clone(), only)).or_insert((0, text));
            *events += 1;
            if text.len() < example.len() {
                *example = text;
            }
        }
    }
    let differences = found
        .into_iter()
        .map(|((rule, only), (events, example))| Difference {
            lane,
            rule,
            only,
            events,
            example: example.to_owned(),
            explained: false,
        });
    (compared, differences.collect())
}

fn line(difference: &Difference) -> String {
    json!({
        "lane": difference.lane,
        "rule": difference.rule,
        "only": difference.only,
        "events": difference.events,
        "explained": difference.explained,
        "example": difference.example,
    })
    .to_string()
}

#[cfg(test)]
mod tests;
