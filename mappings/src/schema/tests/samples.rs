//! Every event and alert that the tree expects somewhere: those of the mappings' cases and those of
//! the recorded stories.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

/// One expected event.
pub(super) struct Sample {
    /// `<vendor>/<stream>/cases/<case>[<item>]` or `<story>/<file>:<line>`.
    pub(super) place: String,
    /// The top-level names that its source may use for what has no home.
    pub(super) own: Vec<String>,
    pub(super) event: Json,
}

pub(super) fn all() -> Vec<Sample> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut samples = Vec::new();
    let mut vendors = Vec::new();
    for vendor in folders(root) {
        for stream in folders(&vendor) {
            if stream.join("mapping.toml").is_file() {
                vendors.push(name(&vendor));
                of_source(root, &vendor, &stream, &mut samples);
            }
        }
    }
    for story in folders(&root.join("../replay-fixtures")) {
        of_story(&story, &vendors, &mut samples);
    }
    samples
}

fn of_source(root: &Path, vendor: &Path, stream: &Path, samples: &mut Vec<Sample>) {
    // `rest` of the mapping may name another place than the vendor's.
    let text = fs::read_to_string(stream.join("mapping.toml")).expect("the mapping can be read");
    let spec: toml::Table = text.parse().expect("the mapping is TOML");
    let rest = spec.get("rest").and_then(toml::Value::as_str);
    let rest = rest.and_then(|path| path.split('.').next());
    let own: Vec<String> = [Some(name(vendor)), rest.map(str::to_owned)]
        .into_iter()
        .flatten()
        .collect();
    for path in entries(&stream.join("cases")) {
        let text = fs::read_to_string(&path).expect("the case can be read");
        let case: Json = serde_json::from_str(&text).unwrap_or_default();
        let events = case["expect"].as_array().into_iter().flatten();
        for (at, event) in events.enumerate() {
            if event["refused"].is_null() {
                let shown = path.strip_prefix(root).expect("it lies below");
                samples.push(Sample {
                    place: format!("{}[{at}]", shown.display()),
                    own: own.clone(),
                    event: event.clone(),
                });
            }
        }
    }
}

fn of_story(story: &Path, vendors: &[String], samples: &mut Vec<Sample>) {
    for file in ["expected-events.ndjson", "expected-alerts.ndjson"] {
        let text = fs::read_to_string(story.join(file)).unwrap_or_default();
        for (at, line) in text.lines().enumerate() {
            samples.push(Sample {
                place: format!("{}/{file}:{}", name(story), at + 1),
                own: vendors.to_vec(),
                event: serde_json::from_str(line).expect("a line is JSON"),
            });
        }
    }
}

fn name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

fn folders(parent: &Path) -> Vec<PathBuf> {
    let mut found = entries(parent);
    found.retain(|path| path.is_dir());
    found
}

fn entries(parent: &Path) -> Vec<PathBuf> {
    let listed = fs::read_dir(parent).into_iter().flatten();
    let mut found: Vec<_> = listed
        .map(|entry| entry.expect("an entry").path())
        .collect();
    found.sort();
    found
}
