//! `[journal.kafka]`: where it is written, the journal is on a Kafka.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use chaperone_sinks::{SecretRef, Setting};
use serde::{Deserialize, Serialize};

use super::{Size, Span};

/// A Kafka that holds the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kafka {
    /// `host:port` of some brokers; they name the others.
    pub brokers: Vec<String>,
    /// What the names of topics, groups and transactions begin with.
    #[serde(default = "prefix")]
    pub prefix: String,
    /// Partitions of each topic, fixed when the topics are made.
    #[serde(default = "partitions")]
    pub partitions: u32,
    /// Copies of each partition; below 3 a broker that is lost may take records with it.
    #[serde(default = "replication")]
    pub replication: i32,
    /// Workers of each stage in this process; 0: one for each core.
    #[serde(default)]
    pub workers: u32,
    /// This process's name among its like, the same after a restart (a StatefulSet's pod name):
    /// then a restart moves no partitions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// How long steps are gathered into one transaction: the price of a transaction against the time
    /// to an alert.
    #[serde(default = "transaction")]
    pub transaction: Span,
    /// How long the brokers wait for a process that has died with a transaction open.
    #[serde(default = "transaction_timeout")]
    pub transaction_timeout: Span,
    /// The largest message of our topics. A record of more than a quarter of it is refused with 413,
    /// since its event may be larger than it.
    #[serde(default = "message_bytes_max")]
    pub message_bytes_max: Size,
    /// TLS; without it the connections are plain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
    /// How this process proves who it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sasl: Option<Sasl>,
    /// Any property of librdkafka.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub properties: BTreeMap<String, Setting>,
}

/// `[journal.kafka.tls]`
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tls {
    /// The certificates that are trusted; the system's without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca: Option<PathBuf>,
    /// Our own certificate …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<PathBuf>,
    /// … its key …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<PathBuf>,
    /// … and the key's password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_password: Option<SecretRef>,
}

/// `[journal.kafka.sasl]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sasl {
    /// Which.
    pub mechanism: Mechanism,
    /// For PLAIN and SCRAM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// For PLAIN and SCRAM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<SecretRef>,
    /// For OAUTHBEARER: read anew whenever the old one expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<SecretRef>,
}

/// A SASL mechanism.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the registered names of the mechanisms")]
pub enum Mechanism {
    #[serde(rename = "PLAIN")]
    Plain,
    #[serde(rename = "SCRAM-SHA-256")]
    ScramSha256,
    #[serde(rename = "SCRAM-SHA-512")]
    ScramSha512,
    #[serde(rename = "OAUTHBEARER")]
    OauthBearer,
}

impl Mechanism {
    /// The registered name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha512 => "SCRAM-SHA-512",
            Self::OauthBearer => "OAUTHBEARER",
        }
    }
}

/// What the journal stands on.
const OURS: [&str; 14] = [
    "acks",
    "allow.auto.create.topics",
    "auto.offset.reset",
    "bootstrap.servers",
    "enable.auto.commit",
    "enable.auto.offset.store",
    "enable.idempotence",
    "enable.partition.eof",
    "group.id",
    "group.instance.id",
    "isolation.level",
    "metadata.broker.list",
    "transaction.timeout.ms",
    "transactional.id",
];

impl Kafka {
    /// What is wrong with it.
    pub(super) fn problems(&self) -> Vec<String> {
        let mut found = Vec::new();
        if self.brokers.is_empty() {
            found.push("kafka needs `brokers`, such as [\"kafka-1:9092\"]".to_owned());
        }
        let most = crate::journal::embedded::PARTITIONS_MAX;
        if !(1..=most).contains(&self.partitions) {
            found.push(format!("kafka's `partitions` is not in 1 to {most}"));
        }
        if !(1..=i32::from(i16::MAX)).contains(&self.replication) {
            found.push("kafka's `replication` must be at least 1".to_owned());
        }
        if self.transaction.0 >= self.transaction_timeout.0 {
            found.push("kafka's `transaction` must be shorter than `transaction_timeout`".into());
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        if !self.prefix.chars().all(plain) {
            found.push("kafka's `prefix` has other characters than letters, digits, . _ -".into());
        }
        for (name, value) in &self.properties {
            if OURS.contains(&name.as_str()) {
                found.push(format!("the property `{name}` is set by chaperone itself"));
            }
            let secret = ["password", "secret", "key.pem", "jaas"];
            let is_secret = secret.iter().any(|part| name.contains(part));
            if is_secret && value.is_plain() {
                found.push(format!(
                    "the property `{name}` is a secret and is not written here: name it as {{ env = \"NAME\" }} or {{ file = \"/path\" }}"
                ));
            }
        }
        found.extend(self.sasl.as_ref().and_then(Sasl::problem));
        found
    }

    /// Paths, to be made relative to the config file.
    pub(super) fn paths(&mut self) -> Vec<&mut PathBuf> {
        let mut paths: Vec<&mut PathBuf> = Vec::new();
        let mut secrets = Vec::new();
        if let Some(tls) = &mut self.tls {
            paths.extend(
                [&mut tls.ca, &mut tls.certificate, &mut tls.key]
                    .into_iter()
                    .flatten(),
            );
            secrets.extend(&mut tls.key_password);
        }
        if let Some(sasl) = &mut self.sasl {
            secrets.extend([&mut sasl.password, &mut sasl.token].into_iter().flatten());
        }
        secrets.extend(
            self.properties
                .values_mut()
                .filter_map(|value| match value {
                    Setting::Secret(secret) => Some(secret),
                    _ => None,
                }),
        );
        paths.extend(secrets.into_iter().filter_map(|secret| match secret {
            SecretRef::File(path) => Some(path),
            SecretRef::Env(_) => None,
        }));
        paths
    }
}

impl Sasl {
    fn problem(&self) -> Option<String> {
        let name = self.mechanism.name();
        let user = self.username.is_some() && self.password.is_some();
        let wrong = match self.mechanism {
            Mechanism::OauthBearer => self.token.is_none(),
            _ => !user || self.token.is_some(),
        };
        let wanted = match self.mechanism {
            Mechanism::OauthBearer => "`token`",
            _ => "`username` and `password`, and nothing else",
        };
        wrong.then(|| format!("kafka's sasl with {name} needs {wanted}"))
    }
}

fn prefix() -> String {
    "chaperone.".into()
}

fn partitions() -> u32 {
    12
}

fn replication() -> i32 {
    3
}

fn transaction() -> Span {
    Span(Duration::from_millis(100))
}

fn transaction_timeout() -> Span {
    Span(Duration::from_secs(15))
}

fn message_bytes_max() -> Size {
    Size(32 << 20)
}
