//! The task run by a person's word alone: when, once, and what comes before it.

use super::fixture::{DEPLOYED, SERVICES, World};
use super::{hold, holds, state, updates, written};
use crate::model::command::{Command, Order, Standing as Told};
use crate::model::ids::{RowName, ServiceDeploymentArn, TaskArn};
use crate::model::observed::{Fate, Seen, ServiceDeploymentView, TaskStatus};
use crate::model::past::Origin;
use crate::model::rollout::{Attempt, Failure, IdempotencyKey, Lost, Record, RecordState, TagKeys};
use crate::model::row::RowKind;
use crate::model::text::Text;
use crate::model::time::Span;
use crate::plan::action::{Action, Standing};
use crate::plan::audit::audit;
use crate::plan::command::{Judged, Want, Wish, command};
use crate::plan::history::History;
use crate::plan::hold::HoldCause;
use crate::plan::request::Stands;
use crate::plan::rollout::Phase;
use crate::plan::undone::answerable_since;

fn attempt(number: u32) -> Attempt {
    Attempt { number, task: "cafe".into() }
}

/// Every row is rolled out and drained, and the rollout ended like this a while ago.
fn ended(state: RecordState) -> World {
    let mut world = World::clear();
    world.history = History::default();
    world.set_state(state);
    world.later(Span::minutes(30));
    world
}

#[track_caller]
fn passes_the_audit(world: &World) {
    if let Err(violations) = audit(world.plan(), &world.input()) {
        panic!("{violations:?}");
    }
}

/// The command that stands in the tags, against the record there.
fn stands(world: &mut World) -> Told {
    let key = TagKeys::of(&world.table.name).command;
    let command = Command::parse(&world.cluster().tags[&key]).unwrap();
    command.against(&world.record())
}

#[test]
fn a_run_goes_through_the_whole_gate_and_launches_the_next_attempt() {
    for (before, next) in [
        (RecordState::Succeeded(attempt(1)), 2),
        (RecordState::Resolved(3), 4),
        (RecordState::Skipped, 1),
        (RecordState::Failed(Failure::Task { attempt: attempt(1), exit: Some(3) }), 2),
        (RecordState::Failed(Failure::Told(2)), 3),
    ] {
        let mut world = ended(before);
        let frontier = world.record().frontier;
        assert_eq!(world.command(Want::Run).unwrap().order, Order::Run(next - 1));
        let plan = world.pass(Span::seconds(20));
        assert!(plan.steps.is_empty(), "{:#?}", plan.steps);
        hold(&plan, "Settling");
        assert_eq!((plan.standing(), plan.rollout.phase), (Standing::Progressing, Phase::Settling));
        passes_the_audit(&world);
        assert_eq!(state(&world.pass(Span::seconds(2))), RecordState::Launching(next));
        // No kicks belong to it.
        assert_eq!((world.record().base, world.record().frontier), (frontier, frontier));
        passes_the_audit(&world);
        let plan = world.plan();
        let Action::Run(launch) = &plan.steps[0].action else { panic!("{:#?}", plan.steps) };
        assert_eq!(launch.client_token, world.record().id.client_token(next));
        assert_eq!(stands(&mut world), Told::Done);
    }
}

#[test]
fn a_run_at_the_baseline_is_the_first_attempt_though_nothing_was_ever_kicked() {
    let mut world = World::settled();
    assert_eq!(world.command(Want::Run).unwrap().order, Order::Run(0));
    world.pass(Span::seconds(20));
    assert_eq!(state(&world.pass(Span::seconds(2))), RecordState::Launching(1));
    passes_the_audit(&world);
    let plan = world.pass(Span::seconds(2));
    assert!(matches!(plan.steps[0].action, Action::Run(_)), "{:#?}", plan.steps);
}

#[test]
fn a_run_does_not_ask_which_rows_were_kicked_and_a_retry_does() {
    for (want, launched) in [(Want::Run, true), (Want::Retry, false)] {
        let mut world = ended(RecordState::Failed(Failure::Told(1)));
        // A row that had no tasks when the others were kicked.
        world.service("portal").deployments[0].created_at = DEPLOYED;
        let record = Record { frontier: world.observed.at.plus(Span::minutes(-32)), ..world.record() };
        world.set_record(Record { since: world.observed.at, ..record });
        let newest = world.record().frontier;
        for row in ["indexer", "ingester"] {
            world.service(row).deployments[0].created_at = newest;
        }
        world.command(want).unwrap();
        world.pass(Span::seconds(20));
        let plan = world.pass(Span::seconds(2));
        assert_eq!(
            written(&plan).map(|it| &it.state) == Some(&RecordState::Launching(2)),
            launched,
            "{want:?} {plan:#?}"
        );
        assert_eq!(holds(&plan).contains(&"PartialKick"), !launched, "{want:?}");
    }
}

#[test]
fn a_run_waits_while_an_old_task_or_another_one_off_is_alive() {
    for started_by in ["ecs-svc/older", "evenkeel/0123456789abcdef/1"] {
        let mut world = ended(RecordState::Succeeded(attempt(1)));
        world.command(Want::Run).unwrap();
        let mut old = world.new_tasks("indexer")[0].clone();
        old.started_by = started_by.into();
        if started_by.starts_with("evenkeel/") {
            old.group = "family:c4-deployment".into();
            old.definition = world.definition("deployment").arn.clone();
        }
        old.arn = TaskArn::told("arn:task/old");
        world.tasks().push(old);
        for _ in 0..4 {
            let plan = world.pass(Span::seconds(20));
            assert!(written(&plan).is_none());
            hold(&plan, "GateShut");
            assert_eq!(plan.standing(), Standing::Progressing);
        }
    }
}

#[test]
fn a_run_is_done_once() {
    let mut world = ended(RecordState::Succeeded(attempt(1)));
    world.command(Want::Run).unwrap();
    world.pass(Span::seconds(20));
    assert_eq!(state(&world.pass(Span::seconds(2))), RecordState::Launching(2));
    world.set_state(RecordState::Succeeded(attempt(2)));
    for _ in 0..3 {
        let plan = world.pass(Span::seconds(20));
        assert!(plan.steps.is_empty(), "{:#?}", plan.steps);
        assert_eq!((plan.standing(), plan.rollout.phase), (Standing::Converged, Phase::Settled));
    }
}

#[test]
fn a_run_goes_only_with_a_rollout_that_has_ended_and_left_its_rows_as_they_were_wanted() {
    let refused = [
        (RecordState::Open, "goes on by itself"),
        (RecordState::Launching(1), "goes on by itself"),
        (RecordState::Launched(attempt(1)), "goes on by itself"),
        (RecordState::Unknown(Lost { attempt: 1, task: None }), "nobody knows whether its task ran"),
        (RecordState::Failed(Failure::Row(RowName::told("portal"))), "rollout start"),
        (RecordState::Failed(Failure::Aborted), "rollout start"),
    ];
    for (state, hint) in refused {
        let cause = ended(state.clone()).command(Want::Run).unwrap_err();
        assert_eq!(cause.name(), "CommandRefused", "{state:?}");
        assert!(cause.hint().is_some_and(|it| it.contains(hint)), "{state:?}: {:?}", cause.hint());
    }
    let mut unseen = World::first_contact();
    assert_eq!(unseen.command(Want::Run).unwrap_err().name(), "CommandRefused");
    let mut bare = ended(RecordState::Succeeded(attempt(1)));
    bare.table.rows.retain(|row| matches!(row.kind, RowKind::Service { .. }));
    assert!(bare.command(Want::Run).unwrap_err().to_string().contains("without a task row"));
}

#[test]
fn a_rollout_that_somebody_asked_for_takes_the_place_of_a_run() {
    let mut world = ended(RecordState::Succeeded(attempt(1)));
    world.command(Want::Run).unwrap();
    let frontier = world.record().frontier;
    world.request(frontier);
    let plan = world.pass(Span::seconds(20));
    assert_eq!((updates(&plan).len(), written(&plan)), (SERVICES.len(), None));
    assert_eq!(plan.rollout.phase, Phase::Requested);
    let cause = world.command(Want::Run).unwrap_err();
    assert!(cause.to_string().contains("while a request for another one waits"), "{cause}");
}

#[test]
fn a_kick_makes_a_run_void() {
    let mut world = ended(RecordState::Succeeded(attempt(1)));
    world.command(Want::Run).unwrap();
    world.kick_all();
    world.later(Span::seconds(5));
    assert_eq!(state(&world.pass(Span::seconds(5))), RecordState::Open);
    assert_eq!(stands(&mut world), Told::Void);
}

#[test]
fn a_correction_goes_before_a_run() {
    let mut world = ended(RecordState::Succeeded(attempt(1)));
    world.command(Want::Run).unwrap();
    world.pass(Span::seconds(20));
    world.row("portal").count = Some(7);
    let plan = world.plan();
    assert_eq!((updates(&plan).len(), written(&plan)), (1, None));
}

#[test]
fn what_ecs_undid_since_the_rollout_comes_before_a_run_and_what_it_undid_earlier_does_not() {
    let undone = |world: &mut World, after: Span| {
        let created_at = world.record().frontier.plus(after);
        let arn = ServiceDeploymentArn::told("arn:service-deployment/portal");
        let deployment =
            ServiceDeploymentView { arn, created_at, fate: Fate::Undone, status: "x".into(), reason: Text::default() };
        world.view("portal").history = Seen::Present(vec![deployment]);
    };
    let mut world = ended(RecordState::Succeeded(attempt(1)));
    world.command(Want::Run).unwrap();
    undone(&mut world, Span::minutes(5));
    let failed = RecordState::Failed(Failure::Row(RowName::told("portal")));
    assert_eq!(state(&world.pass(Span::seconds(5))), failed);
    assert_eq!(stands(&mut world), Told::Void);
    for before in [RecordState::Succeeded(attempt(1)), RecordState::Failed(Failure::Start(1))] {
        let mut world = ended(before);
        world.command(Want::Run).unwrap();
        undone(&mut world, Span::ZERO);
        world.pass(Span::seconds(20));
        assert_eq!(state(&world.pass(Span::seconds(2))), RecordState::Launching(2));
    }
}

#[test]
fn what_became_of_deployments_is_asked_since_the_frontier_while_a_run_is_to_be_done() {
    let since = |world: &mut World| {
        let keys = TagKeys::of(&world.table.name);
        let tags = world.cluster().tags.clone();
        let durable = crate::model::rollout::Durable::read(&keys, |key| tags.get(key).map(String::as_str)).unwrap();
        answerable_since(&durable, &RowName::told("portal"))
    };
    for before in [RecordState::Succeeded(attempt(1)), RecordState::Failed(Failure::Start(1))] {
        let mut world = ended(before);
        assert_eq!(since(&mut world), None);
        world.command(Want::Run).unwrap();
        assert_eq!(since(&mut world), Some(world.record().frontier));
    }
}

#[test]
fn a_task_row_that_left_the_table_leaves_the_end_as_it_is() {
    let mut world = ended(RecordState::Succeeded(attempt(1)));
    world.command(Want::Run).unwrap();
    world.table.rows.retain(|row| matches!(row.kind, RowKind::Service { .. }));
    world.pass(Span::seconds(20));
    let plan = world.pass(Span::seconds(20));
    assert!(plan.steps.is_empty(), "{:#?}", plan.steps);
    assert!(matches!(hold(&plan, "CommandRefused"), HoldCause::CommandRefused { order: "run", .. }));
    assert_eq!(plan.standing(), Standing::Held);
}

#[test]
fn the_history_says_who_had_the_task_run_and_under_which_key() {
    let mut world = ended(RecordState::Succeeded(attempt(1)));
    let given = keyed(&mut world, "k");
    launched_and_ended(&mut world, 2, 0);
    assert_eq!(state(&world.pass(Span::seconds(5))), RecordState::Succeeded(attempt(2)));
    let past = world.past()[0].clone();
    assert_eq!((past.origin, past.by.as_deref()), (Origin::Run, Some("ada")));
    assert_eq!((past.command, past.state), (given.id, RecordState::Succeeded(attempt(2))));
}

#[test]
fn a_run_that_is_run_again_began_as_a_run() {
    let mut world = ended(RecordState::Succeeded(attempt(1)));
    keyed(&mut world, "k");
    launched_and_ended(&mut world, 2, 1);
    world.pass(Span::seconds(5));
    assert_eq!(world.past()[0].origin, Origin::Run);
    world.command(Want::Retry).unwrap();
    launched_and_ended(&mut world, 3, 0);
    assert_eq!(state(&world.pass(Span::seconds(5))), RecordState::Succeeded(attempt(3)));
    assert_eq!(world.past().iter().map(|past| past.origin.clone()).collect::<Vec<_>>(), [Origin::Run, Origin::Run]);
}

/// The record says that this attempt was launched, and ECS that its task ended with this exit code.
fn launched_and_ended(world: &mut World, number: u32, exit_code: i32) {
    world.set_state(RecordState::Launched(attempt(number)));
    let mut task = world.new_tasks("indexer")[0].clone();
    task.arn = TaskArn::told("arn:aws:ecs:us-east-1:123456789012:task/c4-ecs-blue/cafe");
    task.started_by = world.record().id.started_by(number).into();
    task.group = "family:c4-deployment".into();
    task.status = TaskStatus::Stopped;
    task.stop_code = "EssentialContainerExited".into();
    task.containers.iter_mut().for_each(|container| container.exit_code = Some(exit_code));
    world.tasks().retain(|other| other.arn != task.arn);
    world.tasks().push(task);
}

fn wish(key: &str) -> Wish {
    Wish { want: Want::Run, by: Some("ada".to_owned()), reason: None, key: IdempotencyKey::parse(key).ok() }
}

/// Gives the command under a key, and writes it down.
fn keyed(world: &mut World, key: &str) -> Command {
    let Judged::New(accepted) = command(&world.input(), None, &wish(key)).unwrap() else {
        panic!("{key} was there before")
    };
    world.cluster().tags.insert(accepted.keys.command, accepted.command.tag());
    accepted.command
}

#[track_caller]
fn known(world: &World, key: &str) -> Stands {
    match command(&world.input(), None, &wish(key)).unwrap() {
        Judged::Known(stands) => stands,
        judged @ (Judged::New(_) | Judged::Withdrawn(_)) => panic!("{key} is not known: {judged:?}"),
    }
}

#[test]
fn a_command_under_a_key_is_found_wherever_it_stands() {
    let mut world = ended(RecordState::Succeeded(attempt(1)));
    let id = world.record().id;
    keyed(&mut world, "k");
    assert_eq!(known(&world, "k"), Stands::Pending);
    world.set_state(RecordState::Launching(2));
    assert_eq!(known(&world, "k"), Stands::InHand(id.clone()));
    world.set_state(RecordState::Succeeded(attempt(2)));
    assert_eq!(known(&world, "k"), Stands::Ended(id, RecordState::Succeeded(attempt(2))));
    // Another key is another run, knowingly.
    let next = keyed(&mut world, "another");
    assert_eq!(next.order, Order::Run(2));
    world.about_another_rollout();
    assert_eq!(known(&world, "another"), Stands::Over);
}

#[test]
fn a_command_under_a_key_is_found_in_the_history_when_another_stands_in_its_place() {
    let mut world = ended(RecordState::Succeeded(attempt(1)));
    let id = world.record().id;
    keyed(&mut world, "k");
    world.set_state(RecordState::Launching(2));
    world.history.launch = Some(crate::plan::history::LaunchAnswer {
        id: id.clone(),
        attempt: 2,
        at: world.observed.at,
        answer: crate::plan::history::Answer::Refused("no".into()),
    });
    let failed = RecordState::Failed(Failure::Refused(2));
    assert_eq!(state(&world.pass(Span::seconds(5))), failed);
    keyed(&mut world, "another");
    assert_eq!(known(&world, "k"), Stands::Ended(id, failed));
}

#[test]
fn a_read_that_is_too_late_does_not_give_a_command_twice() {
    let mut world = ended(RecordState::Succeeded(attempt(1)));
    let before = world.cluster().tags.clone();
    let given = keyed(&mut world, "k");
    world.history.written.command = Some((given, world.observed.at));
    world.cluster().tags = before;
    assert_eq!(known(&world, "k"), Stands::Pending);
    assert!(command(&world.input(), None, &wish("another")).is_err());
}

#[test]
fn the_audit_asks_for_the_word_about_this_rollout_and_this_attempt() {
    let mut world = ended(RecordState::Succeeded(attempt(1)));
    world.command(Want::Run).unwrap();
    world.pass(Span::seconds(20));
    let plan = world.plan();
    assert!(audit(plan.clone(), &world.input()).is_ok());
    let mut skipping = plan.clone();
    for step in &mut skipping.steps {
        if let Action::Record(record) = &mut step.action {
            record.state = RecordState::Launching(3);
        }
    }
    assert!(audit(skipping, &world.input()).is_err());
    let mut early = world.clone();
    let mut old = early.new_tasks("indexer")[0].clone();
    old.started_by = "ecs-svc/older".into();
    old.arn = TaskArn::told("arn:task/old");
    early.tasks().push(old);
    assert!(audit(plan.clone(), &early.input()).is_err());
    world.about_another_rollout();
    assert!(audit(plan, &world.input()).is_err());
}

#[test]
fn the_audit_lets_no_run_follow_an_attempt_of_which_nobody_knows() {
    let mut world = ended(RecordState::Succeeded(attempt(1)));
    world.command(Want::Run).unwrap();
    world.pass(Span::seconds(20));
    let plan = world.plan();
    world.set_state(RecordState::Unknown(Lost { attempt: 1, task: None }));
    assert!(audit(plan.clone(), &world.input()).is_err());
    world.set_state(RecordState::Succeeded(attempt(2)));
    assert!(audit(plan, &world.input()).is_err());
}
