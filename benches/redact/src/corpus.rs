//! The texts: a working day of agents, text with nothing in it, and inputs made to be slow.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::benign;
use crate::dice::Dice;
use crate::rules::Rule;

/// Bytes of one text that wants to be slow.
const WORST_LEN: usize = 1 << 20;
const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/// What such a text repeats: a keyword, a border, the beginning of something that never ends.
const RUNS: [&str; 24] = [
    "\\",
    "\\\"",
    "\\n",
    "%25",
    "%41",
    "key",
    "key=",
    "key=a ",
    "\"key\":",
    "\"key\":\"a\",",
    "--token a ",
    "ghp_",
    "eyJ",
    "eyJhbGciOiJ.eyJ",
    "token=a:",
    "https://a:",
    "https://a:b1@h ",
    "Bearer ",
    "authorization: ",
    "cookie: a=b; ",
    "-----BEGIN PRIVATE KEY-----",
    "[REDACTED:",
    "AccountKey=",
    "\u{1b}[0m",
];

/// Texts that are measured together under one name.
#[derive(Debug)]
pub(crate) struct Lane {
    pub(crate) name: String,
    pub(crate) texts: Vec<String>,
}

/// Every lane, the events with about so many bytes.
pub(crate) fn all(event_bytes: usize, seed: u64, rules: &[Rule]) -> Vec<Lane> {
    let mut dice = Dice::new(seed);
    let mut lanes = vec![
        Lane {
            name: "agent events".to_owned(),
            texts: events(event_bytes, &mut dice),
        },
        lane("no keyword", quiet()),
        lane("base64 of noise", dice.text(LETTERS, WORST_LEN)),
        lane("base64 of prose", STANDARD.encode(quiet())),
        lane(
            "base64 of keywords",
            STANDARD.encode("key=key token: ".repeat(WORST_LEN / 20)),
        ),
        lane(
            "base64 of base64",
            STANDARD.encode(STANDARD.encode(quiet())),
        ),
        lane("base64, short runs", short_runs(&mut dice)),
        lane("every keyword", keywords(rules)),
        lane("hexadecimal", dice.text("0123456789abcdef", WORST_LEN)),
    ];
    lanes.extend(RUNS.iter().map(|run| {
        let shown = run.escape_debug().to_string();
        lane(
            &format!("runs of {shown}"),
            run.repeat(WORST_LEN / run.len()),
        )
    }));
    lanes
}

fn lane(name: &str, text: String) -> Lane {
    Lane {
        name: name.to_owned(),
        texts: vec![text],
    }
}

fn events(bytes: usize, dice: &mut Dice) -> Vec<String> {
    let mut events = Vec::new();
    let mut made = 0;
    while made < bytes {
        let event = benign::event(dice);
        made += event.len();
        events.push(event);
    }
    events
}

fn quiet() -> String {
    let line = "The quick brown fox jumps over lazy dogs while nobody looks at them.\n";
    line.repeat(4 * WORST_LEN / line.len())
}

/// Many small values that decode to text.
fn short_runs(dice: &mut Dice) -> String {
    let mut text = String::new();
    while text.len() < WORST_LEN {
        text.push_str(&STANDARD.encode(format!("key: {} ", dice.text(LETTERS, 12))));
        text.push(' ');
    }
    text
}

/// All keywords of the pack, one behind the other.
fn keywords(rules: &[Rule]) -> String {
    let all: Vec<&str> = rules
        .iter()
        .flat_map(|rule| &rule.keywords)
        .map(String::as_str)
        .collect();
    let once = all.join(" ");
    once.repeat(WORST_LEN / once.len())
}
