//! `chaperone config check|show`.

use std::io::Write;

use anyhow::Result;

use super::{Ended, Invalid};
use crate::cli::ConfigCommand;
use crate::config::Config;
use crate::content::Content;
use crate::settings;

/// Runs the command.
pub fn run(command: &ConfigCommand) -> Result<Ended> {
    let mut out = std::io::stdout().lock();
    match command {
        ConfigCommand::Check { file } => {
            let config = Config::load(file).map_err(Invalid::from)?;
            // Also what the config names: sources, patterns, context and rules.
            let content = Content::load(&settings::folders(&config), None)?;
            for warning in &content.warnings {
                eprintln!("{warning}");
            }
            let rules = content.rules.rules().count();
            let sources = content.sources.names().count();
            writeln!(
                out,
                "{}: fine ({sources} sources, {rules} rules)",
                file.display()
            )?;
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
