//! What those who watch are told of things that went by: targets that nobody read again, kicks that were taken back, tasks
//! that ended.

use super::failed;
use super::table::{fresh, kicked, look, report, timeline};
use crate::model::log::AwsLogs;
use crate::model::observed::{DeploymentRole, DesiredStatus, TaskStatus};
use crate::model::rollout::{Failure, RecordState};
use crate::model::time::Span;
use crate::plan::tests::fixture::{SERVICES, World};
use crate::report::json::{TableJson, TaskJson};
use crate::report::timeline::What;
use crate::report::witness::Witness;

fn tasks(world: &World) -> Vec<TaskJson> {
    let json = TableJson::of(&world.table, Some(&report(world)), &fresh(&Witness::default()));
    json.look.unwrap().tasks.unwrap()
}

/// The old tasks of a row have stopped; its targets were not read since.
fn stopped(world: &mut World, row: &str, code: &str, reason: &str, exit: Option<i32>) {
    let at = world.observed.at;
    let group = world.service(row).task_group();
    let old = |task: &&mut crate::model::observed::TaskView| {
        task.group == group && task.desired == DesiredStatus::Stopped && task.is_alive()
    };
    for task in world.tasks().iter_mut().filter(old) {
        (task.status, task.stopped_at) = (TaskStatus::Stopped, Some(at));
        (task.stop_code, task.stopped_reason) = (code.into(), reason.into());
        task.containers[0].exit_code = exit;
    }
}

const IN_ORDER: (&str, &str) = ("ServiceSchedulerInitiated", "Scaling activity initiated by (deployment ecs-svc/1)");

#[test]
fn targets_of_tasks_that_have_stopped_are_not_told_as_draining() {
    let mut world = kicked();
    SERVICES.iter().for_each(|row| world.drain(row));
    let group = |world: &World| {
        let json = TableJson::of(&world.table, Some(&report(world)), &fresh(&Witness::default()));
        let row = json.look.unwrap().rows.into_iter().find(|row| row.name == "portal").unwrap();
        row.target_groups.into_iter().next().unwrap()
    };
    assert_eq!((group(&world).draining, group(&world).stopped_since, group(&world).drain_seconds), (2, 0, None));
    world.view("portal").target_groups[0].drain = Some(Span::minutes(5));
    stopped(&mut world, "portal", IN_ORDER.0, IN_ORDER.1, Some(0));
    assert_eq!((group(&world).draining, group(&world).stopped_since, group(&world).drain_seconds), (0, 2, Some(300)));
}

#[test]
fn a_target_that_nobody_read_while_the_last_tasks_stopped_is_not_told_as_gone_after_them() {
    let (mut world, mut witness) = (kicked(), Witness::default());
    SERVICES.iter().for_each(|row| world.drain(row));
    look(&world, &mut witness);
    world.later(Span::seconds(30));
    SERVICES.iter().for_each(|row| world.finish(row));
    world.later(Span::seconds(2));
    look(&world, &mut witness);
    let told = timeline(&world, &witness).events;
    let gone = told.iter().find(|event| event.what == What::TargetsGone).unwrap();
    assert!(gone.detail.as_ref().is_some_and(|detail| detail.starts_with("by then")), "{gone:?}");
}

#[test]
fn kicks_that_an_abort_took_back_are_told_by_whoever_saw_them() {
    let (mut world, mut witness) = (kicked(), Witness::default());
    look(&world, &mut witness);
    let at = world.observed.at;
    world.drain("ingester");
    // The ingester had completed, and ECS does not go back for it.
    for row in ["portal", "indexer"] {
        let service = world.service(row);
        service.deployments.remove(0);
        service.deployments[0].role = DeploymentRole::Primary;
    }
    world.later(Span::seconds(30));
    world.set_state(RecordState::Failed(Failure::Aborted));
    look(&world, &mut witness);
    let kicks = |witness: &Witness| {
        let events = timeline(&world, witness).events;
        events.into_iter().filter(|event| event.what == What::Kicked).map(|event| event.at).collect::<Vec<_>>()
    };
    assert_eq!(kicks(&witness).len(), 3);
    assert!(kicks(&witness).iter().all(|kick| *kick <= at));
    assert_eq!(kicks(&Witness::default()).len(), 1, "a process that starts anew leaves out what it did not see");
    for witness in [witness, Witness::default()] {
        let told: Vec<What> = timeline(&world, &witness).events.iter().map(|event| event.what).collect();
        assert!(!told.contains(&What::AllRunning), "one row's tasks are not all new tasks: {told:?}");
    }
}

#[test]
fn a_task_that_ecs_stopped_in_order_has_not_failed_whatever_the_signal_made_of_it() {
    let cases = [
        (IN_ORDER.0, IN_ORDER.1, Some(143), false),
        ("ServiceSchedulerInitiated", "Task failed ELB health checks in (target-group web)", Some(0), true),
        ("SpotInterruption", "Your Spot Task was interrupted.", None, false),
        ("EssentialContainerExited", "Essential container in task exited", Some(1), true),
        ("TaskFailedToStart", "CannotPullContainerError", None, true),
    ];
    for (code, reason, exit, expect) in cases {
        let mut world = kicked();
        world.drain("portal");
        stopped(&mut world, "portal", code, reason, exit);
        let old: Vec<bool> = tasks(&world).iter().filter(|it| it.state == "Stopped").map(|it| it.failed).collect();
        assert_eq!(old, [expect; 2], "{code}: {reason}");
    }
}

#[test]
fn a_deployment_task_that_failed_names_its_log() {
    let mut world = failed();
    let logs = AwsLogs { group: "/ecs/deployment".into(), prefix: "run".into() };
    world.definition("deployment").containers[0].log = Some(logs);
    let task = tasks(&world).into_iter().find(|task| task.row.as_deref() == Some("deployment")).unwrap();
    assert!(task.failed);
    let container = world.definition("deployment").containers[0].name.to_string();
    let named: Vec<_> = task.logs.iter().map(|log| (log.group.as_str(), log.stream.clone())).collect();
    assert_eq!(named, [("/ecs/deployment", format!("run/{container}/{}", task.id))]);
}
