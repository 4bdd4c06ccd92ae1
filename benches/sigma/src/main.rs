//! Chaperone's Sigma engine beside its peers, over public rules and events of our own.
//!
//! `cargo run --release -- --rules DIR` prints a table: events a second for each engine and lane,
//! load times and memory. `--diff` compares the matches instead and lists every difference. The
//! rules are given by path and are no part of this repository. See `../README.md`.

mod agent_rules;
mod args;
mod clock;
mod compare;
mod engine;
mod generate;
mod load;
mod measure;
mod provoke;
mod report;
mod rules;
mod whole_path;

use std::process::ExitCode;

use clap::Parser;

use args::Args;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("sigma-bench: {error:#}");
            ExitCode::from(3)
        }
    }
}

fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let files = rules::read(&args.rules, &args.folders)?;
    if let Some(kind) = args.load_only {
        println!("{}", load::measure(kind, &files)?);
        return Ok(ExitCode::SUCCESS);
    }
    if args.diff {
        return compare::run(args, &files);
    }
    let loads = load::in_children(args)?;
    let lanes = measure::lanes(args, &files);
    let paths = whole_path::measure(args)?;
    report::print(args, files.len(), &loads, &lanes, &paths);
    Ok(ExitCode::SUCCESS)
}
