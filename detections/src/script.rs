//! Rhai beside a rule: what an alert is called, how bad it is, and a last word on whether it holds.
//!
//! `a/b.rhai` belongs to the rules of `a/b.yml`, or to the rule in that folder whose `name` is `b`.
//! It may define any of these:
//!
//! ```rhai
//! fn holds(event) { event.vcs.repository.name != "acme/sandbox" }  // after the Sigma condition
//! fn title(alert) { "Merged by " + alert.user.name }               // becomes `message`
//! fn severity(alert) { if alert.chaperone.alert.count > 9 { "critical" } else { "high" } }
//! fn dedup(alert) { alert.user.name }                              // one id for all of one key
//! fn context(alert) { #{ runbook: "https://…" } }                  // becomes `chaperone.alert.context`
//! ```
//!
//! A script sees sealed data and nothing else: no file, no network, no clock, no `eval`. It is
//! bounded in steps, call depth and the size of what it builds. Where it fails, the failure is
//! counted and reported once for the rule, by its place and kind and never by what it saw, and the
//! alert goes out as the rule wrote it. A `holds` that fails therefore holds: a mistake in a script
//! may cost an alert too many, never one too few.

mod convert;

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

use rhai::packages::{
    BasicArrayPackage, BasicMapPackage, CorePackage, LogicPackage, MoreStringPackage, Package,
};
use rhai::{AST, CallFnOptions, Dynamic, Engine, EvalAltResult, Position, Scope};
use serde_json::Value as Json;

use crate::parse::RuleFile;
use crate::problem::{Problem, Severity};
use crate::rule::Level;

/// Steps of one call.
const OPERATIONS_MAX: u64 = 100_000;
/// Calls within calls.
const CALLS_MAX: usize = 16;
/// Bytes of a text, items of a list, keys of a map.
const TEXT_MAX: usize = 64 << 10;
const ITEMS_MAX: usize = 4096;
/// What of a title or a dedup key is kept, in characters.
const TITLE_MAX: usize = 512;

/// Every function that is called, with what it takes.
const FUNCTIONS: [(&str, &str); 5] = [
    ("holds", "event"),
    ("title", "alert"),
    ("severity", "alert"),
    ("dedup", "alert"),
    ("context", "alert"),
];

/// A compiled script.
pub(crate) struct Script {
    engine: Engine,
    ast: AST,
    path: String,
    defined: [bool; FUNCTIONS.len()],
    /// A failure was reported; the next ones are only counted.
    reported: AtomicBool,
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Script").field("path", &self.path).finish()
    }
}

/// What a script makes of an alert; what it does not say, or fails to say, is None.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) title: Option<String>,
    pub(crate) level: Option<Level>,
    pub(crate) dedup: Option<String>,
    pub(crate) context: Option<Json>,
}

/// What went wrong in scripts.
#[derive(Debug, Default)]
pub(crate) struct Failures {
    pub(crate) count: u64,
    /// The first of each rule.
    pub(crate) problems: Vec<Problem>,
}

impl Script {
    /// Compiles a script, or says what is wrong with it.
    pub(crate) fn compile(file: &RuleFile) -> Result<Self, Problem> {
        let engine = engine();
        let ast = engine
            .compile(&file.text)
            .map_err(|error| problem(&file.path, error.position(), error.err_type().to_string()))?;
        let mut defined = [false; FUNCTIONS.len()];
        for function in ast.iter_functions() {
            let known = FUNCTIONS
                .iter()
                .position(|(name, _)| *name == function.name);
            let Some(at) = known else { continue };
            if function.params.len() != 1 {
                let (name, takes) = FUNCTIONS[at];
                let message = format!("`{name}` takes one thing; write `fn {name}({takes})`");
                return Err(problem(&file.path, Position::NONE, message));
            }
            defined[at] = true;
        }
        if !defined.contains(&true) {
            let message = "the script defines none of holds(event), title(alert), severity(alert), dedup(alert), context(alert)";
            return Err(problem(&file.path, Position::NONE, message.into()));
        }
        Ok(Self {
            engine,
            ast,
            path: file.path.clone(),
            defined,
            reported: AtomicBool::new(false),
        })
    }

    /// Whether the script has something to say on matches.
    pub(crate) fn has_holds(&self) -> bool {
        self.defined[0]
    }

    /// Whether the script lets a match of the Sigma condition stand. `event` is asked for only where
    /// the script wants it.
    pub(crate) fn holds(&self, event: impl FnOnce() -> Json, failures: &mut Failures) -> bool {
        if !self.defined[0] {
            return true;
        }
        let said = self.call("holds", &event(), failures);
        let said = said.and_then(|said| self.typed(said.as_bool().ok(), "holds", failures));
        said.unwrap_or(true)
    }

    /// What the script makes of an alert.
    pub(crate) fn tell(&self, alert: &Json, failures: &mut Failures) -> Told {
        let mut call = |at: usize| {
            let (name, _) = FUNCTIONS[at];
            if self.defined[at] {
                self.call(name, alert, failures)
            } else {
                None
            }
        };
        let [title, severity, dedup, context] = [1, 2, 3, 4].map(&mut call);
        let text = |said: Dynamic| said.into_string().ok().map(|text| cut(&text));
        let level = |said: Dynamic| Level::parse(&said.into_string().ok()?);
        let object = |said: Dynamic| convert::to_json(&said).filter(Json::is_object);
        Told {
            title: title.and_then(|said| self.typed(text(said), "title", failures)),
            level: severity.and_then(|said| self.typed(level(said), "severity", failures)),
            dedup: dedup.and_then(|said| self.typed(text(said), "dedup", failures)),
            context: context.and_then(|said| self.typed(object(said), "context", failures)),
        }
    }

    fn call(&self, name: &str, argument: &Json, failures: &mut Failures) -> Option<Dynamic> {
        let options = CallFnOptions::new().eval_ast(false);
        let argument = (convert::from_json(argument),);
        let mut scope = Scope::new();
        let result = self
            .engine
            .call_fn_with_options::<Dynamic>(options, &mut scope, &self.ast, name, argument);
        result
            .map_err(|error| {
                let (at, what) = place_and_kind(&error);
                self.fail(at, format!("`{name}` failed: {what}"), failures);
            })
            .ok()
    }

    fn typed<T>(&self, said: Option<T>, name: &str, failures: &mut Failures) -> Option<T> {
        if said.is_none() {
            let wanted = match name {
                "holds" => "true or false",
                "severity" => "informational, low, medium, high or critical",
                "context" => "a map of texts, numbers, lists and maps",
                _ => "a text",
            };
            let what = format!("`{name}` did not return {wanted}");
            self.fail(Position::NONE, what, failures);
        }
        said
    }

    fn fail(&self, at: Position, message: String, failures: &mut Failures) {
        failures.count += 1;
        if !self.reported.swap(true, Ordering::Relaxed) {
            let mut problem = problem(&self.path, at, message);
            problem.severity = Severity::Warning;
            failures.problems.push(problem);
        }
    }
}

fn engine() -> Engine {
    let mut engine = Engine::new_raw();
    engine.register_global_module(CorePackage::new().as_shared_module());
    engine.register_global_module(LogicPackage::new().as_shared_module());
    engine.register_global_module(BasicArrayPackage::new().as_shared_module());
    engine.register_global_module(BasicMapPackage::new().as_shared_module());
    engine.register_global_module(MoreStringPackage::new().as_shared_module());
    for symbol in ["eval", "print", "debug"] {
        engine.disable_symbol(symbol);
    }
    // The core package can stop the thread; what is registered here comes before it.
    engine.register_fn("sleep", |_: i64| no_sleep());
    engine.register_fn("sleep", |_: f64| no_sleep());
    engine
        .set_max_operations(OPERATIONS_MAX)
        .set_max_call_levels(CALLS_MAX)
        .set_max_expr_depths(64, 32)
        .set_max_string_size(TEXT_MAX)
        .set_max_array_size(ITEMS_MAX)
        .set_max_map_size(ITEMS_MAX)
        .set_max_functions(64)
        .set_max_variables(256);
    engine
}

fn no_sleep() -> Result<(), Box<EvalAltResult>> {
    Err("a script cannot wait".into())
}

/// Rhai's own messages print values; the kind of an error is enough to find it by its place.
fn place_and_kind(error: &EvalAltResult) -> (Position, &'static str) {
    use EvalAltResult as E;
    let kind = match error {
        E::ErrorInFunctionCall(_, _, inner, at) => {
            let (inside, kind) = place_and_kind(inner);
            let at = if inside.is_none() { *at } else { inside };
            return (at, kind);
        }
        E::ErrorTooManyOperations(_) => "it takes too many steps",
        E::ErrorStackOverflow(_) => "it calls itself too deeply",
        E::ErrorDataTooLarge(..) => "it builds something too large",
        E::ErrorTooManyVariables(_) => "it has too many variables",
        E::ErrorVariableNotFound(..) => "it names a variable that is not there",
        E::ErrorPropertyNotFound(..) | E::ErrorDotExpr(..) | E::ErrorIndexNotFound(..) => {
            "it asks for a field that is not there; ask with `?.`"
        }
        E::ErrorFunctionNotFound(..) => {
            "it calls a function that is not there, or not for values of this type"
        }
        E::ErrorMismatchDataType(..)
        | E::ErrorMismatchOutputType(..)
        | E::ErrorIndexingType(..) => "a value has another type than it expects",
        E::ErrorArrayBounds(..) | E::ErrorStringBounds(..) | E::ErrorBitFieldBounds(..) => {
            "an index is out of bounds"
        }
        E::ErrorArithmetic(..) => "a calculation has no result",
        _ => "it stopped with an error",
    };
    (error.position(), kind)
}

fn problem(path: &str, at: Position, message: String) -> Problem {
    Problem {
        path: path.to_owned(),
        line: at.line().unwrap_or(1),
        column: at.position().unwrap_or(1),
        severity: Severity::Error,
        message,
    }
}

fn cut(text: &str) -> String {
    text.chars().take(TITLE_MAX).collect()
}

#[cfg(test)]
mod tests;
