//! What needs a real Kafka: `cargo test --test kafka`. The first run fetches its jars.
//!
//! These tests are a target of their own because they need Java and take minutes; `.ci/run` runs
//! them, a plain `cargo test` does not. None of them is ever skipped.

#[path = "../real/kafka.rs"]
mod cluster;
#[path = "../real/server.rs"]
mod server;

#[macro_use]
mod journal;
#[path = "../suite/program.rs"]
#[allow(dead_code, reason = "the suite uses all of it")]
mod program;

mod conformance;
mod servers;
mod sink;
mod stories;
mod takeover;
