//! The commands, one a file. Each returns how it ended; only `main` exits.

use std::io;
use std::process::ExitCode;

use chaperone_mappings::problem::Problem;

pub mod config;
pub mod normalize;
mod progress;
pub mod redact;
pub mod replay;
pub mod rules;
pub mod run;
pub mod sinks;

/// How a command ended, beside having failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Fine.
    Well,
    /// An alert reached `--fail-on`, an expectation differs, or a sink was not answered as hoped.
    Differs,
}

/// What a user has to mend before the command can run: rules, mappings, config or arguments.
#[derive(Debug, thiserror::Error)]
#[error("{}", lines(.0))]
pub struct Invalid(pub Vec<String>);

fn lines(problems: &[String]) -> String {
    problems.join("\n")
}

impl From<Vec<Problem>> for Invalid {
    fn from(problems: Vec<Problem>) -> Self {
        Self(problems.iter().map(ToString::to_string).collect())
    }
}

/// An argument that cannot be used.
pub fn invalid(what: impl Into<String>) -> anyhow::Error {
    Invalid(vec![what.into()]).into()
}

/// 0 fine, also where the reader of our output has gone; 1 differs; 2 invalid; 3 failed.
pub fn exit_code(outcome: anyhow::Result<Ended>) -> ExitCode {
    let error = match outcome {
        Ok(Ended::Well) => return ExitCode::SUCCESS,
        Ok(Ended::Differs) => return ExitCode::from(1),
        Err(error) => error,
    };
    if is_closed_pipe(&error) {
        return ExitCode::SUCCESS;
    }
    eprintln!("{error:#}");
    match error.downcast_ref::<Invalid>() {
        Some(_) => ExitCode::from(2),
        None => ExitCode::from(3),
    }
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<io::Error>()
            .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    })
}
