//! The command line, as types only. What a command does is in `command/`.
//!
//! The names and forms are stable: scripts use exactly these.

use std::path::PathBuf;

use chaperone_mappings::Schema;
use clap::{Args, Parser, Subcommand, ValueEnum};

/// The detection pipeline for coding agents.
///
/// Audit webhooks, telemetry and hook events of coding agents go in; normalized events without
/// secrets and the alerts of Sigma rules come out, live (`run`) or from history (`replay`).
#[derive(Debug, Parser)]
#[command(
    name = "chaperone",
    version,
    after_help = "Exit status: 0 fine; 1 --fail-on level reached, an expectation differs, or a sink \
                  did not take what it was sent; \
                  2 rules, mappings, config or arguments invalid; 3 failed while running.\n\
                  Data goes to stdout, everything else to stderr. CHAPERONE_LOG=debug shows more."
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// One command a file in `command/`.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Receive, detect and deliver until stopped
    ///
    /// Without a config it listens on 127.0.0.1:4318, keeps its journal in ./chaperone-data and
    /// prints alerts as they come. SIGTERM or Ctrl-C drains and exits.
    #[command(
        after_help = "Example:\n  chaperone run\n  curl -d @delivery.json -H 'content-type: application/json' \\\n    -H 'x-github-event: pull_request' http://127.0.0.1:4318/v1/sources/github.webhook"
    )]
    Run(RunArgs),
    /// Run recorded history through the same stages
    ///
    /// Reads files, folders and stdin (`-`); .gz and .zst as they are. A folder with a `case.toml`
    /// is a recorded story and brings its context along.
    #[command(
        after_help = "Examples:\n  chaperone replay replay-fixtures\n  chaperone replay audit-2026-11.ndjson.gz --source github.audit --from 2026-11-01 --fail-on high\n  cat events.ndjson | chaperone replay - --source ecs --format ndjson"
    )]
    Replay(ReplayArgs),
    /// Map records to events, one result a line
    #[command(
        after_help = "Example:\n  chaperone normalize --source okta.system_log okta.ndjson | jq .event"
    )]
    Normalize(NormalizeArgs),
    /// Replace the secrets in text or NDJSON
    #[command(after_help = "Example:\n  some-agent --verbose 2>&1 | chaperone redact > agent.log")]
    Redact(RedactArgs),
    /// Check, test, list and try Sigma rules
    #[command(subcommand)]
    Rules(RulesCommand),
    /// Try the configured sinks, and send again what they have refused
    #[command(subcommand)]
    Sinks(SinksCommand),
    /// Check a config file, or show what is in force
    #[command(subcommand)]
    Config(ConfigCommand),
}

/// `chaperone run`
#[derive(Debug, Args)]
pub struct RunArgs {
    /// The config file; see chaperone.example.toml
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Run only these parts of the pipeline
    #[arg(long, value_delimiter = ',', value_enum, default_values_t = [Role::Receive, Role::Normalize, Role::Correlate, Role::Deliver])]
    pub role: Vec<Role>,
}

/// A part of the pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Role {
    /// HTTP in, raw records into the journal
    Receive,
    /// Raw records to events and matches
    Normalize,
    /// Matches to alerts
    Correlate,
    /// Events and alerts to the sinks
    Deliver,
}

/// `chaperone replay`
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// Files, folders, or - for stdin; .gz and .zst are read as they are
    #[arg(required = true, value_name = "INPUT")]
    pub inputs: Vec<PathBuf>,
    /// What sent the records (`github.audit`, `ecs`, …); auto recognizes each
    #[arg(long, default_value = "auto", value_name = "NAME")]
    pub source: String,
    /// Rule folders instead of the built-in pack; `builtin` names it
    #[arg(long, value_name = "DIR")]
    pub rules: Vec<PathBuf>,
    /// The folder with directory, repositories, networks and lists
    #[arg(long, value_name = "DIR")]
    pub context: Option<PathBuf>,
    /// Only events from this time on (RFC 3339, or a date)
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// Only events before this time
    #[arg(long, value_name = "TIME")]
    pub to: Option<String>,
    /// Only events with this value in a field; may be given more than once
    #[arg(long = "where", value_name = "FIELD=VALUE")]
    pub conditions: Vec<String>,
    /// What to print
    #[arg(long, value_enum, default_value_t = Emit::Alerts)]
    pub emit: Emit,
    /// How to print it; a table on a terminal and NDJSON elsewhere, unless told
    #[arg(long, value_enum)]
    pub format: Option<Format>,
    /// Write here instead of stdout
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Exit with 1 where an alert of this level or a higher one was raised
    #[arg(long, value_name = "LEVEL", value_enum)]
    pub fail_on: Option<LevelArg>,
}

/// `chaperone rules backtest`.
#[derive(Debug, Args)]
pub struct BacktestArgs {
    /// Rule folders as they are to be; `builtin` names the built-in pack
    #[arg(long, required = true, value_name = "DIR")]
    pub rules: Vec<PathBuf>,
    /// Rule folders as they were; `builtin` names the built-in pack
    #[arg(long, required = true, value_name = "DIR")]
    pub against: Vec<PathBuf>,
    /// Files or folders; .gz and .zst are read as they are
    #[arg(required = true, value_name = "INPUT")]
    pub inputs: Vec<PathBuf>,
    /// What sent the records (`github.audit`, `ecs`, …); auto recognizes each
    #[arg(long, default_value = "auto", value_name = "NAME")]
    pub source: String,
    /// The folder with directory, repositories, networks and lists
    #[arg(long, value_name = "DIR")]
    pub context: Option<PathBuf>,
    /// Exit with 1 where the change raises a new alert of this level or a higher one
    #[arg(long, value_name = "LEVEL", value_enum)]
    pub fail_on: Option<LevelArg>,
}

/// What a replay prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Emit {
    /// What the rules raised
    Alerts,
    /// Every normalized event
    Events,
    /// Every match of a base rule
    Matches,
    /// What could not become an event, and why
    Refusals,
}

/// How a replay prints it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Table,
    /// One JSON document a line
    Ndjson,
    /// A report with charts in one file
    Html,
}

/// A Sigma level on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[expect(
    missing_docs,
    reason = "the levels of the Sigma specification, in its words"
)]
pub enum LevelArg {
    Informational,
    Low,
    Medium,
    High,
    Critical,
}

/// `chaperone normalize`
#[derive(Debug, Args)]
pub struct NormalizeArgs {
    /// What sent the records, or auto
    #[arg(long, value_name = "NAME")]
    pub source: String,
    /// The schema of the output: ecs, ocsf or udm
    #[arg(long, value_name = "SCHEMA", default_value_t)]
    pub schema: Schema,
    /// A file; stdin without it
    pub file: Option<PathBuf>,
}

/// `chaperone redact`
#[derive(Debug, Args)]
pub struct RedactArgs {
    /// A gitleaks rule file instead of the built-in patterns; `builtin` names them
    #[arg(long, value_name = "GITLEAKS.TOML")]
    pub rules: Vec<PathBuf>,
    /// A file; stdin without it
    pub file: Option<PathBuf>,
}

/// `chaperone rules …`
#[derive(Debug, Subcommand)]
pub enum RulesCommand {
    /// Load rules and name every problem
    Check {
        /// Rule folders; `builtin` names the built-in pack
        #[arg(required = true, value_name = "DIR")]
        dirs: Vec<PathBuf>,
    },
    /// Run the cases beside the rules (`<name>.cases.yml`)
    Test {
        /// Rule folders; `builtin` names the built-in pack
        #[arg(required = true, value_name = "DIR")]
        dirs: Vec<PathBuf>,
        /// How to print the results
        #[arg(long, value_enum, default_value_t = CaseFormat::Table)]
        format: CaseFormat,
    },
    /// List rules with level, ATT&CK and logsource, and what they cover
    List {
        /// Rule folders; `builtin` names the built-in pack
        #[arg(value_name = "DIR")]
        dirs: Vec<PathBuf>,
    },
    /// Hold events against rules: one line a match
    ///
    /// Takes normalized events or any other JSON, one document a line. An event that names no
    /// logsource is held against every rule, with the rules' field names as they are written.
    Match {
        /// Rule folders; `builtin` names the built-in pack
        #[arg(long = "rules", required = true, value_name = "DIR")]
        rules: Vec<PathBuf>,
        /// A file; stdin without it
        file: Option<PathBuf>,
    },
    /// What a change of rules changes: both sets over the same history, rule by rule
    Backtest(BacktestArgs),
    /// Say why a rule holds for an event, or why not
    Explain {
        /// A rule file
        rule: PathBuf,
        /// A file with one JSON document
        event: PathBuf,
    },
}

/// How the results of cases are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CaseFormat {
    /// For people
    Table,
    /// For build servers
    Junit,
}

/// `chaperone sinks …`
#[derive(Debug, Subcommand)]
pub enum SinksCommand {
    /// Send one marked alert through each configured sink
    ///
    /// Prints what each product answered and how to find the alert there. No filter and no retry
    /// applies. Exits with 1 where a sink did not take it.
    #[command(after_help = "Example:\n  chaperone sinks test --config chaperone.toml")]
    Test(SinksTestArgs),
    /// Send again what a sink has refused
    ///
    /// Reads the sink's dead letters out of the journal, each once. The journal in a folder belongs
    /// to one process: stop `chaperone run` first. On Kafka it may go on.
    #[command(
        after_help = "Example:\n  chaperone sinks redeliver --config chaperone.toml --sink splunk"
    )]
    Redeliver(RedeliverArgs),
}

/// `chaperone sinks test`
#[derive(Debug, Args)]
pub struct SinksTestArgs {
    /// The config file; see chaperone.example.toml
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Only the sink with this name; may be given more than once
    #[arg(long = "sink", value_name = "NAME")]
    pub sinks: Vec<String>,
}

/// `chaperone sinks redeliver`
#[derive(Debug, Args)]
pub struct RedeliverArgs {
    /// The config file; see chaperone.example.toml
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The name of the sink; may be given more than once
    #[arg(long = "sink", value_name = "NAME", required = true)]
    pub sinks: Vec<String>,
}

/// `chaperone config …`
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Name every problem of a config file
    Check {
        /// The config file
        #[arg(default_value = "chaperone.toml")]
        file: PathBuf,
    },
    /// Print the whole config in force; secrets stay references
    Show {
        /// The config file; the defaults without it
        file: Option<PathBuf>,
    },
}
