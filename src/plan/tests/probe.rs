//! Success probes, and what later attempts run on.

use super::fixture::{World, unseen};
use super::{hold, holds, state};
use crate::model::log::LogView;
use crate::model::observed::{Seen, Trouble};
use crate::model::rollout::{Failure, RecordState};
use crate::model::row::{Capacity, Fallback, LogProbe, RowKind, TaskRow};
use crate::model::time::Span;
use crate::plan::action::Action;
use crate::plan::history::{Answer, LaunchAnswer};

fn task_row(world: &mut World) -> &mut TaskRow {
    match &mut world.row("deployment").kind {
        RowKind::Task(task) => task,
        RowKind::Service { .. } => panic!("it is the task row"),
    }
}

/// A task that exited with 0 just now, of a row that asks this of its log.
fn ended(must: Option<&str>, must_not: Option<&str>) -> World {
    let mut world = World::launching();
    let probe = LogProbe { must: must.map(str::to_owned), must_not: must_not.map(str::to_owned) };
    task_row(&mut world).probe = Some(probe);
    world.pass(Span::seconds(5));
    world.pass(Span::seconds(30));
    world.end(Some(0), "EssentialContainerExited");
    world
}

fn log(must: Option<&str>, must_not: Option<&str>) -> Seen<LogView> {
    Seen::Present(LogView { lines: 3, must: must.map(str::to_owned), must_not: must_not.map(str::to_owned) })
}

#[test]
fn a_line_that_must_not_be_there_fails_the_task_at_once() {
    let mut world = ended(Some("done"), Some("ERROR"));
    world.observed.log = log(Some("all done"), Some("ERROR: no index"));
    assert!(matches!(state(&world.plan()), RecordState::Failed(Failure::Log { .. })));
}

#[test]
fn a_line_that_must_be_there_is_enough_at_once_where_nothing_is_forbidden() {
    let mut world = ended(Some("done"), None);
    world.observed.log = log(Some("all done"), None);
    assert!(matches!(state(&world.plan()), RecordState::Succeeded(_)));
}

#[test]
fn what_is_missing_is_judged_only_when_the_log_is_complete() {
    let mut world = ended(Some("done"), None);
    world.observed.log = log(None, None);
    assert_eq!(holds(&world.plan()), ["LogIncomplete"]);
    world.later(Span::seconds(59));
    assert!(world.plan().steps.is_empty());
    world.later(Span::seconds(1));
    assert!(matches!(state(&world.plan()), RecordState::Failed(Failure::Log { .. })));
}

#[test]
fn that_nothing_is_forbidden_is_known_only_when_the_log_is_complete() {
    for must in [None, Some("done")] {
        let mut world = ended(must, Some("ERROR"));
        world.observed.log = log(must, None);
        hold(&world.plan(), "LogIncomplete");
        assert!(world.plan().steps.is_empty());
        world.later(Span::minutes(1));
        assert!(matches!(state(&world.plan()), RecordState::Succeeded(_)));
    }
}

#[test]
fn a_log_that_cannot_be_read_is_never_a_success_and_a_person_is_asked_in_the_end() {
    for trouble in [Trouble::Passing, Trouble::Lasting] {
        let mut world = ended(None, Some("ERROR"));
        world.observed.log = Seen::Unknown(unseen(trouble));
        for _ in 0..50 {
            world.later(Span::minutes(1));
            assert!(world.plan().steps.is_empty());
        }
        assert!(world.plan().needs_a_person());
    }
}

#[test]
fn a_log_that_cannot_be_read_is_waited_for_until_it_would_be_complete_and_then_ten_minutes() {
    let mut world = ended(None, Some("ERROR"));
    let stopped = world.observed.at;
    let mut look = |trouble, after: Span| {
        world.observed.log = Seen::Unknown(unseen(trouble));
        world.observed.at = stopped.plus(after);
        (holds(&world.plan()), world.plan().needs_a_person())
    };
    let millisecond = Span::from_millis(-1);
    let just_before = |span: Span| Span::from_millis(span.millis() + millisecond.millis());
    for trouble in [Trouble::Passing, Trouble::Lasting] {
        assert_eq!(look(trouble, just_before(Span::seconds(60))), (vec!["LogIncomplete"], false));
    }
    assert_eq!(look(Trouble::Lasting, Span::seconds(60)), (vec!["Unknown"], true));
    assert_eq!(look(Trouble::Passing, Span::seconds(60)), (vec!["Unknown"], false));
    assert_eq!(look(Trouble::Passing, just_before(Span::minutes(10))), (vec!["Unknown"], false));
    assert_eq!(look(Trouble::Passing, Span::minutes(10)), (vec!["Unknown"], true));
}

#[test]
fn a_line_that_fails_a_task_is_told_and_cut_where_it_is_long() {
    let told = |line: &str| {
        let mut world = ended(None, Some("ERROR"));
        world.observed.log = log(None, Some(line));
        world.plan().steps[0].because[0].to_string()
    };
    assert!(told("  ERROR: no index \n").ends_with("ended with exit code 0, but wrote: ERROR: no index"));
    let line = format!("ERROR: {}", "é".repeat(113));
    assert!(told(&line).ends_with(&line), "120 characters are whole");
    assert!(told(&format!("{line}é")).ends_with(&format!("{line}…")), "the 121st is left out");
}

#[test]
fn a_log_that_was_not_looked_for_yet_is_waited_for() {
    let mut world = ended(Some("done"), None);
    world.observed.log = Seen::Absent;
    world.later(Span::minutes(30));
    assert_eq!(holds(&world.plan()), ["LogIncomplete"]);
}

#[test]
fn an_exit_code_that_is_not_0_needs_no_log() {
    let mut world = ended(Some("done"), None);
    world.end(Some(1), "EssentialContainerExited");
    assert!(matches!(state(&world.plan()), RecordState::Failed(Failure::Task { exit: Some(1), .. })));
}

#[test]
fn an_attempt_after_one_that_never_started_falls_back_from_spot_where_the_row_says_so() {
    for (fallback, second) in [(Fallback::Never, Capacity::Spot), (Fallback::OnDemand, Capacity::OnDemand)] {
        let mut world = World::launching();
        task_row(&mut world).fallback = fallback;
        assert_eq!(capacity(&world), Capacity::Spot);
        let (id, at) = (world.record().id, world.observed.at);
        let answer = Answer::NotStarted("RESOURCE:FARGATE_SPOT".into());
        world.history.launch = Some(LaunchAnswer { id, attempt: 1, at, answer });
        world.later(Span::seconds(30));
        assert_eq!(state(&world.pass(Span::seconds(2))), RecordState::Launching(2));
        assert_eq!(capacity(&world), second);
        // A process that knows nothing sends the same.
        world.history = crate::plan::history::History::default();
        assert_eq!(capacity(&world), second);
    }
}

#[track_caller]
fn capacity(world: &World) -> Capacity {
    match &world.plan().steps[0].action {
        Action::Run(launch) => launch.capacity,
        other => panic!("not a launch: {other:?}"),
    }
}
