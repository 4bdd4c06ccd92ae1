//! `chaperone normalize`.

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use anyhow::Result;
use chaperone_mappings::normalize::Normalized;
use chaperone_mappings::schema;

use super::{Ended, invalid};
use crate::cli::NormalizeArgs;
use crate::clock;
use crate::config::Config;
use crate::content::{self, Content, Folders};
use crate::read::{self, Found};
use crate::refused::Refused;
use crate::replay::seal;

/// Runs the command: one event or one refusal a line, in the order of the input.
pub fn run(args: &NormalizeArgs) -> Result<Ended> {
    let folders = Folders {
        builtin_patterns: true,
        ..Folders::default()
    };
    let content = Content::load(&folders, None)?;
    if args.source != "auto" && content.sources.get(&args.source).is_none() {
        return Err(invalid(content::unknown_source(
            &content.sources,
            &args.source,
        )));
    }
    let file = args.file.clone().unwrap_or_else(|| PathBuf::from("-"));
    let mut out = BufWriter::new(io::stdout().lock());
    let mut worker = content.normalizer.worker();
    let mut normalized = Normalized::default();
    let limit = usize::try_from(Config::builtin().receive.body_bytes_max.0)?;
    let (mut events, mut refused) = (0_u64, 0_u64);
    let mut scratch = content.redactor.scratch();
    let mut line = Vec::new();
    let counted = Arc::new(AtomicU64::new(0));
    for input in read::inputs(&[file], &args.source)? {
        read::read(&input, limit, clock::now_ms(), &counted, &mut |found| {
            let body = match found {
                Found::Record(mut record) => {
                    seal(&content.redactor, &mut scratch, &mut record.body);
                    worker.normalize(&record, &mut normalized);
                    record.body
                }
                Found::Refusal(refusal) => {
                    normalized.refusals.push(refusal);
                    bytes::Bytes::new()
                }
            };
            events += normalized.events.len() as u64;
            for event in normalized.events.drain(..) {
                line.clear();
                schema::convert(args.schema, event.body(), &mut line)?;
                line.push(b'\n');
                out.write_all(&line)?;
            }
            if normalized.refusals.is_empty() {
                return Ok(());
            }
            refused += normalized.refusals.len() as u64;
            let sealed = content.redactor.seal_text(&body, &mut scratch);
            let body = sealed.as_deref().unwrap_or(&body);
            for refusal in normalized.refusals.drain(..) {
                out.write_all(&Refused::new(&refusal, body).to_json())?;
                out.write_all(b"\n")?;
            }
            Ok(())
        })?;
    }
    out.flush()?;
    eprintln!("{events} events, {refused} refused; {}", content::FIXED_KEY);
    Ok(Ended::Well)
}
