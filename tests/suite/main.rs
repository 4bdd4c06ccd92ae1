//! The integration tests, in one binary: they run the real `chaperone` as its users do.

mod cli;
mod crash;
mod leaks;
mod order;
mod program;
mod rules;
mod stories;
mod tidy;
