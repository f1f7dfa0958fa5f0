//! What every request of one server shares.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use axum::body::Bytes;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::controller::handle::Handle;
use crate::model::served::Served;

use super::entrance::Peer;
use super::limits::Limits;
use super::openapi;
use super::page::Page;
use super::problem::{Problem, Reason};
use super::rate::Buckets;
use super::seats::Seats;
use super::tally::Tally;
use super::tls::Tls;
use super::token_file::TokenFile;
use super::watched::Watched;
use super::who::Shown;

/// The API over one controller.
pub struct Api {
    pub(super) handle: Handle,
    pub(super) limits: Limits,
    pub(super) watched: Watched,
    pub(super) connections: Arc<Seats>,
    pub(super) streams: Arc<Seats>,
    pub(super) tally: Tally,
    pub(super) page: Page,
    /// Becomes true when the server ends, which ends every event stream.
    ending: watch::Sender<bool>,
    pub(super) metrics: Scrape,
    pub(super) tokens: Option<TokenFile>,
    pub(super) tls: Option<Tls>,
    reading_hangs: AtomicBool,
    said: Box<dyn Fn(&str) + Send + Sync>,
    description: OnceLock<Bytes>,
    began: Instant,
    requests: Mutex<Buckets>,
    wishes: Mutex<Buckets>,
}

/// What a server is made of.
pub struct Setup {
    /// The controller.
    pub handle: Handle,
    /// How much faster than the clock here AWS's time runs: 1 but for a simulator.
    pub speed: f64,
    /// What one client may have.
    pub limits: Limits,
    /// What `/metrics` answers.
    pub metrics: Scrape,
    /// Who may ask. Without it, whoever reaches the server may look, and nobody may change anything.
    pub tokens: Option<TokenFile>,
    /// How clients are greeted; in plain text without it.
    pub tls: Option<Tls>,
    /// Tells whoever runs the controller what was done, a line at a time.
    pub said: Box<dyn Fn(&str) + Send + Sync>,
}

/// What `/metrics` answers.
pub struct Scrape {
    /// Its content type.
    pub media_type: &'static str,
    /// Its text, made anew for each request; of the server itself it tells these numbers.
    pub text: Box<dyn Fn(&Served) -> String + Send + Sync>,
}

impl Api {
    /// The API over one controller.
    pub fn new(setup: Setup) -> Self {
        let Setup { handle, speed, limits, metrics, tokens, tls, said } = setup;
        Self {
            handle,
            limits,
            watched: Watched::new(speed),
            connections: Arc::new(Seats::new(limits.connections, limits.connections_per_peer)),
            streams: Arc::new(Seats::new(limits.streams, limits.streams_per_reader)),
            tally: Tally::new(),
            page: Page::default(),
            ending: watch::Sender::new(false),
            metrics,
            tokens,
            tls,
            reading_hangs: AtomicBool::new(false),
            said,
            description: OnceLock::new(),
            began: Instant::now(),
            requests: Mutex::new(Buckets::new(limits.requests)),
            wishes: Mutex::new(Buckets::new(limits.wishes)),
        }
    }

    /// What `/openapi.json` answers.
    pub(super) fn description(&self) -> Bytes {
        self.description.get_or_init(|| Bytes::from(openapi::document().to_string())).clone()
    }

    /// What it was asked so far, and what is open.
    pub(super) fn served(&self) -> Served {
        let (connections, streams) = (self.connections.count(), self.streams.count());
        let tokens = self.tokens.as_ref().is_some_and(TokenFile::is_broken);
        let tls = self.tls.as_ref().is_some_and(Tls::is_broken);
        let hangs = self.reading_hangs.load(Ordering::Relaxed);
        let broken_files = [tokens, tls, hangs].into_iter().filter(|broken| *broken).count();
        Served { connections, streams, broken_files, ..self.tally.so_far() }
    }

    /// Tells whoever runs the controller.
    pub(super) fn say(&self, line: &str) {
        (self.said)(line);
    }

    /// Counts a request of a token; without one, of an address.
    pub(super) fn allow_request(&self, shown: &Shown, peer: Option<Peer>) -> Result<(), Problem> {
        let who = match (shown.name(), peer) {
            (Some(name), _) => format!("token {name}"),
            (None, Some(peer)) => peer.counted(),
            (None, None) => String::new(),
        };
        self.allow(&self.requests, &who)
    }

    /// Counts a wish of a token.
    pub(super) fn allow_wish(&self, shown: &Shown) -> Result<(), Problem> {
        self.allow(&self.wishes, shown.name().unwrap_or_default())
    }

    fn allow(&self, buckets: &Mutex<Buckets>, who: &str) -> Result<(), Problem> {
        let mut buckets = buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = buckets.take(who, self.began.elapsed());
        taken.map_err(|wait| Problem::of(Reason::TooOften).retry_after(wait))
    }

    /// Reads the files again that may change, and says what is new about them.
    pub(super) fn reload(&self) {
        let told = self.tokens.as_ref().map(TokenFile::reload).unwrap_or_default();
        let renewed = self.tls.as_ref().map(Tls::reload).unwrap_or_default();
        told.iter().chain(&renewed).for_each(|line| self.say(line));
        self.reading_hangs.store(false, Ordering::Relaxed);
    }

    /// A reading of those files has not ended when the next was due.
    pub(super) fn reading_hangs(&self) {
        if !self.reading_hangs.swap(true, Ordering::Relaxed) {
            self.say("the files of tokens and certificates: a reading has not ended yet; what was read before stays in force");
        }
    }

    /// Ends every event stream, now and later.
    pub fn end(&self) {
        self.ending.send_replace(true);
    }

    /// Whether it ends.
    pub(super) fn is_ending(&self) -> bool {
        *self.ending.borrow()
    }

    /// Waits until somebody ends it.
    pub(super) async fn until_end(&self) {
        // An error would say that the sender is gone, which stands beside.
        let _ = self.ending.subscribe().wait_for(|ending| *ending).await;
    }
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api").field("limits", &self.limits).finish_non_exhaustive()
    }
}
