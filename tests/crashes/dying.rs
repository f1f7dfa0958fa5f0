//! A process that dies at one of its writes, before or after AWS has done it.
//!
//! Reads change nothing, so dying at a read is dying between two writes.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use evenkeel::lab::bench::Lab;
use evenkeel::simulator::wire::InProcess;
use tokio::sync::Notify;

use crate::common::world::WRITES;

/// Where a process dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Death {
    /// At which of its writes, counted from 0.
    pub(super) write: usize,
    /// Before AWS hears of it, or after AWS has done it.
    pub(super) moment: Moment,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    Before,
    After,
}

/// The HTTP client of such a process.
#[derive(Clone)]
pub(super) struct Dying {
    inner: InProcess,
    death: Death,
    writes: Arc<AtomicUsize>,
    dead: Arc<Notify>,
}

impl Dying {
    pub(super) fn new(lab: &Lab, death: Death) -> Self {
        Self { inner: lab.client(), death, writes: Arc::default(), dead: Arc::default() }
    }

    /// Ends when the process has died.
    pub(super) async fn died(&self) {
        self.dead.notified().await;
    }
}

impl HttpConnector for Dying {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default();
        if !WRITES.contains(&operation) || self.writes.fetch_add(1, Ordering::Relaxed) != self.death.write {
            return self.inner.call(request);
        }
        let last = match self.death.moment {
            Moment::Before => None,
            Moment::After => Some(self.inner.call(request)),
        };
        let dead = Arc::clone(&self.dead);
        HttpConnectorFuture::new(async move {
            if let Some(last) = last {
                let _ = last.await;
            }
            dead.notify_one();
            std::future::pending().await
        })
    }
}

impl HttpClient for Dying {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl fmt::Debug for Dying {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Dying({:?})", self.death)
    }
}
