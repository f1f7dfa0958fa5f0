//! What a glance reads, when a look must be whole, and what a glance must not settle for.

use std::sync::Arc;

use super::fixture::{SERVICES, START, World, unseen};
use crate::model::ids::{RowName, ServiceDeploymentArn};
use crate::model::observed::{Fate, RolloutState, Seen, ServiceDeploymentView, TargetState, TaskStatus, Trouble};
use crate::model::selector::Selection;
use crate::model::text::Text;
use crate::model::time::{Span, Timestamp};
use crate::plan::glance::{Glance, Latest, glance, has_failed, is_enough, known, undone_before};
use crate::plan::history::{History, Made};
use crate::plan::moving::{Moving, Renewed};
use crate::plan::planner::{PlanInput, plan};

/// Looks wholly, as a process does, and remembers it.
pub(super) fn look(world: &mut World) {
    let (observed, at) = (Arc::new(world.observed.clone()), world.observed.at);
    let plan = world.pass(Span::ZERO);
    let table = world.table.clone();
    world.history.moving = world.history.moving.after(&observed, Renewed { targets: true, tasks: true });
    let table = Arc::new(table);
    let latest = Latest { table, observed, plan, whole: at, names: at, cluster: at, services: at };
    world.history.latest = Some(Arc::new(latest));
}

/// What the next look reads, ten seconds later.
fn next(world: &World) -> Option<Glance> {
    at(world, world.observed.at.plus(Span::seconds(10)))
}

fn at(world: &World, now: Timestamp) -> Option<Glance> {
    glance(&world.table, &world.history, now)
}

/// Every row kicked, recorded and in the state that `each` gives it.
fn rolling(each: impl Fn(&mut World, &str)) -> World {
    let mut world = World::settled();
    for row in SERVICES {
        world.deploy(row, world.observed.at);
    }
    look(&mut world);
    SERVICES.into_iter().for_each(|row| each(&mut world, row));
    look(&mut world);
    world
}

fn draining() -> World {
    rolling(World::drain)
}

/// Whether a glance that saw the world as it is now would be taken for enough.
fn enough(world: &World) -> bool {
    let latest = world.history.latest.as_ref().expect("a look before");
    let PlanInput { table, observed, history } = world.input();
    is_enough(&latest.plan, &plan(&PlanInput { table, observed, history }))
}

#[test]
fn a_process_that_looked_before_it_passes_knows_what_one_knows_after_a_pass() {
    let world = draining();
    let latest = world.history.latest.as_ref().expect("a look");
    let known = History::of_a_look(Latest::clone(latest));
    assert_eq!(known.moving, Moving::default().after(&latest.observed, Renewed { targets: true, tasks: true }));
    assert!(known.latest.is_some_and(|known| known.whole == latest.whole));
}

#[test]
fn a_process_without_memory_looks_wholly() {
    assert_eq!(next(&World::settled()), None);
}

#[test]
fn a_settled_table_is_watched_for_requests_and_kicks_only() {
    let mut world = World::settled();
    look(&mut world);
    let expected = Glance { cluster: true, services: true, ..Glance::default() };
    assert_eq!(next(&world), Some(expected));
}

#[test]
fn a_row_that_is_not_found_is_looked_for_every_three_minutes() {
    let mut world = World::settled();
    let portal = world.observed.rows.get_mut(&RowName::told("portal")).expect("the row is stated");
    portal.service = Seen::Present(Selection::None(Vec::new()));
    look(&mut world);
    let after = |span| at(&world, world.observed.at.plus(span));
    assert!(after(Span::from_millis(3 * 60_000 - 1)).is_some());
    assert_eq!(after(Span::minutes(3)), None);
}

#[test]
fn after_a_step_everything_is_read() {
    let mut world = World::first_contact();
    look(&mut world);
    assert_eq!(next(&world), None, "the baseline was just written");
}

#[test]
fn while_rows_roll_only_their_services_are_read() {
    let expected = Glance { services: true, ..Glance::default() };
    assert_eq!(next(&rolling(|_, _| {})), Some(expected));
}

#[test]
fn once_all_new_tasks_run_their_targets_are_read() {
    let world = rolling(|world, row| {
        world.start(row);
        if row == "portal" {
            world.targets(row).iter_mut().for_each(|target| target.state = TargetState::Initial);
        }
    });
    let glance = next(&world).expect("a glance");
    assert_eq!((glance.services, glance.targets.len(), glance.tasks.len()), (false, 1, 0));
}

#[test]
fn while_old_tasks_drain_only_they_are_read() {
    let glance = next(&draining()).expect("a glance");
    assert_eq!((glance.cluster, glance.services, glance.targets.len()), (false, false, 0));
    assert_eq!(glance.tasks.len(), 5, "two of the portal, two of the indexer, one of the ingester");
}

#[test]
fn while_only_a_target_is_left_only_its_group_is_read() {
    let world = rolling(|world, row| {
        world.finish(row);
        if row == "portal" {
            let left = world.targets(row)[0].clone();
            world.targets(row).push(crate::model::observed::TargetView {
                id: "10.0.9.9".into(),
                state: TargetState::Draining,
                ..left
            });
        }
    });
    let glance = next(&world).expect("a glance");
    assert_eq!((glance.cluster, glance.services, glance.tasks.len()), (false, false, 0));
    assert_eq!(glance.targets.len(), 1);
}

#[test]
fn while_the_deployment_task_runs_only_it_is_read() {
    let mut world = World::launching();
    world.pass(Span::seconds(5));
    world.one_off().status = TaskStatus::Running;
    world.pass(Span::seconds(5));
    look(&mut world);
    let expected = Glance { tasks: vec![world.one_off().arn.clone()], ..Glance::default() };
    assert_eq!(next(&world), Some(expected));
}

#[test]
fn the_cluster_and_the_services_are_never_unread_for_long() {
    let world = draining();
    let after = |seconds| at(&world, world.observed.at.plus(Span::seconds(seconds))).expect("a glance");
    assert_eq!((after(179).cluster, after(180).cluster), (false, true));
    assert_eq!((after(179).services, after(180).services), (false, true));
}

#[test]
fn after_ten_minutes_everything_is_read() {
    let world = draining();
    let after = |seconds| at(&world, world.observed.at.plus(Span::seconds(seconds)));
    assert!(after(599).is_some());
    assert_eq!(after(600), None);
}

#[test]
fn a_settled_table_is_read_wholly_every_ten_minutes() {
    let mut world = World::settled();
    look(&mut world);
    let after = |seconds| at(&world, world.observed.at.plus(Span::seconds(seconds)));
    assert!(after(599).is_some());
    assert_eq!(after(600), None);
}

#[test]
fn once_the_gate_is_open_everything_is_read() {
    let mut world = draining();
    SERVICES.into_iter().for_each(|row| world.finish(row));
    look(&mut world);
    assert_eq!(next(&world), None, "settling");
}

#[test]
fn what_could_not_be_read_is_read_with_everything_else() {
    let mut world = draining();
    world.observed.tasks = Seen::Unknown(unseen(Trouble::Passing));
    look(&mut world);
    assert_eq!(next(&world), None);
}

#[test]
fn another_table_is_looked_at_wholly() {
    let mut world = draining();
    world.row("portal").count = Some(3);
    assert_eq!(next(&world), None);
}

#[test]
fn counts_that_move_while_rows_roll_are_enough() {
    let mut world = rolling(|_, _| {});
    world.service("portal").deployments[0].running = 1;
    world.observed.at = world.observed.at.plus(Span::seconds(10));
    assert!(enough(&world));
}

#[test]
fn old_tasks_that_stop_one_by_one_are_enough_until_the_last() {
    let mut world = draining();
    let old: Vec<_> = next(&world).expect("a glance").tasks;
    let (last, others) = old.split_last().expect("old tasks");
    let stop = |world: &mut World, arn: &crate::model::ids::TaskArn| {
        let task = world.tasks().iter_mut().find(|task| task.arn == *arn).expect("an old task");
        task.status = TaskStatus::Stopped;
    };
    others.iter().for_each(|arn| stop(&mut world, arn));
    assert!(enough(&world));
    stop(&mut world, last);
    assert!(!enough(&world));
}

#[test]
fn targets_that_are_gone_are_enough_while_old_tasks_are_left() {
    let mut world = draining();
    let left = |world: &World| world.plan().rollout.gate.expect("a rollout in hand").missing_names().len();
    let before = left(&world);
    world.targets("portal").retain(|target| target.state == TargetState::Healthy);
    assert!(left(&world) < before, "the gate says more, and the old tasks keep it shut");
    assert!(enough(&world));
}

#[test]
fn a_new_kick_is_never_enough() {
    let mut world = draining();
    world.observed.at = world.observed.at.plus(Span::seconds(10));
    world.deploy("indexer", world.observed.at);
    assert!(!enough(&world));
}

#[test]
fn a_deployment_that_fails_is_never_enough() {
    let mut world = rolling(|_, _| {});
    world.service("portal").deployments[0].rollout = RolloutState::Failed;
    assert!(!enough(&world));
}

#[test]
fn a_request_is_never_enough() {
    let mut world = World::settled();
    look(&mut world);
    world.request(START);
    assert!(!enough(&world));
}

#[test]
fn drift_is_never_enough() {
    let mut world = World::settled();
    look(&mut world);
    world.service("indexer").desired = 7;
    assert!(!enough(&world));
}

#[test]
fn a_glance_that_fails_is_told_and_does_nothing() {
    let mut world = draining();
    world.observed.tasks = Seen::Unknown(unseen(Trouble::Passing));
    assert!(has_failed(&world.plan()));
    assert!(!enough(&world));
}

#[test]
fn a_failed_glance_that_wants_a_step_is_no_answer() {
    let mut world = World::settled();
    world.service("indexer").desired = 7;
    world.view(RowName::told("portal").as_str()).history = Seen::Unknown(unseen(Trouble::Passing));
    assert!(!world.plan().steps.is_empty());
    assert!(!has_failed(&world.plan()));
}

#[test]
fn what_was_found_is_asked_for_by_name_for_ten_minutes_and_while_something_moves_for_longer() {
    let mut world = World::settled();
    look(&mut world);
    let after = |world: &World, seconds| {
        known(&world.table, &world.history, world.observed.at.plus(Span::seconds(seconds))).is_some()
    };
    assert!(after(&world, 599));
    assert!(!after(&world, 600));
    let world = draining();
    assert!(after(&world, 1499));
    assert!(!after(&world, 1500));
}

/// What is known of the portal's service deployments without asking, a while after the look before.
fn known_of_the_portal(world: &World, made: Option<&Made>, later: Span) -> Option<usize> {
    let before = &world.history.latest.as_ref().expect("a look before").observed.rows[&RowName::told("portal")];
    let now = world.observed.rows[&RowName::told("portal")].service.one().expect("a service");
    undone_before(before, now, made, later).map(|known| known.len())
}

fn successful(world: &mut World, fate: Fate) {
    let created_at = world.service("portal").deployments[0].created_at;
    let arn = ServiceDeploymentArn::told("arn:aws:ecs:us-east-1:123456789012:service-deployment/c4/portal/x");
    let deployment = ServiceDeploymentView { arn, created_at, fate, status: Text::default(), reason: Text::default() };
    world.view("portal").history = Seen::Present(vec![deployment]);
}

#[test]
fn of_a_deployment_that_was_successful_nobody_asks_again_within_a_minute() {
    let mut world = draining();
    successful(&mut world, Fate::Succeeded);
    look(&mut world);
    assert_eq!(known_of_the_portal(&world, None, Span::seconds(59)), Some(1));
    assert_eq!(known_of_the_portal(&world, None, Span::seconds(60)), None);
    for fate in [Fate::Going, Fate::Undone] {
        successful(&mut world, fate);
        look(&mut world);
        assert_eq!(known_of_the_portal(&world, None, Span::ZERO), None);
    }
    world.view("portal").history = Seen::Present(Vec::new());
    look(&mut world);
    assert_eq!(known_of_the_portal(&world, None, Span::ZERO), None, "nothing vouches for it");
}

#[test]
fn of_a_deployment_under_way_nobody_asks_again_while_it_is_the_same() {
    let mut world = rolling(|_, _| {});
    assert_eq!(known_of_the_portal(&world, None, Span::minutes(5)), Some(0));
    world.service("portal").deployments[0].rollout = RolloutState::Completed;
    assert_eq!(known_of_the_portal(&world, None, Span::ZERO), None, "it is said to be completed");
    world.later(Span::seconds(1));
    world.deploy("portal", world.observed.at);
    assert_eq!(known_of_the_portal(&world, None, Span::ZERO), None, "it is another");
}

#[test]
fn of_a_deployment_of_our_own_nobody_asks_while_it_is_under_way() {
    let mut world = rolling(|_, _| {});
    world.later(Span::seconds(1));
    world.deploy("portal", world.observed.at);
    let primary = world.service("portal").deployments[0].clone();
    let made = Made { deployment: primary.id, created_at: primary.created_at };
    assert_eq!(known_of_the_portal(&world, Some(&made), Span::ZERO), Some(0));
    world.service("portal").deployments[0].rollout = RolloutState::Completed;
    assert_eq!(known_of_the_portal(&world, Some(&made), Span::ZERO), None);
}

#[test]
fn of_a_deployment_after_one_that_was_undone_is_asked_until_it_is_listed() {
    let mut world = rolling(|_, _| {});
    successful(&mut world, Fate::Undone);
    world.later(Span::minutes(2));
    world.deploy("portal", world.observed.at);
    let primary = world.service("portal").deployments[0].clone();
    let made = Made { deployment: primary.id, created_at: primary.created_at };
    look(&mut world);
    for made in [Some(&made), None] {
        assert_eq!(known_of_the_portal(&world, made, Span::ZERO), None, "it is not among them yet");
    }
    successful(&mut world, Fate::Going);
    look(&mut world);
    for made in [Some(&made), None] {
        assert_eq!(known_of_the_portal(&world, made, Span::minutes(2)), Some(1));
    }
}

#[test]
fn a_row_that_was_not_found_is_looked_for_by_its_selector() {
    let mut world = World::settled();
    world.view("indexer").service = Seen::Present(Selection::None(Vec::new()));
    look(&mut world);
    assert!(known(&world.table, &world.history, world.observed.at).is_none());
}

#[test]
fn an_edited_table_is_looked_for_by_its_selectors() {
    let mut world = World::settled();
    look(&mut world);
    world.row("portal").count = Some(3);
    assert!(known(&world.table, &world.history, world.observed.at).is_none());
}
