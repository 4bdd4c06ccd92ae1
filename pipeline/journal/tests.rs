//! The conformance suite over the journals of this process.

mod local;
mod model;

use std::path::PathBuf;

use super::suite::{Harness, conformance, members};
use super::*;

impl Harness {
    fn memory(partitions: u32) -> Self {
        let memory = Memory::new(partitions);
        Self::new(move || Box::new(memory.clone()))
    }

    fn disk(partitions: u32) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self::new(move || open(folder.path().join("journal"), partitions))
    }
}

fn open(path: PathBuf, partitions: u32) -> Box<dyn Journal> {
    let config = EmbeddedConfig {
        path,
        partitions,
        // A power cut cannot be tested here, and an fsync costs each test its time.
        fsync: Fsync::Never,
        ..EmbeddedConfig::default()
    };
    Box::new(Embedded::open(config).expect("opens"))
}

macro_rules! run {
    ($($module:ident::$case:ident, $partitions:literal;)*) => {
        $(#[test] fn $case() {
            $module::$case(&Harness::memory($partitions));
            $module::$case(&Harness::disk($partitions));
        })*
    };
}

shared_cases!(run);

run! {
    local::a_busy_partition_does_not_starve_the_others, 3;
    local::partitions_are_shared_out, 4;
    local::a_commit_that_is_not_ours_changes_nothing, 2;
    local::a_new_member_takes_over, 2;
    local::takeovers_repeat_and_lose_nothing, 1;
    local::many_workers_commit_at_once, 4;
}
