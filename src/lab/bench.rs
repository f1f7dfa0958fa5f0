//! One simulated account on a virtual clock, and the real SDK on top of it.
//!
//! Must run inside of a tokio runtime, with a paused clock where time is to be virtual.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use serde_json::{Value, json};
use tokio::time::{Duration, Instant, sleep};

use crate::aws::Aws;
use crate::controller::settle::{Ended, Pacing, RELOAD, Until, settle};
use crate::model::row::ServiceTable;
use crate::model::time::{Span, Timestamp};
use crate::reconcile::pass::{Mode, PassReport};
use crate::simulator::call::{Call, Service};
use crate::simulator::error::ApiError;
use crate::simulator::journal::Entry;
use crate::simulator::layout::LaidOut;
use crate::simulator::time::Time;
use crate::simulator::wire::InProcess;
use crate::simulator::world::{Config, Simulator};

use super::layout::{Start, lay_out};

/// A table, an account that was laid out for it, and a clock.
pub struct Lab {
    /// The table.
    pub table: ServiceTable,
    /// Its resources, by their physical names.
    pub laid_out: LaidOut,
    simulator: Arc<Mutex<Simulator>>,
    start: Time,
    origin: Instant,
}

impl Lab {
    /// An account laid out for a table. Everything that is left to chance follows from `seed`.
    ///
    /// # Errors
    /// The table's names cannot be laid out on AWS.
    pub fn new(table: ServiceTable, start: Start, seed: u64) -> Result<Self, ApiError> {
        Self::with_others(table, &[], start, seed)
    }

    /// The same, with the resources of other tables of the account beside.
    ///
    /// # Errors
    /// The tables' names cannot be laid out on AWS together.
    pub fn with_others(
        table: ServiceTable,
        others: &[ServiceTable],
        start: Start,
        seed: u64,
    ) -> Result<Self, ApiError> {
        let config =
            Config { account: table.account.to_string(), region: table.region.to_string(), seed, ..Config::default() };
        let mut simulator = Simulator::new(config);
        let tables: Vec<ServiceTable> = std::iter::once(&table).chain(others).cloned().collect();
        let laid_out = lay_out(&mut simulator, &tables, start)?.into_iter().next();
        let laid_out = laid_out.unwrap_or_default();
        let start = simulator.now();
        Ok(Self { table, laid_out, simulator: Arc::new(Mutex::new(simulator)), start, origin: Instant::now() })
    }

    /// The simulated AWS behind the real SDK. Each call is a client of its own, with no memory.
    pub fn aws(&self) -> Aws {
        Aws::over(SharedHttpClient::new(self.client()), &self.table.region)
    }

    /// The HTTP client below the SDK, for those who put something between the two.
    pub fn client(&self) -> InProcess {
        let (start, origin) = (self.start, self.origin);
        InProcess::new(Arc::clone(&self.simulator), move || at(start, origin))
    }

    /// Virtual time.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_millis(at(self.start, self.origin).0)
    }

    /// Lets virtual time pass.
    pub async fn wait(&self, span: Span) {
        sleep(span.as_duration()).await;
        self.world().advance_to(at(self.start, self.origin));
    }

    /// The simulator itself, at this moment.
    pub fn world(&self) -> MutexGuard<'_, Simulator> {
        let mut world = self.simulator.lock().unwrap_or_else(PoisonError::into_inner);
        world.advance_to(at(self.start, self.origin));
        world
    }

    /// An ECS call by somebody else.
    ///
    /// # Errors
    /// What the simulated AWS answers.
    pub fn call(&self, client: &str, operation: &str, input: Value) -> Result<Value, ApiError> {
        let call = Call::home(Service::Ecs, operation, input, client);
        self.world().call(at(self.start, self.origin), &call)
    }

    /// Foursight's kick of one service: `UpdateService(forceNewDeployment)`, and nothing else.
    ///
    /// # Errors
    /// What the simulated AWS answers.
    pub fn kick(&self, service: &str) -> Result<(), ApiError> {
        let input = json!({"cluster": self.laid_out.cluster, "service": service, "forceNewDeployment": true});
        self.call("foursight", "UpdateService", input).map(|_| ())
    }

    /// A scalable target on a service's desired count, made by somebody else.
    ///
    /// # Errors
    /// What the simulated AWS answers.
    pub fn scale(&self, resource: &str, least: u32, most: u32) -> Result<(), ApiError> {
        let input = json!({"ServiceNamespace": "ecs", "ResourceId": resource, "ScalableDimension":
            "ecs:service:DesiredCount", "MinCapacity": least, "MaxCapacity": most});
        let operation = "RegisterScalableTarget".to_owned();
        let call = Call::home(Service::AutoScaling, &operation, input, "console");
        self.world().call(at(self.start, self.origin), &call).map(|_| ())
    }

    /// The same account and time under an edited table.
    pub fn with_table(self, table: ServiceTable) -> Self {
        Self { table, ..self }
    }

    /// The physical name of the service whose name in the layout holds `part`.
    pub fn service(&self, part: &str) -> &str {
        let found = self.laid_out.services.values().find(|name| name.contains(part));
        found.map_or("", String::as_str)
    }

    /// A new image behind the table's tag.
    ///
    /// # Errors
    /// The table has no image.
    pub fn push(&self) -> Result<String, ApiError> {
        let image = self.table.image.as_ref().map(|image| (image.repository.as_str(), image.tag.as_str()));
        let (repository, tag) = image.unwrap_or((self.table.name.as_str(), "latest"));
        self.world().push_image(at(self.start, self.origin), repository, tag)
    }

    /// Passes of a fresh process, as `reconcile --once` makes them.
    pub async fn settle(&self, until: Until, on_pass: impl FnMut(&PassReport)) -> Ended {
        settle(&self.aws(), &self.table, Mode::Act, until, self.pacing(), on_pass).await
    }

    /// How passes follow each other here.
    pub fn pacing(&self) -> Pacing {
        Pacing { speed: 1.0, timeout: Span::minutes(120), fallback: self.now(), reload: RELOAD }
    }

    /// The journal's lines so far.
    pub fn journal(&self) -> Vec<Value> {
        self.world().journal().lines().map(Entry::line).collect()
    }
}

fn at(start: Time, origin: Instant) -> Time {
    let passed: Duration = origin.elapsed();
    start.plus_millis(i64::try_from(passed.as_millis()).unwrap_or(i64::MAX))
}
