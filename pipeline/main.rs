//! Chaperone.
fn main() {}
