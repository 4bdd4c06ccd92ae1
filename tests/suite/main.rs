//! The integration tests, in one binary: they run the real `chaperone` as its users do.

mod cli;
mod crash;
mod faults;
mod github;
mod leaks;
mod order;
mod probes;
mod program;
mod reload;
mod rules;
mod sinks;
mod stories;
mod tidy;
