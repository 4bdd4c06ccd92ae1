//! `chaperone run`.

use std::sync::Arc;

use anyhow::Result;
use chaperone_sinks::{Delivery, Filter as SinkFilter};

use super::{Ended, Invalid, invalid};
use crate::cli::{Role, RunArgs};
use crate::config::{Config, Documents, Sink as SinkConfig};
use crate::content::Content;
use crate::deliver::{Deliverer, Gone};
use crate::filter::Filter;
use crate::journal::{Embedded, Journal, Kafka, Topic};
use crate::live::Live;
use crate::metrics::Metrics;
use crate::run::Pipeline;
use crate::settings;
use crate::stage::normalize::Parts;
use crate::watch::Watch;

/// Runs the command.
pub fn run(args: &RunArgs) -> Result<Ended> {
    let config = match &args.config {
        Some(path) => Config::load(path).map_err(Invalid::from)?,
        None => Config::builtin(),
    };
    let journal = journal(&config)?;
    let key = settings::fingerprint_key(&config)?;
    let folders = settings::folders(&config);
    let seen = Watch::begin(&folders);
    let content = Content::load(&folders, Some(key.clone()))?;
    content.warn();
    let metrics = Arc::new(Metrics::default());
    let live = Arc::new(Live::new(content.clone()));
    let mut pipeline = Pipeline::new(journal.clone(), live.clone(), metrics.clone())?;
    let has = |role| args.role.contains(&role);
    if has(Role::Normalize) {
        pipeline.normalize(&parts(&content, journal.as_ref(), &metrics));
    }
    if has(Role::Correlate) {
        pipeline.correlate(&content.rules, &settings::limits(&config.correlate));
    }
    if has(Role::Deliver) {
        let sinks = sinks(&config, journal.as_ref(), &pipeline, &metrics)?;
        pipeline.deliver(sinks);
    }
    if has(Role::Receive) {
        let receive = settings::receive(&config.receive)?;
        let known = Arc::new(settings::Known(live.clone()));
        let seal = settings::seal(live.clone());
        let address = pipeline.receive(receive, seal, known)?;
        greet(address, &config);
    }
    pipeline.watch(Watch::new(seen, folders, key, live, metrics.clone()));
    let ended = pipeline.wait(stop_signal());
    tracing::info!("stopped: {}", metrics.line());
    match ended {
        Err(error) if error.is::<Gone>() => Ok(Ended::Well),
        Err(error) => Err(error),
        Ok(()) => Ok(Ended::Well),
    }
}

pub(super) fn journal(config: &Config) -> Result<Arc<dyn Journal>> {
    let Some(kafka) = &config.journal.kafka else {
        let embedded = Embedded::open(settings::journal(&config.journal))?;
        return Ok(Arc::new(embedded));
    };
    if config.redaction.key.is_none() {
        tracing::warn!(
            "[redaction] has no `key`: the fingerprints of this process differ from those of the others on the same Kafka"
        );
    }
    let kafka = Kafka::connect(settings::kafka(&config.journal, kafka)?)?;
    Ok(Arc::new(kafka))
}

fn parts(content: &Content, journal: &dyn Journal, metrics: &Arc<Metrics>) -> Parts {
    Parts {
        normalizer: content.normalizer.clone(),
        redactor: content.redactor.clone(),
        rules: content.rules.clone(),
        filter: Arc::new(Filter::default()),
        match_partitions: journal.partitions(Topic::Matches),
        metrics: metrics.clone(),
    }
}

fn sinks(
    config: &Config,
    journal: &dyn Journal,
    pipeline: &Pipeline,
    metrics: &Arc<Metrics>,
) -> Result<Vec<Deliverer>> {
    let runtime = pipeline.runtime().handle();
    let _entered = runtime.enter();
    config
        .sinks
        .iter()
        .map(|sink| {
            let name = &sink.name;
            let refused = |error| invalid(format!("the sink `{name}`: {error}"));
            let product = sink.product.open(name).map_err(refused)?;
            let delivery = Delivery::new(product, filter(sink), sink.policy());
            let topics: &[Topic] = match sink.documents {
                Documents::Alerts => &[Topic::Alerts],
                Documents::Events => &[Topic::Events],
                Documents::Both => &[Topic::Alerts, Topic::Events],
                Documents::Refusals => &[Topic::DeadLetters],
            };
            Deliverer::new(
                name,
                delivery,
                topics,
                journal,
                runtime.clone(),
                metrics.clone(),
            )
        })
        .collect()
}

fn filter(sink: &SinkConfig) -> SinkFilter {
    SinkFilter {
        events: sink.documents != Documents::Alerts,
        alerts: sink.documents != Documents::Events,
        level_min: sink.level,
        sources: sink.sources.clone(),
        tenants: sink.tenants.clone(),
    }
}

fn greet(address: std::net::SocketAddr, config: &Config) {
    let journal = match &config.journal.kafka {
        Some(kafka) => format!("on Kafka at {}", kafka.brokers.join(",")),
        None => format!("in {}", config.journal.path.display()),
    };
    eprintln!("chaperone listens on http://{address}, journal {journal}");
    eprintln!(
        "  OpenTelemetry  OTEL_EXPORTER_OTLP_ENDPOINT=http://{address} (http/protobuf or http/json)"
    );
    eprintln!("  webhooks       http://{address}/v1/sources/<source>");
    eprintln!(
        "  try it         curl -H 'content-type: application/json' -H 'x-github-event: ping' -d '{{\"zen\":\"hello\",\"hook_id\":1}}' http://{address}/v1/sources/github.webhook"
    );
}

/// Resolves on SIGTERM or Ctrl-C.
async fn stop_signal() {
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminated => {}
    }
}
