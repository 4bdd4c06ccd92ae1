//! Rule files from a folder or from the archive they are published in.

use std::fs;
use std::io::Read;
use std::path::{Component, Path};

use anyhow::{Context, bail};
use chaperone_detections::RuleFile;

/// The archive holds about five megabytes; more than this is something else.
const ARCHIVE_BYTES_MAX: u64 = 256 << 20;

/// Every `.yml` file below `path`, sorted by path. Where the top has folders of the given names,
/// only theirs.
pub(crate) fn read(path: &Path, folders: &[String]) -> anyhow::Result<Vec<RuleFile>> {
    let name = path.to_string_lossy();
    let mut files = if name.ends_with(".tar.zst") {
        let file = fs::File::open(path).with_context(|| format!("opening {name}"))?;
        unpack(zstd::Decoder::new(file)?)
    } else if name.ends_with(".tar") {
        unpack(fs::File::open(path).with_context(|| format!("opening {name}"))?)
    } else {
        walk(path)
    }
    .with_context(|| format!("reading rules from {name}"))?;
    let wanted = |file: &RuleFile| {
        let top = file.path.split('/').next().unwrap_or_default();
        folders.iter().any(|folder| folder == top)
    };
    if files.iter().any(wanted) {
        files.retain(wanted);
    }
    if files.is_empty() {
        bail!("no .yml file in {name}");
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn unpack(archive: impl Read) -> anyhow::Result<Vec<RuleFile>> {
    let mut files = Vec::new();
    for entry in tar::Archive::new(archive.take(ARCHIVE_BYTES_MAX)).entries()? {
        let mut entry = entry?;
        let path = plain(&entry.path()?);
        if is_rule(&path) && entry.header().entry_type().is_file() {
            let mut text = String::new();
            entry.read_to_string(&mut text)?;
            files.push(RuleFile { path, text });
        }
    }
    Ok(files)
}

fn walk(top: &Path) -> anyhow::Result<Vec<RuleFile>> {
    let mut files = Vec::new();
    for entry in walkdir::WalkDir::new(top) {
        let entry = entry?;
        let below = entry.path().strip_prefix(top)?;
        let path = if below.as_os_str().is_empty() {
            entry.file_name().to_string_lossy().into_owned()
        } else {
            plain(below)
        };
        if is_rule(&path) && entry.file_type().is_file() {
            let text = fs::read_to_string(entry.path())?;
            files.push(RuleFile { path, text });
        }
    }
    Ok(files)
}

fn is_rule(path: &str) -> bool {
    path.ends_with(".yml") && !path.ends_with(".cases.yml")
}

/// The path's names with `/` between them.
fn plain(path: &Path) -> String {
    let names = path.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_string_lossy()),
        _ => None,
    });
    names.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests;
