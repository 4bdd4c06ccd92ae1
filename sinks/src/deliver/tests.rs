use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;
use tokio::time::Instant;

use super::backoff::Backoff;
use super::{Closed, Delivery, Policy, Verdict};
use crate::conformance::model::{Model, Unit};
use crate::conformance::{Fault, Rig, audit, document, ordered, place};
use crate::filter::Filter;
use crate::sink::{Answer, Batch, Document, Level, Limits, Place, Reason, Sending, Sink};

const SECOND: Duration = Duration::from_secs(1);

fn model() -> Model {
    Model::new(Unit::Each, false)
}

fn delivery(model: &Model, policy: Policy) -> Delivery {
    Delivery::new(model.open(), Filter::default(), policy)
}

fn hand(delivery: &mut Delivery, from: u64, to: u64) {
    for offset in from..to {
        delivery.hand(place(offset), document(&format!("d{offset:04}")));
    }
}

fn ids(from: u64, to: u64) -> Vec<String> {
    (from..to).map(|offset| format!("d{offset:04}")).collect()
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_closed_by_count_by_bytes_and_by_age() {
    let by_count = model();
    let mut one = delivery(&by_count, ordered());
    hand(&mut one, 0, 20);
    assert_eq!(
        one.next().await.expect("open").len(),
        8,
        "a full batch goes at once"
    );
    let begun = Instant::now();
    one.next().await.expect("open");
    let last = one.next().await.expect("open");
    assert_eq!(last.len(), 4);
    assert!(
        begun.elapsed() >= SECOND,
        "a partial batch waits for company"
    );
    assert_eq!(by_count.requests(), [8, 8, 4]);

    let by_bytes = model();
    let size = document("d0000").json.len() + 1;
    let policy = Policy {
        batch_bytes_max: Some(3 * size),
        ..ordered()
    };
    let mut one = delivery(&by_bytes, policy);
    hand(&mut one, 0, 7);
    one.drain().await.expect("open");
    assert_eq!(by_bytes.requests(), [3, 3, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_document_that_waits_alone_goes_when_it_is_old_enough() {
    let model = model();
    let mut one = delivery(&model, Policy::default());
    hand(&mut one, 0, 1);
    let early = tokio::time::timeout(SECOND / 2, one.next()).await;
    assert!(
        early.is_err(),
        "and waiting for it can be given up without harm"
    );
    assert_eq!(one.next().await.expect("open").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn retry_after_is_honoured_and_bounded() {
    for (asked, least, most) in [(300, 300, 331), (999_999, 3_600, 3_961)] {
        let model = model();
        model.spoil(Fault::BusyFor(asked));
        let mut one = delivery(&model, ordered());
        hand(&mut one, 0, 8);
        let begun = Instant::now();
        one.drain().await.expect("open");
        let waited = begun.elapsed().as_secs();
        assert!(
            (least..most).contains(&waited),
            "asked {asked}, waited {waited}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_outage_of_a_week_loses_nothing_and_does_not_hammer() {
    let model = model();
    let requests = 10_080;
    for _ in 0..requests {
        model.spoil(Fault::Busy);
    }
    let mut one = delivery(
        &model,
        Policy {
            ordered: false,
            ..ordered()
        },
    );
    hand(&mut one, 0, 100);
    let begun = Instant::now();
    let settled = one.drain().await.expect("open");
    audit(&model, &one, &ids(0, 100), &settled, 0);
    let days = begun.elapsed().as_secs_f64() / 86_400.0;
    assert!(
        (3.5..7.5).contains(&days),
        "one request in 30 to 60 s: {days} days"
    );
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_given_up_only_where_the_policy_says_so() {
    let model = model();
    for _ in 0..3 {
        model.spoil(Fault::Busy);
    }
    let policy = Policy {
        attempts_max: Some(3),
        ..ordered()
    };
    let mut one = delivery(&model, policy);
    hand(&mut one, 0, 10);
    let settled = one.drain().await.expect("open");
    let gave_up = settled.iter().filter(|one| match &one.verdict {
        Verdict::Refused(reason) => reason.code == "gave_up",
        _ => false,
    });
    assert_eq!(gave_up.count(), 8, "the first batch only");
    assert_eq!(model.stored(), ids(8, 10));
}

#[tokio::test(start_paused = true)]
async fn what_is_too_large_or_not_wanted_is_never_sent() {
    let model = model();
    let filter = Filter {
        level_min: Level::Critical,
        ..Filter::default()
    };
    let mut one = Delivery::new(model.open(), filter, Policy::default());
    hand(&mut one, 0, 1);
    let large = Document {
        json: Bytes::from(vec![b' '; (1 << 16) + 1]),
        level: Some(Level::Critical),
        ..document("large")
    };
    one.hand(place(1), large);
    let settled = one.drain().await.expect("open");
    assert_eq!(settled[0].verdict, Verdict::Skipped);
    assert!(matches!(&settled[1].verdict, Verdict::Refused(reason) if reason.code == "too_large"));
    assert!(model.requests().is_empty());
    assert_eq!((one.counts().skipped, one.counts().refused), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn what_is_held_is_bounded() {
    let model = model();
    let by_count = Policy {
        held_documents_max: 10,
        ..Policy::default()
    };
    let by_bytes = Policy {
        held_bytes_max: 10 * document("d0000").json.len(),
        ..Policy::default()
    };
    for policy in [by_count, by_bytes] {
        let mut one = delivery(&model, policy);
        let mut handed = 0;
        while one.has_room() {
            hand(&mut one, handed, handed + 1);
            handed += 1;
        }
        assert!((1..=10).contains(&handed));
        one.drain().await.expect("open");
        assert!(one.has_room());
        assert_eq!(one.held_bytes, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_partition_that_went_away_is_forgotten() {
    let model = model();
    let mut one = delivery(&model, ordered());
    hand(&mut one, 0, 20);
    one.forget(0, 0);
    assert_eq!((one.held(), one.held_bytes), (0, 0));
    hand(&mut one, 20, 22);
    let settled = one.drain().await.expect("open");
    audit(&model, &one, &ids(20, 22), &settled, 0);
    assert_eq!(one.counts().forgotten, 20);
}

#[tokio::test(start_paused = true)]
async fn a_half_that_is_forgotten_leaves_the_other() {
    let partition = |partition, offset| Place {
        partition,
        ..place(offset)
    };
    for gone in [0, 1] {
        let model = Model::new(Unit::Whole, false);
        let mut one = delivery(&model, ordered());
        for offset in 0..4 {
            one.hand(partition(0, offset), document(&format!("d{offset}")));
        }
        for (offset, id) in ["e0", "poison", "e2", "e3"].iter().enumerate() {
            one.hand(partition(1, offset as u64), document(id));
        }
        one.launch();
        let ended = one.flights.join_next_with_id().await.expect("one went");
        one.land(ended);
        assert_eq!((one.ready.len(), one.held()), (1, 8), "the halves wait");
        one.forget(0, gone);
        let settled = one.drain().await.expect("open");
        assert_eq!((settled.len(), one.held(), one.held_bytes), (4, 0, 0));
        assert_eq!(one.counts().refused, u64::from(gone == 0));
    }
}

/// Notes how many requests are under way at once.
#[derive(Default)]
struct Busy {
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Sink for Busy {
    fn name(&self) -> &str {
        "busy"
    }

    fn limits(&self) -> Limits {
        Limits {
            documents_max: 1,
            bytes_max: 1 << 20,
            document_bytes_max: 1 << 20,
            frame_bytes: 0,
            age_max: SECOND,
            answer_timeout: Some(Duration::from_secs(60)),
            in_flight_max: 5,
        }
    }

    fn send<'a>(&'a self, _: &'a Batch) -> Sending<'a> {
        Box::pin(async {
            let now = self.now.fetch_add(1, Ordering::Relaxed) + 1;
            self.most.fetch_max(now, Ordering::Relaxed);
            tokio::time::sleep(SECOND).await;
            self.now.fetch_sub(1, Ordering::Relaxed);
            Answer::Accepted
        })
    }
}

#[tokio::test(start_paused = true)]
async fn requests_go_side_by_side_up_to_the_limit_and_alone_in_order() {
    for (ordered, most) in [(false, 5), (true, 1)] {
        let sink = Arc::new(Busy::default());
        let policy = Policy {
            ordered,
            ..Policy::default()
        };
        let mut one = Delivery::new(Arc::<Busy>::clone(&sink), Filter::default(), policy);
        hand(&mut one, 0, 60);
        let begun = Instant::now();
        one.drain().await.expect("open");
        assert_eq!(sink.most.load(Ordering::Relaxed), most);
        let fast = begun.elapsed() < SECOND * 25;
        assert_eq!(fast, !ordered, "{:?}", begun.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn dropping_a_delivery_stops_its_requests() {
    let sink = Arc::new(Busy::default());
    let policy = Policy::default();
    let mut one = Delivery::new(Arc::<Busy>::clone(&sink), Filter::default(), policy);
    hand(&mut one, 0, 3);
    assert!(tokio::time::timeout(SECOND / 2, one.next()).await.is_err());
    assert_eq!(sink.now.load(Ordering::Relaxed), 1);
    drop(one);
    tokio::time::sleep(SECOND * 5).await;
    assert_eq!(
        Arc::strong_count(&sink),
        1,
        "nothing holds the sink any more"
    );
    assert_eq!(
        sink.now.load(Ordering::Relaxed),
        1,
        "the request never came to its end"
    );
}

/// Refuses everything at encoding.
struct Picky;

impl Sink for Picky {
    fn name(&self) -> &str {
        "picky"
    }

    fn limits(&self) -> Limits {
        Busy::default().limits()
    }

    fn encode(&self, _: &Document) -> Result<Bytes, Reason> {
        Err(Reason::new("unencodable", "no such field in this product"))
    }

    fn send<'a>(&'a self, _: &'a Batch) -> Sending<'a> {
        Box::pin(async { Answer::Closed })
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_encoded_is_refused() {
    let mut one = Delivery::new(Arc::new(Picky), Filter::default(), Policy::default());
    hand(&mut one, 0, 2);
    let settled = one.drain().await.expect("never sent, never closed");
    assert_eq!(settled.len(), 2);
    assert_eq!(one.held(), 0);
}

#[tokio::test(start_paused = true)]
async fn bisecting_costs_few_requests() {
    let model = Model::new(Unit::Whole, false);
    let policy = Policy {
        ordered: true,
        batch_documents_max: Some(64),
        ..Policy::default()
    };
    let mut one = delivery(&model, policy);
    hand(&mut one, 0, 40);
    one.hand(place(40), document("poison"));
    hand(&mut one, 41, 64);
    let settled = one.drain().await.expect("open");
    assert_eq!(settled.len(), 64);
    assert_eq!(
        model.requests().len(),
        11,
        "one path down a tree of 64, and the halves beside it that nobody suspects"
    );
    assert_eq!(
        model.stored(),
        [ids(0, 40), ids(41, 64)].concat(),
        "in order"
    );
}

#[tokio::test(start_paused = true)]
async fn a_sink_that_may_take_its_time_is_not_asked_twice() {
    let model = model();
    model.spoil(Fault::Slow);
    let policy = Policy {
        answer_timeout: Some(Duration::from_secs(7_200)),
        ..Policy::default()
    };
    let mut one = delivery(&model, policy);
    hand(&mut one, 0, 3);
    one.drain().await.expect("open");
    assert_eq!(model.requests(), [3]);
    assert_eq!(one.counts().possible_duplicates, 0);
}

#[test]
fn delays_double_with_jitter_and_are_the_same_for_the_same_seed() {
    let policy = Policy::default();
    let (mut one, mut other) = (Backoff::new(&policy), Backoff::new(&policy));
    for attempts in 1..40 {
        let delay = one.delay(attempts);
        assert_eq!(delay, other.delay(attempts));
        let full = (SECOND / 2 * (1 << (attempts - 1).min(10))).min(policy.retry_delay_max);
        assert!(
            delay >= full / 2 && delay <= full,
            "{attempts}: {delay:?} of {full:?}"
        );
    }
    let mut third = Backoff::new(&Policy { seed: 7, ..policy });
    assert_ne!(third.delay(9), other.delay(9));
}

/// Hands documents in while there is room and takes verdicts as they come, as the pipeline does.
async fn drive(
    model: &Model,
    policy: Policy,
    handed: &[String],
) -> (Delivery, Vec<super::Settled>) {
    let mut one = delivery(model, policy);
    let mut settled = Vec::new();
    let mut waiting = (0..).zip(handed).peekable();
    while waiting.peek().is_some() || one.held() > 0 {
        while one.has_room()
            && let Some((offset, id)) = waiting.next()
        {
            one.hand(place(offset), document(id));
        }
        // Giving up a wait must not lose anything.
        match tokio::time::timeout(SECOND / 3, one.next()).await {
            Ok(Ok(more)) => settled.extend(more),
            Ok(Err(Closed)) => break,
            Err(_) => {}
        }
    }
    (one, settled)
}

fn any_fault() -> impl Strategy<Value = Fault> {
    prop::sample::select(Fault::PASSING.to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever a product does and wherever the poison lies: each document has one verdict, what is
    /// delivered is there, the poison and nothing else is refused.
    #[test]
    fn the_ledger_holds_under_any_schedule(
        faults in prop::collection::vec(any_fault(), 0..40),
        poison in prop::collection::btree_set(0usize..120, 0..10),
        unit in prop::sample::select(vec![Unit::Prefix, Unit::Each, Unit::Whole]),
        ordered in any::<bool>(),
        batch in 1usize..30,
        seed in any::<u64>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let model = Model::new(unit, true);
            for fault in &faults {
                // A request that is spoiled after everything was taken cannot be told from poison
                // that was taken, so the lost answers of this schedule take nothing.
                let fault = match fault {
                    Fault::LostAnswer | Fault::Slow | Fault::Impossible | Fault::Half => Fault::Busy,
                    other => *other,
                };
                model.spoil(fault);
            }
            let handed: Vec<String> = (0..120)
                .map(|n| if poison.contains(&n) { format!("poison{n}") } else { format!("d{n:04}") })
                .collect();
            let policy = Policy {
                ordered,
                seed,
                batch_documents_max: Some(batch),
                held_documents_max: 50,
                ..Policy::default()
            };
            let (one, settled) = drive(&model, policy, &handed).await;
            audit(&model, &one, &handed, &settled, 0);
            let refused = settled.iter().filter(|one| matches!(one.verdict, Verdict::Refused(_)));
            assert_eq!(refused.count(), poison.len());
            if ordered {
                assert!(model.stored().is_sorted());
            }
        });
    }

    /// The same with products that take documents and lose the answer; no poison.
    #[test]
    fn nothing_is_lost_when_answers_are(
        faults in prop::collection::vec(any_fault(), 0..40),
        unit in prop::sample::select(vec![Unit::Prefix, Unit::Each, Unit::Whole]),
        deduplicates in any::<bool>(),
        ordered in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let model = Model::new(unit, deduplicates);
            for fault in &faults {
                model.spoil(*fault);
            }
            let handed = ids(0, 100);
            let policy = Policy { ordered, batch_documents_max: Some(9), ..Policy::default() };
            let (one, settled) = drive(&model, policy, &handed).await;
            let counted = one.counts().possible_duplicates;
            audit(&model, &one, &handed, &settled, usize::try_from(counted).expect("few"));
            assert!(settled.iter().all(|one| one.verdict == Verdict::Delivered));
        });
    }
}
