//! How rollouts begin: by Foursight, by request, by a push that is followed by force.

use evenkeel::controller::request::accept;
use evenkeel::controller::settle::End;
use evenkeel::controller::settle::Until;
use evenkeel::model::time::Span;
use evenkeel::plan::hold::HoldCause;
use evenkeel::plan::request::Wanted;
use evenkeel::reconcile::pass::Verdict;

use super::story::Story;
use super::story::holds;

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
    accept(&story.lab.aws(), &story.lab.table, &Default::default(), story.lab.now()).await.unwrap();
    assert_eq!(story.settle().await, Verdict::Converged);
    assert_eq!(story.world().runs.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_made_twice_kicks_each_row_once() {
    let story = Story::settled(8).await;
    for _ in 0..2 {
        accept(
            &story.lab.aws(),
            &story.lab.table,
            &Wanted { reason: Some("twice".to_owned()), ..Wanted::default() },
            story.lab.now(),
        )
        .await
        .unwrap();
    }
    assert_eq!(story.settle().await, Verdict::Converged);
    let world = story.world();
    assert_eq!(world.writes.iter().filter(|write| write.starts_with("UpdateService")).count(), 3);
    assert_eq!(world.runs.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_new_image_is_rolled_out_by_force_and_only_then() {
    let story = Story::settled(12).await;
    let digest = story.lab.push().unwrap();
    let ended = story.ended().await;
    assert_eq!(ended.end, End::Reached(Verdict::Converged));
    holds(&ended, "NewerImage");
    accept(&story.lab.aws(), &story.lab.table, &Default::default(), story.lab.now()).await.unwrap();
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
