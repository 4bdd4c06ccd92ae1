use std::time::Duration;

use tokio::time::Instant;

use super::Gate;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn the_window_grows_with_success_and_halves_on_trouble() {
    let now = Instant::now();
    let mut gate = Gate::new(4, 10);
    for _ in 0..20 {
        gate.launched(Instant::now());
        gate.answered();
    }
    assert_eq!(gate.window(), 4);
    assert!(gate.permits(now, 3) && !gate.permits(now, 4));
    gate.failed(now, None, SECOND);
    assert_eq!(gate.window(), 2);
    assert!(!gate.is_paused());
}

#[test]
fn failures_in_a_row_close_it_and_one_probe_opens_it() {
    let now = Instant::now();
    let mut gate = Gate::new(4, 3);
    for _ in 0..3 {
        assert!(gate.permits(now, 0));
        gate.launched(Instant::now());
        gate.failed(now, None, SECOND);
    }
    assert!(!gate.permits(now, 0));
    assert_eq!(gate.opens_at(), Some(now + SECOND));
    assert!(gate.permits(now + SECOND, 0));
    assert!(!gate.permits(now + SECOND, 1), "old requests end first");
    gate.launched(Instant::now());
    assert!(!gate.permits(now + SECOND, 0), "one probe, not two");
    gate.failed(now + SECOND, None, SECOND);
    assert!(
        !gate.permits(now + SECOND, 0),
        "a failed probe pauses again"
    );
    gate.launched(Instant::now());
    gate.answered();
    assert!(gate.permits(now, 0) && !gate.permits(now, 1));
}

#[test]
fn an_answer_that_was_under_way_does_not_end_a_pause() {
    let now = Instant::now();
    let mut gate = Gate::new(4, 3);
    gate.failed(now, Some(SECOND * 300), SECOND);
    gate.answered();
    assert!(!gate.permits(now + SECOND * 299, 0));
    assert_eq!(gate.window(), 1, "nor does it widen the window");
    gate.failed(now, Some(SECOND), SECOND);
    assert!(
        !gate.permits(now + SECOND * 299, 0),
        "the longer pause stays"
    );
    assert!(gate.permits(now + SECOND * 300, 0));
}
