//! One rollout, its processes, and the judgement.
//!
//! The judge asks the world: what ran, what was harmed, and whether it stays as it is.

use std::cell::Cell;
use std::pin::Pin;
use std::sync::Arc;

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use evenkeel::aws::Aws;
use evenkeel::controller::command;
use evenkeel::controller::request::accept;
use evenkeel::controller::settle::{End, Ended, Until, settle_from};
use evenkeel::lab::bench::Lab;
use evenkeel::model::rollout::{IdempotencyKey, RecordState};
use evenkeel::model::time::Span;
use evenkeel::plan::history::History;
use evenkeel::plan::request::Wanted;
use evenkeel::reconcile::pass::{Mode, Verdict};
use serde_json::Value;
use tokio::sync::Notify;

use super::dying::{Death, Dying};
use super::variant::{Size, Variant};
use crate::world::World;

/// After so long neither the token nor ECS's history is sure to tell whether the task ran.
const SURE: Span = Span::minutes(55);

/// A rollout that is about to begin.
pub(super) struct Story {
    pub(super) lab: Lab,
    variant: Variant,
    begun: Value,
    launched: Arc<Notify>,
    /// Whether whoever asked for the rollout was told that it will come.
    acknowledged: Cell<bool>,
}

impl Story {
    pub(super) async fn new(variant: Variant, size: Size) -> Self {
        let (lab, begun) = variant.lab(size, 7).await;
        Self { lab, variant, begun, launched: Arc::default(), acknowledged: Cell::new(false) }
    }

    /// The client of a process.
    pub(super) fn client(&self, death: Option<Death>) -> Dying {
        Dying::new(self.lab.client(), death, Arc::clone(&self.launched))
    }

    /// A process from its beginning until the table is settled. Whoever asks for a rollout asks under one key until it is
    /// promised; another controller may have ended it by then.
    pub(super) fn process(&self, client: Dying) -> Pin<Box<dyn Future<Output = Ended> + '_>> {
        // Without its type: the compiler bounds how deep the futures around it are.
        Box::pin(async move {
            let aws = Aws::over(SharedHttpClient::new(client), &self.lab.table.region);
            let mut history = History::default();
            if self.variant == Variant::Request && !self.acknowledged.get() {
                let key = IdempotencyKey::parse("the only wish").ok();
                let wanted = Wanted { key, ..Wanted::default() };
                let asked = accept(&aws, &self.lab.table, &wanted, self.lab.now()).await;
                history = asked.expect("nothing stands against a request").history;
                self.acknowledged.set(true);
            }
            if let Some(wish) = self.variant.wish().filter(|_| !self.acknowledged.get()) {
                // What another controller has done meanwhile may stand against it.
                match command::accept(&aws, &self.lab.table, &wish, self.lab.now()).await {
                    Ok(given) => {
                        history = given.history;
                        self.acknowledged.set(true);
                    }
                    Err(command::Refused::Held(_)) => {}
                    Err(refused) => panic!("{refused}"),
                }
            }
            self.settles(&aws, history).await
        })
    }

    /// A process of somebody who asks for nothing.
    pub(super) async fn bystander(&self) -> Ended {
        let aws = Aws::over(SharedHttpClient::new(self.client(None)), &self.lab.table.region);
        self.settles(&aws, History::default()).await
    }

    async fn settles(&self, aws: &Aws, history: History) -> Ended {
        let pacing = self.lab.pacing();
        Box::pin(settle_from(history, aws, &self.lab.table, Mode::Act, Until::Settled, pacing, |_| {})).await
    }

    /// A process that dies there. False if it came to its end before.
    pub(super) async fn dies(&self, death: Death) -> bool {
        let client = self.client(Some(death));
        tokio::select! {
            _ = self.process(client.clone()) => false,
            () = client.died() => true,
        }
    }

    /// What goes on beside the processes, for as long as they do: Spot takes the running task back.
    pub(super) async fn meanwhile(&self) -> std::convert::Infallible {
        loop {
            self.launched.notified().await;
            if self.variant != Variant::Reclaimed {
                continue;
            }
            // It has begun by then, and has not ended.
            self.lab.wait(Span::seconds(60)).await;
            let world = self.lab.world().world_json();
            let ours = |task: &&Value| task["startedBy"].as_str().is_some_and(|by| by.starts_with("evenkeel/"));
            for task in world["tasks"].as_array().into_iter().flatten().filter(ours) {
                self.lab.world().reclaim_spot(task["taskArn"].as_str().unwrap_or_default());
            }
        }
    }

    /// Whether an abort never came to stand on the cluster, or after the launch was written down: another controller did not
    /// wait for it.
    fn came_too_late(&self) -> bool {
        if self.variant != Variant::Abort {
            return false;
        }
        let journal = self.lab.journal();
        let wrote = |what: &str| {
            let says = |tag: &Value| tag["value"].as_str().is_some_and(|value| value.contains(what));
            let tags = |line: &Value| line["input"]["tags"].as_array().is_some_and(|tags| tags.iter().any(says));
            journal.iter().position(|line| line["operation"] == "TagResource" && line["status"] == 200 && tags(line))
        };
        match (wrote("state=launching"), wrote("do=abort")) {
            (Some(launch), Some(abort)) => launch < abort,
            (Some(_), None) => true,
            (None, _) => false,
        }
    }

    /// Judges the end, and that it stays: a last look writes nothing.
    pub(super) async fn judge(&self, ended: &Ended, away: Span, case: &str) {
        let record = ended.last.plan.rollout.record.as_ref().map(|record| &record.state);
        let world = World::of(&self.lab, &self.begun);
        assert_eq!(world.harms, Vec::<String>::new(), "{case}");
        let (verdict, runs) = if self.came_too_late() { (Verdict::Converged, 1) } else { self.variant.ends() };
        let ran = world.runs.iter().filter(|run| run.reached_running).count();
        match (ended.end, record) {
            (End::Reached(Verdict::Failed), Some(RecordState::Unknown(_))) if away > SURE => {
                assert!(ran <= runs, "{case}: {:?}", world.runs);
            }
            (End::Reached(end), _) if end == verdict => {
                assert_eq!(ran, runs, "{case}: {:?}", world.runs);
            }
            (end, record) => panic!("{case}: {end:?}, {record:?}, {:?}", ended.last.plan.holds),
        }
        self.lab.settle(Until::OnePass, |_| {}).await;
        let later = World::of(&self.lab, &self.begun);
        assert_eq!(later.writes_since(world.writes.len()), Vec::<String>::new(), "{case}: it does not stay");
    }
}
