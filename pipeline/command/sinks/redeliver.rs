//! `chaperone sinks redeliver`.

use std::sync::Arc;

use anyhow::Result;
use chaperone_sinks::{Delivery, Filter};

use super::{Ended, chosen, load};
use crate::cli::RedeliverArgs;
use crate::clock;
use crate::command::{invalid, run};
use crate::config::Config;
use crate::deliver::Deliverer;
use crate::metrics::{Count, Metrics};
use crate::settings;
use crate::worker::Drain;

/// Sends the dead letters of each sink again, one sink after the other.
pub(super) fn run(args: &RedeliverArgs) -> Result<Ended> {
    let config = load(args.config.as_deref())?;
    let sinks = chosen(&config, &args.sinks)?;
    exists(&config)?;
    let journal = run::journal(&config)?;
    let runtime = tokio::runtime::Runtime::new()?;
    let _entered = runtime.enter();
    // To the end, and no further.
    let drain = Drain::default();
    drain.begin();
    let mut all_took_it = true;
    for sink in sinks {
        let name = &sink.name;
        let refused = |error| invalid(format!("the sink `{name}`: {error}"));
        let product = sink.product.open(name).map_err(refused)?;
        let metrics = Arc::new(Metrics::default());
        // They have passed the filter once.
        let delivery = Delivery::new(product, Filter::default(), sink.policy());
        let deliverer = Deliverer::of_dead_letters(
            name,
            delivery,
            journal.as_ref(),
            format!("{}-{}", clock::now_ms(), std::process::id()),
            runtime.handle().clone(),
            metrics.clone(),
        )?;
        deliverer.run(&drain)?;
        let again = metrics.get(Count::DeadLetters);
        all_took_it &= again == 0;
        eprintln!(
            "{name}: {} delivered, {again} refused again",
            metrics.get(Count::Delivered)
        );
    }
    Ok(if all_took_it {
        Ended::Well
    } else {
        Ended::Differs
    })
}

/// A journal that is not there has no dead letters, and is not made for the sake of them.
fn exists(config: &Config) -> Result<()> {
    let folder = settings::journal(&config.journal).path;
    if config.journal.kafka.is_some() || folder.exists() {
        return Ok(());
    }
    Err(invalid(format!(
        "there is no journal at {}; name the config of the process that wrote it",
        folder.display()
    )))
}
