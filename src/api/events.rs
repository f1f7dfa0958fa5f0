//! `GET /v1/events`: every table as it stands, and then again whenever something is new about it.
//!
//! State and not differences: an event holds all that there is to know, so one that is left out for a newer one is no
//! loss. What a reader has not read yet is a set of names, and no more events than its socket holds (`limits::SEND_BUFFER`).
//! `Last-Event-ID` needs no memory here: whoever comes back is told everything anew.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::response::Response;
use futures_util::stream::unfold;
use http::header;
use http::request::Parts;
use serde::Serialize;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::time::sleep;

use crate::model::ids::TableName;
use crate::report::json::{EventResetJson, EventSyncedJson, TableGoneJson};

use super::entrance::Peer;
use super::limits;
use super::problem::{Problem, Reason, put};
use super::seats::Seat;
use super::state::Api;
use super::who::Shown;

/// How long a reader should wait before it comes back, in milliseconds.
const RETRY: &str = "retry: 2000\n";

/// Says that the stream is alive; readers skip it.
const KEEP_ALIVE: &str = ": still here\n\n";

/// One reader's stream.
struct Stream {
    api: Arc<Api>,
    changes: Receiver<TableName>,
    shown: Shown,
    /// What the reader has to be told, before tables.
    reset: Option<EventResetJson>,
    /// Tables of which something is new.
    unsent: BTreeSet<TableName>,
    /// Whether all of them have not been told yet since the last reset.
    syncing: bool,
    sent: u64,
    _seat: Seat,
}

/// Opens a stream.
pub(super) fn events(api: &Arc<Api>, head: &Parts, shown: &Shown) -> Result<Response, Problem> {
    let reader = shown.name().map_or_else(|| Peer::of(head).counted(), |name| format!("token {name}"));
    let seat = api.streams.take(&reader);
    let seat = seat.map_err(|_| Problem::of(Reason::StreamsTaken).retry_after(limits::COME_BACK))?;
    // Changes first, then what there is: nothing can happen between the two.
    let changes = api.handle.names();
    let stream = Stream {
        changes,
        reset: Some(EventResetJson::connected()),
        unsent: BTreeSet::new(),
        syncing: true,
        sent: 0,
        shown: shown.clone(),
        api: Arc::clone(api),
        _seat: seat,
    };
    let frames = unfold(stream, |mut stream| async {
        let frame = stream.next().await?;
        Some((Ok::<_, std::convert::Infallible>(frame), stream))
    });
    let mut response = Response::new(Body::from_stream(frames));
    put(&mut response, header::CONTENT_TYPE, "text/event-stream");
    // Some proxies keep a stream back until it ends.
    put(&mut response, header::HeaderName::from_static("x-accel-buffering"), "no");
    Ok(response)
}

impl Stream {
    /// What is sent next; `None` ends the stream.
    async fn next(&mut self) -> Option<Bytes> {
        // A token may be taken away while its stream is open.
        if self.api.is_ending() || self.shown.role(&self.api).is_none() {
            return None;
        }
        if let Some(reset) = self.reset.take() {
            self.unsent = self.api.handle.tables().iter().map(|view| view.table.name.clone()).collect();
            self.syncing = true;
            return Some(self.frame("reset", &reset));
        }
        if let Some(name) = self.unsent.pop_first() {
            return Some(self.table(&name));
        }
        if std::mem::take(&mut self.syncing) {
            let tables = self.api.handle.tables().len();
            return Some(self.frame("synced", &EventSyncedJson::of(tables)));
        }
        self.wait().await
    }

    /// Waits for news, and gives the first of it.
    async fn wait(&mut self) -> Option<Bytes> {
        let keep_alive = self.api.limits.keep_alive;
        let change = tokio::select! {
            biased;
            () = self.api.until_end() => return None,
            change = self.changes.recv() => change,
            () = sleep(keep_alive) => return Some(Bytes::from_static(KEEP_ALIVE.as_bytes())),
        };
        match change {
            Ok(name) => drop(self.unsent.insert(name)),
            Err(RecvError::Lagged(_)) => self.reset = Some(EventResetJson::behind()),
            Err(RecvError::Closed) => return None,
        }
        // What else is there already becomes one event for each table.
        while self.reset.is_none() {
            match self.changes.try_recv() {
                Ok(name) => drop(self.unsent.insert(name)),
                Err(TryRecvError::Lagged(_)) => self.reset = Some(EventResetJson::behind()),
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
        Box::pin(self.next()).await
    }

    /// A table as it stands now, whatever it was when the news of it came.
    fn table(&mut self, name: &TableName) -> Bytes {
        match self.api.handle.table(name) {
            Some(view) => {
                let summary = self.api.watched.summary_line(&view);
                self.line("table", &summary)
            }
            None => self.frame("gone", &TableGoneJson::of(name.as_str())),
        }
    }

    fn frame(&mut self, event: &str, document: &impl Serialize) -> Bytes {
        let data = serde_json::to_string(document).unwrap_or_default();
        self.line(event, &data)
    }

    /// An event, numbered. JSON without line breaks is one line of data.
    fn line(&mut self, event: &str, data: &str) -> Bytes {
        self.sent += 1;
        let retry = if self.sent == 1 { RETRY } else { "" };
        Bytes::from(format!("{retry}event: {event}\nid: {}\ndata: {data}\n\n", self.sent))
    }
}
