//! Standard output: a table for a person, one JSON document a line for a program.
//!
//! On a terminal the alerts stream in as rows of [`crate::table`]; into a pipe or a file go the
//! documents as they are, so that `| jq` and `> alerts.ndjson` work without an option. Every batch
//! is flushed before it counts as delivered. A closed pipe (`| head`) is no failure: the answer is
//! [`Answer::Closed`], and the delivery ends cleanly.
//!
//! What it cannot promise: standard output has no memory, so what was printed and not yet committed
//! when the process died is printed again. A write that stopped inside a line (a full disk behind
//! `>`) is followed by a line break, so that only that line is damaged, and is written again whole.

use std::io::{self, ErrorKind, IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use chaperone_mappings::Schema;
use serde::{Deserialize, Serialize};

use crate::schema;
use crate::sink::{Answer, Batch, Document, Limits, Reason, Sending, Sink};
use crate::table::{Stream, Style, WIDTH_DEFAULT};

#[cfg(test)]
mod tests;

/// The options of `type = "stdout"`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StdoutOptions {
    /// The schema of the lines; a table has its own columns.
    pub schema: Schema,
}

/// Standard output, or what stands for it.
pub struct Stdout {
    /// Of the lines.
    schema: Schema,
    writer: Arc<Mutex<Writer>>,
}

struct Writer {
    out: Box<dyn Write + Send>,
    form: Form,
    /// The last write stopped inside a line.
    torn: bool,
}

enum Form {
    Lines,
    Table { table: Stream, follows_window: bool },
}

impl Stdout {
    /// Standard output of this process: a table where it is a terminal, lines where it is not.
    pub fn open(options: StdoutOptions) -> Self {
        let out = io::stdout();
        if out.is_terminal() {
            let form = Form::Table {
                table: Stream::new(Style::terminal(window_width())),
                follows_window: true,
            };
            return Self::with(Box::new(out), form);
        }
        Self {
            schema: options.schema,
            ..Self::lines(Box::new(out))
        }
    }

    /// One document a line, into anything.
    pub fn lines(out: Box<dyn Write + Send>) -> Self {
        Self::with(out, Form::Lines)
    }

    /// A table of a fixed width, into anything.
    pub fn table(out: Box<dyn Write + Send>, style: Style) -> Self {
        let form = Form::Table {
            table: Stream::new(style),
            follows_window: false,
        };
        Self::with(out, form)
    }

    fn with(out: Box<dyn Write + Send>, form: Form) -> Self {
        let writer = Writer {
            out,
            form,
            torn: false,
        };
        Self {
            schema: Schema::Ecs,
            writer: Arc::new(Mutex::new(writer)),
        }
    }
}

impl Sink for Stdout {
    fn name(&self) -> &str {
        "stdout"
    }

    fn limits(&self) -> Limits {
        Limits {
            documents_max: 1_000,
            bytes_max: 1 << 20,
            document_bytes_max: usize::MAX,
            frame_bytes: 1,
            age_max: Duration::from_millis(50),
            answer_timeout: None,
            in_flight_max: 1,
        }
    }

    fn encode(&self, document: &Document) -> Result<Bytes, Reason> {
        schema::write(self.schema, document)
    }

    fn send<'a>(&'a self, batch: &'a Batch) -> Sending<'a> {
        let writer = Arc::clone(&self.writer);
        let documents: Vec<Bytes> = batch.encoded().cloned().collect();
        Box::pin(async move {
            // A reader that is slow (a pager, a stopped terminal) blocks a write for as long as it
            // likes; that must hold up this sink only, and no other task of the runtime.
            let write = tokio::task::spawn_blocking(move || {
                let mut writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
                writer.write(&documents)
            });
            write.await.unwrap_or_else(|_| {
                Answer::retry(Reason::new(
                    "write_failed",
                    "writing to standard output failed inside",
                ))
            })
        })
    }
}

impl Writer {
    fn write(&mut self, documents: &[Bytes]) -> Answer {
        let (bytes, ends) = self.form.render(documents);
        let prefix = usize::from(self.torn);
        let mut whole = Vec::with_capacity(prefix + bytes.len());
        whole.extend_from_slice(&b"\n"[..prefix]);
        whole.extend_from_slice(&bytes);
        let (written, result) = write_counting(&mut *self.out, &whole);
        let Err(error) = result.and_then(|()| self.out.flush()) else {
            self.torn = false;
            return Answer::Accepted;
        };
        if error.kind() == ErrorKind::BrokenPipe {
            return Answer::Closed;
        }
        if written == 0 {
            return Answer::retry(reason(&error));
        }
        let body = written.saturating_sub(prefix);
        let count = ends.iter().take_while(|&&end| end <= body).count();
        let whole_lines = if count == 0 { 0 } else { ends[count - 1] };
        self.torn = body > whole_lines;
        match count {
            0 => Answer::retry(reason(&error)),
            count => Answer::AcceptedUpTo {
                count,
                refused: None,
            },
        }
    }
}

impl Form {
    /// The bytes of a batch, and where each document ends in them.
    fn render(&mut self, documents: &[Bytes]) -> (Vec<u8>, Vec<usize>) {
        let mut ends = Vec::with_capacity(documents.len());
        match self {
            Self::Lines => {
                let size = documents.iter().map(|document| document.len() + 1).sum();
                let mut bytes = Vec::with_capacity(size);
                for document in documents {
                    bytes.extend_from_slice(document);
                    bytes.push(b'\n');
                    ends.push(bytes.len());
                }
                (bytes, ends)
            }
            Self::Table {
                table,
                follows_window,
            } => {
                if *follows_window {
                    table.resize(window_width());
                }
                let mut text = String::new();
                for document in documents {
                    // A sealed document is JSON; one that is not would be a row of dashes.
                    let document = serde_json::from_slice(document).unwrap_or_default();
                    table.write(&mut text, &document);
                    ends.push(text.len());
                }
                (text.into_bytes(), ends)
            }
        }
    }
}

/// Writes all, and says how much went even where it failed in between.
fn write_counting(out: &mut dyn Write, bytes: &[u8]) -> (usize, io::Result<()>) {
    let mut written = 0;
    while written < bytes.len() {
        match out.write(&bytes[written..]) {
            Ok(0) => return (written, Err(ErrorKind::WriteZero.into())),
            Ok(count) => written += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return (written, Err(error)),
        }
    }
    (written, Ok(()))
}

fn reason(error: &io::Error) -> Reason {
    let detail = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "the disk behind standard output is full: make room, and it goes on".to_owned()
        }
        kind => format!("standard output takes no more for now: {kind}"),
    };
    Reason::new("write_failed", detail)
}

fn window_width() -> usize {
    terminal_size::terminal_size().map_or(WIDTH_DEFAULT, |(width, _)| usize::from(width.0))
}
