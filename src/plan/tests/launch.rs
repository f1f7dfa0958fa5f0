//! The one-off task: once, and after a crash at any step still once.

use super::fixture::{World, unseen};
use super::{hold, state, written};
use crate::model::observed::{DesiredStatus, NetworkView, Seen, TaskStatus, Trouble};
use crate::model::rollout::{Attempt, Failure, Lost, Record, RecordState, TagKeys};
use crate::model::time::Span;
use crate::plan::action::{Action, Launch, Plan, Standing};
use crate::plan::command::Want;
use crate::plan::history::{Answer, History, LaunchAnswer};
use crate::plan::hold::HoldCause;
use crate::plan::way_out::WayOut;

#[track_caller]
fn run(plan: &Plan) -> &Launch {
    match plan.steps.as_slice() {
        [step] => match &step.action {
            Action::Run(launch) => launch,
            other => panic!("not a launch: {other:?}"),
        },
        steps => panic!("not one step: {steps:#?}"),
    }
}

/// A world whose task was accepted as attempt 1.
fn launched() -> World {
    let mut world = World::launching();
    world.pass(Span::seconds(5));
    world.pass(Span::seconds(30));
    assert!(matches!(world.record().state, RecordState::Launched(_)));
    world
}

fn answered(world: &mut World, attempt: u32, answer: Answer) {
    let (id, at) = (world.record().id, world.observed.at);
    world.history.launch = Some(LaunchAnswer { id, attempt, at, answer });
}

#[test]
fn the_intent_is_recorded_before_anything_runs() {
    let world = World::clear();
    let plan = world.plan();
    assert_eq!((plan.steps.len(), state(&plan)), (1, RecordState::Launching(1)));
}

#[test]
fn the_launch_is_a_function_of_the_record_and_the_table() {
    let mut world = World::launching();
    let plan = world.plan();
    let launch = run(&plan);
    let record = world.record();
    assert_eq!(launch.started_by, record.id.started_by(1));
    assert_eq!(launch.client_token, record.id.client_token(1));
    assert_eq!(launch.definition.short(), "c4-deployment:3");
    assert_eq!(Some(&launch.network), world.service("portal").network.as_ref());
}

#[test]
fn without_evidence_the_same_attempt_runs_again_with_the_same_token() {
    let mut world = World::launching();
    let first = run(&world.plan()).clone();
    world.history = History::default();
    world.later(Span::minutes(10));
    assert_eq!(run(&world.plan()), &first);
    assert_eq!(world.record().since, world.record().since);
}

#[test]
fn after_55_minutes_without_evidence_only_a_person_knows() {
    let mut world = World::launching();
    world.later(Span::minutes(54));
    run(&world.plan());
    world.later(Span::minutes(1));
    assert_eq!(state(&world.pass(Span::seconds(10))), RecordState::Unknown(Lost { attempt: 1, task: None }));
    let plan = world.plan();
    assert_eq!((plan.steps.len(), plan.standing()), (0, Standing::Failed));
    let said = hold(&plan, "RolloutUnknown");
    assert_eq!(said.hint(), Some(WayOut::AskCloudTrail.hint()));
    let (said, record) = (said.to_string(), world.record());
    for fact in [record.id.started_by(1), "family:c4-deployment".to_owned(), record.since.to_string()] {
        assert!(said.contains(&fact), "no {fact} in {said}");
    }
}

#[test]
fn a_task_that_is_seen_is_adopted_whoever_remembers_it() {
    let mut world = World::launching();
    world.pass(Span::seconds(5));
    world.history = History::default();
    let task = world.one_off().arn.id().to_owned();
    assert_eq!(state(&world.plan()), RecordState::Launched(Attempt { number: 1, task }));
}

#[test]
fn an_accepted_task_that_is_not_visible_yet_is_believed() {
    let mut world = World::launching();
    answered(&mut world, 1, Answer::Task("cafe".into()));
    let task = "cafe".to_owned();
    assert_eq!(state(&world.plan()), RecordState::Launched(Attempt { number: 1, task }));
}

#[test]
fn a_late_word_that_the_rollout_is_open_does_not_undo_the_launch() {
    let mut world = launched();
    let late = Record { state: RecordState::Open, since: world.observed.at, ..world.record() };
    world.cluster().tags.insert("evenkeel:cgap:rollout".to_owned(), late.tag());
    world.history = History::default();
    world.end(Some(0), "EssentialContainerExited");
    assert!(matches!(state(&world.pass(Span::seconds(2))), RecordState::Succeeded(_)));
    world.later(Span::minutes(180));
    assert_eq!(world.plan().steps, []);
}

#[test]
fn the_beginning_of_a_launch_is_never_refreshed() {
    let mut world = World::launching();
    let since = world.record().since;
    for _ in 0..3 {
        world.history = History::default();
        assert!(written(&world.plan()).is_none());
        world.later(Span::minutes(10));
    }
    assert_eq!(world.record().since, since);
}

#[test]
fn a_refused_launch_fails_at_once() {
    let mut world = World::launching();
    answered(&mut world, 1, Answer::Refused("InvalidParameterException: no such subnet".into()));
    assert_eq!(state(&world.plan()), RecordState::Failed(Failure::Refused(1)));
}

#[test]
fn an_attempt_that_never_started_is_followed_by_another_after_a_wait() {
    let mut world = World::launching();
    answered(&mut world, 1, Answer::NotStarted("RESOURCE:ENI".into()));
    let expected = HoldCause::LaunchBackoff { left: Span::seconds(30), reason: "RESOURCE:ENI".into() };
    assert_eq!(hold(&world.plan(), "LaunchBackoff"), &expected);
    world.later(Span::seconds(30));
    assert_eq!(state(&world.pass(Span::seconds(2))), RecordState::Launching(2));
    let token = world.record().id.client_token(2);
    assert_eq!(run(&world.plan()).client_token, token);
}

#[test]
fn attempts_end_at_the_rows_limit() {
    let mut world = World::launching();
    world.set_state(RecordState::Launching(3));
    answered(&mut world, 3, Answer::NotStarted("RESOURCE:ENI".into()));
    assert_eq!(state(&world.plan()), RecordState::Failed(Failure::Start(3)));
}

#[test]
fn a_task_that_stopped_before_it_started_is_another_attempt() {
    let mut world = launched();
    world.end(None, "TaskFailedToStart");
    world.one_off().started_at = None;
    assert!(matches!(hold(&world.plan(), "LaunchBackoff"), HoldCause::LaunchBackoff { .. }));
    world.later(Span::seconds(31));
    assert_eq!(state(&world.plan()), RecordState::Launching(2));
}

#[test]
fn a_task_that_ended_before_ecs_saw_it_running_has_run() {
    let ended = |exit: Option<i32>, stop_code: &str| {
        let mut world = launched();
        world.end(exit, stop_code);
        world.one_off().started_at = None;
        state(&world.plan())
    };
    assert!(matches!(ended(Some(0), "EssentialContainerExited"), RecordState::Succeeded(_)));
    for (exit, stop_code) in [
        (Some(1), "EssentialContainerExited"),
        (None, "EssentialContainerExited"),
        (Some(0), "TaskFailedToStart"),
        (Some(137), "SpotInterruption"),
    ] {
        let state = ended(exit, stop_code);
        assert!(matches!(&state, RecordState::Failed(Failure::Task { exit: it, .. }) if *it == exit), "{state:?}");
    }
}

#[test]
fn a_task_that_somebody_stopped_before_it_started_is_not_repeated() {
    let mut world = launched();
    world.end(None, "UserInitiated");
    world.one_off().started_at = None;
    assert!(matches!(state(&world.plan()), RecordState::Failed(Failure::Task { exit: None, .. })));
}

#[track_caller]
fn judged(exit: Option<i32>, stop_code: &str) -> RecordState {
    let mut world = launched();
    world.end(exit, stop_code);
    state(&world.plan())
}

#[test]
fn only_exit_code_0_of_a_task_that_ended_by_itself_is_success() {
    assert!(matches!(judged(Some(0), "EssentialContainerExited"), RecordState::Succeeded(_)));
    let failed =
        |state: RecordState, code| matches!(state, RecordState::Failed(Failure::Task { exit, .. }) if exit == code);
    assert!(failed(judged(Some(1), "EssentialContainerExited"), Some(1)));
    assert!(failed(judged(None, "EssentialContainerExited"), None));
    assert!(failed(judged(Some(0), "SpotInterruption"), Some(0)));
    assert!(failed(judged(Some(0), "UserInitiated"), Some(0)));
}

#[test]
fn a_rollout_that_succeeded_leaves_nothing_to_do() {
    let mut world = launched();
    world.end(Some(0), "EssentialContainerExited");
    world.pass(Span::seconds(10));
    let plan = world.plan();
    assert_eq!((plan.steps.len(), plan.standing()), (0, Standing::Converged));
}

#[test]
fn a_task_is_judged_though_a_row_waits_for_a_person() {
    let mut world = launched();
    world.row("indexer").memory = None;
    world.definition("indexer").cpu = Some(4096);
    world.definition("indexer").memory = Some(16384);
    world.service("portal").desired = 5;
    hold(&world.plan(), "TaskRunning");
    world.end(Some(0), "EssentialContainerExited");
    let plan = world.plan();
    hold(&plan, "IllegalSize");
    assert!(matches!(state(&plan), RecordState::Succeeded(_)));
    assert_eq!(plan.steps[0].action.name(), "Record", "written before the count, which may fail");
}

#[test]
fn nothing_is_run_again_while_a_row_waits_for_a_person() {
    let mut world = World::launching();
    world.row("indexer").memory = None;
    world.definition("indexer").cpu = Some(4096);
    world.definition("indexer").memory = Some(16384);
    assert!(world.plan().steps.is_empty());
}

#[test]
fn a_running_task_is_waited_for() {
    let mut world = launched();
    world.one_off().status = TaskStatus::Running;
    let plan = world.plan();
    assert_eq!((plan.steps.len(), plan.standing()), (0, Standing::Progressing));
    hold(&plan, "TaskRunning");
    world.one_off().desired = DesiredStatus::Stopped;
    hold(&world.plan(), "TaskRunning");
}

#[test]
fn an_accepted_task_that_is_gone_unseen_is_unknown_and_not_repeated() {
    let mut world = launched();
    let task = world.one_off().clone();
    world.tasks().retain(|task| !task.started_by.starts_with("evenkeel/"));
    hold(&world.plan(), "TaskNotSeen");
    world.later(Span::minutes(5));
    let id = task.arn.id().to_owned();
    let lost = Lost { attempt: 1, task: Some(id.clone()) };
    assert_eq!(state(&world.pass(Span::seconds(10))), RecordState::Unknown(lost));
    let said = hold(&world.plan(), "RolloutUnknown").clone();
    assert!(said.to_string().contains(&id), "{said}");
    assert_eq!(said.hint(), Some(WayOut::ReadTheLog.hint()));
    // It shows itself after all: that is said, and still a person's to judge.
    world.tasks().push(task);
    assert_eq!(hold(&world.plan(), "RolloutUnknown").hint(), Some(WayOut::WaitForTheTask.hint()));
    world.end(Some(0), "EssentialContainerExited");
    assert_eq!(hold(&world.plan(), "RolloutUnknown").hint(), Some(WayOut::LookAtTheTask.hint()));
    assert!(world.plan().steps.is_empty());
}

#[test]
fn unknown_tasks_are_not_gone_tasks() {
    let mut world = launched();
    world.observed.tasks = Seen::Unknown(unseen(Trouble::Passing));
    world.later(Span::minutes(30));
    let plan = world.plan();
    assert!(plan.steps.is_empty());
    hold(&plan, "Unknown");
    assert_eq!(plan.standing(), Standing::Progressing);
}

#[test]
fn an_initial_definition_is_never_run() {
    for disturb in [
        |world: &mut World| world.definition("deployment").initial = true,
        |world: &mut World| {
            world.definition("deployment").family = crate::model::ids::Family::told("c4-InitialDeployment");
        },
    ] {
        let mut world = World::clear();
        disturb(&mut world);
        let plan = world.plan();
        assert!(plan.steps.is_empty());
        hold(&plan, "InitialDefinition");
        let mut world = World::launching();
        disturb(&mut world);
        assert!(world.plan().steps.is_empty());
    }
}

#[test]
fn two_networks_leave_none_to_copy() {
    let mut world = World::clear();
    let other = NetworkView { subnets: vec![], security_groups: vec![], public_ip: "ENABLED".into() };
    world.service("indexer").network = Some(other);
    let plan = world.plan();
    assert!(plan.steps.is_empty());
    assert_eq!(hold(&plan, "NetworkAmbiguous"), &HoldCause::NetworkAmbiguous { networks: 2 });
}

#[test]
fn a_kick_during_the_launch_opens_a_new_rollout_only_when_the_task_has_ended() {
    let mut world = launched();
    world.kick_all();
    assert!(written(&world.plan()).is_none());
    world.end(Some(0), "EssentialContainerExited");
    assert!(matches!(state(&world.pass(Span::seconds(2))), RecordState::Succeeded(_)));
    assert_eq!(state(&world.plan()), RecordState::Open);
}

#[test]
fn a_kick_before_the_launch_came_to_light_goes_on_without_it_after_thirteen_minutes() {
    let mut world = World::launching();
    world.history = History::default();
    world.kick_all();
    world.later(Span::minutes(13));
    assert_eq!(state(&world.plan()), RecordState::Open);
}

#[test]
fn what_run_task_answered_days_ago_tells_nothing_of_a_launch_now() {
    let mut world = World::launching();
    let (id, at) = (world.record().id, world.observed.at);
    world.history.launch = Some(LaunchAnswer { id, attempt: 1, at, answer: Answer::Task("cafe".into()) });
    world.later(Span::minutes(48 * 60));
    let keys = TagKeys::of(&world.table.name);
    world.cluster().tags.remove(&keys.rollout);
    assert_eq!(state(&world.pass(Span::minutes(10))), RecordState::Baseline);
    world.command(Want::Run).expect("a baseline");
    world.pass(Span::seconds(20));
    assert_eq!(state(&world.pass(Span::seconds(20))), RecordState::Launching(1));
    run(&world.plan());
}
