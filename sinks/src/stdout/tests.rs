use std::collections::VecDeque;
use std::io::{self, ErrorKind, Write};
use std::sync::{Arc, Mutex};

use super::Stdout;
use crate::conformance::{self, Fault, Rig, document};
use crate::deliver::{Delivery, Policy};
use crate::filter::Filter;
use crate::sink::Sink;
use crate::table::Style;

/// What lies behind standard output: a disk or a reader, which may fail.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Sheet>>);

#[derive(Default)]
struct Sheet {
    written: Vec<u8>,
    faults: VecDeque<Fault>,
    /// The next write fails with this, after a part of one was written.
    then: Option<ErrorKind>,
}

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut sheet = self.0.lock().expect("no panic inside");
        if let Some(kind) = sheet.then.take() {
            return Err(kind.into());
        }
        let taken = match sheet.faults.pop_front() {
            Some(Fault::Gone) => return Err(ErrorKind::BrokenPipe.into()),
            Some(Fault::Half) => {
                sheet.then = Some(ErrorKind::StorageFull);
                bytes.len() / 2
            }
            Some(_) => return Err(ErrorKind::StorageFull.into()),
            None => bytes.len(),
        };
        sheet.written.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Paper {
    fn text(&self) -> String {
        let sheet = self.0.lock().expect("no panic inside");
        String::from_utf8(sheet.written.clone()).expect("text")
    }
}

impl Rig for Paper {
    fn open(&self) -> Arc<dyn Sink> {
        Arc::new(Stdout::lines(Box::new(self.clone())))
    }

    fn spoil(&self, fault: Fault) -> bool {
        let can = matches!(fault, Fault::Busy | Fault::Half | Fault::Gone);
        if can {
            self.0
                .lock()
                .expect("no panic inside")
                .faults
                .push_back(fault);
        }
        can
    }

    fn stored(&self) -> Vec<String> {
        let id = |line: &str| {
            let value: serde_json::Value = serde_json::from_str(line).ok()?;
            Some(value.pointer("/event/id")?.as_str()?.to_owned())
        };
        self.text().lines().filter_map(id).collect()
    }

    fn refuses_poison(&self) -> bool {
        false
    }

    fn deduplicates(&self) -> bool {
        false
    }
}

#[tokio::test(start_paused = true)]
async fn conforms() {
    let ran = conformance::run(|| Box::new(Paper::default())).await;
    // Success, a kill, a full disk, half a write, a closed pipe; in order and not.
    assert_eq!(ran, 2 * 5);
}

#[tokio::test(start_paused = true)]
async fn a_torn_line_damages_only_itself() {
    let paper = Paper::default();
    paper.spoil(Fault::Half);
    let mut delivery = Delivery::new(paper.open(), Filter::default(), Policy::default());
    for offset in 0..3 {
        delivery.hand(conformance::place(offset), document(&format!("d{offset}")));
    }
    delivery.drain().await.expect("the disk has room again");
    assert_eq!(paper.stored(), ["d0", "d1", "d2"]);
    assert_eq!(
        paper.text().lines().count(),
        4,
        "three whole lines and a torn one"
    );
}

#[tokio::test(start_paused = true)]
async fn a_table_streams_with_one_head() {
    let paper = Paper::default();
    let sink = Arc::new(Stdout::table(Box::new(paper.clone()), Style::plain(100)));
    let mut delivery = Delivery::new(sink, Filter::default(), Policy::default());
    for offset in 0..2 {
        delivery.hand(conformance::place(offset), document(&format!("d{offset}")));
        delivery.drain().await.expect("it takes all");
    }
    let text = paper.text();
    assert_eq!(text.matches("SEVERITY").count(), 1);
    assert_eq!(text.matches("A rule").count(), 2);
    assert!(!text.contains('\x1b'));
}
