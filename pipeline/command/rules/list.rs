//! `chaperone rules list`: the rules, and at the end how many of them cover each ATT&CK tactic.

use std::collections::BTreeSet;
use std::io::{self, Write};

use anyhow::Result;
use chaperone_detections::{LogSource, RuleMeta, RuleSet, TACTICS};
use comfy_table::presets::UTF8_BORDERS_ONLY;
use comfy_table::{ContentArrangement, Table};

/// Prints both tables.
pub(super) fn print(rules: &RuleSet) -> Result<()> {
    let mut metas: Vec<_> = rules.rules().collect();
    metas.sort_by(|a, b| b.level.cmp(&a.level).then_with(|| a.title.cmp(&b.title)));
    let mut out = io::stdout().lock();
    writeln!(out, "{}", table_of(&metas))?;
    writeln!(out, "{}", coverage(&metas))?;
    Ok(())
}

fn table_of(metas: &[&RuleMeta]) -> Table {
    let mut table = table(["level", "title", "ATT&CK", "logsource", "id"]);
    for meta in metas {
        table.add_row([
            meta.level.name().to_owned(),
            meta.title.clone(),
            attack(meta).collect::<Vec<_>>().join(", "),
            logsource(&meta.logsource),
            meta.id.clone(),
        ]);
    }
    table
}

/// A row for each tactic, covered or not: what is missing is what the table is for.
fn coverage(metas: &[&RuleMeta]) -> Table {
    let mut table = table(["tactic", "ATT&CK", "rules", "techniques"]);
    let mut covered = BTreeSet::new();
    for (tag, id, name) in TACTICS {
        let with = metas
            .iter()
            .filter(|meta| attack(meta).any(|found| found.replace('_', "-") == tag));
        let mut techniques = BTreeSet::new();
        let mut number = 0;
        for meta in with {
            number += 1;
            covered.insert(&meta.id);
            techniques.extend(attack(meta).filter(|tag| is_technique(tag)));
        }
        let techniques: Vec<_> = techniques.iter().map(|tag| tag.to_uppercase()).collect();
        table.add_row([
            name.to_owned(),
            id.to_owned(),
            number.to_string(),
            techniques.join(", "),
        ]);
    }
    let without = metas.len() - covered.len();
    table.add_row([
        "none".to_owned(),
        String::new(),
        without.to_string(),
        String::new(),
    ]);
    table
}

/// An empty table with a header.
pub(super) fn table<const N: usize>(header: [&str; N]) -> Table {
    let mut table = Table::new();
    table
        .load_style(UTF8_BORDERS_ONLY)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(header);
    table
}

/// The ATT&CK tags without their prefix: `initial-access`, `t1078.004`.
fn attack(meta: &RuleMeta) -> impl Iterator<Item = &str> {
    meta.tags
        .iter()
        .filter_map(|tag| tag.strip_prefix("attack."))
}

fn is_technique(tag: &str) -> bool {
    tag.strip_prefix('t')
        .is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
}

fn logsource(source: &LogSource) -> String {
    let parts = [&source.product, &source.service, &source.category];
    parts
        .into_iter()
        .flatten()
        .cloned()
        .collect::<Vec<_>>()
        .join("/")
}
