//! `chaperone sinks test`.

use std::io::Write;

use anyhow::Result;
use chaperone_sinks::{Answer, probe};
use chrono::Utc;
use comfy_table::presets::UTF8_BORDERS_ONLY;
use comfy_table::{ContentArrangement, Table};

use super::{Ended, chosen, load};
use crate::cli::SinksTestArgs;
use crate::config::Sink;

/// Sends one alert through each sink, one after the other.
pub(super) fn run(args: &SinksTestArgs) -> Result<Ended> {
    let config = load(args.config.as_deref())?;
    let sinks = chosen(&config, &args.sinks)?;
    let runtime = tokio::runtime::Runtime::new()?;
    let mut table = Table::new();
    table
        .load_style(UTF8_BORDERS_ONLY)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(["sink", "type", "answer", "how to find it"]);
    let mut all_took_it = true;
    for sink in sinks {
        let (answer, find) = runtime.block_on(try_one(sink));
        all_took_it &= find.is_some();
        let find = find.unwrap_or_default();
        table.add_row([&sink.name, sink.product.kind(), &answer, &find]);
    }
    writeln!(std::io::stdout().lock(), "{table}")?;
    Ok(if all_took_it {
        Ended::Well
    } else {
        Ended::Differs
    })
}

/// What came of it, and how to find the alert where it was taken.
async fn try_one(sink: &Sink) -> (String, Option<String>) {
    let opened = match sink.product.open(&sink.name) {
        Ok(opened) => opened,
        Err(error) => return (format!("cannot be opened: {error}"), None),
    };
    let alert = probe::alert(Utc::now());
    let find = sink.product.find(&alert.id);
    let answer = probe::send(&*opened, alert).await;
    let said = match answer {
        Answer::Accepted => return ("taken".to_owned(), Some(find)),
        Answer::Unauthorized(reason) => format!("{reason}; {}", opened.remedy()),
        Answer::Refused(reason) => format!("refused: {reason}"),
        Answer::Retry { reason, .. } => format!("not taken now: {reason}"),
        Answer::Closed => "the reader has gone".to_owned(),
        Answer::AcceptedUpTo { .. } | Answer::Each(_) | Answer::Split(_) => {
            "an answer that cannot be".to_owned()
        }
    };
    (said, None)
}
