//! Loads folders of Sigma rules and says what loaded, what did not and how long it took:
//! `cargo run --release -p chaperone-detections --example load -- DIR...`

use std::path::{Path, PathBuf};
use std::time::Instant;

use chaperone_detections::{FieldAliases, Lists, RuleFile, RuleSet, Severity};

fn main() -> std::io::Result<()> {
    let mut paths = Vec::new();
    for folder in std::env::args().skip(1) {
        collect(Path::new(&folder), &mut paths)?;
    }
    paths.sort();
    let mut files = Vec::with_capacity(paths.len());
    for path in &paths {
        files.push(RuleFile {
            path: path.display().to_string(),
            text: std::fs::read_to_string(path)?,
        });
    }
    let start = Instant::now();
    let (set, problems) =
        RuleSet::compile_lenient(&files, &Lists::default(), &FieldAliases::default());
    let took = start.elapsed();
    for problem in problems.iter().filter(|p| p.severity == Severity::Error) {
        println!("{problem}");
    }
    let warnings = problems
        .iter()
        .filter(|p| p.severity == Severity::Warning)
        .count();
    let (fields, nodes) = set.plan_size();
    println!(
        "{} files, {} rules, {fields} fields, {nodes} tests and conditions, {} errors, {warnings} warnings, {took:?}",
        files.len(),
        set.len(),
        problems.len() - warnings,
    );
    Ok(())
}

fn collect(path: &Path, out: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if path.is_dir() {
        for entry in std::fs::read_dir(path)? {
            collect(&entry?.path(), out)?;
        }
    } else if path
        .extension()
        .is_some_and(|extension| extension == "yml" || extension == "yaml")
    {
        out.push(path.to_owned());
    }
    Ok(())
}
