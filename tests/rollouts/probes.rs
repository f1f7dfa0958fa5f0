//! Tasks that are judged by their log, and tasks that leave Spot.

use evenkeel::controller::settle::{End, Until};
use evenkeel::lab::layout::Start;
use evenkeel::model::rollout::{Failure, RecordState};
use evenkeel::model::time::Span;
use evenkeel::reconcile::pass::Verdict;
use evenkeel::simulator::fault::{Effect, Match, Rule};

use super::story::Story;
use crate::common::cgap_with;

const TASK: &str = "        definition: { glob: \"CGAPDeployment-*\" }\n";

async fn probed(seed: u64, success: &str) -> Story {
    let to = format!("{TASK}        {success}\n");
    let story = Story::new(cgap_with(&[(TASK, &to)]), Start::Stated, seed);
    assert_eq!(story.settle().await, Verdict::Converged);
    story
}

fn says(story: &Story, lines: &[(i64, &str)]) {
    let lines = lines.iter().map(|(ms, line)| (*ms, (*line).to_owned())).collect();
    story.lab.world().set_log(&story.family(), lines);
}

#[tokio::test(start_paused = true)]
async fn a_task_that_exits_with_0_and_says_that_it_failed_has_failed() {
    let story = probed(401, "success: { log: { mustNotContain: \"ERROR\" } }").await;
    says(&story, &[(1_000, "begins"), (80_000, "ERROR: index is gone"), (85_000, "exits")]);
    story.kick_all();
    let ended = story.ended().await;
    assert_eq!(ended.end, End::Reached(Verdict::Failed));
    let state = ended.last.plan.rollout.record.map(|record| record.state);
    assert!(matches!(state, Some(RecordState::Failed(Failure::Log { .. }))), "{state:?}");
    assert_eq!(story.world().runs.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_last_line_that_is_taken_in_late_is_still_seen() {
    let story = probed(402, "success: { log: { mustNotContain: \"ERROR\" } }").await;
    story.lab.world().knobs_mut().log_lag_ms = 50_000;
    says(&story, &[(1_000, "begins"), (89_000, "ERROR: at the very end")]);
    story.kick_all();
    assert_eq!(story.settle().await, Verdict::Failed);
}

#[tokio::test(start_paused = true)]
async fn a_task_whose_log_says_that_it_is_done_has_succeeded() {
    let story = probed(403, "success: { log: { mustContain: \"deployment done\", mustNotContain: \"ERROR\" } }").await;
    says(&story, &[(1_000, "begins"), (88_000, "deployment done")]);
    story.kick_all();
    assert_eq!(story.settle().await, Verdict::Converged);
    assert_eq!(story.world().runs.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_log_that_may_not_be_read_is_held_with_the_permission_and_judged_when_it_may() {
    let story = probed(404, "success: { log: { mustContain: \"done\" } }").await;
    says(&story, &[(1_000, "done")]);
    let when = Match::operation("GetLogEvents");
    story.lab.world().faults_mut().add(Rule { when, then: Effect::Denied });
    story.kick_all();
    let ended = story.ended().await;
    assert_eq!(ended.end, End::Reached(Verdict::Held));
    let said = format!("{:?}", ended.last.plan.holds);
    assert!(said.contains("logs:GetLogEvents") && said.contains("AccessDenied"), "{said}");
    story.lab.world().faults_mut().clear();
    assert_eq!(story.settle().await, Verdict::Converged);
    assert_eq!(story.world().runs.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_task_without_spot_capacity_runs_on_demand_where_its_row_says_so() {
    let story = probed(405, "spotFallback: true").await;
    story.kick_all();
    story.lab.settle(Until::OnePass, |_| {}).await;
    // Long enough for every row to be replaced, and before the gate opens.
    story.lab.wait(Span::minutes(5)).await;
    story.lab.world().set_spot_capacity(false);
    assert_eq!(story.settle().await, Verdict::Converged);
    let world = story.world();
    assert_eq!(world.runs.len(), 1);
    assert!(world.runs[0].started_by.ends_with("/2"), "{:?}", world.runs);
}
