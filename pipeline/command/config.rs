//! `chaperone config check|show`.

use std::io::Write;

use anyhow::Result;

use super::{Ended, Invalid};
use crate::cli::ConfigCommand;
use crate::config::Config;

/// Runs the command.
pub fn run(command: &ConfigCommand) -> Result<Ended> {
    let mut out = std::io::stdout().lock();
    match command {
        ConfigCommand::Check { file } => {
            Config::load(file).map_err(Invalid::from)?;
            writeln!(out, "{}: fine", file.display())?;
        }
        ConfigCommand::Show { file } => {
            let config = match file {
                Some(file) => Config::load(file).map_err(Invalid::from)?,
                None => Config::builtin(),
            };
            write!(out, "{}", config.to_toml())?;
        }
    }
    out.flush()?;
    Ok(Ended::Well)
}
