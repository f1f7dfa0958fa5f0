//! Two processes, one of which is refused: what the other does counts, before and after the end is written down.

use super::aborts::listed;
use super::fixture::{SERVICES, World};
use super::{hold, state, updates, written};
use crate::model::ids::{RowName, TaskArn};
use crate::model::observed::{Fate, Seen, TaskStatus, Trouble, Why};
use crate::model::rollout::{Attempt, Failure, Lost, Record, RecordState, TagKeys};
use crate::model::time::Span;
use crate::plan::action::{Action, Plan, Standing, Step};
use crate::plan::command::Want;
use crate::plan::history::{Answer, History, LaunchAnswer};
use crate::plan::hold::HoldCause;
use crate::plan::pace::NextLook;

/// A launch whose RunTask this process was refused, which is written down.
pub(super) fn refused() -> World {
    let mut world = World::launching();
    let (id, at) = (world.record().id, world.observed.at);
    let answer = Answer::Refused("AccessDeniedException: not authorized to perform ecs:RunTask".into());
    world.history.launch = Some(LaunchAnswer { id, attempt: 1, at, answer });
    assert_eq!(state(&world.pass(Span::seconds(20))), RecordState::Failed(Failure::Refused(1)));
    world
}

/// What another process, which this one is from now on, had on its way since a look so long before or after the end.
fn intent_arrives(world: &mut World, looked: Span) {
    let ended = world.record().since;
    world.observed.at = ended.plus(looked);
    world.set_state(RecordState::Launching(1));
    world.observed.at = ended;
    world.later(Span::minutes(7));
    world.history = History::default();
}

#[track_caller]
fn launches(plan: &Plan) {
    assert!(matches!(plan.steps.as_slice(), [Step { action: Action::Run(_), .. }]), "{plan:#?}");
}

#[track_caller]
fn failed(plan: &Plan) {
    assert_eq!((plan.standing(), plan.steps.len()), (Standing::Failed, 0), "{:#?}", plan.steps);
    hold(plan, "RolloutFailed");
}

/// A task of attempt 1 that somebody else's RunTask started.
pub(super) fn started(world: &mut World) {
    let started_by = world.record().id.started_by(1);
    let mut task = world.new_tasks("indexer")[0].clone();
    (task.started_by, task.group) = (started_by.into(), "family:c4-deployment".into());
    task.arn = TaskArn::told("arn:aws:ecs:us-east-1:123456789012:task/c4-ecs-blue/beef");
    world.tasks().push(task);
}

#[test]
fn an_intent_that_arrives_after_its_attempt_was_refused_launches_nothing() {
    for looked in [-170, -20, 0, 299] {
        let mut world = refused();
        intent_arrives(&mut world, Span::seconds(looked));
        failed(&world.plan());
    }
}

#[test]
fn after_it_a_retry_is_the_next_attempt() {
    let mut world = refused();
    intent_arrives(&mut world, Span::seconds(-20));
    world.later(Span::minutes(13));
    world.command(Want::Retry).expect("it has failed");
    world.pass(Span::seconds(20));
    assert_eq!(state(&world.plan()), RecordState::Launching(2));
}

#[test]
fn a_record_that_somebody_removed_may_run_the_attempt_of_then() {
    let mut world = refused();
    intent_arrives(&mut world, Span::minutes(5));
    launches(&world.plan());
}

#[test]
fn the_end_of_an_earlier_attempt_says_nothing_of_the_next() {
    let mut world = refused();
    intent_arrives(&mut world, Span::ZERO);
    world.set_state(RecordState::Launching(2));
    launches(&world.plan());
}

#[test]
fn a_task_that_was_started_after_all_is_followed() {
    for (status, started_at) in
        [(TaskStatus::Starting, false), (TaskStatus::Running, true), (TaskStatus::Stopped, true)]
    {
        let mut world = refused();
        world.command(Want::Retry).expect("it has failed");
        started(&mut world);
        let at = world.observed.at;
        let task = world.tasks().last_mut().expect("the task");
        (task.status, task.started_at) = (status.clone(), started_at.then_some(at));
        let plan = world.pass(Span::seconds(20));
        let launched = RecordState::Launched(Attempt { number: 1, task: "beef".to_owned() });
        assert_eq!((state(&plan), plan.steps.len()), (launched, 1), "{status:?}");
        assert_eq!(plan.standing(), Standing::Progressing, "{status:?}");
    }
}

#[test]
fn a_refusal_is_the_end_once_a_task_of_its_attempt_would_have_come_to_light() {
    let mut world = refused();
    let ended = world.record().since;
    for after in [Span::seconds(20), Span::seconds(779)] {
        world.observed.at = ended.plus(after);
        let plan = world.plan();
        failed(&plan);
        assert_eq!(plan.next_look, NextLook::After(Span::minutes(13).minus(after)), "{after}");
    }
    world.observed.at = ended.plus(Span::minutes(13));
    assert_eq!(state(&world.pass(Span::ZERO)), RecordState::Failed(Failure::Start(1)));
    assert_eq!(world.record().since, ended, "what waits for it has waited");
    failed(&world.plan());
}

#[test]
fn whoever_has_not_looked_before_ecs_may_have_forgotten_a_task_does_not_know() {
    for (after, known) in [(Span::seconds(3299), true), (Span::minutes(55), false), (Span::minutes(24 * 60), false)] {
        let mut world = refused();
        world.history = History::default();
        world.observed.at = world.record().since.plus(after);
        let lost = RecordState::Unknown(Lost { attempt: 1, task: None });
        let expected = if known { RecordState::Failed(Failure::Start(1)) } else { lost };
        assert_eq!(state(&world.pass(Span::ZERO)), expected, "{after}");
    }
}

#[test]
fn tasks_that_cannot_be_read_confirm_no_refusal() {
    let mut world = refused();
    world.observed.tasks = Seen::Unknown(Why { text: "ThrottlingException".into(), trouble: Trouble::Passing });
    for after in [Span::minutes(13), Span::minutes(60)] {
        world.later(after);
        assert!(world.plan().steps.is_empty(), "{after}");
    }
}

#[test]
fn an_answer_that_is_older_than_what_ecs_shows_is_no_end() {
    for (age, end) in [
        (Span::seconds(3299), RecordState::Failed(Failure::Refused(1))),
        (Span::minutes(55), RecordState::Unknown(Lost { attempt: 1, task: None })),
    ] {
        let mut world = World::launching();
        let (id, at) = (world.record().id, world.observed.at);
        world.history.launch = Some(LaunchAnswer { id, attempt: 1, at, answer: Answer::Refused("no".into()) });
        world.observed.at = world.record().since.plus(age);
        assert_eq!(state(&world.plan()), end, "{age}");
    }
}

#[test]
fn one_that_stopped_before_it_ran_is_what_the_record_says() {
    let mut world = refused();
    started(&mut world);
    let task = world.tasks().last_mut().expect("the task");
    (task.status, task.started_at) = (TaskStatus::Stopped, None);
    failed(&world.plan());
}

#[test]
fn one_that_ended_before_ecs_saw_it_running_is_followed() {
    for (exit, stop_code) in [(Some(0), ""), (None, "EssentialContainerExited")] {
        let mut world = refused();
        started(&mut world);
        let task = world.tasks().last_mut().expect("the task");
        (task.status, task.started_at, task.stop_code) = (TaskStatus::Stopped, None, stop_code.into());
        task.containers[0].exit_code = exit;
        assert!(matches!(state(&world.plan()), RecordState::Launched(_)), "{exit:?} {stop_code}");
    }
}

#[test]
fn nothing_follows_a_refusal_before_a_task_of_its_attempt_would_have_come_to_light() {
    let mut world = refused();
    let ended = world.record().since;
    world.command(Want::Retry).expect("it has failed");
    for (after, waits) in [(Span::seconds(30), true), (Span::seconds(779), true), (Span::minutes(13), false)] {
        world.observed.at = ended.plus(after);
        let plan = world.pass(Span::ZERO);
        let held = plan.holds.iter().any(|hold| hold.cause.name() == "EarlierLaunch");
        assert_eq!((held, plan.standing()), (waits, Standing::Progressing), "{after}");
        let next = match plan.next_look {
            NextLook::After(next) => next,
            NextLook::AtOnce => Span::ZERO,
            NextLook::Idle => panic!("{after}: nothing is waited for"),
        };
        assert!(!waits || ended.plus(after).plus(next) <= ended.plus(Span::minutes(13)), "{after}: {next}");
    }
}

#[test]
fn no_row_is_kicked_either() {
    let mut world = refused();
    let (ended, frontier) = (world.record().since, world.record().frontier);
    world.request(frontier);
    for (after, kicks) in [(Span::seconds(30), 0), (Span::seconds(779), 0), (Span::minutes(13), SERVICES.len())] {
        world.observed.at = ended.plus(after);
        let plan = world.plan();
        assert_eq!((updates(&plan).len(), plan.standing()), (kicks, Standing::Progressing), "{after}");
        assert!(matches!(plan.next_look, NextLook::After(_) | NextLook::AtOnce), "{:?}", plan.next_look);
    }
}

/// Every row is kicked by somebody, and the rollout that follows is clear, in so short a time as it takes without drains.
fn kicked_and_clear(world: &mut World) {
    world.kick_all();
    world.pass(Span::seconds(61));
    assert_eq!(world.record().state, RecordState::Open);
}

/// How long the launch of a clear rollout is put off.
#[track_caller]
fn put_off(plan: &Plan) -> Span {
    match hold(plan, "EarlierLaunch") {
        HoldCause::EarlierLaunch { left } => *left,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_kick_by_somebody_does_not_shorten_the_wait() {
    let mut world = refused();
    let ended = world.record().since;
    kicked_and_clear(&mut world);
    let plan = world.plan();
    assert_eq!(put_off(&plan), ended.plus(Span::minutes(13)).since(world.observed.at));
    assert_eq!(plan.standing(), Standing::Progressing);
    let frontier = world.record().frontier;
    world.request(frontier);
    assert_eq!(updates(&world.plan()).len(), 0, "a task of the attempt may run beside them");
    world.observed.at = ended.plus(Span::minutes(13));
    assert_eq!(updates(&world.plan()).len(), SERVICES.len());
}

#[test]
fn a_rollout_that_was_opened_over_an_intent_is_launched_when_nothing_of_that_can_come_any_more() {
    let mut world = World::launching();
    let keys = TagKeys::of(&world.table.name);
    let intent = world.record();
    world.set_state(RecordState::Open);
    kicked_and_clear(&mut world);
    world.tag(|_| keys.launches[0].clone(), intent.tag());
    let opened = world.record().since;
    assert_eq!(put_off(&world.plan()), opened.plus(Span::minutes(13)).since(world.observed.at));
    world.observed.at = opened.plus(Span::minutes(13));
    assert_eq!(state(&world.plan()), RecordState::Launching(1));
    // It takes the place of that intent. One that comes after it is waited for anew.
    let mut both = world.clone();
    both.pass(Span::ZERO);
    launches(&both.plan());
    both.tag(|_| keys.launches[1].clone(), intent.tag());
    assert_eq!(put_off(&both.plan()), Span::minutes(13));
    // Nobody sends a token that is older.
    let old = Record { since: opened.plus(Span::minutes(-55)), ..intent };
    world.observed.at = opened.plus(Span::minutes(5));
    world.tag(|_| keys.launches[0].clone(), old.tag());
    assert_eq!(put_off(&world.plan()), Span::minutes(8));
    let older = Record { since: opened.plus(Span::minutes(-63)), ..old };
    world.tag(|_| keys.launches[0].clone(), older.tag());
    assert_eq!(state(&world.plan()), RecordState::Launching(1));
}

#[test]
fn a_task_of_a_later_attempt_is_followed_where_a_late_write_put_the_intent_of_an_earlier_one_over_it() {
    let mut world = World::launching();
    let by = world.record().id.started_by(2);
    started(&mut world);
    world.tasks().last_mut().expect("the task").started_by = by.into();
    let launched = |number| RecordState::Launched(Attempt { number, task: "beef".to_owned() });
    assert_eq!(state(&world.plan()), launched(2));
    world.set_state(RecordState::Unknown(Lost { attempt: 1, task: None }));
    let held = world.plan().holds.iter().map(|hold| hold.cause.to_string()).collect::<String>();
    assert!(held.contains("beef has come to light"), "{held}");
    // One of an earlier attempt is nothing new.
    world.set_state(RecordState::Launching(3));
    assert!(!matches!(world.plan().steps.as_slice(), [Step { action: Action::Record(_), .. }]));
}

#[test]
fn nothing_goes_back_while_the_task_of_the_launch_before_may_come_to_light() {
    let mut world = refused();
    let kicked = world.observed.at;
    for row in SERVICES {
        world.deploy(row, kicked);
        listed(&mut world, row, Fate::Going, kicked);
    }
    assert_eq!(state(&world.pass(Span::seconds(5))), RecordState::Open);
    world.command(Want::Abort).expect("an open rollout");
    let goes_back = |plan: &Plan| plan.steps.iter().any(|step| matches!(step.action, Action::RollBack(_)));
    let plan = world.pass(Span::minutes(12));
    hold(&plan, "EarlierLaunch");
    assert!(!goes_back(&plan));
    assert!(!goes_back(&world.pass(Span::minutes(1))));
    assert!(goes_back(&world.plan()));
}

#[test]
fn a_late_intent_does_not_outlive_the_end_of_its_rollout_by_a_row() {
    let mut world = World::clear();
    let intent = written(&world.plan()).expect("a clear gate").clone();
    assert_eq!(intent.state, RecordState::Launching(1));
    world.later(Span::seconds(5));
    let kicked = world.observed.at;
    listed(&mut world, "portal", Fate::Undone, kicked);
    world.later(Span::seconds(20));
    let row = RecordState::Failed(Failure::Row(RowName::told("portal")));
    assert_eq!((state(&world.pass(Span::seconds(10))), world.record().id), (row, intent.id.clone()));
    world.tag(|keys| keys.rollout.clone(), intent.tag());
    world.tag(|keys| keys.launches[0].clone(), intent.tag());
    world.history = History::default();
    world.later(Span::seconds(30));
    let plan = world.plan();
    assert!(hold(&plan, "RolloutFailed").to_string().contains("portal"), "{:#?}", plan.holds);
    world.request(intent.frontier);
    assert_eq!(updates(&world.plan()).len(), 3);
}
