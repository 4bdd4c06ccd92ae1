//! Parse the command line, start the log, run the command, answer with an exit code.

use std::process::ExitCode;

use chaperone::cli::{Cli, Command};
use chaperone::{command, telemetry};
use clap::Parser;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    telemetry::start();
    let outcome = match cli.command {
        Command::Run(args) => command::run::run(&args),
        Command::Replay(args) => command::replay::run(&args),
        Command::Normalize(args) => command::normalize::run(&args),
        Command::Redact(args) => command::redact::run(&args),
        Command::Rules(command) => command::rules::run(&command),
        Command::Sinks(command) => command::sinks::run(&command),
        Command::Config(command) => command::config::run(&command),
    };
    command::exit_code(outcome)
}
