//! Two processes whose calls are held until it is their turn.
//!
//! Owns holding and letting go. Whose turn it is belongs to `search`.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use evenkeel::simulator::wire::InProcess;
use tokio::sync::Notify;
use tokio::time::Instant;

/// Calls whose order matters around a launch: the tags, the tasks, and every write. Nothing else changes then.
const HELD: [&str; 6] = ["DescribeClusters", "ListTasks", "DescribeTasks", "TagResource", "RunTask", "UpdateService"];

/// What this process sees of the record when the search is over for it.
const LAUNCHED: &str = "state=launched";

#[derive(Default)]
struct Player {
    /// The call that waits for its turn.
    held: Option<String>,
    /// Everything that AWS has told it, and when.
    heard: u64,
    /// It waits for nobody any more.
    free: bool,
}

/// Where two processes take turns from a moment on.
pub(super) struct Stage {
    from: Instant,
    players: Mutex<[Player; 2]>,
    go: [Notify; 2],
    pub(super) arrived: Notify,
}

impl Stage {
    pub(super) fn new(from: Instant) -> Arc<Self> {
        Arc::new(Self { from, players: Mutex::default(), go: Default::default(), arrived: Notify::new() })
    }

    fn players(&self) -> MutexGuard<'_, [Player; 2]> {
        self.players.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_held(&self, who: usize) -> bool {
        self.players()[who].held.is_some()
    }

    pub(super) fn is_free(&self, who: usize) -> bool {
        self.players()[who].free
    }

    /// What a process is about to do, and all that it knows.
    pub(super) fn mind(&self, who: usize) -> (Option<String>, u64, bool) {
        let Player { held, heard, free } = &self.players()[who];
        (held.clone(), *heard, *free)
    }

    /// It is this one's turn: its call is let go.
    pub(super) fn turn(&self, who: usize) {
        self.players()[who].held = None;
        self.go[who].notify_one();
    }

    /// A process that died; the next one in its place knows nothing.
    pub(super) fn forget(&self, who: usize) {
        self.players()[who] = Player::default();
    }

    async fn wait(&self, who: usize, operation: &str) {
        {
            let player = &mut self.players()[who];
            if player.free || Instant::now() < self.from || !HELD.contains(&operation) {
                return;
            }
            player.held = Some(operation.to_owned());
        }
        self.arrived.notify_one();
        self.go[who].notified().await;
    }

    fn heard(&self, who: usize, operation: &str, body: &[u8]) {
        let player = &mut self.players()[who];
        let mut hash = DefaultHasher::new();
        (player.heard, operation, body, Instant::now().saturating_duration_since(self.from)).hash(&mut hash);
        player.heard = hash.finish();
        let launched = body.windows(LAUNCHED.len()).any(|window| window == LAUNCHED.as_bytes());
        player.free |= operation == "DescribeClusters" && launched;
    }
}

/// The HTTP client of one of the two.
#[derive(Clone)]
pub(super) struct Turn {
    pub(super) inner: InProcess,
    pub(super) stage: Arc<Stage>,
    pub(super) who: usize,
}

impl HttpConnector for Turn {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Self { inner, stage, who } = self.clone();
        HttpConnectorFuture::new(async move {
            let target = request.headers().get("x-amz-target").unwrap_or_default();
            let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
            stage.wait(who, &operation).await;
            let answer = inner.call(request).await?;
            stage.heard(who, &operation, answer.body().bytes().unwrap_or_default());
            Ok(answer)
        })
    }
}

impl HttpClient for Turn {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl fmt::Debug for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Turn({})", self.who)
    }
}
