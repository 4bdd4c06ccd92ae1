//! A record that is no JSON: lines of text, an item each.

use crate::source::{Source, Sources};
use crate::value::Value;

/// The lines as items, and the source that reads them: the one named, or else the one that knows the
/// first line that any knows. None: no line is of it. A line that it does not read stays text, to be
/// refused by itself.
pub(super) fn read<'a>(
    body: &[u8],
    named: Option<&'a Source>,
    sources: &'a Sources,
    items_max: usize,
) -> Option<(&'a Source, Vec<Value>)> {
    let text = std::str::from_utf8(body).ok()?;
    let lines = || {
        text.lines()
            .map(str::trim_end)
            .filter(|line| !line.is_empty())
    };
    let source = match named {
        Some(source) => lines()
            .any(|line| source.lines.reads(line))
            .then_some(source),
        None => lines().find_map(|line| sources.recognize_line(line)),
    }?;
    let items = lines().take(items_max);
    let items = items.map(|line| source.lines.read(line).unwrap_or_else(|| line.into()));
    Some((source, items.collect()))
}
