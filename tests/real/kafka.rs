//! A real Kafka on loopback: one broker, or a cluster whose brokers can be killed, paused and
//! started again.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};

use crate::server::{Server, free_ports, jars};

/// What a data folder must be marked with; any 16 bytes do.
const CLUSTER_ID: &str = "Y2hhcGVyb25lLXRlc3RzIQ";

/// A cluster. Dropping it ends its brokers and removes their data.
pub(crate) struct Cluster {
    brokers: Vec<Broker>,
    jars: String,
    _folder: tempfile::TempDir,
}

struct Broker {
    address: String,
    properties: PathBuf,
    log: PathBuf,
    server: Option<Server>,
}

impl Cluster {
    /// Starts this many brokers and waits until all of them answer.
    pub(crate) fn start(count: usize) -> Self {
        Self::start_with(count, "")
    }

    /// The same, with further lines for `server.properties`.
    pub(crate) fn start_with(count: usize, properties: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (ports, controllers) = (free_ports(count * 2), count);
        let voters: Vec<String> = (0..count)
            .map(|node| format!("{node}@127.0.0.1:{}", ports[controllers + node]))
            .collect();
        let brokers = (0..count).map(|node| {
            let place = folder.path().join(node.to_string());
            std::fs::create_dir(&place).expect("a folder");
            let broker = Broker {
                address: format!("127.0.0.1:{}", ports[node]),
                properties: place.join("server.properties"),
                log: place.join("broker.log"),
                server: None,
            };
            let port = ports[controllers + node];
            let text = server_properties(node, count, &broker.address, port, &voters, &place);
            std::fs::write(&broker.properties, text + properties).expect("written");
            broker
        });
        let mut cluster = Self {
            brokers: brokers.collect(),
            jars: jars("kafka"),
            _folder: folder,
        };
        cluster.format();
        (0..count).for_each(|node| cluster.launch(node));
        (0..count).for_each(|node| cluster.wait(node));
        cluster
    }

    /// `host:port` of every broker, as clients want it.
    pub(crate) fn addresses(&self) -> String {
        let all = self.brokers.iter().map(|broker| broker.address.as_str());
        all.collect::<Vec<_>>().join(",")
    }

    /// kill -9 of one broker.
    pub(crate) fn kill(&mut self, node: usize) {
        self.brokers[node].server.take().expect("it runs").kill();
    }

    /// Starts a killed broker again, and waits until it answers.
    pub(crate) fn restart(&mut self, node: usize) {
        self.launch(node);
        self.wait(node);
    }

    /// SIGSTOP of one broker.
    pub(crate) fn pause(&self, node: usize) {
        self.server(node).pause();
    }

    /// SIGCONT of one broker.
    pub(crate) fn resume(&self, node: usize) {
        self.server(node).resume();
    }

    fn server(&self, node: usize) -> &Server {
        self.brokers[node].server.as_ref().expect("it runs")
    }

    fn format(&self) {
        for broker in &self.brokers {
            let output = Command::new("java")
                .args(["-Xmx128m", "-XX:TieredStopAtLevel=1", "-cp", &self.jars])
                .args(["kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c"])
                .arg(&broker.properties)
                .output()
                .expect("java runs");
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "the storage of Kafka: {said}");
        }
    }

    fn launch(&mut self, node: usize) {
        let broker = &mut self.brokers[node];
        let properties = broker.properties.display().to_string();
        let arguments = [
            "-Xmx512m",
            "-Xms256m",
            "-XX:+UseSerialGC",
            "-cp",
            &self.jars,
            "kafka.Kafka",
            &properties,
        ];
        let arguments = arguments.map(str::to_owned);
        let name = format!("kafka-{node}");
        broker.server = Some(Server::start(&name, &arguments, &broker.log));
    }

    fn wait(&mut self, node: usize) {
        let count = self.brokers.len();
        let broker = &mut self.brokers[node];
        let server = broker.server.as_mut().expect("it was started");
        // A broker listens before it knows of the others.
        let client: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", &broker.address)
            .set_log_level(rdkafka::config::RDKafkaLogLevel::Emerg)
            .create()
            .expect("a client");
        server.wait(90, || {
            let metadata = client.fetch_metadata(None, Duration::from_millis(500));
            metadata.is_ok_and(|metadata| metadata.brokers().len() == count)
        });
    }
}

/// Combined brokers and controllers. Internal topics are small, so that a start takes seconds, and
/// copied where there is more than one broker.
fn server_properties(
    node: usize,
    count: usize,
    address: &str,
    controller_port: u16,
    voters: &[String],
    folder: &Path,
) -> String {
    let copies = count.min(3);
    let in_sync = copies.saturating_sub(1).max(1);
    format!(
        "process.roles=broker,controller
node.id={node}
listeners=PLAINTEXT://{address},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://{address}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
controller.quorum.voters={voters}
log.dirs={folder}/data
auto.create.topics.enable=false
default.replication.factor={copies}
min.insync.replicas={in_sync}
offsets.topic.num.partitions=4
offsets.topic.replication.factor={copies}
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor={copies}
transaction.state.log.min.isr={in_sync}
transaction.abort.timed.out.transaction.cleanup.interval.ms=500
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
",
        voters = voters.join(","),
        folder = folder.display(),
    )
}
