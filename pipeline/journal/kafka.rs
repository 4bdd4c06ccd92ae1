//! The journal on a Kafka: the same pipeline in any number of processes.
//!
//! Kafka does what a cluster needs: its consumer groups share the partitions out, its transactions
//! carry a stage's step (outputs, state and offsets, all or nothing), and its compacted topics hold
//! the state. Nothing here is a home-made cluster, and nothing outside of this module knows of it
//! (invariant I6).
//!
//! The topics are `<prefix><name>` ([`Topic::name`]); a stage's consumer group is
//! `<prefix><group>.<topic>`, and its state lies in `<group id>.changelog`.
//!
//! What differs from the embedded journal, within what [`super`] promises: offsets have gaps, since
//! a transaction's end takes one; a step that was committed may be taken back within
//! `transaction` (100 ms by default), and then the partition is announced again; which partitions a
//! member has is decided by the group, whatever [`Member`] says.

mod append;
mod changelog;
mod client;
mod consumer;
mod failure;
mod message;
mod meters;
mod topics;
mod transaction;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::group::GroupId;
use super::route::Router;
use super::{Consumer, Journal, JournalError, Member, Outgoing, Topic};
use append::Appender;
use client::Reader;
use consumer::GroupMember;
use meters::Meters;
pub use meters::Reading;
use topics::{Kind, Topics};

/// What the headers and the framing of a message may add to it.
const HEADERS_BYTES_MAX: usize = 64 << 10;

/// How much larger than its record a message may become.
const GROWTH_MAX: usize = 4;

/// An access token of OAUTHBEARER.
pub struct Token {
    /// What is sent.
    pub text: String,
    /// Until when it is good, in milliseconds since 1970.
    pub expires_ms: i64,
}

/// Gives a token whenever the client wants a new one.
pub type TokenSource = Arc<dyn Fn() -> Result<Token, Box<dyn std::error::Error>> + Send + Sync>;

/// How a Kafka is used.
#[derive(Clone)]
pub struct KafkaConfig {
    /// `host:port` of some brokers.
    pub brokers: Vec<String>,
    /// What the names of our topics, groups and transactions begin with.
    pub prefix: String,
    /// Partitions of each of our topics.
    pub partitions: u32,
    /// Copies of each partition.
    pub replication: i32,
    /// Workers of a stage in this process.
    pub workers: u32,
    /// The name of this process among its like, the same after a restart: it makes the members of
    /// the groups static. None: a name for this run only.
    pub instance: Option<String>,
    /// How long steps are gathered into one transaction.
    pub transaction: Duration,
    /// How long the brokers wait for a process that has a transaction open.
    pub transaction_timeout: Duration,
    /// How long our topics keep records.
    pub retention_age: Duration,
    /// How much each of our topics keeps; 0: no limit.
    pub retention_bytes: u64,
    /// The largest message.
    pub message_bytes_max: usize,
    /// Properties of librdkafka, by name; some hold secrets.
    pub properties: BTreeMap<String, String>,
    /// Where tokens of OAUTHBEARER come from.
    pub token: Option<TokenSource>,
}

impl Default for KafkaConfig {
    /// One broker on this machine, 12 partitions.
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            brokers: vec!["127.0.0.1:9092".into()],
            prefix: "chaperone.".into(),
            partitions: 12,
            replication: 1,
            workers: u32::try_from(cores).unwrap_or(1),
            instance: None,
            transaction: Duration::from_millis(100),
            transaction_timeout: Duration::from_secs(15),
            retention_age: Duration::from_secs(7 * 24 * 60 * 60),
            retention_bytes: 0,
            message_bytes_max: 32 << 20,
            properties: BTreeMap::new(),
            token: None,
        }
    }
}

// Properties may hold secrets.
impl std::fmt::Debug for KafkaConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KafkaConfig")
            .field("brokers", &self.brokers)
            .field("prefix", &self.prefix)
            .field("partitions", &self.partitions)
            .finish_non_exhaustive()
    }
}

/// The names of our topics.
pub(crate) struct Names([String; Topic::ALL.len()]);

impl Names {
    fn new(prefix: &str) -> Self {
        Self(Topic::ALL.map(|topic| format!("{prefix}{}", topic.name())))
    }

    fn topic(&self, topic: Topic) -> &str {
        &self.0[topic.index()]
    }
}

/// What the journal and its consumers share.
pub(crate) struct Shared {
    config: KafkaConfig,
    names: Names,
    topics: Topics,
    /// Sees the end of everything that was written, also of open transactions.
    uncommitted: Reader,
    /// What a name for this run only begins with.
    run: String,
    message_bytes_max: usize,
    router: Router,
    meters: Meters,
}

/// A journal on a Kafka.
pub struct Kafka {
    shared: Arc<Shared>,
    appender: Appender,
}

impl Kafka {
    /// Connects, makes the topics that are missing and looks at those that are there.
    ///
    /// # Errors
    /// Where no broker answers, or a topic is there that does not fit.
    pub fn connect(config: KafkaConfig) -> Result<Self, JournalError> {
        let uncommitted = client::reader(
            &config,
            &format!("{}start", config.prefix),
            "read_uncommitted",
        )
        .map_err(|error| failure::at_start("making a client of Kafka", &error))?;
        let topics = Topics::new(&config)?;
        let names = Names::new(&config.prefix);
        let mut message_bytes_max = config.message_bytes_max;
        for topic in Topic::ALL {
            let name = names.topic(topic);
            let most = topics.ensure(&uncommitted, name, Kind::Log, config.partitions)?;
            message_bytes_max = message_bytes_max.min(most);
        }
        let mut run = [0; 8];
        getrandom::fill(&mut run).map_err(|error| JournalError::Io {
            doing: "finding a name for this run".into(),
            detail: error.to_string(),
        })?;
        let shared = Shared {
            names,
            topics,
            uncommitted,
            run: format!("{:016x}", u64::from_be_bytes(run)),
            message_bytes_max,
            router: Router::default(),
            meters: Meters::default(),
            config: config.clone(),
        };
        Ok(Self {
            shared: Arc::new(shared),
            appender: Appender::new(config),
        })
    }

    /// What the journal has measured of itself so far.
    pub fn reading(&self) -> Reading {
        self.shared.meters.reading()
    }
}

impl Journal for Kafka {
    fn partitions(&self, _topic: Topic) -> u32 {
        self.shared.config.partitions
    }

    fn workers(&self, topic: Topic) -> u32 {
        self.shared.config.workers.clamp(1, self.partitions(topic))
    }

    fn is_shared(&self) -> bool {
        true
    }

    /// What is made of a record may be larger than it: its event, and what a form takes in JSON.
    fn record_bytes_max(&self) -> usize {
        self.shared.message_bytes_max / GROWTH_MAX
    }

    fn append(&self, outgoing: Vec<Outgoing>) -> Result<(), JournalError> {
        if outgoing.is_empty() {
            return Ok(());
        }
        let partitions = self.shared.config.partitions;
        let routes = self.shared.router.route(&outgoing, partitions)?;
        self.appender.append(&outgoing, &routes, &self.shared.names)
    }

    fn subscribe(
        &self,
        group: &str,
        topic: Topic,
        member: Member,
    ) -> Result<Box<dyn Consumer>, JournalError> {
        GroupId::new(topic, group)?;
        let consumer = GroupMember::join(Arc::clone(&self.shared), group, topic, member)?;
        Ok(Box::new(consumer))
    }
}
