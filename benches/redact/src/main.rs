//! The redactor's speed on one core, beside a scanner library and the algorithm that most scanners
//! use, on the same rules and the same texts in the same run.
//!
//! What is measured is the whole way of a text: our engine collapses the escapes, scans, decodes
//! base64, and rewrites; its detectors for named secrets, URLs and headers run as well, which the
//! others have nothing for. `corpus` makes the texts, `rules` reads the pack, `engine` holds the
//! engines, `measure` lets them take turns.

mod clock;
mod corpus;
mod engine;
mod measure;
mod rules;

// The texts of the redactor's own tests, so that what is fast is what was tested.
#[path = "../../../mappings/src/redact/testing/benign.rs"]
mod benign;
#[path = "../../../mappings/src/redact/testing/dice.rs"]
mod dice;

use anyhow::Result;
use clap::Parser;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Rates of the redactor and its peers.
#[derive(Debug, Parser)]
struct Args {
    /// Bytes of agent events, in MB
    #[arg(long, default_value_t = 16)]
    megabytes: usize,
    /// Bytes of a text that our engine reads and the peers are given as well, in KB
    #[arg(long, default_value_t = 128)]
    peer_kilobytes: usize,
    /// Passes of an engine over a text; the best counts
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Only texts whose name contains this
    #[arg(long)]
    only: Option<String>,
    /// Our engine alone
    #[arg(long)]
    alone: bool,
    /// A gitleaks file instead of the built-in pack, for all engines
    #[arg(long, value_name = "GITLEAKS.TOML")]
    rules: Option<std::path::PathBuf>,
    /// The seed of the generated texts
    #[arg(long, default_value_t = 5)]
    seed: u64,
}

fn main() -> Result<()> {
    let args = Args::parse();
    let source = rules::Source::read(args.rules.as_deref())?;
    let rules = source.rules()?;
    eprintln!("{} rules", rules.len());
    let mut texts = corpus::all(args.megabytes << 20, args.seed, &rules);
    if let Some(only) = &args.only {
        texts.retain(|text| text.name.contains(only.as_str()));
    }
    let mut engines = engine::all(&source, &rules, args.alone)?;
    let rows = measure::all(&texts, &mut engines, args.rounds, args.peer_kilobytes << 10);
    println!("{}", measure::table(&engines, &rows));
    Ok(())
}
