//! Events a second, lane by lane.
//!
//! The engines take turns: each round passes once over the lane's events with every engine, and an
//! engine's best pass counts. Time is what the thread ran ([`crate::clock`]); what a shared machine
//! still does to it (caches, clock rate) only ever slows a pass down, and meets all engines alike.

use chaperone_detections::RuleFile;

use crate::args::Args;
use crate::clock::Stopwatch;
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
    pub(crate) sigma_rust: Rate,
}

/// The engines that were asked for, loaded.
struct Engines {
    ours: Option<Box<dyn Engine>>,
    rsigma: Option<Box<dyn Engine>>,
    rsigma_routed: Option<Box<dyn Engine>>,
    sigma_rust: Option<Box<dyn Engine>>,
}

/// Measures every lane that was asked for.
pub(crate) fn lanes(args: &Args, files: &[RuleFile]) -> Vec<LaneResult> {
    let load = |kind: Kind| args.wants(kind).then(|| kind.load(files));
    let mut engines = Engines {
        ours: load(Kind::Ours),
        rsigma: load(Kind::Rsigma),
        rsigma_routed: load(Kind::RsigmaRouted),
        sigma_rust: load(Kind::SigmaRust),
    };
    let lanes = args.lanes().into_iter();
    lanes
        .map(|lane| measure(args, lane, &mut engines))
        .collect()
}

fn measure(args: &Args, lane: Lane, engines: &mut Engines) -> LaneResult {
    eprintln!("measuring {}", lane.name());
    let events = lane.events(args.events, args.seed);
    let plain: Vec<&str> = events.iter().map(|event| event.plain.as_str()).collect();
    let tagged: Vec<&str> = events.iter().map(|event| event.tagged.as_str()).collect();
    let mut result = empty(lane, &events);
    for _ in 0..args.rounds.max(1) {
        if std::env::var_os("ROUTED").is_none() { pass(&mut engines.ours, &plain, &mut result.ours); }
        pass(&mut engines.rsigma, &plain, &mut result.rsigma);
        pass(&mut engines.ours, &tagged, &mut result.ours_routed);
        pass(
            &mut engines.rsigma_routed,
            &tagged,
            &mut result.rsigma_routed,
        );
    }
    let few = &plain[..args.events_slow.min(plain.len())];
    pass(&mut engines.sigma_rust, few, &mut result.sigma_rust);
    result
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
        sigma_rust: Rate::default(),
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

    /// False where the engine was not asked for.
    pub(crate) fn is_measured(&self) -> bool {
        self.events > 0
    }
}

/// One pass over the events: parse alone, then parse and match.
fn pass(engine: &mut Option<Box<dyn Engine>>, texts: &[&str], result: &mut Rate) {
    let Some(engine) = engine else {
        return;
    };
    let start = Stopwatch::start();
    texts.iter().for_each(|text| engine.parse(text));
    let parsing = start.elapsed();
    let start = Stopwatch::start();
    let matches = texts.iter().map(|text| engine.count(text)).sum();
    let both = start.elapsed();
    let events = texts.len();
    result.best(Rate {
        per_second: events as f64 / both.as_secs_f64(),
        parse_per_second: events as f64 / parsing.as_secs_f64(),
        matches,
        events,
    });
}
