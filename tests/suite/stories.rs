//! The recorded stories: what goes in, and every event and alert that must come out.
//!
//! `UPDATE_EXPECT=1 cargo test stories` writes the expectations anew; read the difference.

use std::path::{Path, PathBuf};

use crate::program::{root, run, stderr, stdout};

fn stories() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root().join("replay-fixtures")).expect("the folder is there");
    let mut stories: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.join("case.toml").is_file())
        .collect();
    stories.sort();
    stories
}

fn replay(story: &Path, emit: &str) -> String {
    let relative = story.strip_prefix(root()).expect("inside the repository");
    let path = relative.to_str().expect("a plain name");
    let output = run(&["replay", path, "--emit", emit, "--format", "ndjson"]);
    assert!(output.status.success(), "{path}: {}", stderr(&output));
    without_ruleset(&stdout(&output))
}

/// Which rules redacted an event changes with every new pattern.
fn without_ruleset(text: &str) -> String {
    let mut parts = text.split("\"builtin-");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        text + "\"builtin" + part.trim_start_matches(|c: char| c.is_ascii_hexdigit())
    })
}

#[test]
fn every_story_gives_what_is_expected() {
    let stories = stories();
    assert!(stories.len() >= 6, "there are at least six stories");
    let mut different = Vec::new();
    for story in &stories {
        for emit in ["events", "alerts"] {
            let got = replay(story, emit);
            let path = story.join(format!("expected-{emit}.ndjson"));
            if std::env::var_os("UPDATE_EXPECT").is_some() {
                std::fs::write(&path, &got).expect("the expectation can be written");
            }
            let expected = std::fs::read_to_string(&path).unwrap_or_default();
            if got != expected {
                different.push(difference(&path, &expected, &got));
            }
        }
        let refusals = replay(story, "refusals");
        assert_eq!(refusals, "", "{} has no refusals", story.display());
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}

fn difference(path: &Path, expected: &str, got: &str) -> String {
    let (expected, got): (Vec<_>, Vec<_>) = (expected.lines().collect(), got.lines().collect());
    let at = expected.iter().zip(&got).position(|(a, b)| a != b);
    let at = at.unwrap_or(expected.len().min(got.len()));
    let line = |lines: &[&str]| {
        lines
            .get(at)
            .map_or("(nothing)".to_owned(), ToString::to_string)
    };
    format!(
        "{} differs in line {} ({} lines expected, {} are there)\n  expected {}\n  got      {}",
        path.display(),
        at + 1,
        expected.len(),
        got.len(),
        line(&expected),
        line(&got),
    )
}

#[test]
fn the_quiet_day_raises_nothing() {
    let day = root().join("replay-fixtures/quiet-day");
    assert!(!replay(&day, "events").is_empty());
    assert_eq!(replay(&day, "alerts"), "");
}

#[test]
fn twice_gives_the_same_bytes() {
    let all = root().join("replay-fixtures");
    let (first, second) = (replay(&all, "alerts"), replay(&all, "alerts"));
    assert!(
        first.lines().count() >= 8,
        "the stories raise alerts:\n{first}"
    );
    assert_eq!(first, second);
}
