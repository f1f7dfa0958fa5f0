//! What stands between one controller and AWS: latency, death at a call, a call that is held up, and wrong behaviour.
//!
//! Gives each controller a name of its own, by which the journal tells them apart. Judges nothing.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use evenkeel::simulator::wire::InProcess;
use fastrand::Rng;
use tokio::sync::Notify;
use tokio::time::sleep;

use super::wrong::{Known, Mischief, Wrong};

/// The HTTP client of one controller; its clones share everything.
#[derive(Clone)]
pub(super) struct Wire {
    name: String,
    inner: InProcess,
    latency_ms: u64,
    plans: Arc<Mutex<Plans>>,
    dead: Arc<Notify>,
    wrong: Option<Arc<Mutex<Wrong>>>,
}

struct Plans {
    rng: Rng,
    death: Option<Death>,
    freeze: Option<(&'static str, u32, u64)>,
    /// How long to stay away after the death that just came.
    away: i64,
}

#[derive(Clone, Copy, Debug)]
struct Death {
    operation: &'static str,
    calls: u32,
    after: bool,
    away: i64,
}

/// What becomes of a call before it leaves.
enum Fate {
    Goes,
    Dies { after: bool },
}

impl Wire {
    pub(super) fn new(name: &str, inner: InProcess, latency_ms: u64, seed: u64) -> Self {
        let plans = Plans { rng: Rng::with_seed(seed), death: None, freeze: None, away: 0 };
        let plans = Arc::new(Mutex::new(plans));
        Self { name: name.to_owned(), inner, latency_ms, plans, dead: Arc::default(), wrong: None }
    }

    /// The same, with a controller behind it that is wrong in this way.
    pub(super) fn wrong(self, mischief: Option<Mischief>, known: &Known) -> Self {
        let wrong = mischief.map(|mischief| Arc::new(Mutex::new(Wrong::new(mischief, known.clone()))));
        Self { wrong, ..self }
    }

    /// The name under which its calls stand in the journal.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The controller dies at its `calls`-th call from now, of this operation if one is said.
    pub(super) fn die_at(&self, operation: &'static str, calls: u32, after: bool, away: i64) {
        self.plans().death = Some(Death { operation, calls, after, away });
    }

    /// Its `calls`-th call from now is held up, of this operation if one is said.
    pub(super) fn freeze_at(&self, operation: &'static str, calls: u32, ms: u64) {
        self.plans().freeze = Some((operation, calls, ms));
    }

    /// No more deaths and freezes.
    pub(super) fn calm(&self) {
        let mut plans = self.plans();
        (plans.death, plans.freeze) = (None, None);
    }

    /// Ends when the controller has died, with how long nobody is there.
    pub(super) async fn died(&self) -> i64 {
        self.dead.notified().await;
        self.plans().away
    }

    /// A number between 0 and 1, by the seed.
    pub(super) fn chance(&self) -> f64 {
        self.plans().rng.f64()
    }

    fn plans(&self) -> MutexGuard<'_, Plans> {
        self.plans.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long a call takes to arrive, and whether its controller survives it.
    fn next(&self, operation: &str) -> (u64, Fate) {
        let mut plans = self.plans();
        let mut wait = if self.latency_ms > 0 { plans.rng.u64(0..=self.latency_ms) } else { 0 };
        if let Some((only, calls, ms)) = plans.freeze.filter(|(only, ..)| only.is_empty() || *only == operation) {
            plans.freeze = (calls > 1).then_some((only, calls - 1, ms));
            wait += if calls <= 1 { ms } else { 0 };
        }
        let Some(mut death) = plans.death else { return (wait, Fate::Goes) };
        let counts = death.operation.is_empty() || death.operation == operation;
        death.calls = death.calls.saturating_sub(u32::from(counts));
        if death.calls > 0 {
            plans.death = Some(death);
            return (wait, Fate::Goes);
        }
        (plans.death, plans.away) = (None, death.away);
        (wait, Fate::Dies { after: death.after })
    }

    fn send(&self, request: HttpRequest) -> HttpConnectorFuture {
        match &self.wrong {
            Some(wrong) => {
                let mut wrong = wrong.lock().unwrap_or_else(PoisonError::into_inner);
                HttpConnectorFuture::ready(wrong.send(&self.inner, request))
            }
            None => self.inner.call(request),
        }
    }
}

impl HttpConnector for Wire {
    fn call(&self, mut request: HttpRequest) -> HttpConnectorFuture {
        rename(&mut request, &self.name);
        let (wait, fate) = self.next(operation(&request));
        match (wait, fate) {
            (0, Fate::Goes) => self.send(request),
            (wait, fate) => {
                let wire = self.clone();
                HttpConnectorFuture::new(async move {
                    sleep(Duration::from_millis(wait)).await;
                    if let Fate::Dies { after } = fate {
                        if after {
                            let _ = wire.send(request).await;
                        }
                        wire.dead.notify_one();
                        return std::future::pending().await;
                    }
                    wire.send(request).await
                })
            }
        }
    }
}

/// The operation of a call of ECS; empty for other services.
pub(super) fn operation(request: &HttpRequest) -> &str {
    request.headers().get("x-amz-target").unwrap_or_default().rsplit('.').next().unwrap_or_default()
}

/// The application that a user agent names is who the journal says it was.
fn rename(request: &mut HttpRequest, name: &str) {
    for header in ["x-amz-user-agent", "user-agent"] {
        let Some(agent) = request.headers().get(header).map(str::to_owned) else { continue };
        request.headers_mut().insert(header, agent.replace("app/evenkeel", &format!("app/{name}")));
    }
}

impl HttpClient for Wire {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Wire({})", self.name)
    }
}
