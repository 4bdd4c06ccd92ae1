//! `chaperone sinks test|redeliver`.

use std::path::Path;

use anyhow::Result;

use super::{Ended, Invalid, invalid};
use crate::cli::SinksCommand;
use crate::config::{Config, Sink};

mod redeliver;
mod test;

/// Runs the command.
pub fn run(command: &SinksCommand) -> Result<Ended> {
    match command {
        SinksCommand::Test(args) => test::run(args),
        SinksCommand::Redeliver(args) => redeliver::run(args),
    }
}

fn load(path: Option<&Path>) -> Result<Config> {
    Ok(match path {
        Some(path) => Config::load(path).map_err(Invalid::from)?,
        None => Config::builtin(),
    })
}

/// The sinks with these names; all where none is given.
fn chosen<'c>(config: &'c Config, names: &[String]) -> Result<Vec<&'c Sink>> {
    if names.is_empty() {
        return Ok(config.sinks.iter().collect());
    }
    let find = |name: &String| {
        let found = config.sinks.iter().find(|sink| sink.name == *name);
        found.ok_or_else(|| {
            let known: Vec<&str> = config.sinks.iter().map(|sink| &*sink.name).collect();
            invalid(format!(
                "--sink {name}: no sink has this name; configured are {}",
                known.join(", ")
            ))
        })
    };
    names.iter().map(find).collect()
}
