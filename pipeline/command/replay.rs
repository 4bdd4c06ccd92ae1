//! `chaperone replay`.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use anyhow::{Context, Result};
use chaperone_detections::{Level, Match};
use chaperone_mappings::value;

use super::progress::Progress;
use super::{Ended, invalid};
use crate::cli::{Emit, Format, LevelArg, ReplayArgs};
use crate::config::Config;
use crate::content::{Content, Folders};
use crate::filter::Filter;
use crate::journal::{Outgoing, Topic};
use crate::metrics::{Count, Metrics};
use crate::read;
use crate::refused::time_text;
use crate::replay::Replay;
use crate::report::{Look, Report};
use crate::stage::normalize::Parts;
use crate::{clock, content, settings};

/// Runs the command.
pub fn run(args: &ReplayArgs) -> Result<Ended> {
    let filter = Filter::new(args.from.as_deref(), args.to.as_deref(), &args.conditions)
        .map_err(|error| invalid(format!("{error:#}")))?;
    let metrics = Arc::new(Metrics::default());
    let history = History {
        inputs: &args.inputs,
        source: &args.source,
        context: args.context.as_deref(),
    };
    let replay = history.replay(&args.rules, filter, &metrics)?;
    let progress = Progress::start(read::total_bytes(&replay.inputs), replay.read_bytes.clone());
    let mut printer = Printer::new(args)?;
    let outcome = replay.run(&mut |outgoing| printer.take(&outgoing));
    progress.stop();
    outcome?;
    printer.finish(&metrics)
}

/// What is replayed, and in which surroundings.
pub(super) struct History<'a> {
    pub(super) inputs: &'a [PathBuf],
    pub(super) source: &'a str,
    pub(super) context: Option<&'a Path>,
}

impl History<'_> {
    /// A replay of it with some rules; the built-in pack where none are named.
    pub(super) fn replay(
        &self,
        rules: &[PathBuf],
        filter: Filter,
        metrics: &Arc<Metrics>,
    ) -> Result<Replay> {
        let inputs = read::inputs(self.inputs, self.source)?;
        let content = self.load(rules)?;
        if self.source != "auto" && content.sources.get(self.source).is_none() {
            return Err(invalid(content::unknown_source(
                &content.sources,
                self.source,
            )));
        }
        let config = Config::builtin();
        Ok(Replay {
            parts: Parts {
                normalizer: content.normalizer,
                redactor: content.redactor,
                rules: content.rules,
                filter: Arc::new(filter),
                match_partitions: 0,
                metrics: metrics.clone(),
            },
            limits: settings::limits(&config.correlate),
            record_bytes_max: usize::try_from(config.receive.body_bytes_max.0)?,
            now_ms: clock::now_ms(),
            read_bytes: Arc::new(AtomicU64::new(0)),
            inputs,
        })
    }

    fn load(&self, rules: &[PathBuf]) -> Result<Content> {
        let context = match self.context {
            Some(folder) => Some(folder.to_owned()),
            None => content::context_of(self.inputs)?,
        };
        let rules = if rules.is_empty() {
            vec!["builtin".into()]
        } else {
            rules.to_vec()
        };
        let folders = Folders {
            rules,
            context,
            builtin_patterns: true,
            ..Folders::default()
        };
        let content = Content::load(&folders, None)?;
        content.warn();
        Ok(content)
    }
}

/// Prints the documents that were asked for and remembers the highest level.
struct Printer {
    report: Report<'static>,
    topic: Topic,
    fail_on: Option<Level>,
    failed: bool,
}

impl Printer {
    fn new(args: &ReplayArgs) -> Result<Self> {
        let terminal = args.output.is_none() && io::stdout().is_terminal();
        let fallback = if terminal {
            Format::Table
        } else {
            Format::Ndjson
        };
        let look = Look {
            width: if terminal { terminal_width() } else { 160 },
            colour: terminal && std::env::var_os("NO_COLOR").is_none(),
        };
        let out: Box<dyn Write> = match &args.output {
            Some(path) => Box::new(BufWriter::new(create(path)?)),
            None => Box::new(BufWriter::new(io::stdout())),
        };
        Ok(Self {
            report: Report::new(out, args.emit, args.format.unwrap_or(fallback), look),
            topic: match args.emit {
                Emit::Alerts => Topic::Alerts,
                Emit::Events => Topic::Events,
                Emit::Matches => Topic::Matches,
                Emit::Refusals => Topic::DeadLetters,
            },
            fail_on: args.fail_on.map(level),
            failed: false,
        })
    }

    fn take(&mut self, outgoing: &Outgoing) -> Result<()> {
        let json = &outgoing.message.value;
        if outgoing.topic == Topic::Alerts && !self.failed {
            self.failed = self
                .fail_on
                .is_some_and(|least| level_of(json) >= Some(least));
        }
        if outgoing.topic != self.topic {
            return Ok(());
        }
        if outgoing.topic != Topic::Matches {
            return self.report.add(json);
        }
        match Match::decode(json) {
            Some(found) => self.report.add(match_json(&found).as_bytes()),
            None => Ok(()),
        }
    }

    fn finish(self, metrics: &Metrics) -> Result<Ended> {
        let get = |count| metrics.get(count);
        let summary = format!(
            "{} records, {} events, {} refused, {} alerts",
            get(Count::Records),
            get(Count::Events),
            get(Count::Refused),
            get(Count::Alerts),
        );
        self.report.finish(&summary)?;
        eprintln!("{summary}; {}", content::FIXED_KEY);
        if get(Count::Refused) > 0 {
            eprintln!("see why records were refused: --emit refusals");
        }
        Ok(if self.failed {
            Ended::Differs
        } else {
            Ended::Well
        })
    }
}

fn match_json(found: &Match) -> String {
    let group: serde_json::Map<String, serde_json::Value> = found
        .group
        .iter()
        .map(|(field, value)| (field.clone(), value.as_str().into()))
        .collect();
    serde_json::json!({
        "@timestamp": time_text(found.time_ms),
        "event_id": found.event_id,
        "rule_id": found.rule,
        "target": found.target,
        "group": group,
    })
    .to_string()
}

fn create(path: &PathBuf) -> Result<File> {
    File::create(path).with_context(|| format!("{} cannot be written", path.display()))
}

fn terminal_width() -> usize {
    terminal_size::terminal_size().map_or(120, |(width, _)| usize::from(width.0))
}

pub(super) fn level(arg: LevelArg) -> Level {
    match arg {
        LevelArg::Informational => Level::Informational,
        LevelArg::Low => Level::Low,
        LevelArg::Medium => Level::Medium,
        LevelArg::High => Level::High,
        LevelArg::Critical => Level::Critical,
    }
}

fn level_of(json: &[u8]) -> Option<Level> {
    let alert = value::parse(json).ok()?;
    Level::parse(value::text_at(&alert, "chaperone.alert.level")?)
}
