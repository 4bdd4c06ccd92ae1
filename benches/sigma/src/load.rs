//! What loading the rules costs: time, and memory at its peak and after.
//!
//! Memory is the resident set as Linux counts it, so each engine loads in a process of its own;
//! in one process the allocator would hand the second engine what the first gave back. The rule
//! texts are read before, so they count for nobody.

use std::fs;
use std::hint::black_box;
use std::process::Command;

use anyhow::{Context, ensure};
use chaperone_detections::RuleFile;
use serde_json::{Value, json};

use crate::args::Args;
use crate::clock::Stopwatch;
use crate::engine::Kind;

/// What loading took.
#[derive(Debug, Clone)]
pub(crate) struct Load {
    pub(crate) kind: Kind,
    pub(crate) rules: u64,
    pub(crate) load_ms: f64,
    /// Growth of the resident set while loading, at its highest.
    pub(crate) peak_bytes: u64,
    /// Growth of the resident set that stays.
    pub(crate) resident_bytes: u64,
}

/// Loads in this process and returns what it took, as JSON.
pub(crate) fn measure(kind: Kind, files: &[RuleFile]) -> anyhow::Result<Value> {
    // Resets the peak, which reading the archive has raised. Where the kernel refuses that, the
    // peak is too high rather than too low.
    let _ = fs::write("/proc/self/clear_refs", "5");
    let before = status_bytes("VmRSS")?;
    let start = Stopwatch::start();
    let engine = kind.load(files);
    let load_ms = start.elapsed().as_secs_f64() * 1000.0;
    let (after, peak) = (status_bytes("VmRSS")?, status_bytes("VmHWM")?);
    Ok(json!({
        "rules": black_box(&engine).rules(),
        "load_ms": load_ms,
        "peak_bytes": peak.saturating_sub(before),
        "resident_bytes": after.saturating_sub(before),
    }))
}

/// Loads the engines that were asked for, each in a process of its own.
pub(crate) fn in_children(args: &Args) -> anyhow::Result<Vec<Load>> {
    let kinds = [Kind::Ours, Kind::Rsigma, Kind::SigmaRust];
    let wanted = kinds.into_iter().filter(|kind| args.wants(*kind));
    wanted.map(|kind| in_child(args, kind)).collect()
}

fn in_child(args: &Args, kind: Kind) -> anyhow::Result<Load> {
    let output = Command::new(std::env::current_exe()?)
        .arg("--rules")
        .arg(&args.rules)
        .args(["--folders", &args.folders.join(",")])
        .args(["--load-only", kind.argument()])
        .output()
        .context("starting a process to load an engine in")?;
    ensure!(
        output.status.success(),
        "loading {} failed: {}",
        kind.name(),
        String::from_utf8_lossy(&output.stderr).trim()
    );
    let found: Value = serde_json::from_slice(&output.stdout)?;
    let number = |key: &str| found[key].as_u64().unwrap_or_default();
    Ok(Load {
        kind,
        rules: number("rules"),
        load_ms: found["load_ms"].as_f64().unwrap_or_default(),
        peak_bytes: number("peak_bytes"),
        resident_bytes: number("resident_bytes"),
    })
}

/// A line of `/proc/self/status`, in bytes.
fn status_bytes(name: &str) -> anyhow::Result<u64> {
    let status = fs::read_to_string("/proc/self/status").context("memory is read from /proc")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kilobytes = line.and_then(|rest| rest.split_whitespace().nth(1));
    let kilobytes: u64 = kilobytes
        .with_context(|| format!("/proc/self/status has no {name}"))?
        .parse()?;
    Ok(kilobytes * 1024)
}
