//! `chaperone redact`: text or NDJSON in, the same out without its secrets.
//!
//! Input goes through as it arrives, so that a pipe stays lively; what may be the beginning of a
//! secret waits for the rest of it. A summary by rule goes to stderr.

use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result};
use chaperone_mappings::redact::{FingerprintKey, Redactor};
use comfy_table::presets::UTF8_BORDERS_ONLY;
use comfy_table::{CellAlignment, Table};

use super::Ended;
use super::progress::Progress;
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
    let (redactor, unsupported) = content::redactor_alone(&folders, FingerprintKey::fixed())?;
    for what in unsupported {
        eprintln!("{what}");
    }
    let counts = match &args.file {
        Some(path) if path.as_os_str() != "-" => pass_file(&redactor, path)?,
        _ => pass(&redactor, io::stdin().lock(), &mut io::stdout().lock())?,
    };
    summarize(&counts);
    Ok(Ended::Well)
}

/// A file has a length, so a bar can show how far we are, unless the text goes to the same screen.
fn pass_file(redactor: &Redactor, path: &Path) -> Result<Vec<(String, u64)>> {
    let file = File::open(path).with_context(|| format!("{} cannot be opened", path.display()))?;
    let mut out = io::stdout().lock();
    let length = file.metadata().map_or(0, |about| about.len());
    if length == 0 || out.is_terminal() {
        return pass(redactor, file, &mut out);
    }
    let read_bytes = Arc::new(AtomicU64::new(0));
    let progress = Progress::start(length, read_bytes.clone());
    let counts = pass(redactor, Counted { file, read_bytes }, &mut out);
    progress.stop();
    counts
}

/// A file that tells how much of it was read.
struct Counted {
    file: File,
    read_bytes: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, block: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(block)?;
        self.read_bytes.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
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
    eprintln!("{total} redacted; {}", content::FIXED_KEY);
}
