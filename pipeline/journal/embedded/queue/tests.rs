use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

fn settle_all(lead: &Lead<'_, usize>, works: &[usize]) {
    lead.settle((0..works.len()).map(|number| (number, Ok(()))));
}

#[test]
fn work_that_comes_meanwhile_is_written_together() {
    let queue = CommitQueue::default();
    let begun = Barrier::new(2);
    let rounds = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        let first = scope.spawn(|| {
            queue.submit(0, |lead, works| {
                begun.wait();
                // The others have handed their work in before this round ends.
                while lock(&queue.state).waiting.len() < 5 {
                    std::thread::yield_now();
                }
                settle_all(lead, &works);
                lock(&rounds).push(works);
            })
        });
        begun.wait();
        for number in 1..=5 {
            let (queue, rounds) = (&queue, &rounds);
            scope.spawn(move || {
                let done = queue.submit(number, |lead, works| {
                    settle_all(lead, &works);
                    lock(rounds).push(works);
                });
                assert!(done.is_ok());
            });
        }
        assert!(first.join().expect("no panic").is_ok());
    });
    let mut rounds = rounds.into_inner().expect("no panic");
    rounds[1].sort_unstable();
    assert_eq!(rounds, [vec![0], vec![1, 2, 3, 4, 5]]);
}

#[test]
fn each_gets_its_own_answer_and_only_one_leads() {
    let queue = CommitQueue::default();
    let leaders = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let (queue, leaders) = (&queue, &leaders);
            scope.spawn(move || {
                for turn in 0..200 {
                    let work = thread * 200 + turn;
                    let result = queue.submit(work, |lead, works| {
                        assert_eq!(leaders.fetch_add(1, Ordering::SeqCst), 0);
                        let results = works.iter().map(|work| match work % 3 {
                            0 => Err(JournalError::Full(work.to_string())),
                            _ => Ok(()),
                        });
                        lead.settle(results.enumerate());
                        leaders.fetch_sub(1, Ordering::SeqCst);
                    });
                    match result {
                        Ok(()) => assert_ne!(work % 3, 0),
                        Err(JournalError::Full(whose)) => assert_eq!(whose, work.to_string()),
                        Err(other) => panic!("{other}"),
                    }
                    if turn % 50 == 0 {
                        let _alone = queue.alone();
                        assert_eq!(leaders.load(Ordering::SeqCst), 0);
                    }
                }
            });
        }
    });
}

#[test]
fn a_leader_that_panics_leaves_nobody_waiting() {
    let queue = CommitQueue::default();
    let begun = Barrier::new(2);
    std::thread::scope(|scope| {
        let first = scope.spawn(|| {
            catch_unwind(AssertUnwindSafe(|| {
                queue.submit(0, |_, _| {
                    begun.wait();
                    while lock(&queue.state).waiting.is_empty() {
                        std::thread::yield_now();
                    }
                    panic!("in the middle of a round");
                })
            }))
        });
        begun.wait();
        let second = queue.submit(1, |lead, works| settle_all(lead, &works));
        assert!(second.is_ok(), "the next one leads");
        assert!(first.join().expect("is caught").is_err());
    });
    let forgotten = queue.submit(2, |_, _| {});
    assert!(forgotten.is_err(), "no answer is an error");
}
