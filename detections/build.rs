//! Lists the built-in rules and their cases: every `.yml` and `.rhai` below `rules/`.
//!
//! A generated list of `include_str!` keeps the promise "a rule is two files": nothing is
//! registered by hand, and a new file is noticed by the next build.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets it"));
    println!("cargo::rerun-if-changed=rules");
    let mut paths = Vec::new();
    walk(&root.join("rules"), &mut paths)?;
    paths.sort();
    let mut list = String::from("&[\n");
    for path in paths {
        let name = path
            .strip_prefix(&root)
            .expect("it lies below the root")
            .display();
        writeln!(list, "    (\"detections/{name}\", include_str!({path:?})),")
            .expect("a String takes any write");
    }
    list.push_str("]\n");
    fs::write(out.join("rules.rs"), list)
}

fn walk(folder: &Path, paths: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            walk(&path, paths)?;
        } else if path
            .extension()
            .is_some_and(|ending| ending == "yml" || ending == "rhai")
        {
            paths.push(path);
        }
    }
    Ok(())
}
