//! An account and its story: what is done to it, and what became of it.
//!
//! Judges nothing but that no harm was done; the claims are in the files beside.

use evenkeel::controller::settle::{End, Ended, Until};
use evenkeel::lab::bench::Lab;
use evenkeel::lab::layout::Start;
use evenkeel::model::row::ServiceTable;
use evenkeel::plan::hold::HoldCause;
use evenkeel::reconcile::pass::Verdict;
use evenkeel::simulator::ecs::App;
use serde_json::{Value, json};

use crate::common::cgap;
use crate::common::world::World;

/// A lab, and its world before anything happened.
pub(super) struct Story {
    pub(super) lab: Lab,
    pub(super) begun: Value,
}

impl Story {
    pub(super) fn new(table: ServiceTable, start: Start, seed: u64) -> Self {
        let lab = Lab::new(table, start, seed).unwrap();
        let begun = lab.world().world_json();
        Self { lab, begun }
    }

    /// An account as the users' table states it, with a record.
    pub(super) async fn settled(seed: u64) -> Self {
        let story = Self::new(cgap(), Start::Stated, seed);
        assert_eq!(story.settle().await, Verdict::Converged);
        story
    }

    pub(super) async fn settle(&self) -> Verdict {
        match self.ended().await.end {
            End::Reached(verdict) => verdict,
            End::TimedOut => panic!("not settled in two hours"),
            End::Unseen => panic!("the embedded AWS did not answer"),
        }
    }

    pub(super) async fn ended(&self) -> Ended {
        self.lab.settle(Until::Settled, |_| {}).await
    }

    pub(super) fn kick_all(&self) {
        for part in ["portal", "Indexer", "Ingester"] {
            self.lab.kick(self.lab.service(part)).unwrap();
        }
    }

    /// A kick that the portal's circuit breaker takes back.
    pub(super) fn kick_all_with_a_bad_image_under_a_breaker(&self) {
        let breaker = json!({"cluster": self.lab.laid_out.cluster, "service": self.lab.service("portal"),
            "deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": true, "rollback": true}}});
        self.lab.call("console", "UpdateService", breaker).unwrap();
        let digest = self.lab.push().unwrap();
        self.lab.world().set_app(&digest, App::NeverHealthy);
        self.kick_all();
    }

    /// The world so far, in which nothing forbidden may have happened.
    pub(super) fn world(&self) -> World {
        let world = World::of(&self.lab, &self.begun);
        assert_eq!(world.harms, Vec::<String>::new());
        world
    }

    pub(super) fn family(&self) -> String {
        let arn = self.lab.laid_out.task_definitions.iter().find(|(layout, _)| layout.contains("CGAPDeployment-"));
        let arn = arn.map(|(_, arn)| arn.clone()).unwrap();
        arn.rsplit('/').next().unwrap().split(':').next().unwrap().to_owned()
    }
}

#[track_caller]
pub(super) fn holds(ended: &Ended, name: &str) -> HoldCause {
    let found = ended.last.plan.holds.iter().find(|hold| hold.cause.name() == name);
    found.map(|hold| hold.cause.clone()).unwrap_or_else(|| panic!("no {name} in {:?}", ended.last.plan.holds))
}
