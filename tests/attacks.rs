//! Attacks on whole rollouts: tables edited in the middle, tags removed, rollbacks of every kind, judged by the world.

mod common;

use common::world::World;
use common::{cgap, cgap_with};
use evenkeel::controller::request::accept;
use evenkeel::controller::settle::{End, Ended, Until};
use evenkeel::lab::bench::Lab;
use evenkeel::lab::layout::Start;
use evenkeel::model::row::ServiceTable;
use evenkeel::model::time::Span;
use evenkeel::plan::rollout::Phase;
use evenkeel::reconcile::pass::Verdict;
use evenkeel::simulator::ecs::App;
use serde_json::{Value, json};

struct Attack {
    lab: Lab,
    begun: Value,
}

impl Attack {
    /// A settled account.
    async fn new(seed: u64) -> Self {
        let lab = Lab::new(cgap(), Start::Stated, seed).unwrap();
        let begun = lab.world().world_json();
        let attack = Self { lab, begun };
        assert_eq!(attack.verdict().await, Verdict::Converged);
        attack
    }

    fn under(self, table: ServiceTable) -> Self {
        Self { lab: self.lab.with_table(table), begun: self.begun }
    }

    async fn ended(&self) -> Ended {
        self.lab.settle(Until::Settled, |_| {}).await
    }

    async fn verdict(&self) -> Verdict {
        let ended = self.ended().await;
        match ended.end {
            End::Reached(verdict) => verdict,
            End::TimedOut | End::Unseen => panic!("not settled in two hours: {:?}", ended.last.plan.holds),
        }
    }

    /// Passes of a fresh process until the rollout is in this phase.
    async fn until(&self, phase: Phase) {
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
    async fn until_launched(&self) {
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

    fn kick_all(&self) {
        for part in ["portal", "Indexer", "Ingester"] {
            self.lab.kick(self.lab.service(part)).unwrap();
        }
    }

    fn console(&self, operation: &str, input: Value) -> Value {
        self.lab.call("console", operation, input).unwrap()
    }

    fn update(&self, part: &str, mut input: Value) {
        input["cluster"] = json!(self.lab.laid_out.cluster);
        input["service"] = json!(self.lab.service(part));
        self.console("UpdateService", input);
    }

    fn breaker(&self, part: &str, rollback: bool) {
        let breaker = json!({"deploymentCircuitBreaker": {"enable": true, "rollback": rollback}});
        self.update(part, json!({"deploymentConfiguration": breaker}));
    }

    fn bad_push(&self) {
        let digest = self.lab.push().unwrap();
        self.lab.world().set_app(&digest, App::NeverHealthy);
    }

    fn untag(&self, what: &str) {
        let key = format!("evenkeel:{}:{what}", self.lab.table.name);
        self.console("UntagResource", json!({"resourceArn": self.lab.laid_out.cluster_arn, "tagKeys": [key]}));
    }

    fn family(&self) -> String {
        let arn = self.lab.laid_out.task_definitions.iter().find(|(layout, _)| layout.contains("CGAPDeployment-"));
        let arn = arn.map(|(_, arn)| arn.clone()).unwrap();
        arn.rsplit('/').next().unwrap().split(':').next().unwrap().to_owned()
    }

    fn world(&self) -> World {
        let world = World::of(&self.lab, &self.begun);
        assert_eq!(world.harms, Vec::<String>::new());
        world
    }

    fn count(&self, operation: &str) -> usize {
        self.world().writes.iter().filter(|write| write.starts_with(operation)).count()
    }
}

#[tokio::test(start_paused = true)]
async fn a_rollback_under_a_fresh_deployment_id_is_a_failure_too() {
    let attack = Attack::new(100).await;
    attack.lab.world().knobs_mut().rollback_keeps_id = false;
    attack.breaker("portal", true);
    attack.bad_push();
    attack.kick_all();
    assert_eq!(attack.verdict().await, Verdict::Failed);
    attack.lab.wait(Span::minutes(40)).await;
    assert_eq!(attack.verdict().await, Verdict::Failed);
    assert!(attack.world().runs.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_breaker_without_rollback_is_a_failure_that_a_request_mends() {
    let attack = Attack::new(101).await;
    attack.breaker("portal", false);
    attack.bad_push();
    attack.kick_all();
    assert_eq!(attack.verdict().await, Verdict::Failed);
    assert!(attack.world().runs.is_empty());
    attack.lab.push().unwrap();
    accept(&attack.lab.aws(), &attack.lab.table, None, attack.lab.now()).await.unwrap();
    assert_eq!(attack.verdict().await, Verdict::Converged);
    assert_eq!(attack.world().runs.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn after_a_failure_a_kick_of_the_failed_row_alone_completes_the_rollout() {
    let attack = Attack::new(102).await;
    attack.breaker("portal", true);
    let good = attack.lab.push().unwrap();
    attack.lab.world().set_app(&good, App::NeverHealthy);
    attack.kick_all();
    assert_eq!(attack.verdict().await, Verdict::Failed);
    attack.lab.world().set_app(&good, App::Healthy);
    attack.lab.kick(attack.lab.service("portal")).unwrap();
    assert_eq!(attack.verdict().await, Verdict::Converged);
    assert_eq!(attack.world().runs.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_deployment_that_a_person_stops_is_a_failure() {
    let attack = Attack::new(103).await;
    attack.kick_all();
    attack.until(Phase::Rolling).await;
    let input = json!({"cluster": attack.lab.laid_out.cluster, "service": attack.lab.service("Indexer")});
    let listed = attack.console("ListServiceDeployments", input);
    let arn = listed["serviceDeployments"][0]["serviceDeploymentArn"].clone();
    attack.console("StopServiceDeployment", json!({"serviceDeploymentArn": arn, "stopType": "ROLLBACK"}));
    assert_eq!(attack.verdict().await, Verdict::Failed);
    attack.lab.wait(Span::minutes(40)).await;
    assert_eq!(attack.verdict().await, Verdict::Failed);
    assert!(attack.world().runs.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_correction_that_ecs_rolls_back_between_two_runs_is_not_made_for_ever() {
    let attack = Attack::new(104).await;
    attack.breaker("portal", true);
    attack.bad_push();
    let attack = attack.under(cgap_with(&[("vcpu: .25\n      memory: 512", "vcpu: .25\n      memory: 1024")]));
    for _ in 0..4 {
        attack.lab.settle(Until::OnePass, |_| {}).await;
        attack.lab.wait(Span::minutes(60)).await;
    }
    assert_eq!(attack.count("UpdateService"), 1);
    assert_eq!(attack.verdict().await, Verdict::Failed);
    assert!(attack.world().runs.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_request_that_ecs_rolls_back_between_two_runs_is_not_answered_for_ever() {
    let attack = Attack::new(105).await;
    for part in ["portal", "Indexer", "Ingester"] {
        attack.breaker(part, true);
    }
    let digest = attack.lab.push().unwrap();
    attack.lab.world().set_app(&digest, App::CrashesAfter { ms: 1_000, exit_code: 1 });
    accept(&attack.lab.aws(), &attack.lab.table, None, attack.lab.now()).await.unwrap();
    for _ in 0..4 {
        attack.lab.settle(Until::OnePass, |_| {}).await;
        attack.lab.wait(Span::minutes(120)).await;
    }
    assert_eq!(attack.count("UpdateService"), 3);
    assert!(attack.world().runs.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_task_whose_row_leaves_the_table_is_judged_all_the_same() {
    let attack = Attack::new(106).await;
    attack.kick_all();
    attack.until_launched().await;
    let text = include_str!("../specs/cgap.yaml");
    let from = text.find("    # No service of its own").unwrap();
    let table = evenkeel::table::read("specs/cgap.yaml", &text.as_bytes()[..from]).unwrap();
    let attack = attack.under(table);
    assert_eq!(attack.verdict().await, Verdict::Converged);
    let world = attack.world();
    assert_eq!(world.runs.len(), 1);
    assert!(world.runs[0].stopped, "settled before the task had ended");
}

#[tokio::test(start_paused = true)]
async fn a_task_whose_family_leaves_the_table_is_not_lost_and_not_doubled() {
    let attack = Attack::new(107).await;
    attack.lab.world().set_app(&attack.family(), App::ExitsAfter { ms: 1_200_000, exit_code: 0 });
    attack.kick_all();
    attack.until_launched().await;
    let family = attack.family();
    let described = attack.console("DescribeTaskDefinition", json!({"taskDefinition": family}));
    let mut other = described["taskDefinition"].clone();
    other["family"] = json!("another-family");
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
    other.as_object_mut().unwrap().retain(|key, _| keep.contains(&key.as_str()));
    attack.console("RegisterTaskDefinition", other);
    let attack = attack.under(cgap_with(&[("{ glob: \"CGAPDeployment-*\" }", "{ name: another-family }")]));
    attack.lab.wait(Span::minutes(7)).await;
    attack.lab.settle(Until::OnePass, |_| {}).await;
    attack.kick_all();
    assert_eq!(attack.verdict().await, Verdict::Converged);
    let world = attack.world();
    assert_eq!(world.runs.iter().filter(|run| run.reached_running).count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_record_that_is_removed_while_the_task_runs_begins_anew_and_breaks_nothing() {
    let attack = Attack::new(108).await;
    attack.kick_all();
    attack.until_launched().await;
    attack.untag("rollout");
    let attack = attack.under(cgap_with(&[("vcpu: .5\n      memory: 1024", "vcpu: .5\n      memory: 2048")]));
    assert_eq!(attack.verdict().await, Verdict::Converged);
    assert_eq!(attack.world().runs.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_record_that_is_removed_while_rows_roll_begins_anew_and_runs_nothing() {
    let attack = Attack::new(109).await;
    attack.kick_all();
    attack.until(Phase::Rolling).await;
    attack.untag("rollout");
    assert_eq!(attack.verdict().await, Verdict::Converged);
    assert!(attack.world().runs.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_row_that_is_scaled_to_nothing_in_the_middle_does_not_stop_the_rollout() {
    let attack = Attack::new(110).await.under(cgap_with(&[("count: 1\n      spot: false", "spot: false")]));
    attack.lab.kick(attack.lab.service("portal")).unwrap();
    attack.lab.kick(attack.lab.service("Indexer")).unwrap();
    attack.until(Phase::Rolling).await;
    attack.update("Ingester", json!({"desiredCount": 0}));
    assert_eq!(attack.verdict().await, Verdict::Converged);
    assert_eq!(attack.world().runs.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_service_that_disappears_in_the_middle_of_the_launch_does_not_lose_the_task() {
    let attack = Attack::new(111).await;
    attack.kick_all();
    attack.until_launched().await;
    let (cluster, service) = (attack.lab.laid_out.cluster.clone(), attack.lab.service("Ingester").to_owned());
    attack.console("DeleteService", json!({"cluster": cluster, "service": service, "force": true}));
    let ended = attack.ended().await;
    assert_eq!(ended.end, End::Reached(Verdict::Held), "{:?}", ended.last.plan.holds);
    let record = ended.last.plan.rollout.record.unwrap();
    assert_eq!(record.state.name(), "succeeded");
}

#[tokio::test(start_paused = true)]
async fn a_task_that_cannot_be_pulled_is_given_up_after_its_attempts() {
    let attack = Attack::new(112).await;
    let family = attack.family();
    let described = attack.console("DescribeTaskDefinition", json!({"taskDefinition": family}));
    let mut other = described["taskDefinition"].clone();
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
    other.as_object_mut().unwrap().retain(|key, _| keep.contains(&key.as_str()));
    let image = other["containerDefinitions"][0]["image"].as_str().unwrap().replace(":latest", ":gone");
    other["containerDefinitions"][0]["image"] = json!(image);
    attack.console("RegisterTaskDefinition", other);
    let text = include_str!("../specs/cgap.yaml").replace("  image: { repository: cgap-devtest, tag: latest }\n", "");
    let attack = attack.under(evenkeel::table::read("specs/cgap.yaml", text.as_bytes()).unwrap());
    attack.kick_all();
    assert_eq!(attack.verdict().await, Verdict::Failed);
    assert_eq!(attack.world().runs.len(), 3);
    assert!(attack.world().runs.iter().all(|run| !run.reached_running));
}

#[tokio::test(start_paused = true)]
async fn a_deployment_task_of_somebody_else_is_waited_for() {
    let attack = Attack::new(113).await;
    attack.lab.world().set_app(&attack.family(), App::ExitsAfter { ms: 1_800_000, exit_code: 0 });
    attack.kick_all();
    attack.until(Phase::Rolling).await;
    let cluster = attack.lab.laid_out.cluster.clone();
    let service = attack.lab.service("portal").to_owned();
    let described = attack.console("DescribeServices", json!({"cluster": cluster, "services": [service]}));
    let network = described["services"][0]["networkConfiguration"].clone();
    attack.console(
        "RunTask",
        json!({"cluster": cluster, "taskDefinition": attack.family(), "networkConfiguration":
        network, "launchType": "FARGATE"}),
    );
    assert_eq!(attack.verdict().await, Verdict::Converged);
    assert_eq!(attack.world().runs.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_request_during_the_task_is_kicked_before_the_requester_is_let_go() {
    let attack = Attack::new(114).await;
    attack.kick_all();
    attack.until_launched().await;
    accept(&attack.lab.aws(), &attack.lab.table, None, attack.lab.now()).await.unwrap();
    attack.lab.settle(Until::Kicked, |_| {}).await;
    assert_eq!(attack.count("UpdateService"), 3);
    assert_eq!(attack.verdict().await, Verdict::Converged);
    assert_eq!(attack.world().runs.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn requests_of_two_people_in_one_rollout_end_in_one_run() {
    let attack = Attack::new(115).await;
    accept(&attack.lab.aws(), &attack.lab.table, Some("one".into()), attack.lab.now()).await.unwrap();
    attack.lab.settle(Until::Kicked, |_| {}).await;
    attack.until(Phase::Rolling).await;
    accept(&attack.lab.aws(), &attack.lab.table, Some("other".into()), attack.lab.now()).await.unwrap();
    assert_eq!(attack.verdict().await, Verdict::Converged);
    assert_eq!(attack.world().runs.len(), 1);
    let before = attack.world().writes.len();
    assert_eq!(attack.verdict().await, Verdict::Converged);
    assert_eq!(attack.world().writes_since(before), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_table_edited_in_the_middle_of_a_rollout_joins_it() {
    let attack = Attack::new(116).await;
    attack.kick_all();
    attack.until(Phase::Rolling).await;
    let attack = attack.under(cgap_with(&[
        ("vcpu: .5\n      memory: 1024", "vcpu: .5\n      memory: 2048"),
        ("spot: false", "spot: true"),
        ("count: 1\n", "count: 2\n"),
    ]));
    assert_eq!(attack.verdict().await, Verdict::Converged);
    assert_eq!(attack.world().runs.len(), 1);
    assert_eq!(attack.count("UpdateService"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_table_without_image_and_with_tags_settles_and_stays_settled() {
    let edits = [
        ("  image: { repository: cgap-devtest, tag: latest }\n", ""),
        ("{ glob: \"CGAPIndexerService-*\" }", "{ tag: { key: row, value: indexer } }"),
        ("{ glob: \"CGAPDeployment-*\" }", "{ tag: { key: row, value: deployment } }"),
    ];
    let lab = Lab::new(cgap_with(&edits), Start::Template, 117).unwrap();
    let begun = lab.world().world_json();
    let attack = Attack { lab, begun };
    assert_eq!(attack.verdict().await, Verdict::Converged);
    let before = attack.world().writes.len();
    assert_eq!(attack.verdict().await, Verdict::Converged);
    assert_eq!(attack.world().writes_since(before), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_newer_revision_that_the_service_does_not_use_is_not_taken_up() {
    let attack = Attack::new(118).await;
    let cluster = attack.lab.laid_out.cluster.clone();
    let service = attack.lab.service("Ingester").to_owned();
    let ask = json!({"cluster": cluster, "services": [service]});
    let uses = |attack: &Attack| {
        let described = attack.console("DescribeServices", ask.clone());
        described["services"][0]["taskDefinition"].as_str().unwrap().to_owned()
    };
    let described = attack.console("DescribeTaskDefinition", json!({"taskDefinition": uses(&attack)}));
    let mut other = described["taskDefinition"].clone();
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
    other.as_object_mut().unwrap().retain(|key, _| keep.contains(&key.as_str()));
    other["containerDefinitions"][0]["environment"] = json!([{"name": "STRAY", "value": "1"}]);
    attack.console("RegisterTaskDefinition", other);
    assert_eq!(attack.count("UpdateService"), 0);
    let attack = attack.under(cgap_with(&[("vcpu: .5\n      memory: 1024", "vcpu: .5\n      memory: 2048")]));
    assert_eq!(attack.verdict().await, Verdict::Converged);
    let described = attack.console("DescribeTaskDefinition", json!({"taskDefinition": uses(&attack)}));
    assert!(!described.to_string().contains("STRAY"));
    let before = attack.world().writes.len();
    assert_eq!(attack.verdict().await, Verdict::Converged);
    assert_eq!(attack.world().writes_since(before), Vec::<String>::new());
}
