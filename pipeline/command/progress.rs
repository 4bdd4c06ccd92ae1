//! A bar on stderr while files are read. Only on a terminal: logs and pipes get none.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar that follows a counter until it is stopped or dropped.
pub(super) struct Progress(ProgressBar);

impl Progress {
    /// Shows how many of `total` bytes `read_bytes` has counted.
    pub(super) fn start(total: u64, read_bytes: Arc<AtomicU64>) -> Self {
        let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
        let form = "{bar:30} {bytes}/{total_bytes} {bytes_per_sec} {eta}";
        bar.set_style(ProgressStyle::with_template(form).expect("the template is valid"));
        let shown = bar.downgrade();
        std::thread::spawn(move || {
            while let Some(bar) = shown.upgrade() {
                if bar.is_finished() {
                    return;
                }
                bar.set_position(read_bytes.load(Ordering::Relaxed));
                drop(bar);
                std::thread::park_timeout(Duration::from_millis(100));
            }
        });
        Self(bar)
    }

    /// Takes the bar off the screen.
    pub(super) fn stop(self) {
        self.0.finish_and_clear();
    }
}
