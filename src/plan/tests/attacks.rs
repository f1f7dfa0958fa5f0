//! Attacks on the planner: old tags, rows that come and go, reads that fail, rollbacks that nobody saw.
//!
//! Each claim was once broken, or is what a reader would bet on to break.

use std::sync::Arc;

use super::fixture::{DEPLOYED, SERVICES, World, unseen};
use super::{hold, holds, state, updates, written};
use crate::model::ids::{ContainerName, RowName, ServiceArn, ServiceDeploymentArn, ServiceName};
use crate::model::observed::{Fate, Seen, ServiceDeploymentView, TargetState, TaskStatus, Trouble};
use crate::model::rollout::{Attempt, Lost, RecordState, TagKeys};
use crate::model::selector::Selection;
use crate::model::text::Text;
use crate::model::time::{Span, Timestamp};
use crate::plan::action::Standing;
use crate::plan::audit::audit;
use crate::plan::history::{Answer, History, LaunchAnswer, Made};
use crate::plan::hold::HoldCause;

/// A row that joined the table, and its service as it was before the table knew it.
pub(super) fn add_row(world: &mut World, name: &str, deployed: Timestamp) {
    let row = crate::model::row::Row { name: RowName::told(name), ..world.row("indexer").clone() };
    let mut view = world.view("indexer").clone();
    if let Seen::Present(Selection::One(service)) = &mut view.service {
        let service = Arc::make_mut(service);
        service.name = ServiceName::told(name);
        service.arn = ServiceArn::told(format!("{}-{name}", service.arn.as_str()));
        service.deployments.truncate(1);
        service.deployments[0].created_at = deployed;
    }
    world.table.rows.insert(0, row.clone());
    world.observed.rows.insert(row.name, view);
}

fn launched() -> World {
    let mut world = World::launching();
    world.pass(Span::seconds(5));
    world.pass(Span::seconds(30));
    assert!(matches!(world.record().state, RecordState::Launched(_)));
    world
}

fn undone(at: Timestamp) -> Seen<Vec<ServiceDeploymentView>> {
    let reason = "Service deployment rolled back".to_owned();
    let status = "ROLLBACK_SUCCESSFUL".to_owned();
    Seen::Present(vec![ServiceDeploymentView {
        arn: ServiceDeploymentArn::told("arn:sd/1"),
        created_at: at,
        fate: Fate::Undone,
        status: status.into(),
        reason: reason.into(),
    }])
}

#[test]
fn an_answered_request_kicks_nothing_in_a_later_rollout() {
    let mut world = World::settled();
    world.request(DEPLOYED);
    world.later(Span::seconds(5));
    world.kick_all();
    world.pass(Span::minutes(2));
    world.set_state(RecordState::Succeeded(Attempt { number: 1, task: "cafe".into() }));
    add_row(&mut world, "extra", DEPLOYED);
    world.deploy("portal", world.observed.at);
    world.pass(Span::seconds(5));
    assert_eq!(world.record().state, RecordState::Open);
    assert!(updates(&world.plan()).is_empty(), "{:#?}", world.plan().steps);
}

#[test]
fn a_request_kicks_a_row_that_came_into_the_table_after_it() {
    let mut world = World::settled();
    world.request(DEPLOYED);
    add_row(&mut world, "extra", DEPLOYED.plus(Span::minutes(30)));
    world.pass(Span::seconds(5));
    assert_eq!(world.record().frontier, DEPLOYED.plus(Span::minutes(30)));
    assert_eq!(updates(&world.plan()).len(), 4);
}

#[test]
fn a_kick_of_all_rows_is_never_taken_for_rows_added() {
    let mut world = World::settled();
    for name in SERVICES {
        world.deploy(name, world.observed.at);
    }
    assert_eq!(state(&world.plan()), RecordState::Open);
    for name in ["portal", "indexer"] {
        let mut world = World::settled();
        world.table.rows.retain(|row| row.name.as_str() != name);
        world.deploy("ingester", world.observed.at);
        assert_eq!(state(&world.plan()), RecordState::Open);
    }
}

#[test]
fn a_task_that_was_accepted_late_is_given_time_to_be_seen() {
    let mut world = World::launching();
    world.later(Span::minutes(12));
    let (id, at) = (world.record().id, world.observed.at);
    world.history.launch = Some(LaunchAnswer { id, attempt: 1, at, answer: Answer::Task("cafe".into()) });
    assert!(matches!(state(&world.pass(Span::seconds(1))), RecordState::Launched(_)));
    for history in [world.history.clone(), History::default()] {
        world.history = history;
        hold(&world.plan(), "TaskNotSeen");
        assert!(world.plan().steps.is_empty());
    }
    world.later(Span::minutes(5));
    let lost = Lost { attempt: 1, task: Some("cafe".into()) };
    assert_eq!(state(&world.plan()), RecordState::Unknown(lost));
}

#[test]
fn a_task_is_judged_though_its_row_left_the_table() {
    let mut world = launched();
    world.table.rows.retain(|row| row.task().is_none());
    hold(&world.plan(), "TaskRunning");
    assert_eq!(world.plan().standing(), Standing::Progressing);
    world.end(Some(0), "EssentialContainerExited");
    assert!(matches!(state(&world.plan()), RecordState::Succeeded(_)));
}

#[test]
fn a_launch_whose_row_left_the_table_does_not_block_it_for_ever() {
    let mut world = World::launching();
    world.table.rows.retain(|row| row.task().is_none());
    world.later(Span::minutes(56));
    assert_eq!(state(&world.plan()), RecordState::Unknown(Lost { attempt: 1, task: None }));
}

#[test]
fn a_task_is_judged_though_a_service_row_is_not_found() {
    for not_found in ["indexer", "deployment"] {
        let mut world = launched();
        match not_found {
            "indexer" => world.view("indexer").service = Seen::Present(Selection::None(Vec::new())),
            _ => world.view("deployment").definition = Seen::Present(Selection::None(Vec::new())),
        }
        let plan = world.plan();
        hold(&plan, "NoMatch");
        hold(&plan, "TaskRunning");
        world.end(Some(0), "EssentialContainerExited");
        assert!(matches!(state(&world.plan()), RecordState::Succeeded(_)), "{not_found}");
    }
}

#[test]
fn a_task_without_the_rows_container_is_judged_by_all_it_has() {
    let mut world = launched();
    world.table.image = None;
    world.row("deployment").container = Some(ContainerName::told("renamed"));
    world.end(Some(0), "EssentialContainerExited");
    assert!(matches!(state(&world.plan()), RecordState::Succeeded(_)));
}

#[test]
fn nothing_is_kicked_while_a_task_of_ours_lives_whatever_the_record_says() {
    for forgotten in [true, false] {
        let mut world = launched();
        if forgotten {
            let key = TagKeys::of(&world.table.name).rollout;
            world.cluster().tags.remove(&key);
            world.pass(Span::seconds(2));
        } else {
            world.set_state(RecordState::Unknown(Lost { attempt: 1, task: None }));
            let frontier = world.record().frontier;
            world.request(frontier);
        }
        world.definition("indexer").memory = Some(1024);
        let plan = world.plan();
        hold(&plan, "TaskInHand");
        assert!(updates(&plan).is_empty());
        assert_eq!(audit(plan, &world.input()).map(|_| ()), Ok(()));
    }
}

#[test]
fn old_tasks_of_a_row_that_was_emptied_instead_of_kicked_are_waited_for() {
    let mut world = World::settled();
    for name in ["portal", "indexer"] {
        world.deploy(name, world.observed.at);
        world.finish(name);
    }
    world.row("ingester").count = None;
    for task in world.new_tasks("ingester") {
        task.desired = crate::model::observed::DesiredStatus::Stopped;
    }
    let service = world.service("ingester");
    (service.desired, service.running, service.deployments[0].running) = (0, 0, 0);
    world.pass(Span::minutes(2));
    for _ in 0..3 {
        let plan = world.pass(Span::seconds(15));
        assert!(plan.steps.is_empty(), "{:#?}", plan.steps);
    }
    world.new_tasks("ingester")[0].status = TaskStatus::Stopped;
    world.pass(Span::seconds(15));
    assert_eq!(state(&world.plan()), RecordState::Launching(1));
}

#[test]
fn what_can_never_be_read_is_told_to_a_person_at_once() {
    let disturbances: [fn(&mut World); 3] = [
        |world| world.observed.tasks = Seen::Unknown(unseen(Trouble::Lasting)),
        |world| world.view("portal").history = Seen::Unknown(unseen(Trouble::Lasting)),
        |world| world.view("portal").target_groups[0].targets = Seen::Unknown(unseen(Trouble::Lasting)),
    ];
    for disturb in disturbances {
        let mut world = World::clear();
        disturb(&mut world);
        let plan = world.plan();
        assert_eq!((plan.steps.len(), plan.standing()), (0, Standing::Held), "{:?}", plan.holds);
        hold(&plan, "Unknown");
    }
}

#[test]
fn what_cannot_be_read_just_now_is_waited_for() {
    let mut world = World::clear();
    world.view("portal").history = Seen::Unknown(unseen(Trouble::Passing));
    let plan = world.plan();
    assert_eq!((plan.steps.len(), plan.standing()), (0, Standing::Progressing), "{:?}", plan.holds);
}

#[test]
fn a_request_does_not_kick_again_what_may_have_been_rolled_back() {
    let mut world = World::settled();
    world.request(DEPLOYED);
    world.later(Span::seconds(5));
    world.kick_all();
    world.pass(Span::seconds(5));
    // ECS went back to the old deployment, and what would tell so cannot be read.
    world.service("portal").deployments[0].created_at = DEPLOYED;
    world.view("portal").history = Seen::Unknown(unseen(Trouble::Passing));
    assert!(updates(&world.plan()).is_empty());
    world.view("portal").history = undone(world.observed.at);
    assert!(matches!(state(&world.plan()), RecordState::Failed(_)));
}

#[test]
fn a_read_that_falls_back_behind_an_update_of_ours_kicks_nothing_again() {
    let mut world = World::settled();
    world.request(DEPLOYED);
    world.later(Span::seconds(5));
    let before = world.service("portal").deployments.clone();
    world.kick_all();
    let arn = world.service("portal").arn.clone();
    let primary = &world.service("portal").deployments[0];
    let made = Made { deployment: primary.id.clone(), created_at: primary.created_at };
    world.history.made.insert(arn, made);
    world.pass(Span::seconds(5));
    world.service("portal").deployments = before;
    let plan = world.plan();
    assert!(updates(&plan).is_empty(), "{:#?}", plan.steps);
    assert!(holds(&plan).contains(&"Stale"));
}

#[test]
fn kicks_of_a_request_that_were_undone_unseen_are_not_repeated() {
    let mut world = World::settled();
    world.request(DEPLOYED);
    world.later(Span::minutes(30));
    world.view("portal").history = undone(world.observed.at.plus(Span::minutes(-25)));
    let plan = world.pass(Span::seconds(5));
    assert!(matches!(state(&plan), RecordState::Failed(_)), "{:#?}", plan.steps);
    let plan = world.plan();
    assert!(plan.steps.is_empty(), "{:#?}", plan.steps);
    assert_eq!(plan.standing(), Standing::Failed);
}

#[test]
fn corrections_that_were_undone_unseen_are_not_repeated() {
    let mut world = World::settled();
    world.definition("indexer").memory = Some(1024);
    world.pass(Span::minutes(30));
    world.view("indexer").history = undone(world.observed.at.plus(Span::minutes(-25)));
    let plan = world.pass(Span::seconds(5));
    assert!(matches!(state(&plan), RecordState::Failed(_)), "{:#?}", plan.steps);
    let plan = world.plan();
    assert!(plan.steps.is_empty(), "{:#?}", plan.steps);
    assert!(holds(&plan).contains(&"AfterFailure"));
}

#[test]
fn a_rollback_from_before_a_correction_does_not_stand_in_its_way() {
    let mut world = World::settled();
    world.definition("indexer").memory = Some(1024);
    world.view("indexer").history = undone(world.observed.at.plus(Span::minutes(-5)));
    world.pass(Span::seconds(5));
    assert_eq!(updates(&world.plan()).len(), 1);
}

#[test]
fn a_failure_knows_the_kicks_that_came_with_it() {
    let mut world = World::settled();
    world.deploy("portal", world.observed.at);
    world.pass(Span::seconds(30));
    // A rollback under a fresh deployment id is newer than the frontier, and no kick.
    world.deploy("portal", world.observed.at);
    world.view("portal").history = undone(world.observed.at.plus(Span::seconds(-30)));
    assert!(matches!(state(&world.pass(Span::seconds(10))), RecordState::Failed(_)));
    world.view("portal").history = Seen::Absent;
    assert!(world.plan().steps.is_empty(), "{:#?}", world.plan().steps);
}

#[test]
fn a_record_that_somebody_edited_breaks_nothing() {
    for state in [
        "launching attempt=1",
        "launching attempt=4294967295",
        "open",
        "succeeded attempt=1 task=x",
        "launched attempt=0 task=",
    ] {
        for moment in [i64::MIN, -1, 0, i64::MAX] {
            let mut world = World::clear();
            let key = TagKeys::of(&world.table.name).rollout;
            let value = format!("id=x state={state} base={moment} frontier={moment} since={moment}");
            world.cluster().tags.insert(key, value);
            for _ in 0..4 {
                world.pass(Span::minutes(1));
            }
        }
    }
}

#[test]
fn draining_targets_of_unknown_state_are_not_gone() {
    let mut world = World::clear();
    world.targets("portal").push(crate::model::observed::TargetView {
        id: "10.9.9.9".into(),
        state: TargetState::Unavailable,
        reason: Text::default(),
    });
    assert!(written(&world.plan()).is_none());
}

#[test]
fn a_request_made_while_the_task_runs_begins_a_rollout_of_its_own_afterwards() {
    let mut world = launched();
    let frontier = world.record().frontier;
    let id = world.request(frontier);
    assert!(updates(&world.plan()).is_empty());
    world.end(Some(0), "EssentialContainerExited");
    world.pass(Span::seconds(2));
    let plan = world.plan();
    assert_eq!(updates(&plan).len(), 3);
    world.kick_all();
    world.pass(Span::seconds(2));
    assert_eq!(world.record().request, Some(id));
    assert!(updates(&world.plan()).is_empty());
}

#[test]
fn an_ambiguous_cause_is_said_with_the_task_that_is_alive() {
    let mut world = World::clear();
    world.pass(Span::seconds(2));
    world.pass(Span::seconds(5));
    world.one_off().started_by = "somebody".into();
    let plan = world.plan();
    assert!(plan.steps.is_empty(), "{:#?}", plan.steps);
    assert!(matches!(hold(&plan, "GateShut"), HoldCause::GateShut { .. }));
}

#[test]
fn a_request_that_an_open_rollout_covers_already_is_answered_by_it() {
    let mut world = World::settled();
    world.kick_all();
    world.pass(Span::seconds(2));
    // It was asked for before the kicks were seen.
    let id = world.request(DEPLOYED);
    world.later(Span::minutes(2));
    assert!(updates(&world.plan()).is_empty());
    world.pass(Span::seconds(2));
    assert_eq!((world.record().state, world.record().request), (RecordState::Open, Some(id)));
    world.set_state(RecordState::Succeeded(Attempt { number: 1, task: "cafe".into() }));
    assert!(world.plan().steps.is_empty(), "{:#?}", world.plan().steps);
}
