//! `chaperone redact`: text or NDJSON in, the same out without its secrets.
//!
//! Input goes through as it arrives, so that a pipe stays lively; what may be the beginning of a
//! secret waits for the rest of it. A summary by rule goes to stderr.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use anyhow::{Context, Result};
use chaperone_mappings::redact::{FingerprintKey, Redactor};
use comfy_table::presets::UTF8_BORDERS_ONLY;
use comfy_table::{CellAlignment, Table};

use super::Ended;
use crate::cli::RedactArgs;
use crate::content::{self, Folders};

/// Runs the command.
pub fn run(args: &RedactArgs) -> Result<Ended> {
    let is_builtin = |path: &Path| path.as_os_str() == "builtin";
    let files = args.rules.iter().filter(|path| !is_builtin(path));
    let folders = Folders {
        patterns: files.cloned().collect(),
        builtin_patterns: args.rules.is_empty() || args.rules.iter().any(|path| is_builtin(path)),
        ..Folders::default()
    };
    let (redactor, unsupported) = content::patterns(&folders, FingerprintKey::fixed())?;
    for what in unsupported {
        eprintln!("{what}");
    }
    let input: Box<dyn Read> = match &args.file {
        Some(path) if path.as_os_str() != "-" => Box::new(
            File::open(path).with_context(|| format!("{} cannot be opened", path.display()))?,
        ),
        _ => Box::new(io::stdin().lock()),
    };
    let counts = pass(&redactor, input, &mut io::stdout().lock())?;
    summarize(&counts);
    Ok(Ended::Well)
}

fn pass(
    redactor: &Redactor,
    mut input: impl Read,
    out: &mut dyn Write,
) -> Result<Vec<(String, u64)>> {
    let mut stream = redactor.stream();
    let (mut block, mut sealed) = (vec![0; 256 << 10], Vec::new());
    loop {
        let read = input.read(&mut block).context("the input cannot be read")?;
        if read == 0 {
            break;
        }
        stream.push(&block[..read], &mut sealed);
        out.write_all(&sealed)?;
        out.flush()?;
        sealed.clear();
    }
    let counts = stream.finish(&mut sealed);
    out.write_all(&sealed)?;
    out.flush()?;
    Ok(counts)
}

fn summarize(counts: &[(String, u64)]) {
    let total: u64 = counts.iter().map(|(_, number)| number).sum();
    if total > 0 {
        let mut table = Table::new();
        table
            .load_style(UTF8_BORDERS_ONLY)
            .set_header(["rule", "redacted"]);
        for (rule, number) in counts {
            table.add_row([rule.clone(), number.to_string()]);
        }
        if let Some(column) = table.column_mut(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        eprintln!("{table}");
    }
    eprintln!("{total} redacted; fingerprints under the fixed key k0");
}
