//! What the dashboard is made of: the whole shape, the sentence that says why, the timeline, and how fresh it is.

use std::sync::Arc;
use std::time::Duration;

use insta::assert_json_snapshot;

use super::{failed, partial, subject};
use crate::model::observed::{Seen, Trouble};
use crate::model::time::{Span, Timestamp};
use crate::plan::command::Want;
use crate::plan::tests::fixture::{DEPLOYED, SERVICES, World, digest, unseen};
use crate::reconcile::pass::PassReport;
use crate::report::doing;
use crate::report::json::{Sight, TableJson, TableSummaryJson};
use crate::report::timeline::{Source, Timeline, What};
use crate::report::witness::Witness;

/// A pass that looked and did nothing.
pub(super) fn report(world: &World) -> PassReport {
    let (observed, plan) = (Arc::new(world.observed.clone()), world.plan());
    PassReport { at: world.observed.at, observed, plan, outcomes: Vec::new(), violations: Vec::new() }
}

pub(super) fn fresh(witness: &Witness) -> Sight<'_> {
    Sight { ago: Some(Duration::from_millis(1500)), failures: 0, broken: None, speed: 1.0, witness }
}

pub(super) fn look(world: &World, witness: &mut Witness) {
    witness.look(&subject(world, &world.plan()));
}

pub(super) fn timeline(world: &World, witness: &Witness) -> Timeline {
    Timeline::of(&subject(world, &world.plan()), witness)
}

fn moments(timeline: &Timeline) -> Vec<(What, i64, Source)> {
    let began = timeline.events[0].at;
    timeline.events.iter().map(|event| (event.what, event.at.since(began).millis() / 1000, event.source)).collect()
}

/// Every row is kicked now, and the kick is on record.
pub(super) fn kicked() -> World {
    let mut world = World::settled();
    for row in SERVICES {
        world.deploy(row, world.observed.at);
    }
    world.pass(Span::seconds(10));
    world
}

#[test]
fn a_table_in_the_middle_of_a_rollout() {
    let mut world = kicked();
    for row in SERVICES {
        world.drain(row);
    }
    let witness = Witness::default();
    assert_json_snapshot!("table_draining_json", TableJson::of(&world.table, Some(&report(&world)), &fresh(&witness)));
}

#[test]
fn a_table_that_was_never_looked_at() {
    let (world, witness) = (World::settled(), Witness::default());
    let sight = Sight { ago: None, failures: 3, broken: Some("index out of bounds"), ..fresh(&witness) };
    assert_json_snapshot!("table_unseen_json", TableJson::of(&world.table, None, &sight));
}

#[test]
fn a_summary_says_what_needs_a_person() {
    let (world, witness) = (failed(), Witness::default());
    let summary = TableSummaryJson::of(&world.table, Some(&report(&world)), &fresh(&witness));
    assert_json_snapshot!("summary_failed_json", summary);
}

#[track_caller]
fn says(world: &World, phase: &str, sentence: &str) {
    let plan = world.plan();
    assert_eq!((plan.rollout.phase.name(), doing::planned(&subject(world, &plan)).as_str()), (phase, sentence));
}

#[test]
fn each_phase_says_why_the_deployment_task_has_not_started_yet() {
    let mut world = kicked();
    says(
        &world,
        "Rolling",
        "new tasks are still starting (portal runs 0 of 2 new tasks, 2 pending, indexer runs 0 of 2 new tasks, 2 pending, ingester runs 0 of 1 new tasks, 1 pending)",
    );
    SERVICES.iter().for_each(|row| world.start(row));
    world.targets("portal").iter_mut().for_each(|target| target.state = crate::model::observed::TargetState::Initial);
    says(&world, "Rolling", "new tasks are not healthy yet (portal: 0 of 2 new targets healthy)");
    SERVICES.iter().for_each(|row| world.drain(row));
    says(
        &world,
        "Draining",
        "old tasks have not stopped yet (portal: 2 old tasks draining, indexer: 2 old tasks draining, ingester: 1 old task draining)",
    );
    SERVICES.iter().for_each(|row| world.finish(row));
    says(&world, "Settling", "more kicks may follow; 50s more to be sure");
    world.later(Span::seconds(55));
    says(&world, "Settling", "every gate condition holds; 15s more to be sure");
    world.pass(Span::seconds(15));
    says(&world, "Clear", "every gate condition holds; the launch is being written down");
    world.pass(Span::seconds(2));
    world.pass(Span::seconds(2));
    world.pass(Span::seconds(2));
    let task = world.one_off().arn.id().to_owned();
    says(&world, "Deploying", &format!("the deployment task {task} is starting"));
    world.end(Some(0), "EssentialContainerExited");
    world.pass(Span::seconds(2));
    says(&world, "Settled", "everything is as it is stated");
}

#[test]
fn what_needs_a_person_is_said_before_what_is_waited_for() {
    let world = partial();
    says(&world, "Rolling", "partial kick: portal got a new deployment, indexer, ingester did not");
}

#[test]
fn the_gate_points_at_what_a_person_is_needed_for() {
    #[track_caller]
    fn points(world: &World, number: Option<u8>) {
        let json = TableJson::of(&world.table, Some(&report(world)), &fresh(&Witness::default()));
        assert_eq!(json.look.unwrap().blocking, number);
    }
    points(&partial(), Some(2));
    let mut mixed = kicked();
    SERVICES.iter().for_each(|row| mixed.drain(row));
    points(&mixed, Some(6));
    mixed.new_tasks("portal")[0].containers[0].digest = Some(digest('b'));
    mixed.later(Span::minutes(2));
    points(&mixed, Some(7));
}

#[test]
fn an_abort_in_hand_is_what_it_is_about() {
    let mut world = kicked();
    SERVICES.iter().for_each(|row| world.view(row).history = Seen::Present(Vec::new()));
    world.command(Want::Abort).unwrap();
    says(&world, "Rolling", "the rollout is being aborted: ECS goes back to what ran before");
    assert_eq!(timeline(&world, &Witness::default()).next.unwrap().what, What::Closed);
    let json = TableJson::of(&world.table, Some(&report(&world)), &fresh(&Witness::default()));
    assert_eq!(json.look.unwrap().blocking, None);
}

#[test]
fn what_could_not_be_read_is_said_as_such() {
    let mut world = kicked();
    world.observed.tasks = Seen::Unknown(unseen(Trouble::Passing));
    let plan = world.plan();
    assert!(doing::planned(&subject(&world, &plan)).contains("still starting"), "what is known is said first");
    let json = TableJson::of(&world.table, Some(&report(&world)), &fresh(&Witness::default()));
    assert_eq!(json.look.unwrap().tasks, None, "tasks that were not read are not no tasks");
}

#[test]
fn a_rollout_is_told_by_the_times_of_aws_and_of_the_looks() {
    let (mut world, mut witness) = (World::settled(), Witness::default());
    look(&world, &mut witness);
    world.request(DEPLOYED);
    look(&world, &mut witness);
    world.later(Span::seconds(5));
    SERVICES.iter().for_each(|row| world.deploy(row, world.observed.at));
    for (then, turn) in [(40, "start"), (20, "drain"), (300, "finish"), (30, "wait"), (20, "launch")] {
        look(&world, &mut witness);
        world.pass(Span::seconds(then));
        match turn {
            "start" => SERVICES.iter().for_each(|row| world.start(row)),
            "drain" => SERVICES.iter().for_each(|row| world.drain(row)),
            "finish" => SERVICES.iter().for_each(|row| world.finish(row)),
            _ => {}
        }
    }
    use Source::{Seen, Told};
    let kicks = [(What::Kicked, 5, Told); 3];
    let rest = [
        (What::FirstRunning, 45, Told),
        (What::AllRunning, 45, Told),
        (What::AllHealthy, 45, Seen),
        (What::TargetsGone, 365, Seen),
        (What::TasksStopped, 365, Told),
        (What::Clear, 365, Seen),
    ];
    let expected: Vec<_> = [(What::Requested, 0, Told)].into_iter().chain(kicks).chain(rest).collect();
    assert_eq!(moments(&timeline(&world, &witness)), expected);
}

#[test]
fn what_a_look_saw_is_not_told_as_earlier_than_what_it_saw_it_by() {
    let (mut world, mut witness) = (kicked(), Witness::default());
    SERVICES.iter().for_each(|row| world.drain(row));
    look(&world, &mut witness);
    world.later(Span::seconds(30));
    SERVICES.iter().for_each(|row| world.finish(row));
    // The clock of a look has whole seconds, and the look went on while the last task stopped.
    world.observed.at = world.observed.at.plus(Span::from_millis(-2_400));
    world.observed.until = world.observed.at.plus(Span::from_millis(1_900));
    look(&world, &mut witness);
    let told: Vec<What> = timeline(&world, &witness).events.iter().map(|event| event.what).collect();
    assert_eq!(told[told.len() - 3..], [What::TargetsGone, What::TasksStopped, What::Clear]);
}

#[test]
fn a_process_that_starts_anew_leaves_out_what_it_did_not_see() {
    let mut world = kicked();
    SERVICES.iter().for_each(|row| world.drain(row));
    let mut witness = Witness::default();
    look(&world, &mut witness);
    let told: Vec<What> = timeline(&world, &witness).events.iter().map(|event| event.what).collect();
    assert!(!told.contains(&What::AllHealthy), "it was already so at the first look: {told:?}");
    world.later(Span::seconds(30));
    SERVICES.iter().for_each(|row| world.finish(row));
    look(&world, &mut witness);
    let told: Vec<What> = timeline(&world, &witness).events.iter().map(|event| event.what).collect();
    assert!(told.contains(&What::TargetsGone) && told.contains(&What::Clear), "{told:?}");
}

#[test]
fn the_end_of_a_drain_is_foretold_where_its_beginning_was_seen() {
    let (mut world, mut witness) = (kicked(), Witness::default());
    world.view("portal").target_groups[0].drain = Some(Span::minutes(5));
    look(&world, &mut witness);
    SERVICES.iter().for_each(|row| world.drain(row));
    world.later(Span::seconds(10));
    look(&world, &mut witness);
    let began = world.observed.at;
    world.later(Span::seconds(50));
    let next = timeline(&world, &witness).next.unwrap();
    assert_eq!((next.what, next.expected), (What::TargetsGone, Some(began.plus(Span::minutes(5)))));
    let next = timeline(&world, &Witness::default()).next.unwrap();
    assert_eq!((next.what, next.expected), (What::TasksStopped, None), "nobody saw it begin");
}

#[test]
fn the_end_of_settling_is_foretold() {
    let mut world = kicked();
    SERVICES.iter().for_each(|row| world.drain(row));
    let next = timeline(&world, &Witness::default()).next.unwrap();
    assert_eq!((next.what, next.expected), (What::TasksStopped, None));
    SERVICES.iter().for_each(|row| world.finish(row));
    world.later(Span::minutes(2));
    let next = timeline(&world, &Witness::default()).next.unwrap();
    assert_eq!((next.what, next.expected), (What::Launched, Some(world.observed.at.plus(Span::seconds(15)))));
}

#[test]
fn nothing_comes_next_where_nothing_is_under_way() {
    assert_eq!(timeline(&World::settled(), &Witness::default()), Timeline::default());
    assert_eq!(timeline(&failed(), &Witness::default()).next, None);
}

#[test]
fn a_deployment_task_is_told_to_its_end() {
    let timeline = timeline(&failed(), &Witness::default());
    let last: Vec<(What, Option<&str>)> =
        timeline.events.iter().rev().take(4).map(|event| (event.what, event.detail.as_deref())).collect();
    assert_eq!(last[0].0, What::Closed);
    assert!(last[0].1.unwrap().starts_with("failed, task"), "{last:?}");
    assert!(last.contains(&(What::Ended, Some("exit code 1"))), "{last:?}");
}

#[test]
fn a_run_is_told_without_what_ran_before_it() {
    let mut world = World::launching();
    world.pass(Span::seconds(5));
    world.pass(Span::seconds(60));
    world.end(Some(0), "EssentialContainerExited");
    world.pass(Span::minutes(5));
    let mut witness = Witness::default();
    look(&world, &mut witness);
    world.command(Want::Run).unwrap();
    let told = |world: &World, witness: &Witness| -> Vec<What> {
        timeline(world, witness).events.iter().map(|event| event.what).collect()
    };
    assert_eq!(told(&world, &witness), [What::Commanded], "nothing has happened yet");
    for then in [20, 20, 5, 5] {
        world.pass(Span::seconds(then));
        look(&world, &mut witness);
    }
    let told = told(&world, &witness);
    assert_eq!((told.first(), told.last()), (Some(&What::Commanded), Some(&What::Launched)), "{told:?}");
}

#[test]
fn a_request_that_waits_for_the_deployment_task_is_another_rollouts() {
    let mut world = World::launching();
    world.pass(Span::seconds(2));
    world.pass(Span::seconds(2));
    let frontier = world.record().frontier;
    world.request(frontier);
    let told: Vec<What> = timeline(&world, &Witness::default()).events.iter().map(|event| event.what).collect();
    assert!(told.contains(&What::Launched) && !told.contains(&What::Requested), "{told:?}");
    let task = world.one_off().arn.id().to_owned();
    let waits = "another rollout waits for its end: new schema";
    says(&world, "Deploying", &format!("the deployment task {task} is starting; {waits}"));
    world.end(Some(0), "EssentialContainerExited");
    world.pass(Span::seconds(2));
    let told: Vec<What> = timeline(&world, &Witness::default()).events.iter().map(|event| event.what).collect();
    assert_eq!(told, [What::Requested], "now it is in hand");
}

#[test]
fn after_a_retry_comes_the_launch_though_the_attempt_before_is_still_shown() {
    let mut world = failed();
    world.command(Want::Retry).unwrap();
    let next = |world: &World| timeline(world, &Witness::default()).next.map(|next| next.what);
    let mut seen = Vec::new();
    for then in [20, 20, 5, 5] {
        world.pass(Span::seconds(then));
        seen.extend(next(&world));
    }
    assert!(seen.contains(&What::Launched) && seen.contains(&What::Started), "{seen:?}");
    assert!(!seen.contains(&What::Closed), "{seen:?}");
}

#[test]
fn a_phase_that_began_while_somebody_looked_has_a_beginning() {
    let (mut world, mut witness) = (kicked(), Witness::default());
    look(&world, &mut witness);
    assert_eq!(witness.phase_since(), None, "nobody saw it begin");
    SERVICES.iter().for_each(|row| world.drain(row));
    world.later(Span::seconds(20));
    look(&world, &mut witness);
    let began = world.observed.at;
    world.later(Span::seconds(20));
    look(&world, &mut witness);
    assert_eq!(witness.phase_since(), Some(began));
}

#[test]
fn tasks_keep_the_moment_at_which_they_were_seen_to_drain() {
    let (mut world, mut witness) = (kicked(), Witness::default());
    look(&world, &mut witness);
    SERVICES.iter().for_each(|row| world.drain(row));
    world.later(Span::seconds(20));
    look(&world, &mut witness);
    let drained: Timestamp = world.observed.at;
    world.later(Span::seconds(20));
    look(&world, &mut witness);
    let json = TableJson::of(&world.table, Some(&report(&world)), &fresh(&witness)).look.unwrap().tasks.unwrap();
    let old: Vec<_> = json.iter().filter(|task| !task.newest).collect();
    assert_eq!(old.len(), 5);
    assert!(old.iter().all(|task| task.state == "Draining" && task.since == Some(drained.to_string())), "{old:?}");
}

#[test]
fn wishes_are_those_that_the_rollout_allows() {
    #[track_caller]
    fn allowed(world: &World, expect: &[&str]) {
        let json = TableJson::of(&world.table, Some(&report(world)), &fresh(&Witness::default()));
        let wishes = json.look.unwrap().wishes;
        let allowed: Vec<&str> = wishes.iter().filter(|wish| wish.against.is_empty()).map(|wish| wish.wish).collect();
        assert_eq!(allowed, expect);
        let hinted = wishes.iter().flat_map(|wish| &wish.against).all(|hold| !hold.message.is_empty());
        assert!(hinted, "a wish that is not allowed says why");
    }
    allowed(&World::settled(), &["start", "run"]);
    allowed(&kicked(), &["start", "abort"]);
    allowed(&failed(), &["start", "retry", "run"]);
}
