use bytes::Bytes;

use super::Ledger;
use crate::deliver::{Settled, Verdict};
use crate::sink::{Document, Kind, Place, Reason};

fn place(partition: u32, offset: u64) -> Place {
    Place {
        input: 0,
        partition,
        offset,
    }
}

fn settled(place: Place, verdict: Verdict) -> Settled {
    Settled {
        place,
        document: Document {
            id: format!("{}", place.offset).into(),
            kind: Kind::Event,
            level: None,
            source: None,
            tenant: None,
            time_ms: 0,
            json: Bytes::new(),
        },
        verdict,
    }
}

#[test]
fn an_offset_never_moves_over_a_gap() {
    let mut ledger = Ledger::default();
    for offset in [3, 4, 7] {
        ledger.note(place(1, offset));
    }
    ledger.settle(settled(place(1, 4), Verdict::Delivered));
    ledger.settle(settled(
        place(1, 7),
        Verdict::Refused(Reason::new("bad", "no")),
    ));
    assert!(ledger.take().is_empty());
    ledger.settle(settled(place(1, 3), Verdict::Skipped));
    let progress = ledger.take();
    assert_eq!(progress.len(), 1);
    assert_eq!(progress[0].next_offset, 8);
    assert_eq!(&*progress[0].refused[0].document.id, "7");
    assert!(ledger.take().is_empty(), "given out once");
    assert_eq!(ledger.held(), 0);
}

#[test]
fn partitions_move_by_themselves_and_strangers_change_nothing() {
    let mut ledger = Ledger::default();
    ledger.note(place(0, 0));
    ledger.note(place(1, 0));
    ledger.settle(settled(place(1, 0), Verdict::Delivered));
    ledger.settle(settled(place(9, 0), Verdict::Delivered));
    ledger.settle(settled(place(0, 5), Verdict::Delivered));
    let progress = ledger.take();
    assert_eq!((progress.len(), progress[0].partition), (1, 1));
    ledger.forget(0, 0);
    ledger.settle(settled(place(0, 0), Verdict::Delivered));
    assert!(ledger.take().is_empty());
}

#[test]
fn the_first_verdict_counts() {
    let mut ledger = Ledger::default();
    ledger.note(place(0, 0));
    ledger.note(place(0, 1));
    ledger.settle(settled(place(0, 1), Verdict::Delivered));
    ledger.settle(settled(
        place(0, 1),
        Verdict::Refused(Reason::new("bad", "no")),
    ));
    ledger.settle(settled(place(0, 0), Verdict::Delivered));
    assert!(ledger.take()[0].refused.is_empty());
}
