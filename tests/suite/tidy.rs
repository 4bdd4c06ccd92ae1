//! The rules of this repository, as tests.

use std::path::{Path, PathBuf};

use crate::program::root;

const FUNCTION_LINES_MAX: usize = 70;
const FILE_LINES_MAX: usize = 600;

fn files(folder: &str, ends: &[&str]) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    walk(&root().join(folder), ends, &mut found);
    found.sort();
    found
}

fn walk(folder: &Path, ends: &[&str], found: &mut Vec<(PathBuf, String)>) {
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("an entry").path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if path.is_dir() {
            if name != "target" && !name.starts_with(".git") {
                walk(&path, ends, found);
            }
        } else if ends.iter().any(|end| name.ends_with(end)) {
            let text = std::fs::read_to_string(&path).expect("text");
            found.push((path, text));
        }
    }
}

fn sources() -> Vec<(PathBuf, String)> {
    [
        "pipeline",
        "mappings",
        "detections",
        "sinks",
        "tests",
        "benches",
    ]
    .iter()
    .flat_map(|folder| files(folder, &[".rs"]))
    .collect()
}

/// The indentation of a line, where it begins a function.
fn function_start(line: &str) -> Option<usize> {
    let text = line.trim_start();
    let text = text.strip_prefix("pub").map_or(text, |rest| {
        rest.trim_start()
            .strip_prefix('(')
            .and_then(|rest| rest.split_once(')'))
            .map_or(rest, |(_, rest)| rest)
    });
    let words: Vec<&str> = text.split_whitespace().take(4).collect();
    let at = words.iter().position(|word| *word == "fn")?;
    let only_qualifiers = words[..at]
        .iter()
        .all(|word| ["async", "const", "extern"].contains(word));
    only_qualifiers.then(|| line.len() - line.trim_start().len())
}

#[test]
fn functions_and_files_are_short() {
    let mut long = Vec::new();
    for (path, text) in sources() {
        let lines: Vec<&str> = text.lines().collect();
        if lines.len() > FILE_LINES_MAX {
            long.push(format!("{}: {} lines", path.display(), lines.len()));
        }
        for (at, line) in lines.iter().enumerate() {
            let Some(indent) = function_start(line) else {
                continue;
            };
            let rest = &lines[at..];
            // A declaration without a body ends with its signature.
            let opens = rest.iter().position(|line| line.trim_end().ends_with('{'));
            let ends = rest.iter().position(|line| line.trim_end().ends_with(';'));
            if ends < opens {
                continue;
            }
            let close = format!("{}}}", " ".repeat(indent));
            let length = rest
                .iter()
                .position(|line| *line == close)
                .map_or(0, |end| end + 1);
            if length > FUNCTION_LINES_MAX {
                long.push(format!(
                    "{}:{}: a function of {length} lines",
                    path.display(),
                    at + 1
                ));
            }
        }
    }
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn every_module_says_why_it_exists() {
    let silent: Vec<String> = sources()
        .into_iter()
        .filter(|(path, text)| !text.starts_with("//!") && !path.ends_with("tests.rs"))
        .filter(|(path, _)| !path.components().any(|part| part.as_os_str() == "tests"))
        .map(|(path, _)| path.display().to_string())
        .collect();
    assert!(silent.is_empty(), "no module doc in\n{}", silent.join("\n"));
}

#[test]
fn dependencies_point_one_way() {
    let allowed = [
        ("mappings", &[][..]),
        ("detections", &["chaperone_mappings"][..]),
        ("sinks", &["chaperone_mappings"][..]),
    ];
    let all = [
        "chaperone_mappings",
        "chaperone_detections",
        "chaperone_sinks",
        "chaperone::",
    ];
    for (folder, may) in allowed {
        for (path, text) in files(&format!("{folder}/src"), &[".rs"]) {
            for other in all.iter().filter(|other| !may.contains(other)) {
                let own = format!("chaperone_{folder}");
                let named = text
                    .lines()
                    .any(|line| line.trim_start().starts_with("use ") && line.contains(other));
                assert!(*other == own || !named, "{} uses {other}", path.display());
            }
        }
    }
}

#[test]
fn names_have_their_place() {
    let places = [
        (
            "rdkafka",
            &["pipeline/journal/kafka", "sinks/src/kafka"][..],
        ),
        (
            "vrl::",
            &[
                "mappings/src/mapper",
                "mappings/src/value",
                "mappings/src/source.rs",
            ][..],
        ),
    ];
    for (path, text) in sources() {
        let relative = path
            .strip_prefix(root())
            .expect("inside")
            .display()
            .to_string();
        if relative.starts_with("tests/") {
            continue;
        }
        for (name, may) in places {
            let allowed = may.iter().any(|place| relative.starts_with(place));
            let used = text
                .lines()
                .any(|line| line.contains(name) && !line.trim_start().starts_with("//"));
            assert!(allowed || !used, "{relative} uses {name}");
        }
    }
}

#[test]
fn every_rule_has_cases_that_hold_and_that_do_not() {
    let mut lacking = Vec::new();
    for (path, text) in files("detections/rules", &[".yml"]) {
        if path.to_string_lossy().ends_with(".cases.yml") {
            continue;
        }
        let cases = std::fs::read_to_string(path.with_extension("cases.yml")).unwrap_or_default();
        let quiet = cases.contains("expect: none");
        let loud = cases.contains("expect: match") || cases.contains("expect: {alerts:");
        let named = text.matches("\nid: ").count() == text.matches("title: ").count();
        if !(quiet && loud && named) {
            lacking.push(path.display().to_string());
        }
    }
    assert!(
        lacking.is_empty(),
        "rules without a positive and a negative case:\n{}",
        lacking.join("\n")
    );
}

#[test]
fn the_project_speaks_of_itself_alone() {
    let mut all = sources();
    for (folder, ends) in [
        ("mappings", &[".vrl", ".toml", ".json", ".md"][..]),
        ("detections", &[".yml", ".md", ".toml"]),
    ] {
        all.extend(files(folder, ends));
    }
    for name in [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "Cargo.toml",
        ".ci/run",
        "Cargo.lock",
    ] {
        let path = root().join(name);
        let text = std::fs::read_to_string(&path).expect(name);
        all.push((path, text));
    }
    // Written apart, so that this file does not find itself.
    let forbidden = [
        ["/wo", "rk/"],
        ["/ro", "ot/.c"],
        ["TO", "DO:"],
        ["FIX", "ME"],
    ]
    .map(|parts| parts.concat());
    for (path, text) in all {
        for word in &forbidden {
            assert!(!text.contains(word), "{} holds {word}", path.display());
        }
    }
}

/// The README's table of sources, made of what the mappings say of themselves.
fn table_of_sources() -> String {
    let sources = chaperone::content::builtin_sources().expect("the built-in sources compile");
    let rows = sources.iter().map(|source| {
        let spec = source.spec();
        let state = if spec.partial.is_some() {
            "partial"
        } else {
            "complete"
        };
        let comes_by = spec.deliveries.join(", ");
        format!(
            "| `{}` | [{}]({}) | {comes_by} | {state} |\n",
            source.name(),
            spec.title,
            spec.documentation
        )
    });
    rows.collect()
}

#[test]
fn the_readme_names_every_source() {
    let path = root().join("README.md");
    let text = std::fs::read_to_string(&path).expect("the README");
    let (before, rest) = text
        .split_once("| --- | --- | --- | --- |\n")
        .expect("the table's head");
    let (table, after) = rest
        .split_once("<!-- end of sources -->")
        .expect("the table's end");
    let expected = table_of_sources();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        let new =
            format!("{before}| --- | --- | --- | --- |\n{expected}<!-- end of sources -->{after}");
        std::fs::write(&path, new).expect("the README can be written");
    } else {
        assert_eq!(
            table, expected,
            "UPDATE_EXPECT=1 cargo test --test suite tidy writes it"
        );
    }
}
