//! From the configuration to what each part takes: the only place where both are known.

use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use base64::Engine as _;
use chaperone_detections::Limits;
use chaperone_mappings::redact::{FingerprintKey, Redactor, Scratch};
use chaperone_sinks::SecretRef;

use crate::clock;
use crate::config::{self, Config};
use crate::content::Folders;
use crate::journal::embedded::{EmbeddedConfig, Fsync, Retention, Retentions};
use crate::journal::kafka::{KafkaConfig, Token, TokenSource};
use crate::live::Live;
use crate::receive::{Auth, KnownSources, ReceiveConfig, Seal, Secret, SourceAccess};

/// How long a token is taken to be good that does not say it.
const TOKEN_AGE_MS: i64 = 5 * 60 * 1_000;

/// Where the content comes from.
pub fn folders(config: &Config) -> Folders {
    Folders {
        mappings: config.mappings.dirs.clone(),
        rules: config.rules.dirs.clone(),
        context: config.context.dir.clone(),
        patterns: config.redaction.rules.clone(),
        builtin_patterns: config.redaction.builtin,
        future_skew_ms: Some(config.correlate.future_skew.ms()),
    }
}

/// The bounds of the correlations.
pub fn limits(correlate: &config::Correlate) -> Limits {
    Limits {
        lateness_ms: correlate.lateness.ms(),
        dedup_ms: correlate.dedup.ms(),
        groups_per_rule: correlate.groups_max,
        matches_per_group: correlate.matches_max,
        ..Limits::default()
    }
}

/// The embedded journal.
pub fn journal(journal: &config::Journal) -> EmbeddedConfig {
    let retention = Retention {
        bytes: journal.retention_bytes.0,
        age: journal.retention_age.0,
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    EmbeddedConfig {
        path: journal.path.join("journal"),
        partitions: match journal.partitions {
            0 => u32::try_from(cores).unwrap_or(1),
            partitions => partitions,
        },
        fsync: match journal.fsync {
            config::Fsync::Always => Fsync::Always,
            config::Fsync::Every(time) => Fsync::Every(time),
            config::Fsync::Never => Fsync::Never,
        },
        retention: Retentions {
            raw: retention,
            events: retention,
            matches: retention,
            alerts: retention,
            dead_letters: retention,
        },
        bytes_max: journal.bytes_max.0,
    }
}

/// The journal on a Kafka, with its secrets fetched.
pub fn kafka(journal: &config::Journal, kafka: &config::kafka::Kafka) -> Result<KafkaConfig> {
    let mut properties = security(kafka)?;
    for (name, value) in &kafka.properties {
        let value = value
            .load()
            .with_context(|| format!("journal.kafka.properties.{name}"))?;
        properties.insert(name.clone(), value.reveal().to_owned());
    }
    let token = kafka.sasl.as_ref().and_then(|sasl| sasl.token.clone());
    let defaults = KafkaConfig::default();
    Ok(KafkaConfig {
        brokers: kafka.brokers.clone(),
        prefix: kafka.prefix.clone(),
        partitions: kafka.partitions,
        replication: kafka.replication,
        workers: match kafka.workers {
            0 => defaults.workers,
            workers => workers,
        },
        instance: kafka.instance.clone(),
        transaction: kafka.transaction.0,
        transaction_timeout: kafka.transaction_timeout.0,
        retention_age: journal.retention_age.0,
        retention_bytes: journal.retention_bytes.0,
        message_bytes_max: usize::try_from(kafka.message_bytes_max.0)?,
        properties,
        token: token.map(token_source),
    })
}

/// TLS and SASL as properties of the client.
fn security(kafka: &config::kafka::Kafka) -> Result<BTreeMap<String, String>> {
    let mut properties = BTreeMap::new();
    let mut set = |name: &str, value: Option<String>| {
        properties.extend(value.map(|value| (name.to_owned(), value)));
    };
    let protocol = match (&kafka.tls, &kafka.sasl) {
        (None, None) => "plaintext",
        (Some(_), None) => "ssl",
        (None, Some(_)) => "sasl_plaintext",
        (Some(_), Some(_)) => "sasl_ssl",
    };
    set("security.protocol", Some(protocol.into()));
    if let Some(tls) = &kafka.tls {
        let text = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
        set("ssl.ca.location", text(&tls.ca));
        set("ssl.certificate.location", text(&tls.certificate));
        set("ssl.key.location", text(&tls.key));
        let password = tls.key_password.as_ref();
        let password = password.map(|secret| reveal(secret, "tls.key_password"));
        set("ssl.key.password", password.transpose()?);
    }
    if let Some(sasl) = &kafka.sasl {
        set("sasl.mechanism", Some(sasl.mechanism.name().into()));
        set("sasl.username", sasl.username.clone());
        let password = sasl.password.as_ref();
        let password = password.map(|secret| reveal(secret, "sasl.password"));
        set("sasl.password", password.transpose()?);
    }
    Ok(properties)
}

fn reveal(secret: &SecretRef, place: &str) -> Result<String> {
    let secret = secret
        .load()
        .with_context(|| format!("journal.kafka.{place}"))?;
    Ok(secret.reveal().to_owned())
}

/// Reads the token anew each time, since whoever puts it there renews it.
fn token_source(secret: SecretRef) -> TokenSource {
    Arc::new(move || {
        let secret = secret.load()?;
        let text = secret.reveal().to_owned();
        let expires_ms = expiry(&text).unwrap_or_else(|| clock::now_ms() + TOKEN_AGE_MS);
        Ok(Token { text, expires_ms })
    })
}

/// When a token expires, where it is a JSON Web Token that says so (RFC 7519, section 4.1.4).
fn expiry(token: &str) -> Option<i64> {
    let claims = token.split('.').nth(1)?;
    let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(claims)
        .ok()?;
    let claims: serde_json::Value = serde_json::from_slice(&claims).ok()?;
    claims.get("exp")?.as_i64()?.checked_mul(1_000)
}

/// Receive, with its secrets fetched.
pub fn receive(receive: &config::Receive) -> Result<ReceiveConfig> {
    let sources = receive.sources.iter().map(|(name, auth)| {
        let auth = proof(auth).with_context(|| format!("receive.sources.\"{name}\""))?;
        Ok((name.clone(), SourceAccess::new(auth)))
    });
    let otlp = match &receive.otlp {
        Some(auth) => proof(auth).context("receive.otlp")?,
        None => Auth::Open,
    };
    let body_bytes_max = usize::try_from(receive.body_bytes_max.0)?;
    let defaults = ReceiveConfig::default();
    // A way in without a proof is for this machine only: beyond loopback it is closed where other
    // ways are configured, and a reason not to start where none is.
    let some = !receive.sources.is_empty() || receive.otlp.is_some();
    let beyond = !receive.listen.ip().is_loopback();
    let unnamed = || {
        if beyond && some {
            Auth::Closed
        } else {
            Auth::Open
        }
    };
    Ok(ReceiveConfig {
        listen: receive.listen,
        body_bytes_max,
        in_flight_max: receive.in_flight_max,
        buffered_bytes_max: defaults
            .buffered_bytes_max
            .max(body_bytes_max.saturating_mul(2)),
        sources: sources.collect::<Result<_>>()?,
        default_auth: unnamed(),
        otlp: SourceAccess::new(if receive.otlp.is_none() {
            unnamed()
        } else {
            otlp
        }),
        ..defaults
    })
}

fn proof(auth: &config::Auth) -> Result<Auth> {
    let load = |secret: &SecretRef| Ok::<_, anyhow::Error>(Secret::new(secret.load()?.reveal()));
    if let Some(secret) = &auth.github_secret {
        return Ok(Auth::github(load(secret)?));
    }
    if let Some(secret) = &auth.hmac_sha256 {
        return Ok(Auth::HmacSha256 {
            header: auth.header.clone().unwrap_or_default(),
            prefix: auth.prefix.clone().unwrap_or_else(|| "sha256=".into()),
            secret: load(secret)?,
        });
    }
    if let Some(secret) = &auth.standard_webhooks {
        return Ok(Auth::StandardWebhooks(load(secret)?));
    }
    if let Some(secret) = &auth.bearer {
        return Ok(Auth::Bearer(load(secret)?));
    }
    let token = auth.token.as_ref().context("no secret is configured")?;
    Ok(Auth::StaticToken {
        header: auth.header.clone().unwrap_or_default(),
        token: load(token)?,
    })
}

/// The key of the fingerprints: the configured one, or one that is made in the data folder.
pub fn fingerprint_key(config: &Config) -> Result<FingerprintKey> {
    let id = &config.redaction.key_id;
    if let Some(secret) = &config.redaction.key {
        return key(id, secret.load()?.reveal().as_bytes());
    }
    let path = config.journal.path.join("fingerprint.key");
    if !path.exists() {
        std::fs::create_dir_all(&config.journal.path)
            .with_context(|| format!("{} cannot be made", config.journal.path.display()))?;
        make_key(&path).with_context(|| format!("{} cannot be written", path.display()))?;
    }
    let bytes =
        std::fs::read(&path).with_context(|| format!("{} cannot be read", path.display()))?;
    key(id, &bytes).with_context(|| {
        format!(
            "{} is damaged: remove it, and a new key is made",
            path.display()
        )
    })
}

fn key(id: &str, bytes: &[u8]) -> Result<FingerprintKey> {
    FingerprintKey::new(id, bytes)
        .context("the fingerprint key needs 16 bytes or more, and a `key_id` of letters and digits")
}

fn make_key(path: &Path) -> Result<()> {
    let mut key = [0; 32];
    getrandom::fill(&mut key)?;
    let mut file = std::fs::File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(&key)?;
    Ok(file.sync_all()?)
}

/// What seals raw text before it is stored.
pub fn seal(live: Arc<Live>) -> Arc<dyn Seal> {
    Arc::new(Sealer(live))
}

struct Sealer(Arc<Live>);

/// The redactor of one version of the content, and its scratch space.
type Sealing = (u64, Arc<Redactor>, Scratch);

thread_local! {
    static SEALING: std::cell::RefCell<Option<Sealing>> = const { std::cell::RefCell::new(None) };
}

impl Seal for Sealer {
    fn seal(&self, text: &[u8]) -> Option<Vec<u8>> {
        SEALING.with_borrow_mut(|sealing| {
            let version = self.0.version();
            if sealing
                .as_ref()
                .is_some_and(|(known, ..)| *known != version)
            {
                *sealing = None;
            }
            let (_, redactor, scratch) = sealing.get_or_insert_with(|| {
                let redactor = self.0.content().redactor.clone();
                let scratch = redactor.scratch();
                (version, redactor, scratch)
            });
            redactor.seal_text(text, scratch)
        })
    }
}

/// The sources that receive takes deliveries of.
pub struct Known(pub Arc<Live>);

impl KnownSources for Known {
    /// `auto` is a way in for streams that mix sources, as an Event Hub does.
    fn knows(&self, source: &str) -> bool {
        source == "auto" || self.0.content().sources.get(source).is_some()
    }

    fn challenge(&self, source: &str) -> Option<(String, String)> {
        let content = self.0.content();
        let challenge = content.sources.get(source)?.spec().challenge.clone()?;
        Some((challenge.header, challenge.answer))
    }

    fn names(&self) -> Vec<String> {
        let content = self.0.content();
        content.sources.names().map(str::to_owned).collect()
    }

    fn answer(&self, source: &str) -> Option<String> {
        self.0.content().sources.get(source)?.spec().answer.clone()
    }
}
