//! `mapping.toml`: what a source is, besides its program.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use crate::problem::{Problem, read_toml};
use crate::value;

/// What `mapping.toml` says of a source.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// The source's name where it is not `<vendor>.<stream>`, as the folder says.
    pub name: Option<String>,
    /// What a person calls it: "GitHub webhooks".
    pub title: String,
    /// Who makes it.
    pub vendor: String,
    /// The vendor's page that describes the format.
    pub documentation: String,
    /// How it comes: `webhook`, `otlp`, `hook`, `poll`, `stream`, `file`.
    pub deliveries: Vec<String>,
    /// What is not mapped, and why; absent where the mapping is complete.
    pub partial: Option<String>,
    /// How the vendor makes sure that a webhook's address is ours, before it delivers anything.
    pub challenge: Option<Challenge>,
    /// The JSON with which a delivery is answered, where its sender acts on the answer: a hook that
    /// waits for a verdict. Absent: how many records were taken.
    pub answer: Option<String>,
    /// What a rule's `logsource` says to mean this source. Absent for a source that passes on what
    /// others have named.
    pub logsource: Option<Logsource>,
    /// Where a delivery that holds several items keeps them; the first path with an array counts.
    #[serde(default)]
    pub items: Vec<ItemPath>,
    /// How a line reads that is text and no JSON: regular expressions over the whole line, whose
    /// named groups become the item's fields. The first that fits counts. `auto` takes a line for
    /// this source's where one fits.
    #[serde(default)]
    pub lines: Vec<Spanned<String>>,
    /// When `auto` takes an item for this source's: where one of these holds in full.
    #[serde(default)]
    pub recognize: Vec<Recognize>,
    /// Where the vendor's own id lies, best first. `%headers.name` is a header of the delivery.
    #[serde(default)]
    pub id: Vec<IdSpec>,
    /// True where the draft's own `event.id` is taken as it is.
    #[serde(default)]
    pub keeps_id: bool,
    /// True where an item without a time of its own is refused instead of given the receive time.
    #[serde(default)]
    pub needs_time: bool,
    /// Values with which the vendor says that there is none: `"unknown"`, `"null"`, `-2`. They are
    /// removed everywhere but under `event`.
    #[serde(default)]
    pub absent: Vec<Scalar>,
    /// Paths of the item whose numbers come as text; they are numbers before the program runs.
    #[serde(default)]
    pub numbers: Vec<String>,
    /// Paths of the item whose booleans come as text.
    #[serde(default)]
    pub booleans: Vec<String>,
    /// Paths of the item whose numbers (ids) are to be text.
    #[serde(default)]
    pub texts: Vec<String>,
    /// Raw paths to canonical paths: moved before the program runs, which then finds the values in
    /// their places. Where two are moved to one place the first in order of name stays there.
    #[serde(default)]
    pub moves: BTreeMap<String, String>,
    /// Where the rest of the item lies after the moves; absent: beside the moved.
    pub rest: Option<String>,
    /// Canonical paths and what they always hold.
    #[serde(default)]
    pub constants: BTreeMap<String, String>,
    /// What an action is, by its name in `event.action` after the moves. Each key is taken from the
    /// first entry that fits and says it, so that a subject (`org_*`) and a verb (`*_created`) are
    /// said once each, and an exception stands before them. The program may change it; where the
    /// program itself finds the action, what it leaves open is filled after it.
    #[serde(default)]
    pub actions: Vec<Action>,
    /// Raw vendor names to canonical paths, for Sigma rules written against the raw format. The moves
    /// are aliases by themselves.
    #[serde(default)]
    pub aliases: BTreeMap<String, String>,
}

/// A GET request whose header is to be sent back as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Challenge {
    /// The header that holds the challenge, in lower case.
    pub header: String,
    /// The key of the answer: `{"<answer>": "<challenge>"}`.
    pub answer: String,
}

/// A source's place in Sigma's taxonomy.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Logsource {
    /// The vendor's product: `github`.
    pub product: String,
    /// The stream: `webhook`.
    pub service: String,
    /// Other names that rules in the field use for the stream.
    #[serde(default)]
    pub also_services: Vec<String>,
}

/// What the actions of some names are.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Action {
    /// The names. `*` before or after a text stands for any.
    pub names: Vec<Scalar>,
    /// `event.category`.
    pub category: Option<String>,
    /// `event.type`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// `event.outcome`.
    pub outcome: Option<String>,
    /// `chaperone.logsource.category`.
    pub activity: Option<String>,
}

/// A path at which a delivery holds its items.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ItemPath {
    /// Dotted.
    pub path: String,
    /// True where an item is the whole delivery with one element in the place of the list, since
    /// the delivery says who and when. The paths that follow in the list may lead into its elements.
    #[serde(default)]
    pub inherit: bool,
}

/// One way to know an item: all of it must hold.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recognize {
    /// Paths that are there and not null.
    #[serde(default)]
    pub has: Vec<String>,
    /// Paths that are not there.
    #[serde(default)]
    pub lacks: Vec<String>,
    /// Headers that the delivery has, in lower case.
    #[serde(default)]
    pub headers: Vec<String>,
    /// Paths and the values of which each has one. `*` before or after a text stands for any.
    #[serde(default)]
    pub equals: BTreeMap<String, Vec<Scalar>>,
    /// Paths and the values of which none has one.
    #[serde(default)]
    pub unlike: BTreeMap<String, Vec<Scalar>>,
}

/// An id: one path, or several whose values are joined.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum IdSpec {
    /// The value at one path.
    One(String),
    /// The values at all of the paths.
    Joined(Vec<String>),
}

impl IdSpec {
    /// The paths, in order.
    pub(crate) fn paths(&self) -> Vec<String> {
        match self {
            Self::One(path) => vec![path.clone()],
            Self::Joined(paths) => paths.clone(),
        }
    }
}

/// A value that TOML can write and JSON can hold.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Scalar {
    /// true or false.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// Text.
    Text(String),
}

impl Spec {
    pub(super) fn read(path: &str, text: &str) -> Result<Self, Vec<Problem>> {
        let spec: Self = read_toml(path, text).map_err(|problem| vec![problem])?;
        let mut problems = Vec::new();
        let mut say = |key: &str, message: &str| {
            let offset = text.find(key).unwrap_or(0);
            problems.push(Problem::at(path, text, offset, message));
        };
        if spec.deliveries.is_empty() {
            say(
                "deliveries",
                "names no delivery; write for example [\"webhook\"]",
            );
        }
        let answer = spec.answer.as_ref();
        if answer.is_some_and(|text| value::parse(text.as_bytes()).is_err()) {
            say("answer", "is no JSON");
        }
        for entry in &spec.recognize {
            if entry.has.len() + entry.headers.len() + entry.equals.len() == 0 {
                let message = "an entry without `has`, `headers` or `equals` would take any JSON";
                say("[[recognize]]", message);
            }
            if let Some(header) = entry.headers.iter().find(|h| **h != h.to_lowercase()) {
                say(header, "headers are compared in lower case; write it so");
            }
        }
        if problems.is_empty() {
            Ok(spec)
        } else {
            Err(problems)
        }
    }
}
