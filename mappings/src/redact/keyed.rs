//! Secrets that are known by the name they are given: `password = …`, `"client_secret": "…"`,
//! `--token …`, `Authorization: …`.
//!
//! Most leaked secrets have no shape of their own, so what decides recall is the name before them.
//! Public packs use one catch-all pattern for this, which costs more than all their other rules
//! together. This walks bytes instead: from a keyword to the ends of the identifier that it stands
//! in, over an operator, to the value. How much the value must look like a secret depends on how
//! clearly the name says so ([`name::Strength`]) and on how firmly the operator ties the two
//! together ([`operator::Tie`]).

pub(super) mod name;
mod operator;
pub(super) mod value;

use name::Strength;
use operator::Tie;
use value::Extent;

use super::scan::{Detector, Finding};
use super::view::View;

/// What a name of a secret contains.
pub(super) const KEYWORDS: [&str; 10] = [
    "pass", "pwd", "secret", "token", "key", "auth", "cred", "cookie", "sessid", "sig=",
];

/// A nested name in a value that was looked at already is looked at only so often; what nests
/// deeper is taken for a secret, so that no text can make the walk slow.
const NESTED_MAX: u32 = 8;

/// What the walk has covered, so that several keywords in one name are looked at once.
#[derive(Debug, Default)]
pub(super) struct Progress {
    name_end: usize,
    value_end: usize,
    nested: u32,
}

/// Looks at the name that the keyword at `hit` is a part of, and at its value.
pub(super) fn examine(
    view: View<'_>,
    hit: (usize, usize),
    progress: &mut Progress,
    found: &mut Vec<Finding>,
) {
    let text = view.text;
    if hit.0 < progress.name_end {
        return;
    }
    let name = match name::around(text, hit) {
        Ok(name) => name,
        Err(run_end) => {
            progress.name_end = run_end;
            return;
        }
    };
    progress.name_end = name.end.max(hit.1);
    let Some(strength) = name.strength(text) else {
        return;
    };
    let Some(operator) = operator::after(view, &name) else {
        return;
    };
    if strength == Strength::Weak && operator.tie != Tie::Firm {
        return;
    }
    if strength == Strength::Header && operator.tie == Tie::Firm {
        header(view, &name, &operator, progress, found);
        return;
    }
    let mut at = operator.value;
    loop {
        let Some(extent) = value::extent(view, at, &name, operator.tie) else {
            return;
        };
        if !spend(progress, &extent) {
            progress.name_end = extent.end;
            found.push(finding(&extent, (Detector::Password, false), &operator));
            return;
        }
        if let Some(verdict) = judge(text, &name, strength, &operator, &extent) {
            progress.name_end = progress.name_end.max(extent.end);
            found.push(finding(&extent, verdict, &operator));
        }
        // A list of values: every string of it.
        match operator
            .list
            .then(|| value::next_in_list(text, &extent))
            .flatten()
        {
            Some(next) => at = next,
            None => return,
        }
    }
}

/// False where a value lies so deep in values looked at already that looking on would be slow.
fn spend(progress: &mut Progress, extent: &Extent) -> bool {
    if extent.start >= progress.value_end {
        progress.nested = 0;
    } else {
        progress.nested += 1;
    }
    progress.value_end = progress.value_end.max(extent.end);
    progress.nested <= NESTED_MAX
}

fn finding(
    extent: &Extent,
    (detector, fingerprint): (Detector, bool),
    operator: &operator::Operator,
) -> Finding {
    Finding {
        depth: extent.depth,
        // `"pin": 1234` becomes a string, in the quotes that its key has.
        quote: operator.quote.filter(|_| extent.bare_number),
        ..Finding::new(extent.start, extent.end, detector, fingerprint)
    }
}

/// What the value is, if a secret at all, and whether it may have a fingerprint.
fn judge(
    text: &[u8],
    name: &name::Name,
    strength: Strength,
    operator: &operator::Operator,
    extent: &Extent,
) -> Option<(Detector, bool)> {
    let value = &text[extent.start..extent.end];
    if value.eq_ignore_ascii_case(&text[name.start..name.end]) || value::is_placeholder(value) {
        return None;
    }
    if is_other_pair(text, name, operator.tie, value) {
        return None;
    }
    let random = value::is_random(value);
    let secret = match (strength, operator.tie) {
        (Strength::Password, Tie::Firm) => {
            if extent.quoted {
                value.len() >= 3 && !value::is_sentence(value)
            } else {
                value::is_bare_password(text, name, extent)
            }
        }
        (Strength::Password, Tie::Flag) => value.len() >= 3 && !value::is_code(value),
        (Strength::Secret, Tie::Firm) => {
            (random || value::is_dense(value)) && (extent.quoted || !value::is_code(value))
        }
        (Strength::Secret, Tie::Flag) => value::is_dense(value) && !value::is_code(value),
        (Strength::Password, Tie::Loose) => value::is_mixed(value),
        (Strength::Secret, Tie::Loose) => random,
        (Strength::Weak, Tie::Firm) => random && value.len() >= 20 && !value::is_digest(value),
        // Not looked at; see `examine`.
        (Strength::Weak, _) => false,
        // `Authorization` without a colon: a column or a sentence.
        (Strength::Header, _) => random,
    };
    let detector = match strength {
        Strength::Password if !random => Detector::Password,
        _ => Detector::Secret,
    };
    secret.then_some((detector, random && value.len() >= 20))
}

/// A sentence or a column that goes on with a pair of its own (`… token requestId=…`), and an image
/// with its version (`acme/password:v1.4`).
fn is_other_pair(text: &[u8], name: &name::Name, tie: Tie, value: &[u8]) -> bool {
    let path = name.start > 0 && text[name.start - 1] == b'/';
    match tie {
        Tie::Loose => value::is_assignment(value),
        Tie::Firm => path && value::is_version(value),
        Tie::Flag => false,
    }
}

/// `Authorization: <scheme> <credential>` and `Cookie: …`: everything behind the scheme.
fn header(
    view: View<'_>,
    name: &name::Name,
    operator: &operator::Operator,
    progress: &mut Progress,
    found: &mut Vec<Finding>,
) {
    let Some(extent) = value::rest_of_line(view, operator.value) else {
        return;
    };
    if !spend(progress, &extent) {
        progress.name_end = extent.end;
        found.push(finding(&extent, (Detector::Authorization, false), operator));
        return;
    }
    let text = view.text;
    let line = &text[extent.start..extent.end];
    if name.ends_with(text, b"cookie") || name.ends_with(text, b"cookies") {
        let pairs = memchr::memchr(b'=', line).is_some_and(|at| at + 2 < line.len());
        if pairs && !value::is_placeholder(line) {
            let random = value::is_random(line);
            progress.name_end = extent.end;
            let cookie = Finding::new(extent.start, extent.end, Detector::Cookie, random);
            found.push(Finding {
                depth: extent.depth,
                ..cookie
            });
        }
        return;
    }
    let scheme = line
        .iter()
        .take_while(|b| b.is_ascii_alphanumeric() || **b == b'-')
        .count();
    let spaces = line[scheme..].iter().take_while(|b| **b == b' ').count();
    let known = super::url::is_scheme(&line[..scheme]);
    let skip = if spaces > 0 { scheme + spaces } else { 0 };
    let credential = &line[skip..];
    let convincing = if known && spaces > 0 {
        credential.len() >= 6 && (value::has_digit_or_symbol(credential) || credential.len() >= 14)
    } else {
        extent.quoted && value::is_dense(line) || value::is_random(line)
    };
    if convincing && !value::is_placeholder(credential) && !value::is_sentence(credential) {
        let start = if known {
            extent.start + skip
        } else {
            extent.start
        };
        let random = value::is_random(&text[start..extent.end]);
        progress.name_end = extent.end;
        let finding = Finding::new(start, extent.end, Detector::Authorization, random);
        found.push(Finding {
            depth: extent.depth,
            ..finding
        });
    }
}
