//! What a person says to a rollout that another kind of variant leaves behind, and how such a rollout stands before it.
//!
//! Owns the beginnings that take a rollout of their own: a task that failed, one that nobody saw end, an abort that meets
//! a launch. How each must end stands in `variant`.

use evenkeel::controller::settle::{End, Until};
use evenkeel::lab::bench::Lab;
use evenkeel::model::command::Told;
use evenkeel::model::rollout::{IdempotencyKey, RecordState};
use evenkeel::model::time::Span;
use evenkeel::plan::command::{Judged, Want, Wish, command};
use evenkeel::plan::history::History;
use evenkeel::plan::planner::PlanInput;
use evenkeel::reconcile::pass::{Mode, PassReport, Verdict, pass};
use evenkeel::simulator::ecs::App;
use serde_json::json;

use super::variant::{Variant, family, kick_all};

impl Variant {
    /// What a person says, as soon as there is a process.
    pub(super) fn wish(self) -> Option<Wish> {
        let want = match self {
            Self::Retry | Self::RetryUnknown => Want::Retry,
            Self::Resolve => Want::Resolve(Told::Succeeded),
            Self::Abort => Want::Abort,
            Self::Run | Self::RunFirst => Want::Run,
            Self::Request
            | Self::Kicks
            | Self::OneRow
            | Self::AllRows
            | Self::Rollback
            | Self::TaskFails
            | Self::NeverStarts
            | Self::Reclaimed
            | Self::AbortAtLaunch
            | Self::AbortAfterLaunch
            | Self::LogFails
            | Self::LeavesSpot => return None,
        };
        Some(wish(want))
    }
}

/// Whoever has the task run gives a key: giving it again once it is done would be another run.
fn wish(want: Want) -> Wish {
    let key = IdempotencyKey::parse("the only run").ok().filter(|_| want == Want::Run);
    Wish { want, by: Some("ada".to_owned()), reason: Some("looked at the index".to_owned()), key }
}

/// The rollout has failed with its task, which would do its work now.
pub(super) async fn failed(lab: &Lab) {
    lab.world().set_app(&family(lab), App::ExitsAfter { ms: 20_000, exit_code: 3 });
    kick_all(lab);
    assert_eq!(lab.settle(Until::Settled, |_| {}).await.end, End::Reached(Verdict::Failed));
    lab.world().set_app(&family(lab), App::ExitsAfter { ms: 20_000, exit_code: 0 });
}

/// The task ran, and nobody looked until ECS had forgotten it.
pub(super) async fn unknown(lab: &Lab) {
    kick_all(lab);
    wrote(lab, |state| matches!(state, RecordState::Launched(_))).await;
    lab.wait(Span::minutes(150)).await;
    assert_eq!(lab.settle(Until::Settled, |_| {}).await.end, End::Reached(Verdict::Failed));
}

/// New tasks are on their way, and a record says so.
pub(super) async fn rolling(lab: &Lab) {
    kick_all(lab);
    lab.settle(Until::OnePass, |_| {}).await;
    lab.wait(Span::seconds(20)).await;
}

/// An abort that was judged while the rollout was open, and comes to stand on the cluster when its launch is written
/// down, or when RunTask was sent.
pub(super) async fn aborted_late(lab: &Lab, sent: bool) {
    kick_all(lab);
    let open = wrote(lab, |state| matches!(state, RecordState::Open)).await;
    // The record was open when that pass ended; what it saw otherwise does not matter to a command.
    lab.wait(Span::seconds(2)).await;
    let seen = lab.settle(Until::OnePass, |_| {}).await.last;
    let history = History::default();
    let input = PlanInput { table: &lab.table, observed: &seen.observed, history: &history };
    let Judged::New(accepted) = command(&input, None, &wish(Want::Abort)).unwrap() else { panic!("it has no key") };
    assert_eq!(open.written().map(|record| &record.id), Some(&accepted.command.rollout));
    wrote(lab, |state| matches!(state, RecordState::Launching(_))).await;
    if sent {
        lab.wait(Span::seconds(2)).await;
        lab.settle(Until::OnePass, |_| {}).await;
    }
    let tags = json!([{"key": accepted.keys.command, "value": accepted.command.tag()}]);
    let input = json!({"resourceArn": accepted.cluster.as_str(), "tags": tags});
    lab.call("console", "TagResource", input).unwrap();
}

/// Passes of one process until it has written a record in such a state. It dies then.
async fn wrote(lab: &Lab, is_meant: impl Fn(&RecordState) -> bool) -> PassReport {
    let mut history = History::default();
    loop {
        let report = pass(&lab.aws(), &lab.table, &mut history, Mode::Act, lab.now()).await;
        if report.written().is_some_and(|record| is_meant(&record.state)) {
            return report;
        }
        lab.wait(Span::seconds(5)).await;
    }
}
