//! `re`: regular expressions in linear time.

use super::Value;
use crate::expr::Test;

/// A compiled expression larger than this is refused.
const SIZE_MAX: usize = 4 << 20;

/// Compiles an expression in the only way this crate does it, so that check and use agree.
pub(crate) fn compile(source: &str) -> Result<regex::Regex, regex::Error> {
    regex::RegexBuilder::new(source)
        .size_limit(SIZE_MAX)
        .build()
}

pub(super) fn test(value: &Value, flags: [bool; 3]) -> Result<Test, String> {
    let raw = match value {
        Value::Text { raw, .. } => raw.clone(),
        Value::Number { text, .. } => text.clone(),
        _ => return Err("`re` needs a regular expression".into()),
    };
    let names: String = ['i', 'm', 's']
        .into_iter()
        .zip(flags)
        .filter_map(|(name, on)| on.then_some(name))
        .collect();
    let source = if names.is_empty() {
        raw
    } else {
        format!("(?{names}){raw}")
    };
    match compile(&source) {
        Ok(_) => Ok(Test::Regex(source.into())),
        Err(error) => Err(explain(&error)),
    }
}

fn explain(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default();
    let reason = last.trim().trim_start_matches("error: ");
    let hint = if reason.contains("look-around") {
        "; write a second selection for what must not be there, and `and not` it in the condition"
    } else if reason.contains("backreference") {
        "; use `fieldref`, or write the repeated text out"
    } else {
        ""
    };
    format!("this regular expression is not supported: {reason}{hint}")
}
