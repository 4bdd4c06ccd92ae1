//! Lists the built-in sources: every folder `<vendor>/<stream>/` that holds a `mapping.toml`.
//!
//! A generated list of `include_str!` keeps the promise "a source is one folder": nothing is
//! registered by hand, a new folder is noticed by the next build, and the cases that lie beside a
//! mapping are not compiled in.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets it"));
    let mut list = String::from("&[\n");
    for vendor in folders(&root)? {
        for stream in folders(&vendor)? {
            if stream.join("mapping.toml").is_file() {
                list_source(&root, &stream, &mut list);
            }
        }
    }
    list.push_str("]\n");
    fs::write(out.join("builtin.rs"), list)
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
