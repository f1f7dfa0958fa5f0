//! An account that is attacked: what people do to it, and what became of it.
//!
//! Judges nothing but that no harm was done; the claims are in the files beside.

use evenkeel::controller::settle::End;
use evenkeel::controller::settle::Ended;
use evenkeel::controller::settle::Until;
use evenkeel::lab::bench::Lab;
use evenkeel::lab::layout::Start;
use evenkeel::model::row::ServiceTable;
use evenkeel::model::time::Span;
use evenkeel::plan::rollout::Phase;
use evenkeel::reconcile::pass::Verdict;
use evenkeel::simulator::ecs::App;
use serde_json::Value;
use serde_json::json;

use crate::common::cgap;
use crate::common::world::World;

/// A settled account under attack, and its world before anything happened.
pub(super) struct Attack {
    pub(super) lab: Lab,
    pub(super) begun: Value,
}

impl Attack {
    /// A settled account.
    pub(super) async fn new(seed: u64) -> Self {
        let lab = Lab::new(cgap(), Start::Stated, seed).expect("the users' table can be laid out");
        let begun = lab.world().world_json();
        let attack = Self { lab, begun };
        assert_eq!(attack.verdict().await, Verdict::Converged);
        attack
    }

    pub(super) fn under(self, table: ServiceTable) -> Self {
        Self { lab: self.lab.with_table(table), begun: self.begun }
    }

    /// A task definition as it would be registered once more.
    pub(super) fn registrable(&self, definition: &str) -> Value {
        let described = self.console("DescribeTaskDefinition", json!({"taskDefinition": definition}));
        let mut input = described["taskDefinition"].clone();
        let keep = [
            "family",
            "containerDefinitions",
            "cpu",
            "memory",
            "networkMode",
            "requiresCompatibilities",
            "executionRoleArn",
            "taskRoleArn",
        ];
        input.as_object_mut().expect("a definition is an object").retain(|key, _| keep.contains(&key.as_str()));
        input
    }

    pub(super) async fn ended(&self) -> Ended {
        self.lab.settle(Until::Settled, |_| {}).await
    }

    pub(super) async fn verdict(&self) -> Verdict {
        let ended = self.ended().await;
        match ended.end {
            End::Reached(verdict) => verdict,
            End::TimedOut | End::Unseen => panic!("not settled in two hours: {:?}", ended.last.plan.holds),
        }
    }

    /// Passes of a fresh process until the rollout is in this phase.
    pub(super) async fn until(&self, phase: Phase) {
        for _ in 0..400 {
            let ended = self.lab.settle(Until::OnePass, |_| {}).await;
            if ended.last.plan.rollout.phase == phase {
                return;
            }
            self.lab.wait(Span::seconds(5)).await;
        }
        panic!("never {phase:?}");
    }

    /// One process to the first pass in which the deployment task runs, and no further.
    pub(super) async fn until_launched(&self) {
        use std::cell::Cell;
        let launched = Cell::new(false);
        let mut settle = Box::pin(self.lab.settle(Until::Settled, |report| {
            let record = report.plan.rollout.record.as_ref();
            launched.set(launched.get() || record.is_some_and(|record| record.state.name() == "launched"));
        }));
        while !launched.get() {
            tokio::select! {
                ended = &mut settle => panic!("ended before a launch: {:?}", ended.last.plan.holds),
                () = tokio::time::sleep(std::time::Duration::from_secs(1)) => {}
            }
        }
    }

    pub(super) fn kick_all(&self) {
        for part in ["portal", "Indexer", "Ingester"] {
            self.lab.kick(self.lab.service(part)).expect("a kick");
        }
    }

    pub(super) fn console(&self, operation: &str, input: Value) -> Value {
        self.lab.call("console", operation, input).expect("what a person may do")
    }

    pub(super) fn update(&self, part: &str, mut input: Value) {
        input["cluster"] = json!(self.lab.laid_out.cluster);
        input["service"] = json!(self.lab.service(part));
        self.console("UpdateService", input);
    }

    pub(super) fn breaker(&self, part: &str, rollback: bool) {
        let breaker = json!({"deploymentCircuitBreaker": {"enable": true, "rollback": rollback}});
        self.update(part, json!({"deploymentConfiguration": breaker}));
    }

    pub(super) fn bad_push(&self) {
        let digest = self.lab.push().expect("the table has an image");
        self.lab.world().set_app(&digest, App::NeverHealthy);
    }

    pub(super) fn untag(&self, what: &str) {
        let key = format!("evenkeel:{}:{what}", self.lab.table.name);
        self.console("UntagResource", json!({"resourceArn": self.lab.laid_out.cluster_arn, "tagKeys": [key]}));
    }

    pub(super) fn family(&self) -> String {
        let arn = self.lab.laid_out.task_definitions.iter().find(|(layout, _)| layout.contains("CGAPDeployment-"));
        let arn = arn.map(|(_, arn)| arn.clone()).expect("the stack has a deployment task");
        let revision = arn.rsplit('/').next().unwrap_or_default();
        revision.split(':').next().unwrap_or_default().to_owned()
    }

    pub(super) fn world(&self) -> World {
        let world = World::of(&self.lab, &self.begun);
        assert_eq!(world.harms, Vec::<String>::new());
        world
    }

    pub(super) fn count(&self, operation: &str) -> usize {
        self.world().writes.iter().filter(|write| write.starts_with(operation)).count()
    }
}
