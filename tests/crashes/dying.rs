//! A process below whose SDK every call is counted, and which may die at one of them: before or after its effect.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use evenkeel::simulator::wire::InProcess;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::world::WRITES;

/// Where a process dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Death {
    /// At which of its calls, counted from 0.
    pub(super) call: usize,
    /// Before AWS hears of it, or after AWS has done it.
    pub(super) moment: Moment,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    Before,
    After,
}

/// A call that was made.
#[derive(Clone, Debug)]
pub(super) struct Made {
    pub(super) operation: String,
    pub(super) at: Instant,
}

impl Made {
    pub(super) fn is_write(&self) -> bool {
        WRITES.contains(&self.operation.as_str())
    }
}

/// The HTTP client of such a process.
#[derive(Clone)]
pub(super) struct Dying {
    inner: InProcess,
    death: Option<Death>,
    made: Arc<Mutex<Vec<Made>>>,
    dead: Arc<Notify>,
    /// Told when AWS has answered a RunTask.
    launched: Arc<Notify>,
}

impl Dying {
    pub(super) fn new(inner: InProcess, death: Option<Death>, launched: Arc<Notify>) -> Self {
        Self { inner, death, made: Arc::default(), dead: Arc::default(), launched }
    }

    /// Ends when the process has died.
    pub(super) async fn died(&self) {
        self.dead.notified().await;
    }

    /// Its calls so far.
    pub(super) fn made(&self) -> Vec<Made> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Writes a call down, and gives its number.
    fn count(&self, operation: &str) -> usize {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.push(Made { operation: operation.to_owned(), at: Instant::now() });
        made.len() - 1
    }

    fn pass_on(&self, operation: &str, request: HttpRequest) -> HttpConnectorFuture {
        let answer = self.inner.call(request);
        if operation == "RunTask" {
            self.launched.notify_one();
        }
        answer
    }
}

/// What a request asks for; empty for the Query protocol, by which this program only reads.
pub(super) fn operation(request: &HttpRequest) -> String {
    let target = request.headers().get("x-amz-target").unwrap_or_default();
    target.rsplit('.').next().unwrap_or_default().to_owned()
}

impl HttpConnector for Dying {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let operation = operation(&request);
        let call = self.count(&operation);
        let Some(Death { moment, .. }) = self.death.filter(|death| death.call == call) else {
            return self.pass_on(&operation, request);
        };
        let last = match moment {
            Moment::Before => None,
            Moment::After => Some(self.pass_on(&operation, request)),
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
