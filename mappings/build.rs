//! Lists the built-in sources: every folder `<vendor>/<stream>/` that holds a `mapping.toml`; and
//! their vendors.
//!
//! A generated list of `include_str!` keeps the promise "a source is one folder": nothing is
//! registered by hand, a new folder is noticed by the next build, and the cases that lie beside a
//! mapping are not compiled in.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets it"));
    let mut list = String::from("&[\n");
    let mut vendors = BTreeMap::new();
    for vendor in folders(&root)? {
        for stream in folders(&vendor)? {
            if stream.join("mapping.toml").is_file() {
                list_source(&root, &stream, &mut list);
                let (name, vendor) = name_and_vendor(&stream)?;
                vendors.insert(name, vendor);
            }
        }
    }
    list.push_str("]\n");
    fs::write(out.join("builtin.rs"), list)?;
    let vendors: Vec<_> = vendors.into_iter().collect();
    fs::write(out.join("vendors.rs"), format!("&{vendors:?}"))
}

/// What `mapping.toml` says of itself before its first table; the name is the folder's if it says
/// none.
fn name_and_vendor(stream: &Path) -> io::Result<(String, String)> {
    let text = fs::read_to_string(stream.join("mapping.toml"))?;
    let said = |key: &str| {
        let lines = text.lines().take_while(|line| !line.starts_with('['));
        let mut values = lines.filter_map(|line| line.strip_prefix(key)?.trim().strip_prefix('='));
        values
            .next()
            .map(|value| value.trim().trim_matches('"').to_owned())
    };
    let folder = |path: &Path| path.file_name().unwrap_or_default().display().to_string();
    let vendor = folder(
        stream
            .parent()
            .expect("a stream lies in its vendor's folder"),
    );
    let name = said("name").unwrap_or_else(|| format!("{vendor}.{}", folder(stream)));
    Ok((name, said("vendor").unwrap_or(vendor)))
}

fn list_source(root: &Path, stream: &Path, list: &mut String) {
    for file in ["mapping.toml", "mapping.vrl"] {
        let path = stream.join(file);
        let name = path.strip_prefix(root).expect("it lies below the root");
        let name = name.display().to_string().replace('\\', "/");
        writeln!(list, "    (\"mappings/{name}\", include_str!({path:?})),")
            .expect("a String takes any write");
    }
}

/// The folders in a folder, in order of name.
fn folders(parent: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(parent)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}
