//! The rule files of the redactor and the files that they extend.
//!
//! `[extend] path = "base.toml"` names a file of whoever wrote the rules, so it is read beside the
//! file that names it, and where it is not there from the working folder, which is where gitleaks
//! looks. A file that is nowhere is left to the loader, which knows the place in the file that
//! names it. What is extended once is read once, and a circle ends.

use std::path::{Path, PathBuf};

use anyhow::Result;
use chaperone_mappings::redact;

use crate::command::invalid;

/// Files that extend each other beyond this are a mistake; the loader says so.
const FILES_MAX: usize = 64;

/// The files, each path with its text, and behind them those that they extend.
pub(super) fn files(paths: &[PathBuf]) -> Result<Vec<(String, String)>> {
    let mut files = Vec::with_capacity(paths.len());
    for path in paths {
        let text = std::fs::read_to_string(path)
            .map_err(|error| invalid(format!("{} cannot be read: {error}", path.display())))?;
        files.push((path.display().to_string(), text));
    }
    let mut at = 0;
    while at < files.len() && files.len() < FILES_MAX {
        let (path, text) = &files[at];
        at += 1;
        let Some(wanted) = redact::extends(text) else {
            continue;
        };
        let beside = Path::new(path).with_file_name("").join(&wanted);
        let known = |path: &Path| files.iter().any(|(known, _)| Path::new(known) == path);
        let found = [beside, PathBuf::from(wanted)]
            .into_iter()
            .take_while(|path| !known(path))
            .find_map(|path| Some((std::fs::read_to_string(&path).ok()?, path)));
        if let Some((text, path)) = found {
            files.push((path.display().to_string(), text));
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests;
