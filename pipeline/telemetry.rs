//! The log: text on stderr, `warn` for what was recovered and `error` for what someone must act on.
//!
//! `CHAPERONE_LOG` sets the level of our own code only. Libraries stay at `warn` whatever it says:
//! below that some of them print what passes through them, and event content never reaches a log
//! (invariant I7).

use std::io::IsTerminal;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;

const OURS: [&str; 4] = [
    "chaperone",
    "chaperone_mappings",
    "chaperone_detections",
    "chaperone_sinks",
];

/// Starts the log of this process.
pub fn start() {
    let wanted = std::env::var("CHAPERONE_LOG").unwrap_or_default();
    // An empty text would be read as `error`.
    let level = Some(wanted.as_str()).filter(|wanted| !wanted.is_empty());
    let level: LevelFilter = level
        .and_then(|wanted| wanted.parse().ok())
        .unwrap_or(LevelFilter::INFO);
    let filter = OURS.iter().fold(EnvFilter::new("warn"), |filter, ours| {
        let directive = format!("{ours}={level}").parse();
        filter.add_directive(directive.expect("a crate and a level make a directive"))
    });
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none())
        .with_target(false)
        .init();
}
