//! Events a second, lane by lane.
//!
//! The engines take turns: each round passes once over the lane's events with every engine, and an
//! engine's best pass counts. Noise of a shared machine only ever slows a pass down, and a slow
//! minute meets all engines alike.

use std::time::Instant;

use chaperone_detections::RuleFile;

use crate::args::Args;
use crate::engine::{Engine, Kind};
use crate::generate::{Event, Lane};

/// One engine's result on one lane.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Rate {
    /// Parse and match.
    pub(crate) per_second: f64,
    /// Parse alone.
    pub(crate) parse_per_second: f64,
    /// Matches of one pass.
    pub(crate) matches: usize,
    /// Events of one pass.
    pub(crate) events: usize,
}

/// One lane's results.
#[derive(Debug, Clone)]
pub(crate) struct LaneResult {
    pub(crate) lane: &'static str,
    pub(crate) bytes_per_event: usize,
    pub(crate) ours: Rate,
    pub(crate) ours_routed: Rate,
    pub(crate) rsigma: Rate,
    pub(crate) rsigma_routed: Rate,
    pub(crate) sigma_rust: Option<Rate>,
}

/// Measures every lane that was asked for.
pub(crate) fn lanes(args: &Args, files: &[RuleFile]) -> anyhow::Result<Vec<LaneResult>> {
    let mut ours = Kind::Ours.load(files);
    let mut rsigma = Kind::Rsigma.load(files);
    let mut routed = Kind::RsigmaRouted.load(files);
    let mut slow = (args.events_slow > 0).then(|| Kind::SigmaRust.load(files));
    let lanes = args.lanes().into_iter().map(|lane| {
        eprintln!("measuring {}", lane.name());
        let events = lane.events(args.events, args.seed);
        let plain: Vec<&str> = events.iter().map(|event| event.plain.as_str()).collect();
        let tagged: Vec<&str> = events.iter().map(|event| event.tagged.as_str()).collect();
        let mut result = empty(lane, &events);
        for _ in 0..args.rounds.max(1) {
            result.ours.best(pass(&mut *ours, &plain));
            result.rsigma.best(pass(&mut *rsigma, &plain));
            result.ours_routed.best(pass(&mut *ours, &tagged));
            result.rsigma_routed.best(pass(&mut *routed, &tagged));
        }
        let few = &plain[..args.events_slow.min(plain.len())];
        result.sigma_rust = slow.as_mut().map(|engine| pass(&mut **engine, few));
        result
    });
    Ok(lanes.collect())
}

fn empty(lane: Lane, events: &[Event]) -> LaneResult {
    let bytes: usize = events.iter().map(|event| event.plain.len()).sum();
    LaneResult {
        lane: lane.name(),
        bytes_per_event: bytes / events.len().max(1),
        ours: Rate::default(),
        ours_routed: Rate::default(),
        rsigma: Rate::default(),
        rsigma_routed: Rate::default(),
        sigma_rust: None,
    }
}

impl Rate {
    /// Keeps the better of both.
    fn best(&mut self, other: Self) {
        self.per_second = self.per_second.max(other.per_second);
        self.parse_per_second = self.parse_per_second.max(other.parse_per_second);
        (self.matches, self.events) = (other.matches, other.events);
    }

    /// How much of the time is not parsing.
    pub(crate) fn matching_share(&self) -> f64 {
        1.0 - self.per_second / self.parse_per_second
    }
}

/// One pass over the events: parse alone, then parse and match.
fn pass(engine: &mut dyn Engine, texts: &[&str]) -> Rate {
    let start = Instant::now();
    texts.iter().for_each(|text| engine.parse(text));
    let parsing = start.elapsed();
    let start = Instant::now();
    let matches = texts.iter().map(|text| engine.count(text)).sum();
    let both = start.elapsed();
    let events = texts.len();
    Rate {
        per_second: events as f64 / both.as_secs_f64(),
        parse_per_second: events as f64 / parsing.as_secs_f64(),
        matches,
        events,
    }
}
