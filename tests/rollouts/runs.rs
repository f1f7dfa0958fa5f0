//! The deployment task run by a person's word: once for each, through the gate, without a kick.

use evenkeel::controller::command::{Given, Refused, accept};
use evenkeel::model::past::{self, Origin, Past};
use evenkeel::model::rollout::{IdempotencyKey, RecordState};
use evenkeel::model::time::Span;
use evenkeel::plan::command::{Want, Wish};
use evenkeel::plan::request::Stands;
use evenkeel::reconcile::pass::Verdict;
use evenkeel::simulator::ecs::App;
use serde_json::{Value, json};

use super::story::Story;

fn wish(key: Option<&str>) -> Wish {
    let key = key.and_then(|key| IdempotencyKey::parse(key).ok());
    Wish { want: Want::Run, by: Some("ada".to_owned()), reason: Some("new users".to_owned()), key }
}

async fn give(story: &Story, key: Option<&str>) -> Result<Given, Refused> {
    let given = accept(&story.lab.aws(), &story.lab.table, &wish(key), story.lab.now()).await;
    given.map(|acknowledged| acknowledged.command)
}

fn history(story: &Story) -> Vec<Past> {
    let input = json!({"clusters": [story.lab.laid_out.cluster], "include": ["TAGS"]});
    let answer = story.lab.call("console", "DescribeClusters", input).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let tags = answer["clusters"][0]["tags"].as_array().unwrap().clone();
    let tags = tags.iter().map(|tag| (text(&tag["key"]), text(&tag["value"]))).collect();
    past::entries(&past::keys(&story.lab.table.name), &tags)
}

/// An account whose task has run once.
async fn rolled_out(seed: u64) -> Story {
    let story = Story::settled(seed).await;
    story.kick_all();
    assert_eq!(story.settle().await, Verdict::Converged);
    assert_eq!(story.world().runs.len(), 1);
    story
}

#[tokio::test(start_paused = true)]
async fn a_run_after_a_rollout_runs_the_task_once_more_and_kicks_nothing() {
    let story = rolled_out(501).await;
    let written = story.world().writes.len();
    give(&story, None).await.unwrap();
    assert_eq!(story.settle().await, Verdict::Converged);
    let world = story.world();
    assert_eq!(world.runs.len(), 2);
    assert!(world.runs[1].started_by.ends_with("/2"), "{:?}", world.runs);
    assert!(!world.writes_since(written).iter().any(|write| write.starts_with("UpdateService")));
    story.lab.wait(Span::minutes(180)).await;
    assert_eq!(story.settle().await, Verdict::Converged);
    assert_eq!(story.world().runs.len(), 2);
    let newest = history(&story)[0].clone();
    assert_eq!((newest.origin, newest.by.as_deref()), (Origin::Run, Some("ada")));
    assert_eq!(newest.reason.as_deref(), Some("new users"));
}

#[tokio::test(start_paused = true)]
async fn a_run_at_the_baseline_runs_the_task_and_the_next_rollout_runs_it_again() {
    let story = Story::settled(502).await;
    give(&story, None).await.unwrap();
    assert_eq!(story.settle().await, Verdict::Converged);
    assert_eq!(story.world().runs.len(), 1);
    story.kick_all();
    assert_eq!(story.settle().await, Verdict::Converged);
    assert_eq!(story.world().runs.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn giving_it_again_under_a_key_runs_nothing_more_and_giving_it_anew_does() {
    let story = rolled_out(503).await;
    assert!(matches!(give(&story, Some("k")).await, Ok(Given::New(_))));
    assert_eq!(give(&story, Some("k")).await.unwrap(), Given::Known(Stands::Pending));
    assert_eq!(story.settle().await, Verdict::Converged);
    let again = give(&story, Some("k")).await.unwrap();
    assert!(
        matches!(&again, Given::Known(Stands::Ended(_, RecordState::Succeeded(it))) if it.number == 2),
        "{again:?}"
    );
    assert_eq!(story.settle().await, Verdict::Converged);
    assert_eq!(story.world().runs.len(), 2);
    assert!(matches!(give(&story, Some("another")).await, Ok(Given::New(_))));
    assert_eq!(story.settle().await, Verdict::Converged);
    assert_eq!(story.world().runs.len(), 3);
    // The history knows the first though the second stands in its place.
    assert!(matches!(give(&story, Some("k")).await, Ok(Given::Known(Stands::Ended(..)))));
}

#[tokio::test(start_paused = true)]
async fn two_controllers_run_it_once() {
    let story = rolled_out(504).await;
    give(&story, None).await.unwrap();
    let (one, two) = tokio::join!(story.settle(), story.settle());
    assert_eq!((one, two), (Verdict::Converged, Verdict::Converged));
    assert_eq!(story.world().runs.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_kick_before_it_takes_its_place_and_the_task_runs_once() {
    let story = rolled_out(505).await;
    give(&story, None).await.unwrap();
    story.kick_all();
    assert_eq!(story.settle().await, Verdict::Converged);
    assert_eq!(story.world().runs.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_fails_is_a_failure_and_may_be_retried() {
    let story = rolled_out(506).await;
    story.lab.world().set_app(&story.family(), App::ExitsAfter { ms: 20_000, exit_code: 3 });
    give(&story, None).await.unwrap();
    assert_eq!(story.settle().await, Verdict::Failed);
    story.lab.world().set_app(&story.family(), App::ExitsAfter { ms: 20_000, exit_code: 0 });
    let retry = Wish { want: Want::Retry, ..wish(None) };
    accept(&story.lab.aws(), &story.lab.table, &retry, story.lab.now()).await.unwrap();
    assert_eq!(story.settle().await, Verdict::Converged);
    assert_eq!(story.world().runs.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_run_while_a_rollout_goes_on_is_refused_and_nothing_is_written() {
    let story = rolled_out(507).await;
    story.kick_all();
    story.lab.settle(evenkeel::controller::settle::Until::OnePass, |_| {}).await;
    let written = story.world().writes.len();
    assert!(matches!(give(&story, None).await, Err(Refused::Held(_))));
    assert_eq!(story.world().writes_since(written), Vec::<String>::new());
}
