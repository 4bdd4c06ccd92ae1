//! The configuration: one TOML file, resolved once, every limit in one place.
//!
//! Unknown keys are refused, nothing is taken from the environment by templating, and secrets are
//! given by reference only. Each section is read on its own, so that one look shows all problems
//! as `path:line:column: what`. The defaults are the values of `chaperone.example.toml`; a test
//! keeps the two equal.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chaperone_mappings::problem::Problem;
use chaperone_sinks::SecretRef;
use serde::{Deserialize, Serialize};

pub use chaperone_sinks::unit::{Size, Span};
use sections::Sections;
pub use sink::{Batching, Documents, Sink};

pub mod kafka;
mod sections;
mod sink;

/// The whole configuration, with defaults filled in. Secrets are still references.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Config {
    /// The log between the stages.
    pub journal: Journal,
    /// What comes in over HTTP.
    pub receive: Receive,
    /// Sources beyond the built-in ones.
    pub mappings: Mappings,
    /// What is redacted and how.
    pub redaction: Redaction,
    /// Which rules run.
    pub rules: Rules,
    /// What is known of people, repositories and networks.
    pub context: Context,
    /// Event time and the bounds of the correlations.
    pub correlate: Correlate,
    /// Where events and alerts go.
    pub sinks: Vec<Sink>,
}

/// `[journal]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Journal {
    /// The folder of the embedded journal.
    pub path: PathBuf,
    /// Partitions of each topic, fixed when the folder is made; 0: one for each core.
    pub partitions: u32,
    /// `always`: a delivery is answered when it is on disk; a time: at most that much is lost in a
    /// power cut; `never`: the operating system decides.
    pub fsync: Fsync,
    /// What consumers have read is kept up to this size in each topic …
    pub retention_bytes: Size,
    /// … and up to this age.
    pub retention_age: Span,
    /// What they have not read is never deleted; at this size of the whole folder, deliveries are
    /// answered with 503 instead.
    pub bytes_max: Size,
    /// A Kafka in place of the folder, which then only holds the fingerprints' key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kafka: Option<kafka::Kafka>,
}

/// When an append reaches the disk.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fsync {
    /// Before it is acknowledged.
    Always,
    /// At most this much later.
    Every(Duration),
    /// When the operating system likes.
    Never,
}

/// `[receive]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Receive {
    /// The address of OTLP/HTTP and of the webhooks. Beyond loopback every way in needs a secret.
    pub listen: SocketAddr,
    /// The largest body, also after decompression.
    pub body_bytes_max: Size,
    /// Requests worked on at once; more are answered with 429.
    pub in_flight_max: usize,
    /// How the OTLP paths (`/v1/logs`, `/v1/metrics`, `/v1/traces`) are authenticated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub otlp: Option<Auth>,
    /// How the webhooks of a source are authenticated.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub sources: BTreeMap<String, Auth>,
}

/// How a delivery proves where it comes from: one of these ways.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Auth {
    /// GitHub's `X-Hub-Signature-256`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub github_secret: Option<SecretRef>,
    /// The hexadecimal HMAC-SHA256 of the body in `header`, behind `prefix`: Bitbucket and others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hmac_sha256: Option<SecretRef>,
    /// Standard Webhooks: GitLab's signing token and others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standard_webhooks: Option<SecretRef>,
    /// `Authorization: Bearer …`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bearer: Option<SecretRef>,
    /// A static token in a header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<SecretRef>,
    /// The header of `token` or `hmac_sha256`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// What stands before the digits of `hmac_sha256`; `sha256=` where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
}

/// `[mappings]`
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mappings {
    /// Folders with sources that extend or replace the built-in ones.
    pub dirs: Vec<PathBuf>,
}

/// `[redaction]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Redaction {
    /// The built-in patterns.
    pub builtin: bool,
    /// gitleaks rule files beside them.
    pub rules: Vec<PathBuf>,
    /// The key of the fingerprints; without one `run` makes one in the journal's folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<SecretRef>,
    /// The key's name in the fingerprints: change it when you rotate the key.
    pub key_id: String,
}

/// `[rules]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rules {
    /// Rule folders; `builtin` names the built-in pack.
    pub dirs: Vec<PathBuf>,
}

/// `[context]`
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Context {
    /// The folder with directory.toml, repositories.toml, networks.toml, agents.toml, lists.toml.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dir: Option<PathBuf>,
}

/// `[correlate]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Correlate {
    /// How much later than its neighbours an event may arrive.
    pub lateness: Span,
    /// How far beyond its receive time an event may claim to be.
    pub future_skew: Span,
    /// How long a rule remembers the events that it has alerted on.
    pub dedup: Span,
    /// The most groups of one rule and tenant.
    pub groups_max: usize,
    /// The most matches in one group.
    pub matches_max: usize,
}

fn minutes(n: u64) -> Span {
    Span(Duration::from_secs(n * 60))
}

impl Default for Journal {
    fn default() -> Self {
        Self {
            path: "chaperone-data".into(),
            partitions: 0,
            fsync: Fsync::Always,
            retention_bytes: Size(4 << 30),
            retention_age: minutes(7 * 24 * 60),
            bytes_max: Size(32 << 30),
            kafka: None,
        }
    }
}

impl Default for Receive {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 4318)),
            body_bytes_max: Size(25 << 20),
            in_flight_max: 256,
            otlp: None,
            sources: BTreeMap::new(),
        }
    }
}

impl Default for Redaction {
    fn default() -> Self {
        Self {
            builtin: true,
            rules: Vec::new(),
            key: None,
            key_id: "k1".into(),
        }
    }
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            dirs: vec!["builtin".into()],
        }
    }
}

impl Default for Correlate {
    fn default() -> Self {
        Self {
            lateness: minutes(5),
            future_skew: minutes(5),
            dedup: minutes(7 * 24 * 60),
            groups_max: 100_000,
            matches_max: 10_000,
        }
    }
}

impl Config {
    /// What runs without a config file.
    pub fn builtin() -> Self {
        Self {
            sinks: vec![Sink::stdout()],
            ..Self::default()
        }
    }

    /// Reads a config file. Paths in it are relative to the file's folder.
    pub fn load(path: &Path) -> Result<Self, Vec<Problem>> {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| {
            vec![Problem::at(
                &name,
                "",
                0,
                format!("cannot be read: {error}"),
            )]
        })?;
        let mut config = Self::parse(&name, &text)?;
        if let Some(folder) = path.parent() {
            config.rebase(folder);
        }
        Ok(config)
    }

    /// Reads the text of a config file; `name` stands for it in problems.
    pub fn parse(name: &str, text: &str) -> Result<Self, Vec<Problem>> {
        let mut sections = Sections::split(name, text);
        let mut config = Self {
            journal: sections.take("journal"),
            receive: sections.take("receive"),
            mappings: sections.take("mappings"),
            redaction: sections.take("redaction"),
            rules: sections.take("rules"),
            context: sections.take("context"),
            correlate: sections.take("correlate"),
            sinks: sink::take_all(&mut sections),
        };
        sections.refuse_the_rest();
        if config.sinks.is_empty() {
            config.sinks.push(Sink::stdout());
        }
        config.check(&mut sections);
        sections.finish(config)
    }

    /// The whole config as TOML.
    pub fn to_toml(&self) -> String {
        toml::to_string_pretty(self).expect("a config is representable as TOML")
    }

    fn check(&self, sections: &mut Sections<'_>) {
        for (index, sink) in self.sinks.iter().enumerate() {
            if self.sinks[..index]
                .iter()
                .any(|other| other.name == sink.name)
            {
                sections.problem("sinks", format!("two sinks are named `{}`", sink.name));
            }
        }
        let auths = self
            .receive
            .sources
            .iter()
            .map(|(name, auth)| (name.as_str(), auth));
        for (name, auth) in auths.chain(self.receive.otlp.iter().map(|auth| ("otlp", auth))) {
            if let Err(what) = auth.check() {
                sections.problem("receive", format!("`{name}`: {what}"));
            }
        }
        let open = self.receive.sources.is_empty() && self.receive.otlp.is_none();
        if open && !self.receive.listen.ip().is_loopback() {
            let what = "`listen` can be reached from other machines: give [receive.otlp] or [receive.sources.\"<source>\"] a secret (what has none is then closed), or listen on 127.0.0.1";
            sections.problem("receive", what.into());
        }
        for what in self.journal.kafka.iter().flat_map(kafka::Kafka::problems) {
            sections.problem("journal", what);
        }
        if self.receive.in_flight_max == 0 {
            sections.problem("receive", "in_flight_max must be at least 1".into());
        }
    }

    fn rebase(&mut self, folder: &Path) {
        let join = |path: &mut PathBuf| {
            if path.is_relative() && path.as_os_str() != "builtin" {
                *path = folder.join(&*path);
            }
        };
        join(&mut self.journal.path);
        let kafka = self.journal.kafka.iter_mut();
        kafka.flat_map(kafka::Kafka::paths).for_each(join);
        self.mappings.dirs.iter_mut().for_each(join);
        self.redaction.rules.iter_mut().for_each(join);
        self.rules.dirs.iter_mut().for_each(join);
        self.context.dir.iter_mut().for_each(join);
        self.sinks
            .iter_mut()
            .flat_map(|sink| sink.product.paths())
            .for_each(join);
        let auths = self
            .receive
            .sources
            .values_mut()
            .chain(&mut self.receive.otlp);
        let secrets = auths.flat_map(|auth| {
            let Auth {
                github_secret,
                hmac_sha256,
                standard_webhooks,
                bearer,
                token,
                ..
            } = auth;
            [github_secret, hmac_sha256, standard_webhooks, bearer, token]
                .into_iter()
                .flatten()
        });
        for secret in secrets.chain(&mut self.redaction.key) {
            if let SecretRef::File(path) = secret {
                join(path);
            }
        }
    }
}

impl Auth {
    fn check(&self) -> Result<(), &'static str> {
        let ways = [
            &self.github_secret,
            &self.hmac_sha256,
            &self.standard_webhooks,
            &self.bearer,
            &self.token,
        ];
        if ways.iter().filter(|way| way.is_some()).count() != 1 {
            return Err(
                "give exactly one of `github_secret`, `hmac_sha256`, `standard_webhooks`, `bearer` and `token`",
            );
        }
        let takes_header = self.token.is_some() || self.hmac_sha256.is_some();
        if takes_header && self.header.is_none() {
            return Err("`token` and `hmac_sha256` need the `header` that carries them");
        }
        if !takes_header && self.header.is_some() {
            return Err("`header` belongs to `token` and `hmac_sha256`");
        }
        if self.hmac_sha256.is_none() && self.prefix.is_some() {
            return Err("`prefix` belongs to `hmac_sha256`");
        }
        Ok(())
    }
}

impl Serialize for Fsync {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Always => serializer.serialize_str("always"),
            Self::Never => serializer.serialize_str("never"),
            Self::Every(time) => Span(*time).serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Fsync {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.as_str() {
            "always" => Ok(Self::Always),
            "never" => Ok(Self::Never),
            _ => {
                let span = serde::de::value::StringDeserializer::<D::Error>::new(text);
                Span::deserialize(span)
                    .map(|span| Self::Every(span.0))
                    .map_err(|_| {
                        serde::de::Error::custom(
                            "expected \"always\", \"never\" or a time like \"200ms\"",
                        )
                    })
            }
        }
    }
}

#[cfg(test)]
mod tests;
