//! The command line.

use std::path::PathBuf;

use clap::Parser;

use crate::engine::Kind;
use crate::generate::Lane;

/// Measures Sigma engines side by side.
#[derive(Debug, Parser)]
pub(crate) struct Args {
    /// SigmaHQ's rules: an unpacked folder, or the .tar.zst or .tar archive itself
    #[arg(long, value_name = "PATH")]
    pub(crate) rules: PathBuf,
    /// Which top folders of it to load, where it has them
    #[arg(
        long,
        value_name = "NAME",
        value_delimiter = ',',
        default_value = "rules"
    )]
    pub(crate) folders: Vec<String>,
    /// Which lanes to run [default: all]
    #[arg(long, value_enum, value_delimiter = ',')]
    pub(crate) lanes: Vec<Lane>,
    /// Which engines to measure [default: all]; one alone is what a profiler wants
    #[arg(long, value_enum, value_delimiter = ',')]
    pub(crate) engines: Vec<Kind>,
    /// Events a lane
    #[arg(long, default_value_t = 10_000)]
    pub(crate) events: usize,
    /// Events a lane for sigma-rust, which is slow; 0 leaves it out
    #[arg(long, default_value_t = 200)]
    pub(crate) events_slow: usize,
    /// Passes over the events of a lane; the best one counts
    #[arg(long, default_value_t = 5)]
    pub(crate) rounds: usize,
    /// Seed of the events
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// One JSON object a line instead of tables
    #[arg(long)]
    pub(crate) ndjson: bool,
    /// Compare the matches with rsigma-eval's and list every difference; exit 1 where there is one
    /// that `--explained` does not name
    #[arg(long)]
    pub(crate) diff: bool,
    /// With --diff: events written after each rule's own values
    #[arg(long, default_value_t = 4, value_name = "N")]
    pub(crate) provoke: usize,
    /// With --diff: a Markdown file; a difference whose rule id it names counts as explained
    #[arg(long, value_name = "FILE")]
    pub(crate) explained: Option<PathBuf>,
    /// Load one engine, print what that took, and exit
    #[arg(long, hide = true)]
    pub(crate) load_only: Option<Kind>,
}

impl Args {
    /// Whether an engine is to be measured.
    pub(crate) fn wants(&self, kind: Kind) -> bool {
        self.engines.is_empty() || self.engines.contains(&kind)
    }

    /// The lanes to run.
    pub(crate) fn lanes(&self) -> Vec<Lane> {
        if self.lanes.is_empty() {
            Lane::ALL.to_vec()
        } else {
            self.lanes.clone()
        }
    }
}
