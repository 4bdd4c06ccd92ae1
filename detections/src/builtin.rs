//! The rules that come with the program, and their cases.

use crate::RuleFile;

/// Path and text of each file below `rules/`.
static FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/rules.rs"));

/// The rule files.
pub fn rules() -> Vec<RuleFile> {
    files(false)
}

/// The case files, `<name>.cases.yml` beside `<name>.yml`.
pub fn cases() -> Vec<RuleFile> {
    files(true)
}

fn files(cases: bool) -> Vec<RuleFile> {
    let wanted = FILES
        .iter()
        .filter(|(path, _)| path.ends_with(".cases.yml") == cases);
    wanted
        .map(|(path, text)| RuleFile {
            path: (*path).to_owned(),
            text: (*text).to_owned(),
        })
        .collect()
}
