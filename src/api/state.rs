//! What every request of one server shares.

use std::fmt;
use std::sync::Arc;

use tokio::sync::watch;

use crate::controller::handle::Handle;

use super::limits::Limits;
use super::page::Page;
use super::seats::Seats;
use super::tables::Rendered;

/// The API over one controller.
pub struct Api {
    pub(super) handle: Handle,
    pub(super) limits: Limits,
    pub(super) rendered: Rendered,
    pub(super) streams: Arc<Seats>,
    pub(super) page: Page,
    /// Becomes true when the server ends, which ends every event stream.
    ending: watch::Sender<bool>,
    pub(super) metrics: Scrape,
}

/// What `/metrics` answers.
pub struct Scrape {
    /// Its content type.
    pub media_type: &'static str,
    /// Its text, made anew for each request.
    pub text: Box<dyn Fn() -> String + Send + Sync>,
}

impl Api {
    /// The API over the controller behind `handle`. `metrics` is what `/metrics` answers.
    pub fn new(handle: Handle, limits: Limits, metrics: Scrape) -> Self {
        Self {
            handle,
            limits,
            rendered: Rendered::default(),
            streams: Arc::new(Seats::new(limits.streams, limits.streams_per_reader)),
            page: Page::default(),
            ending: watch::Sender::new(false),
            metrics,
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
