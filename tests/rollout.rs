//! Whole rollouts on the embedded AWS, judged by the world afterwards.

#![expect(clippy::unwrap_used, reason = "a lab that cannot be laid out is a failed test")]

mod common;

use common::world::World;
use common::{cgap, cgap_with};
use evenkeel::controller::request::accept;
use evenkeel::controller::settle::{End, Ended, Until};
use evenkeel::lab::bench::Lab;
use evenkeel::lab::layout::Start;
use evenkeel::model::row::ServiceTable;
use evenkeel::model::time::Span;
use evenkeel::plan::hold::HoldCause;
use evenkeel::reconcile::pass::Verdict;
use evenkeel::simulator::ecs::App;
use evenkeel::simulator::knobs::Completion;
use serde_json::{Value, json};

/// A lab, and its world before anything happened.
struct Story {
    lab: Lab,
    begun: Value,
}

impl Story {
    fn new(table: ServiceTable, start: Start, seed: u64) -> Self {
        let lab = Lab::new(table, start, seed).unwrap();
        let begun = lab.world().world_json();
        Self { lab, begun }
    }

    /// An account as the users' table states it, with a record.
    async fn settled(seed: u64) -> Self {
        let story = Self::new(cgap(), Start::Stated, seed);
        assert_eq!(story.settle().await, Verdict::Converged);
        story
    }

    async fn settle(&self) -> Verdict {
        match self.ended().await.end {
            End::Reached(verdict) => verdict,
            End::TimedOut => panic!("not settled in two hours"),
            End::Unseen => panic!("the embedded AWS did not answer"),
        }
    }

    async fn ended(&self) -> Ended {
        self.lab.settle(Until::Settled, |_| {}).await
    }

    fn kick_all(&self) {
        for part in ["portal", "Indexer", "Ingester"] {
            self.lab.kick(self.lab.service(part)).unwrap();
        }
    }

    /// The world so far, in which nothing forbidden may have happened.
    fn world(&self) -> World {
        let world = World::of(&self.lab, &self.begun);
        assert_eq!(world.harms, Vec::<String>::new());
        world
    }

    fn family(&self) -> String {
        let arn = self.lab.laid_out.task_definitions.iter().find(|(layout, _)| layout.contains("CGAPDeployment-"));
        let arn = arn.map(|(_, arn)| arn.clone()).unwrap();
        arn.rsplit('/').next().unwrap().split(':').next().unwrap().to_owned()
    }
}

#[track_caller]
fn holds(ended: &Ended, name: &str) -> HoldCause {
    let found = ended.last.plan.holds.iter().find(|hold| hold.cause.name() == name);
    found.map(|hold| hold.cause.clone()).unwrap_or_else(|| panic!("no {name} in {:?}", ended.last.plan.holds))
}

#[tokio::test(start_paused = true)]
async fn brings_the_table_to_its_state_and_runs_the_task_once() {
    let story = Story::new(cgap(), Start::Template, 1);
    assert_eq!(story.settle().await, Verdict::Converged);
    let world = story.world();
    assert_eq!(world.runs.len(), 1);
    assert!(world.runs[0].reached_running && world.runs[0].stopped);
    let truth = story.lab.world().world_json();
    let services = truth["clusters"][0]["services"].as_array().unwrap();
    let counts: Vec<_> = services.iter().map(|service| service["runningCount"].as_i64().unwrap()).collect();
    // The foreign service, portal, indexer, ingester.
    assert_eq!(counts.iter().sum::<i64>(), 1 + 4 + 4 + 1);
}

#[tokio::test(start_paused = true)]
async fn a_second_run_at_once_makes_no_write() {
    let story = Story::new(cgap(), Start::Template, 2);
    assert_eq!(story.settle().await, Verdict::Converged);
    let before = story.world().writes.len();
    assert_eq!(story.settle().await, Verdict::Converged);
    assert_eq!(story.world().writes_since(before), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn first_contact_with_a_converged_cluster_writes_a_baseline_and_runs_nothing() {
    let story = Story::settled(3).await;
    let world = story.world();
    assert_eq!(world.writes.len(), 1);
    assert!(world.writes[0].starts_with("TagResource"), "{:?}", world.writes);
    assert!(world.runs.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_kick_of_every_row_by_foursight_ends_in_one_run() {
    let story = Story::settled(4).await;
    story.kick_all();
    assert_eq!(story.settle().await, Verdict::Converged);
    assert_eq!(story.world().runs.len(), 1);
    assert!(story.world().writes.iter().all(|write| !write.starts_with("UpdateService")), "{:?}", story.world().writes);
}

#[tokio::test(start_paused = true)]
async fn kicks_that_come_seconds_apart_are_one_rollout() {
    let story = Story::settled(5).await;
    for part in ["portal", "Indexer", "Ingester"] {
        story.lab.kick(story.lab.service(part)).unwrap();
        story.lab.wait(Span::seconds(8)).await;
        story.lab.settle(Until::OnePass, |_| {}).await;
    }
    assert_eq!(story.settle().await, Verdict::Converged);
    assert_eq!(story.world().runs.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_kick_of_one_row_only_is_held_as_partial_and_runs_nothing() {
    let story = Story::settled(6).await;
    story.lab.kick(story.lab.service("Indexer")).unwrap();
    let ended = story.ended().await;
    assert_eq!(ended.end, End::Reached(Verdict::Held));
    match holds(&ended, "PartialKick") {
        HoldCause::PartialKick { kicked, missing } => {
            assert_eq!(kicked.iter().map(|row| row.as_str()).collect::<Vec<_>>(), ["indexer"]);
            assert_eq!(missing.iter().map(|row| row.as_str()).collect::<Vec<_>>(), ["portal", "ingester"]);
        }
        other => panic!("{other:?}"),
    }
    story.lab.wait(Span::minutes(30)).await;
    assert_eq!(story.settle().await, Verdict::Held);
    assert!(story.world().runs.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_request_completes_a_partial_kick() {
    let story = Story::settled(7).await;
    story.lab.kick(story.lab.service("portal")).unwrap();
    assert_eq!(story.settle().await, Verdict::Held);
    accept(&story.lab.aws(), &story.lab.table, None, story.lab.now()).await.unwrap();
    assert_eq!(story.settle().await, Verdict::Converged);
    assert_eq!(story.world().runs.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_made_twice_kicks_each_row_once() {
    let story = Story::settled(8).await;
    for _ in 0..2 {
        accept(&story.lab.aws(), &story.lab.table, Some("twice".to_owned()), story.lab.now()).await.unwrap();
    }
    assert_eq!(story.settle().await, Verdict::Converged);
    let world = story.world();
    assert_eq!(world.writes.iter().filter(|write| write.starts_with("UpdateService")).count(), 3);
    assert_eq!(world.runs.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_row_that_this_program_corrects_alone_is_no_partial_kick() {
    let table = cgap_with(&[("vcpu: .5\n      memory: 1024", "vcpu: .5\n      memory: 2048")]);
    let story = Story::new(cgap(), Start::Stated, 9);
    assert_eq!(story.settle().await, Verdict::Converged);
    let story = Story { lab: story.lab.with_table(table), begun: story.begun };
    assert_eq!(story.settle().await, Verdict::Converged);
    assert_eq!(story.world().runs.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_count_is_corrected_without_a_rollout() {
    let story = Story::settled(10).await;
    let input =
        json!({"cluster": story.lab.laid_out.cluster, "service": story.lab.service("Indexer"), "desiredCount": 9});
    story.lab.call("console", "UpdateService", input).unwrap();
    let before = story.world().writes.len();
    assert_eq!(story.settle().await, Verdict::Converged);
    let world = story.world();
    assert_eq!(world.writes_since(before).len(), 1, "{:?}", world.writes_since(before));
    assert!(world.runs.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_row_that_changes_to_spot_gets_a_strategy_and_a_forced_deployment() {
    let table = cgap_with(&[("spot: false", "spot: true")]);
    let story = Story::settled(11).await;
    let story = Story { lab: story.lab.with_table(table), begun: story.begun };
    assert_eq!(story.settle().await, Verdict::Converged);
    let truth = story.lab.world().world_json();
    let tasks = truth["tasks"].as_array().unwrap().iter();
    let ingesters =
        tasks.filter(|task| task["group"].as_str().unwrap().contains("Ingester") && task["lastStatus"] == "RUNNING");
    let providers: Vec<_> = ingesters.map(|task| task["provider"].as_str().unwrap().to_owned()).collect();
    assert_eq!(providers, ["FARGATE_SPOT"]);
}

#[tokio::test(start_paused = true)]
async fn a_new_image_is_rolled_out_by_force_and_only_then() {
    let story = Story::settled(12).await;
    let digest = story.lab.push().unwrap();
    let ended = story.ended().await;
    assert_eq!(ended.end, End::Reached(Verdict::Converged));
    holds(&ended, "NewerImage");
    accept(&story.lab.aws(), &story.lab.table, None, story.lab.now()).await.unwrap();
    let ended = story.ended().await;
    assert_eq!(ended.end, End::Reached(Verdict::Converged));
    let tasks = ended.last.observed.tasks.present().unwrap();
    let running = tasks.iter().filter(|task| task.group.contains("portal") && task.is_alive());
    let digests: Vec<_> = running.flat_map(|task| &task.containers).filter_map(|c| c.digest.clone()).collect();
    assert_eq!(digests.len(), 4);
    assert!(digests.iter().all(|running| running.as_str() == digest));
}

#[tokio::test(start_paused = true)]
async fn a_push_between_two_kicks_shuts_the_gate() {
    let story = Story::settled(13).await;
    story.lab.kick(story.lab.service("portal")).unwrap();
    story.lab.wait(Span::seconds(50)).await;
    story.lab.push().unwrap();
    story.lab.kick(story.lab.service("Indexer")).unwrap();
    story.lab.kick(story.lab.service("Ingester")).unwrap();
    let ended = story.ended().await;
    assert_eq!(ended.end, End::Reached(Verdict::Held));
    holds(&ended, "MixedDigests");
    assert!(story.world().runs.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_rollback_by_ecs_is_a_failure_and_the_task_does_not_run() {
    let story = Story::settled(14).await;
    let breaker = json!({"cluster": story.lab.laid_out.cluster, "service": story.lab.service("portal"),
        "deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": true, "rollback": true}}});
    story.lab.call("console", "UpdateService", breaker).unwrap();
    let digest = story.lab.push().unwrap();
    story.lab.world().set_app(&digest, App::NeverHealthy);
    story.kick_all();
    let ended = story.ended().await;
    assert_eq!(ended.end, End::Reached(Verdict::Failed));
    holds(&ended, "RolloutFailed");
    story.lab.wait(Span::minutes(60)).await;
    assert_eq!(story.settle().await, Verdict::Failed);
    assert!(story.world().runs.is_empty());
}

#[tokio::test(start_paused = true)]
async fn after_a_rollback_a_request_with_a_good_image_mends_it() {
    let story = Story::settled(15).await;
    let breaker = json!({"cluster": story.lab.laid_out.cluster, "service": story.lab.service("portal"),
        "deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": true, "rollback": true}}});
    story.lab.call("console", "UpdateService", breaker).unwrap();
    let digest = story.lab.push().unwrap();
    story.lab.world().set_app(&digest, App::NeverHealthy);
    story.kick_all();
    assert_eq!(story.settle().await, Verdict::Failed);
    story.lab.push().unwrap();
    accept(&story.lab.aws(), &story.lab.table, None, story.lab.now()).await.unwrap();
    assert_eq!(story.settle().await, Verdict::Converged);
    assert_eq!(story.world().runs.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_task_that_exits_badly_is_a_failure_and_is_not_run_again() {
    let story = Story::settled(16).await;
    story.lab.world().set_app(&story.family(), App::ExitsAfter { ms: 20_000, exit_code: 3 });
    story.kick_all();
    let ended = story.ended().await;
    assert_eq!(ended.end, End::Reached(Verdict::Failed));
    match holds(&ended, "RolloutFailed") {
        HoldCause::RolloutFailed { how } => assert!(how.contains("exit code 3"), "{how}"),
        other => panic!("{other:?}"),
    }
    story.lab.wait(Span::minutes(180)).await;
    assert_eq!(story.settle().await, Verdict::Failed);
    assert_eq!(story.world().runs.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_task_without_spot_capacity_is_tried_again_and_then_given_up() {
    let story = Story::settled(17).await;
    story.kick_all();
    story.lab.settle(Until::OnePass, |_| {}).await;
    // Long enough for every row to be replaced, and before the gate opens.
    story.lab.wait(Span::minutes(5)).await;
    story.lab.world().set_spot_capacity(false);
    let ended = story.ended().await;
    assert_eq!(ended.end, End::Reached(Verdict::Failed));
    assert!(story.world().runs.is_empty());
    let tries = story.world().writes.iter().filter(|write| write.starts_with("RunTask")).count();
    assert_eq!(tries, 3);
}

#[tokio::test(start_paused = true)]
async fn a_process_that_is_replaced_before_every_pass_still_runs_the_task_once() {
    let story = Story::new(cgap(), Start::Template, 18);
    // A fresh process has no history, so it never sees the gate clear for long enough; the last one stays.
    for _ in 0..80 {
        story.lab.settle(Until::OnePass, |_| {}).await;
        story.lab.wait(Span::seconds(7)).await;
    }
    assert!(story.world().runs.is_empty());
    assert_eq!(story.settle().await, Verdict::Converged);
    assert_eq!(story.world().runs.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn two_controllers_at_once_run_the_task_once() {
    let story = Story::settled(19).await;
    accept(&story.lab.aws(), &story.lab.table, None, story.lab.now()).await.unwrap();
    let (one, other) = tokio::join!(story.ended(), story.ended());
    assert_eq!((one.end, other.end), (End::Reached(Verdict::Converged), End::Reached(Verdict::Converged)));
    assert_eq!(story.world().runs.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_stops_in_the_middle_is_taken_up_by_the_next() {
    for passes in [1, 2, 5, 30, 50, 58, 59, 60, 61] {
        let story = Story::new(cgap(), Start::Template, 20 + passes);
        let mut left = passes;
        let cut = async {
            let ended = story.lab.settle(Until::Settled, |_| left = left.saturating_sub(1));
            tokio::select! {
                _ = ended => {}
                () = story.lab.wait(Span::from_millis(i64::try_from(passes).unwrap() * 9_300)) => {}
            }
        };
        cut.await;
        assert_eq!(story.settle().await, Verdict::Converged, "cut after {passes}");
        assert_eq!(story.world().runs.len(), 1, "cut after {passes}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_scalable_target_keeps_its_count() {
    let story = Story::settled(30).await;
    let resource = format!("service/{}/{}", story.lab.laid_out.cluster, story.lab.service("Indexer"));
    story.lab.scale(&resource, 6, 12).unwrap();
    let before = story.world().writes.len();
    let ended = story.ended().await;
    assert_eq!(ended.end, End::Reached(Verdict::Converged));
    holds(&ended, "CountOwned");
    assert_eq!(story.world().writes_since(before), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_gives_the_same_journal_to_the_byte() {
    let run = async |seed| {
        let story = Story::new(cgap(), Start::Template, seed);
        assert_eq!(story.settle().await, Verdict::Converged);
        story.lab.journal().iter().map(Value::to_string).collect::<Vec<_>>()
    };
    assert_eq!(run(40).await, run(40).await);
}

/// ECS calls a deployment COMPLETED as soon as the old tasks begin to drain; measured cases were early by minutes.
#[tokio::test(start_paused = true)]
async fn a_deployment_that_completes_early_does_not_open_the_gate() {
    let story = Story::settled(50).await;
    story.lab.world().knobs_mut().completion = Completion::OnDrainStart;
    story.kick_all();
    assert_eq!(story.settle().await, Verdict::Converged);
    assert_eq!(story.world().runs.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn old_tasks_that_are_slow_to_stop_are_waited_for() {
    let story = Story::settled(51).await;
    story.lab.world().knobs_mut().deprovisioning_ms = 110_000;
    story.kick_all();
    assert_eq!(story.settle().await, Verdict::Converged);
    assert_eq!(story.world().runs.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn everything_can_be_found_by_tag() {
    let tag = |value: &str| format!("{{ tag: {{ key: evenkeel/row, value: {value} }} }}");
    let table = cgap_with(&[
        ("{ glob: \"CGAPDockerClusterFor*-*\" }", &tag("cluster")),
        ("{ glob: \"CGAPportalService-*\" }", &tag("portal")),
        ("{ name: TargetGroupPortal }", &tag("portal")),
        ("{ glob: \"CGAPIndexerService-*\" }", &tag("indexer")),
        ("{ glob: \"CGAPIngesterService-*\" }", &tag("ingester")),
        ("{ glob: \"CGAPDeployment-*\" }", &tag("deployment")),
    ]);
    let story = Story::new(table, Start::Template, 52);
    assert_eq!(story.settle().await, Verdict::Converged);
    assert_eq!(story.world().runs.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_task_row_that_leaves_spot_out_runs_on_demand() {
    let table = cgap_with(&[("      count: 0\n      spot: true\n", "      count: 0\n")]);
    let story = Story::new(table, Start::Template, 53);
    assert_eq!(story.settle().await, Verdict::Converged);
    assert_eq!(story.world().runs.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_image_that_is_not_there_is_written_nowhere() {
    let story = Story::settled(54).await;
    let before = story.world().writes.len();
    let story = Story { lab: story.lab.with_table(cgap_with(&[("tag: latest", "tag: v99")])), begun: story.begun };
    let ended = story.ended().await;
    assert_eq!(ended.end, End::Reached(Verdict::Held));
    holds(&ended, "NoImage");
    assert_eq!(story.world().writes_since(before), Vec::<String>::new());
}
