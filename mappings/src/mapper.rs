//! A mapping program: VRL, compiled once, run in place, bounded.
//!
//! A built-in program is compiled when the first item needs it: there are sixty of them, and a
//! process meets a few. That all of them compile is for a test to say. The user's are compiled when
//! they are loaded, so that every problem in them is named at once.
//!
//! `.` is the item on entry and the draft on exit, so nothing converts the body in between. `%`
//! holds what is known of the delivery and is read-only: `%headers`, `%received` (milliseconds) and
//! `%source`. `abort` says that the program refuses the item.
//!
//! Three things are refused. A program cannot reach a clock, a generator of random numbers, the
//! environment or the network: replaying a record must give the same event. It cannot run without
//! end: it stops after [`STEPS_MAX`] expressions, a count and not a time, for the same reason. And
//! VRL's own messages never leave this module, because they print values: an error is a place in
//! the program.

mod fields;

use std::ops::ControlFlow;
use std::sync::OnceLock;

use vrl::compiler::runtime::{Runtime, Terminate};
use vrl::compiler::{CompileConfig, Function, Program, TargetValueRef, TimeZone, TypeState};
use vrl::diagnostic::DiagnosticMessage;
use vrl::path::{OwnedTargetPath, PathPrefix};
use vrl::value::Secrets;

use crate::problem::{Problem, position};
use crate::refusal::RefusalCode;
use crate::value::Value;

pub(crate) use fields::Fields;

/// How many expressions a program may run for one item. The longest built-in program runs some
/// hundreds; a push of 2,048 commits some ten thousands.
pub(crate) const STEPS_MAX: u32 = 1_000_000;

/// Functions whose result is not decided by their arguments alone.
const IMPURE: [&str; 17] = [
    "dns_lookup",
    "get_env_var",
    "get_hostname",
    "get_timezone_name",
    "http_request",
    "log",
    "now",
    "random_bool",
    "random_bytes",
    "random_float",
    "random_int",
    "reverse_dns",
    "uuid_v4",
    "uuid_v7",
    "encrypt",
    "decrypt",
    "encrypt_ip",
];

/// Why a program gave no draft. Holds positions only.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct MapError {
    pub(crate) code: RefusalCode,
    pub(crate) detail: String,
}

/// A program.
pub(crate) struct Mapper {
    path: String,
    text: String,
    compiled: OnceLock<Compiled>,
}

struct Compiled {
    program: Program,
    reads_metadata: bool,
}

/// What runs programs: VRL's variables, reused from item to item.
pub(crate) struct Machine {
    runtime: Runtime,
    secrets: Secrets,
    zone: TimeZone,
}

impl Default for Machine {
    fn default() -> Self {
        Self {
            runtime: Runtime::default(),
            secrets: Secrets::new(),
            // The machine's own zone must not decide what a time without one means.
            zone: TimeZone::parse("UTC").expect("the zone data know UTC"),
        }
    }
}

/// The functions that a program may call.
fn functions() -> &'static [Box<dyn Function>] {
    static FUNCTIONS: OnceLock<Vec<Box<dyn Function>>> = OnceLock::new();
    FUNCTIONS.get_or_init(|| {
        let mut all = vrl::stdlib::all();
        all.retain(|function| !IMPURE.contains(&function.identifier()));
        all
    })
}

impl Mapper {
    /// A program that is known to compile: that waits for the first item.
    pub(crate) fn trusted(path: &str, text: &str) -> Self {
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
            compiled: OnceLock::new(),
        }
    }

    /// Compiles a program, or names every problem in it.
    pub(crate) fn compile(path: &str, text: &str) -> Result<Self, Vec<Problem>> {
        let mapper = Self::trusted(path, text);
        let compiled = compile(path, text)?;
        Ok(Self {
            compiled: compiled.into(),
            ..mapper
        })
    }

    fn compiled(&self) -> &Compiled {
        self.compiled.get_or_init(|| {
            compile(&self.path, &self.text).unwrap_or_else(|problems| {
                let shown: Vec<_> = problems.iter().map(ToString::to_string).collect();
                panic!("{}", shown.join("\n"))
            })
        })
    }

    /// True where the program looks at `%`; nobody need build it otherwise.
    pub(crate) fn reads_metadata(&self) -> bool {
        self.compiled().reads_metadata
    }

    /// Turns the item into the draft, in place.
    pub(crate) fn run(
        &self,
        machine: &mut Machine,
        item: &mut Value,
        metadata: &mut Value,
    ) -> Result<(), MapError> {
        let mut steps = 0_u32;
        let mut control = || {
            steps += 1;
            if steps > STEPS_MAX {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        let mut target = TargetValueRef {
            value: item,
            metadata,
            secrets: &mut machine.secrets,
        };
        let result = machine.runtime.resolve_with_control(
            &mut target,
            &self.compiled().program,
            &machine.zone,
            &mut control,
        );
        machine.runtime.clear();
        result.map(drop).map_err(|stop| self.explain(stop))
    }

    /// Where the program stopped. What it said is left out: VRL's messages print values.
    fn explain(&self, stop: Terminate) -> MapError {
        let (code, error) = match stop {
            Terminate::Interrupted => {
                return MapError {
                    code: RefusalCode::MappingLimit,
                    detail: format!("{} ran more than {STEPS_MAX} expressions", self.path),
                };
            }
            Terminate::Abort(error) | Terminate::Error(error) => {
                (RefusalCode::MappingFailed, error)
            }
        };
        let detail = match error.labels().first() {
            Some(label) => {
                let (line, column) = position(&self.text, label.span.start());
                format!("{}:{line}:{column}", self.path)
            }
            None => self.path.clone(),
        };
        MapError { code, detail }
    }
}

/// Compiles a program, or names every problem in it.
fn compile(path: &str, text: &str) -> Result<Compiled, Vec<Problem>> {
    let mut config = CompileConfig::default();
    config.set_read_only_path(OwnedTargetPath::metadata_root(), true);
    let state = TypeState::default();
    let result = vrl::compiler::compile_with_state(text, functions(), &state, config)
        .map_err(|diagnostics| problems(path, text, &diagnostics))?;
    let reads_metadata = result
        .program
        .info()
        .target_queries
        .iter()
        .any(|query| query.prefix == PathPrefix::Metadata);
    Ok(Compiled {
        program: result.program,
        reads_metadata,
    })
}

/// The compiler's diagnostics as problems; a program has no event content to keep back.
///
/// What the parser says after its first complaint is its own confusion and is left out.
fn problems(path: &str, text: &str, diagnostics: &vrl::diagnostic::DiagnosticList) -> Vec<Problem> {
    let errors = diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.is_problem());
    let confused = |at: usize, message: &str| at > 0 && message == "syntax error";
    errors
        .enumerate()
        .filter(|(at, diagnostic)| !confused(*at, diagnostic.message()))
        .map(|(_, diagnostic)| {
            let label = diagnostic.labels().iter().find(|label| label.primary);
            let offset = label.map_or(0, |label| label.span.start());
            let mut message = diagnostic.message().to_owned();
            if let Some(label) = label.filter(|label| label.message != message) {
                message = format!("{message} ({})", label.message);
            }
            Problem::at(path, text, offset, message)
        })
        .collect()
}

#[cfg(test)]
mod tests;
