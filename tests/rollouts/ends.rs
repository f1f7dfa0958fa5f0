//! How rollouts end: rolled back, failed, late, or well.

use evenkeel::controller::request::accept;
use evenkeel::controller::settle::End;
use evenkeel::controller::settle::Until;
use evenkeel::lab::layout::Start;
use evenkeel::model::time::Span;
use evenkeel::plan::hold::HoldCause;
use evenkeel::reconcile::pass::Verdict;
use evenkeel::simulator::ecs::App;
use evenkeel::simulator::knobs::Completion;
use serde_json::json;

use super::story::Story;
use super::story::holds;
use crate::common::cgap_with;

#[tokio::test(start_paused = true)]
async fn a_rollback_by_ecs_is_a_failure_and_the_task_does_not_run() {
    let story = Story::settled(14).await;
    story.kick_all_with_a_bad_image_under_a_breaker();
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
    story.kick_all_with_a_bad_image_under_a_breaker();
    assert_eq!(story.settle().await, Verdict::Failed);
    story.lab.push().unwrap();
    accept(&story.lab.aws(), &story.lab.table, &Default::default(), story.lab.now()).await.unwrap();
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
        HoldCause::RolloutFailed { how, .. } => assert!(how.contains("exit code 3"), "{how}"),
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
async fn a_task_row_that_leaves_spot_out_runs_on_demand() {
    let table = cgap_with(&[("      count: 0\n      spot: true\n", "      count: 0\n")]);
    let story = Story::new(table, Start::Template, 53);
    assert_eq!(story.settle().await, Verdict::Converged);
    assert_eq!(story.world().runs.len(), 1);
}

/// A break between two looks that are far apart would go unnoticed; so they are not.
#[tokio::test(start_paused = true)]
async fn a_task_that_is_replaced_while_the_gate_settles_begins_the_settling_anew() {
    let table = cgap_with(&[("  rows:\n", "  rollout: { settleSeconds: 600 }\n  rows:\n")]);
    let story = Story::new(table, Start::Stated, 55);
    assert_eq!(story.settle().await, Verdict::Converged);
    story.kick_all();
    let disturbed = async {
        // Everything is replaced after seven minutes; the settling is under way.
        story.lab.wait(Span::minutes(11)).await;
        let cluster = story.lab.laid_out.cluster.clone();
        let input = json!({"cluster": cluster, "serviceName": story.lab.service("Indexer")});
        let tasks = story.lab.call("console", "ListTasks", input).unwrap();
        let stop = json!({"cluster": cluster, "task": tasks["taskArns"][0], "reason": "by hand"});
        story.lab.call("console", "StopTask", stop).unwrap();
        story.lab.now()
    };
    let (verdict, at) = tokio::join!(story.settle(), disturbed);
    assert_eq!(verdict, Verdict::Converged);
    let launched = story.lab.journal().into_iter().find(|line| line["operation"] == "RunTask").unwrap();
    let launched: jiff::Timestamp = launched["time"].as_str().unwrap().parse().unwrap();
    assert!(launched.as_millisecond() - at.millis() > 600_000, "launched {launched}, disturbed {at}");
}
