//! Wires the pipeline: receive → normalize → correlate → deliver, and takes it down in that order.
//!
//! Every worker is a thread with a stage and a consumer of its own; only receive and the sinks'
//! requests live on the async runtime. Where one part fails, the process ends: what was read and
//! not committed is read again at the next start.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::{self, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use chaperone_detections::Limits;
use tokio::runtime::Runtime;
use tokio::sync::watch;

use crate::clock;
use crate::deliver::Deliverer;
use crate::journal::{Journal, Member, Topic};
use crate::live::Live;
use crate::metrics::{Count, Metrics};
use crate::receive::{KnownSources, ReceiveConfig, Receiver, Seal};
use crate::stage::Stage;
use crate::stage::correlate::Correlate;
use crate::stage::normalize::{Normalize, Parts};
use crate::watch::Watch;
use crate::worker::{self, Drain};

/// How often the log speaks of refusals.
const REFUSALS_EVERY: Duration = Duration::from_secs(60);

/// The parts of a pipeline that runs in this process.
pub struct Pipeline {
    journal: Arc<dyn Journal>,
    live: Arc<Live>,
    metrics: Arc<Metrics>,
    runtime: Runtime,
    /// Dropping it ends the watch.
    watching: Option<mpsc::Sender<()>>,
    groups: Vec<Group>,
    receiver: Option<Receiving>,
    failed: mpsc::Sender<anyhow::Error>,
    failure: mpsc::Receiver<anyhow::Error>,
}

/// Says now and then that records are refused: a counter alone would be silent.
#[derive(Default)]
struct Refusals {
    said: u64,
    last: Option<Instant>,
}

impl Refusals {
    fn watch(&mut self, metrics: &Metrics) {
        let refused = metrics.get(Count::Refused);
        let recently = self
            .last
            .is_some_and(|last| last.elapsed() < REFUSALS_EVERY);
        if refused > self.said && !recently {
            let new = refused - self.said;
            tracing::warn!(
                "{new} records were refused; a sink with documents = \"refusals\" shows which and why"
            );
            self.said = refused;
            self.last = Some(Instant::now());
        }
    }
}

/// The threads of one part; they are drained together.
struct Group {
    name: &'static str,
    drain: Arc<Drain>,
    threads: Vec<JoinHandle<()>>,
}

struct Receiving {
    stop: watch::Sender<bool>,
    task: tokio::task::JoinHandle<()>,
}

impl Pipeline {
    /// A pipeline over a journal, with nothing running yet.
    pub fn new(journal: Arc<dyn Journal>, live: Arc<Live>, metrics: Arc<Metrics>) -> Result<Self> {
        let (failed, failure) = channel();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .context("the runtime cannot be started")?;
        Ok(Self {
            journal,
            live,
            metrics,
            runtime,
            watching: None,
            groups: Vec::new(),
            receiver: None,
            failed,
            failure,
        })
    }

    /// Where requests of sinks run.
    pub fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// Starts the normalize workers.
    pub fn normalize(&mut self, parts: &Parts) {
        let stage = |_| Box::new(Normalize::new(parts.clone())) as Box<dyn Stage>;
        self.stage("normalize", Topic::Raw, stage);
    }

    /// Starts the correlate workers.
    pub fn correlate(&mut self, rules: &Arc<chaperone_detections::RuleSet>, limits: &Limits) {
        let metrics = self.metrics.clone();
        let inputs = self.journal.partitions(Topic::Raw);
        let stage = |_| {
            let stage = Correlate::new(rules.clone(), limits.clone(), metrics.clone(), inputs);
            Box::new(stage) as Box<dyn Stage>
        };
        self.stage("correlate", Topic::Matches, stage);
    }

    fn stage(&mut self, name: &'static str, topic: Topic, make: impl Fn(u32) -> Box<dyn Stage>) {
        let count = self.journal.workers(topic);
        let drain = Arc::new(Drain::default());
        let threads = (0..count).map(|index| {
            let (stage, journal, drain) = (make(index), self.journal.clone(), drain.clone());
            let live = self.live.clone();
            let member = Member { index, count };
            self.thread(format!("{name}-{index}"), move || {
                let journal = journal.as_ref();
                worker::run(stage, journal, name, member, &drain, &live, clock::now_ms)
            })
        });
        let threads = threads.collect();
        self.groups.push(Group {
            name,
            drain,
            threads,
        });
    }

    /// Starts to watch the folders that the content is made of.
    pub fn watch(&mut self, watch: Watch) {
        if watch.is_idle() {
            return;
        }
        let (watching, stop) = channel();
        self.thread("watch".to_owned(), move || {
            watch.run(&stop);
            Ok(())
        });
        self.watching = Some(watching);
    }

    /// Starts a thread for each sink.
    pub fn deliver(&mut self, sinks: Vec<Deliverer>) {
        let drain = Arc::new(Drain::default());
        let threads = sinks.into_iter().enumerate().map(|(index, sink)| {
            let drain = drain.clone();
            self.thread(format!("deliver-{index}"), move || sink.run(&drain))
        });
        let threads = threads.collect();
        self.groups.push(Group {
            name: "deliver",
            drain,
            threads,
        });
    }

    /// Starts to listen, and returns the address once it does.
    pub fn receive(
        &mut self,
        config: ReceiveConfig,
        seal: Arc<dyn Seal>,
        known: Arc<dyn KnownSources>,
    ) -> Result<SocketAddr> {
        let journal = self.journal.clone();
        let bound = Receiver::bind(config, journal, seal, known, clock::now_ms);
        let server = self.runtime.block_on(bound)?;
        let address = server.address();
        let (stop, mut stopped) = watch::channel(false);
        let failed = self.failed.clone();
        let task = self.runtime.spawn(async move {
            let shutdown = async move {
                // An error means that the sender is gone, which is a reason to stop as well.
                let _ = stopped.wait_for(|stop| *stop).await;
            };
            if let Err(error) = server.serve(shutdown).await {
                let _ = failed.send(error.into());
            }
        });
        self.receiver = Some(Receiving { stop, task });
        Ok(address)
    }

    fn thread(
        &self,
        name: String,
        work: impl FnOnce() -> Result<()> + Send + 'static,
    ) -> JoinHandle<()> {
        let failed = self.failed.clone();
        let spawned = thread::Builder::new().name(name.clone()).spawn(move || {
            if let Err(error) = work() {
                // Nobody listens any more where another part has failed before.
                let _ = failed.send(error.context(format!("{name} has stopped")));
            }
        });
        spawned.expect("the system can start a thread")
    }

    /// Runs until `stop` resolves or a part fails, then drains everything in order.
    pub fn wait(mut self, stop: impl Future<Output = ()> + Send + 'static) -> Result<()> {
        let (stopping, stopped) = channel();
        self.runtime.spawn(async move {
            stop.await;
            let _ = stopping.send(());
        });
        let mut refused = Refusals::default();
        let failure = loop {
            refused.watch(&self.metrics);
            if let Ok(error) = self.failure.recv_timeout(Duration::from_millis(100)) {
                break Some(error);
            }
            if stopped.try_recv().is_ok() {
                break None;
            }
        };
        match failure {
            Some(error) => Err(error),
            None => self.drain(),
        }
    }

    fn drain(&mut self) -> Result<()> {
        self.watching = None;
        if let Some(Receiving { stop, task }) = self.receiver.take() {
            let _ = stop.send(true);
            self.runtime
                .block_on(task)
                .context("receive did not end well")?;
        }
        for group in self.groups.drain(..) {
            tracing::debug!(part = group.name, "draining");
            group.drain.begin();
            for thread in group.threads {
                let _ = thread.join();
            }
            if let Ok(error) = self.failure.try_recv() {
                return Err(error);
            }
        }
        Ok(())
    }
}
