//! Processes that come and go: two at once, replaced, cut off; and one seed, one history.

use evenkeel::controller::request::accept;
use evenkeel::controller::settle::End;
use evenkeel::controller::settle::Until;
use evenkeel::lab::layout::Start;
use evenkeel::model::rollout::{Record, RecordState};
use evenkeel::model::time::Span;
use evenkeel::plan::audit::audit;
use evenkeel::plan::history::History;
use evenkeel::plan::planner::{PlanInput, plan};
use evenkeel::reconcile::execute::{Looked, StepResult, execute};
use evenkeel::reconcile::observe::observe;
use evenkeel::reconcile::pass::{PassReport, Verdict};
use evenkeel::simulator::fault::{Effect, Match, Rule, Side};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::story::Story;
use crate::common::{cgap, cgap_with};

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
    accept(&story.lab.aws(), &story.lab.table, &Default::default(), story.lab.now()).await.unwrap();
    let (one, other) = tokio::join!(story.ended(), story.ended());
    assert_eq!((one.end, other.end), (End::Reached(Verdict::Converged), End::Reached(Verdict::Converged)));
    assert_eq!(story.world().runs.len(), 1);
}

/// Two processes: one looked before the launch, and writes what it saw when everything is over.
#[tokio::test(start_paused = true)]
async fn a_record_that_is_written_late_runs_nothing_twice() {
    let story = Story::new(cgap(), Start::Template, 41);
    let mut open = None;
    let keep = |report: &PassReport| {
        let record = report.plan.rollout.record.as_ref().filter(|record| record.state == RecordState::Open);
        open = record.map(Record::tag).or(open.take());
    };
    assert_eq!(story.lab.settle(Until::Settled, keep).await.end, End::Reached(Verdict::Converged));
    let tags = json!([{"key": "evenkeel:cgap-devtest:rollout", "value": open.unwrap()}]);
    let cluster = story.lab.call("late", "ListClusters", json!({})).unwrap()["clusterArns"][0].clone();
    story.lab.call("late", "TagResource", json!({"resourceArn": cluster, "tags": tags})).unwrap();
    story.lab.wait(Span::minutes(180)).await;
    assert_eq!(story.settle().await, Verdict::Converged);
    assert_eq!(story.world().runs.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_plan_that_waited_for_minutes_is_not_carried_out() {
    let story = Story::new(cgap(), Start::Template, 42);
    let (aws, table, looked) = (story.lab.aws(), &story.lab.table, Instant::now());
    let observed = observe(&aws, table, story.lab.now()).await;
    let history = History::default();
    let input = PlanInput { table, observed: &observed, history: &history };
    let audited = audit(plan(&input), &input).unwrap();
    assert!(!audited.plan().steps.is_empty());
    story.lab.wait(Span::minutes(4)).await;
    let outcomes = execute(&aws, &audited, Looked { began: looked, lasted: Span::ZERO }).await;
    assert!(outcomes.iter().all(|outcome| matches!(outcome.result, StepResult::Skipped(_))), "{outcomes:?}");
}

#[tokio::test(start_paused = true)]
async fn a_kick_that_could_not_be_written_down_is_not_made() {
    let table = cgap_with(&[("vcpu: .5\n      memory: 1024", "vcpu: .5\n      memory: 2048")]);
    let story = Story::settled(45).await;
    let story = Story { lab: story.lab.with_table(table), begun: story.begun };
    let written = story.world().writes.len();
    let when = Match { client: Some("evenkeel".to_owned()), ..Match::operation("TagResource") };
    story.lab.world().faults_mut().add(Rule { when, then: Effect::Denied });
    for _ in 0..3 {
        story.lab.settle(Until::OnePass, |_| {}).await;
        story.lab.wait(Span::minutes(1)).await;
    }
    let world = story.world();
    let tried = world.writes_since(written);
    assert!(!tried.is_empty() && tried.iter().all(|write| write.starts_with("TagResource")), "{tried:?}");
    story.lab.world().faults_mut().clear();
    assert_eq!(story.settle().await, Verdict::Converged);
    assert_eq!(story.world().runs.len(), 1);
}

/// Lost on the way back, or answered by a 5xx, a kick may have been made: only a look can tell.
#[tokio::test(start_paused = true)]
async fn a_kick_whose_answer_is_lost_is_not_made_twice() {
    for (seed, then) in [(46, Effect::LostAnswer), (47, Effect::ServerError { side: Side::After, status: 503 })] {
        let story = Story::settled(seed).await;
        let when = Match { nth: Some(2), client: Some("evenkeel".to_owned()), ..Match::operation("UpdateService") };
        story.lab.world().faults_mut().add(Rule { when, then });
        accept(&story.lab.aws(), &story.lab.table, &Default::default(), story.lab.now()).await.unwrap();
        assert_eq!(story.settle().await, Verdict::Converged);
        let journal = story.lab.journal();
        let made = journal.iter().filter(|line| line["event"] == "deployment.created").count();
        assert_eq!((made, story.world().runs.len()), (3, 1), "one for each row");
    }
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
async fn the_same_seed_gives_the_same_journal_to_the_byte() {
    let run = async |seed| {
        let story = Story::new(cgap(), Start::Template, seed);
        assert_eq!(story.settle().await, Verdict::Converged);
        story.lab.journal().iter().map(Value::to_string).collect::<Vec<_>>()
    };
    assert_eq!(run(40).await, run(40).await);
}
