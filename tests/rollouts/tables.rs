//! Tables that are brought about: from drift, by tag, under autoscaling; and what must not be written.

use evenkeel::controller::settle::End;
use evenkeel::lab::layout::Start;
use evenkeel::reconcile::pass::Verdict;
use serde_json::json;

use super::story::Story;
use super::story::holds;
use crate::common::cgap;
use crate::common::cgap_with;

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
async fn an_image_that_is_not_there_is_written_nowhere() {
    let story = Story::settled(54).await;
    let before = story.world().writes.len();
    let story = Story { lab: story.lab.with_table(cgap_with(&[("tag: latest", "tag: v99")])), begun: story.begun };
    let ended = story.ended().await;
    assert_eq!(ended.end, End::Reached(Verdict::Held));
    holds(&ended, "NoImage");
    assert_eq!(story.world().writes_since(before), Vec::<String>::new());
}
