//! What `chaperone rules test` prints: a table for people, JUnit for build servers.

use std::io::{self, Write};

use anyhow::Result;
use chaperone_detections::cases::CaseResult;
use comfy_table::presets::UTF8_BORDERS_ONLY;
use comfy_table::{ContentArrangement, Table};

/// The table, then what differs.
pub(super) fn table(results: &[CaseResult]) -> Result<()> {
    let mut out = io::stdout().lock();
    let mut table = Table::new();
    table
        .load_style(UTF8_BORDERS_ONLY)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(["", "case", "where"]);
    for result in results {
        let verdict = if result.difference.is_none() {
            "ok"
        } else {
            "DIFFERS"
        };
        let place = format!("{}:{}", result.path, result.line);
        table.add_row([verdict, &result.name, &place]);
    }
    writeln!(out, "{table}")?;
    let mut different = 0;
    for result in results {
        let Some(difference) = &result.difference else {
            continue;
        };
        different += 1;
        let CaseResult {
            name, path, line, ..
        } = result;
        writeln!(out, "{path}:{line}: {name}\n  {difference}")?;
    }
    writeln!(out, "{} cases, {different} differ", results.len())?;
    Ok(())
}

/// JUnit XML: a suite for each file of cases, in the order in which they ran.
pub(super) fn junit(results: &[CaseResult]) -> Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    let (tests, failures) = numbers(results);
    writeln!(
        out,
        "<testsuites name=\"chaperone rules\" tests=\"{tests}\" failures=\"{failures}\">"
    )?;
    for suite in results.chunk_by(|a, b| a.path == b.path) {
        let (tests, failures) = numbers(suite);
        let name = escaped(&suite[0].path);
        writeln!(
            out,
            "  <testsuite name=\"{name}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" skipped=\"0\">"
        )?;
        for result in suite {
            case(result, &mut out)?;
        }
        writeln!(out, "  </testsuite>")?;
    }
    writeln!(out, "</testsuites>")?;
    Ok(())
}

fn case(result: &CaseResult, out: &mut impl Write) -> io::Result<()> {
    let (path, name) = (escaped(&result.path), escaped(&result.name));
    let line = result.line;
    write!(
        out,
        "    <testcase classname=\"{path}\" name=\"{name}\" file=\"{path}\" line=\"{line}\""
    )?;
    let Some(difference) = &result.difference else {
        return writeln!(out, "/>");
    };
    let first = escaped(difference.lines().next().unwrap_or_default());
    let all = escaped(difference);
    writeln!(
        out,
        ">\n      <failure message=\"{first}\">{all}</failure>\n    </testcase>"
    )
}

fn numbers(results: &[CaseResult]) -> (usize, usize) {
    let failures = results.iter().filter(|result| result.difference.is_some());
    (results.len(), failures.count())
}

/// Text for an attribute or an element. XML 1.0 has no way at all to write most control characters.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for one in text.chars() {
        match one {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(one),
            one if one.is_control() || matches!(one, '\u{fffe}' | '\u{ffff}') => {
                out.push('\u{fffd}');
            }
            one => out.push(one),
        }
    }
    out
}
