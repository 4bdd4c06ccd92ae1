//! Which script belongs to which rules.

use std::path::Path;
use std::sync::Arc;

use crate::parse::RuleFile;
use crate::problem::{Problem, Severity};
use crate::rule::RuleMeta;
use crate::script::Script;

/// Whether a file is a script and no rule.
pub(super) fn is_script(file: &RuleFile) -> bool {
    file.path.ends_with(".rhai")
}

/// The scripts by the index of their rules.
pub(super) fn compile(
    files: &[&RuleFile],
    metas: &[RuleMeta],
    problems: &mut Vec<Problem>,
) -> Vec<Option<Arc<Script>>> {
    if files.is_empty() {
        return Vec::new();
    }
    let mut scripts = vec![None; metas.len()];
    for file in files {
        let script = match Script::compile(file) {
            Ok(script) => Arc::new(script),
            Err(problem) => {
                problems.push(problem);
                continue;
            }
        };
        let mut found = false;
        for (place, _) in scripts
            .iter_mut()
            .zip(metas)
            .filter(|(_, meta)| belongs(&file.path, meta))
        {
            found = true;
            *place = Some(Arc::clone(&script));
        }
        if !found {
            problems.push(Problem {
                path: file.path.clone(),
                line: 1,
                column: 1,
                severity: Severity::Warning,
                message: "no rule file of this name lies beside the script, and no rule there has this name".into(),
            });
        }
    }
    scripts
}

/// `a/b.rhai` is of the rules in `a/b.yml`, and of the rule of the name `b` in another file of `a`.
fn belongs(script: &str, meta: &RuleMeta) -> bool {
    let (script, rule) = (Path::new(script), Path::new(&meta.path));
    let beside = script.parent() == rule.parent();
    let stem = script.file_stem();
    let named = meta.name.as_deref().map(AsRef::as_ref);
    beside && (stem == rule.file_stem() || stem == named)
}
