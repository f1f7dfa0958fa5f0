//! The way to stderr. A controller's words go there on a thread of their own: whoever reads them and stops, a terminal that is
//! held or a log driver that hangs, stops neither passes nor the API nor SIGTERM.
//!
//! Only carries lines; what they say, and whether they are said, is decided elsewhere.

use std::io::{self, Write};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;
use std::time::Duration;

use super::failure::Failure;

/// Lines that wait for a reader; those that come then are lost, and counted. More would be memory, fewer would lose lines of a busy
/// moment.
const MOST: usize = 4096;

/// How long the last lines are waited for. A reader that reads takes a millisecond.
const LAST: Duration = Duration::from_millis(500);

static QUEUE: OnceLock<Queue> = OnceLock::new();

struct Queue {
    lines: SyncSender<Item>,
    lost: AtomicU64,
}

enum Item {
    Line(Vec<u8>),
    /// Everything before it has been written.
    End(Sender<()>),
}

/// Stderr, as whoever writes sees it: a line is one write.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stderr;

/// Waits for the last lines when it is dropped.
#[derive(Debug)]
pub(super) struct Aside(());

/// From now on nobody waits for stderr.
///
/// # Errors
/// What the system says about one thread more.
pub(super) fn aside() -> Result<Aside, Failure> {
    let (lines, queued) = sync_channel(MOST);
    let queue = QUEUE.get_or_init(|| Queue { lines, lost: AtomicU64::new(0) });
    let writing = move || write(&queued, queue);
    // Nobody waits for its end: a write that hangs would have none.
    thread::Builder::new().name("stderr".to_owned()).spawn(writing).map_err(|error| Failure::of(&error))?;
    Ok(Aside(()))
}

fn write(queued: &Receiver<Item>, queue: &Queue) {
    while let Ok(item) = queued.recv() {
        match item {
            // A reader that has gone is no failure of ours.
            Item::Line(line) => drop(io::stderr().write_all(&line)),
            Item::End(written) => drop(written.send(())),
        }
        let lost = queue.lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            tracing::warn!(lost, "lines are missing here, because nobody read them");
        }
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        let Some(queue) = QUEUE.get() else { return };
        let (written, end) = channel();
        // A queue that is full has no reader; what is in it is lost with the process.
        if queue.lines.try_send(Item::End(written)).is_ok() {
            let _ = end.recv_timeout(LAST);
        }
    }
}

impl Write for Stderr {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(queue) = QUEUE.get() else { return io::stderr().write(bytes) };
        if queue.lines.try_send(Item::Line(bytes.to_vec())).is_err() {
            queue.lost.fetch_add(1, Ordering::Relaxed);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if QUEUE.get().is_some() { Ok(()) } else { io::stderr().flush() }
    }
}
