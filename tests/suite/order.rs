//! Arrival order changes no alert: files in another order, lines in another order.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::program::{root, run_with_input, stderr, stdout};

/// All lines of all stories but those with fakes, which need their folder.
fn lines() -> Vec<String> {
    let mut lines = Vec::new();
    for story in std::fs::read_dir(root().join("replay-fixtures")).expect("the folder is there") {
        let story = story.expect("an entry").path();
        let Ok(case) = std::fs::read_to_string(story.join("case.toml")) else {
            continue;
        };
        if !case.contains("[fakes]") {
            let text = std::fs::read_to_string(story.join("input.ndjson")).expect("an input");
            lines.extend(text.lines().map(str::to_owned));
        }
    }
    lines
}

fn alert_ids(lines: &[String]) -> BTreeSet<String> {
    let context = root().join("replay-fixtures/context");
    let context = context.to_str().expect("a plain path");
    let input = lines.join("\n");
    let args = ["replay", "-", "--context", context, "--format", "ndjson"];
    let output = run_with_input(&args, input.as_bytes());
    assert!(output.status.success(), "{}", stderr(&output));
    let ids = stdout(&output)
        .lines()
        .map(|line| {
            let alert: Value = serde_json::from_str(line).expect("NDJSON");
            alert["event"]["id"].as_str().expect("an id").to_owned()
        })
        .collect::<Vec<_>>();
    let set: BTreeSet<String> = ids.iter().cloned().collect();
    assert_eq!(set.len(), ids.len(), "no alert comes twice");
    set
}

#[test]
fn any_order_gives_the_same_alerts() {
    let lines = lines();
    let expected = alert_ids(&lines);
    assert!(expected.len() >= 7, "{expected:?}");
    let mut reversed = lines.clone();
    reversed.reverse();
    assert_eq!(alert_ids(&reversed), expected);
    // A few shuffles that are the same in every run.
    for seed in 1..=5_u64 {
        let mut shuffled = lines.clone();
        let mut state = seed;
        for at in (1..shuffled.len()).rev() {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let other = usize::try_from(state >> 33).expect("31 bits") % (at + 1);
            shuffled.swap(at, other);
        }
        assert_eq!(alert_ids(&shuffled), expected, "seed {seed}");
    }
}

#[test]
fn duplicates_raise_no_second_alert() {
    let lines = lines();
    let twice: Vec<String> = lines.iter().chain(&lines).cloned().collect();
    assert_eq!(alert_ids(&twice), alert_ids(&lines));
}
