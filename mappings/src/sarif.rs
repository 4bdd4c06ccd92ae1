//! SARIF 2.1.0 logs, split into one item for each result.
//!
//! A log (OASIS, `sarif-schema-2.1.0.json`) holds runs, a run the tool with the metadata of its
//! rules and the results. A result names its rule by id or by index, and its files by index where it
//! likes. An item has what belongs to one result and no more, since a tool brings hundreds of rules:
//!
//! ```json
//! {"sarif": "2.1.0", "tool": {"name": "…", "version": "…"}, "rule": {"id": "…"},
//!  "result": {"ruleId": "…", "level": "…"}, "run": {"id": "…", "ended": "…", "versions": […]}}
//! ```
//!
//! `tool` is the driver without its rules, or the extension that the rule is of. `run` has the id and
//! the correlation of the run, when it ended, and which commits it looked at. A log without results
//! gives no item: nothing was found.

use crate::value::{self, ObjectMap, Value};

/// True where the document is a SARIF log.
pub(crate) fn is_log(document: &Value) -> bool {
    let is_list = |key| value::lookup(document, key).is_some_and(Value::is_array);
    is_list("runs") && value::text_at(document, "version").is_some_and(|v| v.starts_with("2.1"))
}

/// Takes the log apart, into one item more than `items_max` at most: each has a copy of its rule. What
/// is not of the form gives no item.
pub(crate) fn items(document: Value, items_max: usize) -> Vec<Value> {
    let Value::Object(mut document) = document else {
        return Vec::new();
    };
    let version = document.remove("version").unwrap_or(Value::Null);
    let runs = take_list(&mut document, "runs").into_iter();
    runs.flat_map(|run| match run {
        Value::Object(run) => run_items(run, &version, items_max),
        _ => Vec::new(),
    })
    .take(items_max.saturating_add(1))
    .collect()
}

fn run_items(mut run: ObjectMap, version: &Value, items_max: usize) -> Vec<Value> {
    let results = take_list(&mut run, "results");
    let artifacts = take_list(&mut run, "artifacts");
    let tools = Tools::take(&mut run);
    let about = about(&mut run);
    let results = results.into_iter().filter_map(|result| match result {
        Value::Object(result) => Some(result),
        _ => None,
    });
    results
        .take(items_max.saturating_add(1))
        .map(|mut result| {
            let (tool, rule) = tools.of(&mut result);
            name_artifacts(&mut result, &artifacts);
            Value::Object(ObjectMap::from([
                ("sarif".into(), version.clone()),
                ("tool".into(), tool),
                ("rule".into(), rule),
                ("run".into(), about.clone()),
                ("result".into(), result.into()),
            ]))
        })
        .collect()
}

/// What describes a run: who looked at what, and when.
fn about(run: &mut ObjectMap) -> Value {
    let mut about = ObjectMap::new();
    if let Some(Value::Object(mut details)) = run.remove("automationDetails") {
        for key in ["id", "guid", "correlationGuid"] {
            if let Some(found) = details.remove(key) {
                about.insert(key.into(), found);
            }
        }
    }
    let invocation = take_list(run, "invocations").into_iter().next();
    if let Some(Value::Object(mut invocation)) = invocation {
        for (theirs, ours) in [("startTimeUtc", "started"), ("endTimeUtc", "ended")] {
            if let Some(found) = invocation.remove(theirs) {
                about.insert(ours.into(), found);
            }
        }
    }
    if let Some(found) = run.remove("versionControlProvenance") {
        about.insert("versions".into(), found);
    }
    about.into()
}

/// A tool's components, the driver first, each with its rules.
struct Tools(Vec<(ObjectMap, Vec<Value>)>);

impl Tools {
    fn take(run: &mut ObjectMap) -> Self {
        let Some(Value::Object(mut tool)) = run.remove("tool") else {
            return Self(Vec::new());
        };
        let driver = tool.remove("driver").unwrap_or(Value::Null);
        let all = std::iter::once(driver).chain(take_list(&mut tool, "extensions"));
        let all = all.map(|component| match component {
            Value::Object(mut component) => {
                let rules = take_list(&mut component, "rules");
                for key in ["notifications", "taxa", "supportedTaxonomies", "artifacts"] {
                    component.remove(key);
                }
                (component, rules)
            }
            _ => (ObjectMap::new(), Vec::new()),
        });
        Self(all.collect())
    }

    /// The component and the rule that a result names: `rule.toolComponent.index`, `rule.index` or
    /// `ruleIndex`, and `rule.id` or `ruleId`, in which a sub-rule stands behind a slash.
    fn of(&self, result: &mut ObjectMap) -> (Value, Value) {
        let given = result.remove("rule").unwrap_or(Value::Null);
        let index = |at: Option<&Value>| {
            at.and_then(Value::as_integer)
                .and_then(|at| usize::try_from(at).ok())
        };
        if !result.contains_key("ruleId")
            && let Some(id) = value::lookup(&given, "id")
        {
            result.insert("ruleId".into(), id.clone());
        }
        let at = index(value::lookup(&given, "toolComponent.index")).map_or(0, |at| at + 1);
        let Some((tool, rules)) = self.0.get(at).or(self.0.first()) else {
            return (Value::Null, Value::Null);
        };
        let by_index = index(value::lookup(&given, "index")).or(index(result.get("ruleIndex")));
        let id = result.get("ruleId").and_then(value::text).unwrap_or("");
        let is = |rule: &&Value| value::text_at(rule, "id") == Some(id);
        let above = id.rsplit_once('/').map_or("", |(above, _)| above);
        let is_above = |rule: &&Value| value::text_at(rule, "id") == Some(above);
        let rule = by_index
            .and_then(|at| rules.get(at))
            .or_else(|| rules.iter().find(is))
            .or_else(|| rules.iter().find(is_above));
        (tool.clone().into(), rule.cloned().unwrap_or(Value::Null))
    }
}

/// Writes the URI of a file where a result's places say only its index.
fn name_artifacts(result: &mut ObjectMap, artifacts: &[Value]) {
    let Some(Value::Array(locations)) = result.get_mut("locations") else {
        return;
    };
    for location in locations {
        let at = value::lookup(location, "physicalLocation.artifactLocation.index")
            .and_then(Value::as_integer)
            .and_then(|at| usize::try_from(at).ok());
        let uri = at
            .and_then(|at| artifacts.get(at))
            .and_then(|artifact| value::lookup(artifact, "location.uri"));
        let path = "physicalLocation.artifactLocation.uri";
        if let Some(uri) = uri
            && value::lookup(location, path).is_none()
        {
            value::insert(location, path, uri.clone());
        }
    }
}

fn take_list(object: &mut ObjectMap, key: &str) -> Vec<Value> {
    match object.remove(key) {
        Some(Value::Array(list)) => list,
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests;
