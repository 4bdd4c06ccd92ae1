//! One suite that every sink runs: what a product may do to us, and what must be true afterwards.
//!
//! A sink's tests give a [`Rig`]: a product (or a strict model of one) whose next answers the suite
//! can spoil, and whose contents it can read. The suite drives the real delivery loop against it in
//! paused time and then looks at the ledger: every document that was handed in has exactly one
//! verdict, what counts as delivered is there, what is there was handed in, nothing is there twice
//! unless the product cannot know, and then it was counted.
//!
//! A scenario that a product cannot show (a file is never unauthorized) is skipped by the rig
//! saying so; [`run`] returns how many ran, and a sink's test states that number. Great numbers and
//! great documents are shown by every product, and are not counted.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::deliver::{Closed, Delivery, Policy, Settled, Verdict};
use crate::filter::Filter;
use crate::sink::{Document, Kind, Place, Sink};

pub(crate) mod http;
pub(crate) mod log;
pub(crate) mod model;
mod tests;

/// What the product does to one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Takes nothing, and says so.
    Busy,
    /// Takes nothing, and asks for so many seconds.
    BusyFor(u64),
    /// Does not know us.
    Unauthorized,
    /// Takes the first half only.
    Half,
    /// Takes everything, and the answer is lost.
    LostAnswer,
    /// Takes everything, and answers after an hour.
    Slow,
    /// Answers something that cannot be.
    Impossible,
    /// The sink's own code panics.
    Panic,
    /// Nobody is there any more.
    Gone,
    /// Refuses the request with an HTTP status, and takes nothing.
    Status(u16),
    /// The connection breaks before anything was taken.
    Reset,
    /// Takes nothing and never answers.
    Silence,
    /// Takes everything and answers late, in time.
    Late,
    /// Something between answers in its place, and it takes nothing.
    Page,
    /// Takes everything, and its answer is laid out over many lines.
    Pretty,
    /// Somebody answers with a redirect.
    Redirect,
}

impl Fault {
    /// Every fault after which the product goes on.
    pub(crate) const PASSING: [Self; 23] = [
        Self::Busy,
        Self::BusyFor(300),
        Self::Unauthorized,
        Self::Half,
        Self::LostAnswer,
        Self::Slow,
        Self::Impossible,
        Self::Panic,
        Self::Status(400),
        Self::Status(401),
        Self::Status(403),
        Self::Status(408),
        Self::Status(413),
        Self::Status(429),
        Self::Status(500),
        Self::Status(502),
        Self::Status(503),
        Self::Reset,
        Self::Silence,
        Self::Late,
        Self::Page,
        Self::Pretty,
        Self::Redirect,
    ];
}

impl Fault {
    /// Only a product behind HTTP shows it.
    pub(crate) fn is_http(self) -> bool {
        !matches!(
            self,
            Self::Busy
                | Self::BusyFor(_)
                | Self::Unauthorized
                | Self::Half
                | Self::LostAnswer
                | Self::Slow
                | Self::Impossible
                | Self::Panic
                | Self::Gone
        )
    }
}

/// A product under test.
pub(crate) trait Rig {
    /// Opens the sink, as a process does when it starts; what the product holds stays.
    fn open(&self) -> Arc<dyn Sink>;
    /// Spoils the next request that is not spoiled yet. False: this product cannot show that.
    fn spoil(&self, fault: Fault) -> bool;
    /// The ids that the product holds, in its order, as often as it holds them.
    fn stored(&self) -> Vec<String>;
    /// Whether it refuses documents whose id begins with `poison`.
    fn refuses_poison(&self) -> bool;
    /// Whether a document that is sent twice is there once.
    fn deduplicates(&self) -> bool;
}

/// A document with this id; the content is as large as the smallest real alert.
pub(crate) fn document(id: &str) -> Document {
    document_of(id, 0)
}

/// The same with so many bytes more.
fn document_of(id: &str, bytes: usize) -> Document {
    let more = "x".repeat(bytes);
    let json = format!(
        r#"{{"@timestamp":"2026-11-12T09:14:07.412Z","event":{{"id":"{id}","kind":"alert"}},"rule":{{"name":"A rule{more}"}},"chaperone":{{"alert":{{"level":"high"}}}}}}"#
    );
    let document = Document::read(Bytes::from(json)).expect("the suite's own document");
    assert_eq!(document.kind, Kind::Alert);
    document
}

pub(crate) fn place(offset: u64) -> Place {
    Place {
        input: 0,
        partition: 0,
        offset,
    }
}

/// Ordered, and several requests for a few documents.
pub(crate) fn ordered() -> Policy {
    Policy {
        ordered: true,
        batch_documents_max: Some(8),
        ..Policy::default()
    }
}

fn ids(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("d{number:04}")).collect()
}

fn hand_all(delivery: &mut Delivery, ids: &[String]) {
    for (offset, id) in (0..).zip(ids) {
        delivery.hand(place(offset), document(id));
    }
}

/// Runs every scenario that the product can show, each on a new rig; returns how many ran.
pub(crate) async fn run(new: impl Fn() -> Box<dyn Rig>) -> usize {
    let mut ran = 0;
    for policy in [
        ordered(),
        Policy {
            ordered: false,
            ..ordered()
        },
    ] {
        succeeds(&*new(), &policy).await;
        killed_before_commit(&*new(), &policy).await;
        ran += 2;
        huge_batch(&*new(), &policy).await;
        huge_document(&*new(), &policy).await;
        for fault in Fault::PASSING {
            ran += usize::from(passes(&*new(), &policy, fault).await);
        }
        for position in [0, 3, 11, 15, 19] {
            ran += usize::from(poison(&*new(), &policy, position).await);
        }
        ran += usize::from(gone(&*new(), &policy).await);
        ran += usize::from(unauthorized_for_an_hour(&*new(), &policy).await);
    }
    ran
}

async fn succeeds(rig: &dyn Rig, policy: &Policy) {
    let ids = ids(50);
    let mut delivery = Delivery::new(rig.open(), Filter::default(), policy.clone());
    hand_all(&mut delivery, &ids);
    let settled = delivery.drain().await.expect("the product stays");
    audit(rig, &delivery, &ids, &settled, 0);
    assert!(settled.iter().all(|one| one.verdict == Verdict::Delivered));
    if policy.ordered {
        assert_eq!(rig.stored(), ids, "in order, once");
    }
}

/// More than fits in one request, with no limits but the product's own.
async fn huge_batch(rig: &dyn Rig, policy: &Policy) {
    let ids = ids(3_000);
    let policy = Policy {
        batch_documents_max: None,
        ..policy.clone()
    };
    let mut delivery = Delivery::new(rig.open(), Filter::default(), policy.clone());
    hand_all(&mut delivery, &ids);
    let settled = delivery.drain().await.expect("the product stays");
    audit(rig, &delivery, &ids, &settled, 0);
    assert!(settled.iter().all(|one| one.verdict == Verdict::Delivered));
    if policy.ordered {
        assert_eq!(rig.stored(), ids);
    }
}

/// A document that is larger than the product takes holds up nobody: it is refused, or arrives cut
/// where the sink says so. A product without such a limit gets one of 2 MB whole.
async fn huge_document(rig: &dyn Rig, policy: &Policy) {
    let ids = ids(9);
    let sink = rig.open();
    let most = sink.limits().document_bytes_max;
    let bytes = if most < 8 << 20 { most + 1 } else { 2 << 20 };
    let mut delivery = Delivery::new(sink, Filter::default(), policy.clone());
    for (offset, id) in (0..).zip(&ids) {
        let one = if offset == 4 {
            document_of(id, bytes)
        } else {
            document(id)
        };
        delivery.hand(place(offset), one);
    }
    let settled = delivery.drain().await.expect("the product stays");
    audit(rig, &delivery, &ids, &settled, 0);
    for one in &settled {
        let is_huge = *one.document.id == *ids[4];
        let delivered = one.verdict == Verdict::Delivered;
        assert!(delivered || is_huge, "{:?}", one.verdict);
        assert!(delivered || most < 8 << 20, "{:?}", one.verdict);
    }
}

/// One fault, in the second request, then everything passes.
async fn passes(rig: &dyn Rig, policy: &Policy, fault: Fault) -> bool {
    let ids = ids(50);
    let mut delivery = Delivery::new(rig.open(), Filter::default(), policy.clone());
    hand_all(&mut delivery, &ids[..8]);
    let mut settled = delivery.drain().await.expect("the product stays");
    if !rig.spoil(fault) {
        return false;
    }
    for (offset, id) in (8..).zip(&ids[8..]) {
        delivery.hand(place(offset), document(id));
    }
    settled.extend(delivery.drain().await.expect("the product stays"));
    let all_there = settled.iter().all(|one| one.verdict == Verdict::Delivered);
    assert!(
        all_there,
        "{fault:?}: nothing is refused for the product's trouble"
    );
    let spoiled_documents = 8;
    let twice = match fault {
        Fault::LostAnswer | Fault::Slow | Fault::Panic | Fault::Impossible => spoiled_documents,
        _ => 0,
    };
    audit(rig, &delivery, &ids, &settled, twice);
    if policy.ordered && (twice == 0 || rig.deduplicates()) {
        assert_eq!(rig.stored(), ids, "{fault:?}: in order, once");
    }
    true
}

/// One document that the product will never take; all others arrive once.
async fn poison(rig: &dyn Rig, policy: &Policy, position: usize) -> bool {
    if !rig.refuses_poison() {
        return false;
    }
    let mut ids = ids(20);
    ids[position] = "poison".to_owned();
    let mut delivery = Delivery::new(rig.open(), Filter::default(), policy.clone());
    hand_all(&mut delivery, &ids);
    let settled = delivery.drain().await.expect("the product stays");
    audit(rig, &delivery, &ids, &settled, 0);
    for one in &settled {
        let is_poison = &*one.document.id == "poison";
        let is_refused = matches!(one.verdict, Verdict::Refused(_));
        assert_eq!(
            is_poison, is_refused,
            "poison at {position}: {:?}",
            one.verdict
        );
    }
    true
}

/// The process dies when the product has documents whose verdict nobody committed.
async fn killed_before_commit(rig: &dyn Rig, policy: &Policy) {
    let ids = ids(40);
    let mut delivery = Delivery::new(rig.open(), Filter::default(), policy.clone());
    hand_all(&mut delivery, &ids);
    let first = delivery.next().await.expect("the product stays");
    assert!(!first.is_empty() && !rig.stored().is_empty());
    drop(delivery);
    let mut delivery = Delivery::new(rig.open(), Filter::default(), policy.clone());
    hand_all(&mut delivery, &ids);
    let settled = delivery.drain().await.expect("the product stays");
    audit(rig, &delivery, &ids, &settled, ids.len());
}

/// Nobody is there: a clean end, and what has no verdict is not acknowledged.
async fn gone(rig: &dyn Rig, policy: &Policy) -> bool {
    let ids = ids(24);
    let mut delivery = Delivery::new(rig.open(), Filter::default(), policy.clone());
    hand_all(&mut delivery, &ids[..8]);
    delivery.drain().await.expect("the product stays");
    if !rig.spoil(Fault::Gone) {
        return false;
    }
    hand_all(&mut delivery, &ids[8..]);
    let (settled, Closed) = delivery.drain().await.expect_err("nobody is there");
    assert!(!delivery.has_room());
    assert_eq!(delivery.next().await.expect_err("still nobody"), Closed);
    let stored = rig.stored();
    let is_there = |one: &Settled| stored.contains(&one.document.id.to_string());
    assert!(
        settled.iter().all(is_there),
        "only what is there is acknowledged"
    );
    assert!(settled.len() + 8 <= stored.len() && stored.len() < ids.len());
    if policy.ordered {
        assert_eq!((settled.len(), stored.len()), (0, 8));
    }
    true
}

/// An hour without credentials: one message, nothing lost, order kept.
async fn unauthorized_for_an_hour(rig: &dyn Rig, policy: &Policy) -> bool {
    if !rig.spoil(Fault::Unauthorized) {
        return false;
    }
    for _ in 1..110 {
        rig.spoil(Fault::Unauthorized);
    }
    let ids = ids(50);
    let captured = log::Captured::begin();
    let start = tokio::time::Instant::now();
    let mut delivery = Delivery::new(rig.open(), Filter::default(), policy.clone());
    hand_all(&mut delivery, &ids);
    let settled = delivery.drain().await.expect("the product stays");
    assert!(
        start.elapsed() > Duration::from_secs(3300),
        "about an hour passed"
    );
    audit(rig, &delivery, &ids, &settled, 0);
    assert_eq!(delivery.counts().unauthorized, 110);
    let lines = captured.end();
    assert_eq!(lines.matches("ERROR").count(), 1, "said once:\n{lines}");
    assert!(lines.contains("remedy"), "{lines}");
    if policy.ordered {
        assert_eq!(rig.stored(), ids);
    }
    true
}

/// What must be true after any run that ended: `twice` documents may be there more than once, if
/// the product cannot deduplicate.
pub(crate) fn audit(
    rig: &dyn Rig,
    delivery: &Delivery,
    handed: &[String],
    settled: &[Settled],
    twice: usize,
) {
    let counts = delivery.counts();
    assert_eq!(delivery.held(), 0);
    let ended = counts.delivered + counts.refused + counts.skipped + counts.forgotten;
    assert_eq!(counts.handed, ended, "{counts:?}");
    let mut verdicts: Vec<&str> = settled.iter().map(|one| &*one.document.id).collect();
    verdicts.sort_unstable();
    let mut expected: Vec<&str> = handed.iter().map(String::as_str).collect();
    expected.sort_unstable();
    assert_eq!(verdicts, expected, "each document has exactly one verdict");
    let mut stored: BTreeMap<String, usize> = BTreeMap::new();
    for id in rig.stored() {
        *stored.entry(id).or_default() += 1;
    }
    for one in settled {
        let there = stored.get(&*one.document.id).copied().unwrap_or(0);
        match one.verdict {
            Verdict::Delivered => assert!(there >= 1, "{} was lost", one.document.id),
            Verdict::Refused(_) | Verdict::Skipped => assert_eq!(there, 0),
        }
    }
    assert!(
        stored.keys().all(|id| handed.contains(id)),
        "nothing is invented"
    );
    let more: usize = stored.values().map(|count| count - 1).sum();
    let allowed = if rig.deduplicates() { 0 } else { twice };
    assert!(more <= allowed, "{more} duplicates, {allowed} allowed");
}
