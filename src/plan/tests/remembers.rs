//! What a process remembers from pass to pass: its own writes, what it saw alive, what its updates made.

use super::fixture::{DEPLOYED, START, World};
use super::holds;
use crate::model::command::{Command, Order};
use crate::model::ids::{DeploymentId, RequestId, RowName, ServiceArn, ServiceDeploymentArn, TaskArn};
use crate::model::observed::{DesiredStatus, TaskStatus};
use crate::model::rollout::{Change, Counted, Durable, Record, RecordState, Request, RolloutId};
use crate::model::time::{Span, Timestamp};
use crate::model::withdrawal::Withdrawal;
use crate::plan::history::{Ending, History, Made, Watched, Written, shown};

const LAG: Span = Span::minutes(5);

fn second(number: i64) -> Timestamp {
    START.plus(Span::seconds(number))
}

fn record(state: RecordState, since: i64) -> Record {
    let since = second(since);
    Record {
        id: RolloutId::told("0123456789abcdef"),
        base: DEPLOYED,
        frontier: START,
        state,
        since,
        request: None,
        own: false,
        undone: None,
        rows: None,
    }
}

fn request(name: &str, at: i64) -> Request {
    Request {
        id: RequestId::told(name),
        after: DEPLOYED,
        at: second(at),
        before: Vec::new(),
        also: 0,
        by: None,
        reason: None,
    }
}

fn change(at: i64) -> Change {
    Change { after: DEPLOYED, at: second(at), rows: [RowName::told("indexer")].into() }
}

fn command(order: Order, at: i64) -> Command {
    Command {
        rollout: RolloutId::told("0123456789abcdef"),
        base: None,
        order,
        at: second(at),
        id: None,
        by: None,
        reason: None,
    }
}

fn withdrawal(request: &str, at: i64) -> Withdrawal {
    Withdrawal {
        request: RequestId::told(request),
        before: Vec::new(),
        at: second(at),
        id: None,
        by: None,
        reason: None,
    }
}

/// Whether a process that wrote these facts at second 10 takes this read for an older one, at once and 5 minutes later.
#[track_caller]
fn stale(written: &Written, read: &Durable) -> bool {
    let at_last = second(10).plus(LAG);
    assert!(!written.is_ahead_of(read, at_last), "nothing lags by so much: {read:?}");
    let earlier = written.is_ahead_of(read, at_last.plus(Span::from_millis(-1)));
    assert_eq!(earlier, written.is_ahead_of(read, second(10)));
    earlier
}

#[test]
fn a_record_from_before_our_own_is_an_old_read() {
    let ours = record(RecordState::Launching(1), 10);
    let written = Written { record: Some((ours.clone(), second(10))), ..Written::default() };
    let read = |record| Durable { record, ..Durable::default() };
    assert!(stale(&written, &read(None)));
    assert!(stale(&written, &read(Some(record(RecordState::Open, 9)))));
    assert!(stale(&written, &read(Some(record(RecordState::Open, 10)))), "of the same moment, and not ours");
    assert!(!stale(&written, &read(Some(ours))));
    assert!(!stale(&written, &read(Some(record(RecordState::Open, 11)))));
}

#[test]
fn a_record_of_which_not_all_fits_its_tag_is_read_back_as_our_own() {
    let rows = (0..60).map(|number| RowName::told(format!("row-{number}"))).collect::<Vec<_>>();
    let ours = Record { rows: Some(Counted::of(&rows)), ..record(RecordState::Open, 10) };
    let read = Record::parse(&ours.tag()).expect("a record");
    assert_ne!(read, ours, "sixty rows do not fit");
    let written = Written { record: Some((ours, second(10))), ..Written::default() };
    assert!(!stale(&written, &Durable { record: Some(read), ..Durable::default() }));
}

#[test]
fn a_change_from_before_our_own_is_an_old_read() {
    let written = Written { change: Some((change(10), second(10))), ..Written::default() };
    let read = |change| Durable { change, ..Durable::default() };
    assert!(stale(&written, &read(None)));
    assert!(stale(&written, &read(Some(change(9)))));
    assert!(!stale(&written, &read(Some(change(10)))));
    assert!(!stale(&written, &read(Some(change(11)))));
}

#[test]
fn a_request_from_before_our_own_is_an_old_read() {
    let written = Written { request: Some((request("ours", 10), second(10))), ..Written::default() };
    let read = |request| Durable { request, ..Durable::default() };
    assert!(stale(&written, &read(None)));
    assert!(stale(&written, &read(Some(request("theirs", 9)))));
    assert!(stale(&written, &read(Some(request("theirs", 10)))), "of the same moment, and not ours");
    assert!(!stale(&written, &read(Some(request("ours", 10)))));
    assert!(!stale(&written, &read(Some(request("theirs", 11)))));
}

#[test]
fn a_command_from_before_our_own_is_an_old_read() {
    let written = Written { command: Some((command(Order::Abort, 10), second(10))), ..Written::default() };
    let read = |command| Durable { command, ..Durable::default() };
    assert!(stale(&written, &read(None)));
    assert!(stale(&written, &read(Some(command(Order::Retry(1), 9)))));
    assert!(stale(&written, &read(Some(command(Order::Retry(1), 10)))), "of the same moment, and not ours");
    assert!(!stale(&written, &read(Some(command(Order::Abort, 10)))));
    assert!(!stale(&written, &read(Some(command(Order::Retry(1), 11)))));
}

#[test]
fn a_withdrawal_from_before_our_own_is_an_old_read() {
    let written = Written { withdrawn: Some((withdrawal("ours", 10), second(10))), ..Written::default() };
    let read = |withdrawn| Durable { withdrawn, ..Durable::default() };
    assert!(stale(&written, &read(None)));
    assert!(stale(&written, &read(Some(withdrawal("theirs", 9)))));
    assert!(stale(&written, &read(Some(withdrawal("theirs", 10)))), "of the same moment, and not ours");
    assert!(!stale(&written, &read(Some(withdrawal("ours", 10)))));
    assert!(!stale(&written, &read(Some(withdrawal("theirs", 11)))));
}

#[test]
fn a_process_that_wrote_nothing_believes_what_it_reads() {
    assert!(!stale(&Written::default(), &Durable::default()));
}

/// Which record is known after both: `ours` and `theirs` are written at these seconds.
fn learnt(ours: Option<i64>, theirs: Option<i64>) -> Option<RecordState> {
    let of = |at: Option<i64>, state: RecordState| Written {
        record: at.map(|at| (record(state, at), second(at))),
        ..Written::default()
    };
    let mut written = of(ours, RecordState::Open);
    written.learn(of(theirs, RecordState::Skipped));
    written.record.map(|(record, _)| record.state)
}

#[test]
fn of_what_a_pass_wrote_and_what_was_written_beside_it_the_newer_counts() {
    assert_eq!(learnt(None, Some(10)), Some(RecordState::Skipped));
    assert_eq!(learnt(Some(10), None), Some(RecordState::Open));
    assert_eq!(learnt(Some(10), Some(11)), Some(RecordState::Skipped));
    assert_eq!(learnt(Some(11), Some(10)), Some(RecordState::Open));
    assert_eq!(learnt(Some(10), Some(10)), Some(RecordState::Skipped), "within a millisecond, what is heard of later");
}

#[test]
fn every_fact_that_was_written_beside_the_passes_is_learnt() {
    let theirs = Written {
        record: Some((record(RecordState::Open, 10), second(10))),
        change: Some((change(10), second(10))),
        request: Some((request("theirs", 10), second(10))),
        command: Some((command(Order::Abort, 10), second(10))),
        withdrawn: Some((withdrawal("theirs", 10), second(10))),
    };
    let shown = Durable {
        record: Some(record(RecordState::Open, 10)),
        change: Some(change(10)),
        request: Some(request("theirs", 10)),
        command: Some(command(Order::Abort, 10)),
        withdrawn: Some(withdrawal("theirs", 10)),
        ..Durable::default()
    };
    let mut written = Written::default();
    written.learn(theirs);
    assert!(!stale(&written, &shown));
    assert!(stale(&written, &Durable { record: None, ..shown.clone() }));
    assert!(stale(&written, &Durable { change: None, ..shown.clone() }));
    assert!(stale(&written, &Durable { request: None, ..shown.clone() }));
    assert!(stale(&written, &Durable { command: None, ..shown.clone() }));
    assert!(stale(&written, &Durable { withdrawn: None, ..shown }));
}

#[test]
fn nothing_follows_from_a_look_that_is_older_than_our_own_record() {
    let mut world = World::clear();
    let launching = Record { state: RecordState::Launching(1), since: world.observed.at, ..world.record() };
    world.history.written.record = Some((launching, world.observed.at));
    let plan = world.plan();
    assert_eq!((plan.steps, holds(&world.plan())), (vec![], vec!["Stale"]));
}

/// What is remembered after one pass over the world.
fn after(world: &World) -> History {
    world.history.clone().after(&world.observed, &world.plan())
}

#[test]
fn service_tasks_are_watched_while_they_are_short_of_stopped() {
    let mut world = World::launching();
    world.pass(Span::seconds(2));
    world.history = History::default();
    for (task, (status, desired)) in world.tasks().iter_mut().filter(|task| task.is_alive()).zip([
        (TaskStatus::Starting, DesiredStatus::Running),
        (TaskStatus::Running, DesiredStatus::Running),
        (TaskStatus::Running, DesiredStatus::Stopped),
        (TaskStatus::Stopping, DesiredStatus::Stopped),
        (TaskStatus::Stopped, DesiredStatus::Stopped),
    ]) {
        (task.status, task.desired) = (status, desired);
    }
    let history = after(&world);
    let endings: Vec<Ending> = history.watched.values().map(|watched| watched.ending).collect();
    assert_eq!(endings, [Ending::No, Ending::No, Ending::Yes, Ending::Yes]);
    assert!(history.watched.values().all(|watched| watched.at == world.observed.at));
    let alive = history.watched.keys().next().unwrap().clone();
    world.history = history;
    for task in world.tasks().iter_mut().filter(|task| task.arn == alive) {
        task.status = TaskStatus::Stopped;
    }
    assert!(!after(&world).watched.contains_key(&alive), "one that is seen STOPPED is over");
}

#[test]
fn a_task_that_is_not_listed_any_more_is_remembered_for_an_hour() {
    let mut world = World::settled();
    let arn = TaskArn::told("arn:task/lost");
    let (started_by, at) = (DeploymentId::told("ecs-svc/older"), world.observed.at);
    let group = world.service("portal").task_group().into();
    world.history.watched.insert(arn.clone(), Watched { started_by, group, row: None, at, ending: Ending::No });
    world.observed.at = at.plus(Span::from_millis(3_599_999));
    assert!(after(&world).watched.contains_key(&arn));
    world.observed.at = at.plus(Span::minutes(60));
    assert!(!after(&world).watched.contains_key(&arn));
}

#[test]
fn what_our_updates_made_is_remembered_for_as_long_as_reads_may_lag() {
    let mut world = World::settled();
    let (service, created_at) = (world.service("indexer").arn.clone(), world.observed.at);
    world.history.made.insert(service, Made { deployment: DeploymentId::told("ecs-svc/next"), created_at });
    world.observed.at = created_at.plus(LAG).plus(Span::from_millis(-1));
    assert_eq!(after(&world).made.len(), 1);
    world.observed.at = created_at.plus(LAG);
    assert_eq!(after(&world).made.len(), 0);
}

#[test]
fn what_aws_would_not_take_back_is_remembered_for_a_minute() {
    let mut world = World::settled();
    let (refused, at) = (ServiceDeploymentArn::told("arn:service-deployment/indexer"), world.observed.at);
    world.history.kept.insert(refused.clone(), at);
    world.observed.at = at.plus(Span::from_millis(59_999));
    assert_eq!(after(&world).kept, [(refused, at)].into());
    world.observed.at = at.plus(Span::minutes(1));
    assert_eq!(after(&world).kept.len(), 0);
}

#[test]
fn what_our_update_made_is_shown_by_itself_or_by_what_came_after_it() {
    let mut world = World::settled();
    let service = world.service("indexer").arn.clone();
    let primary = world.service("indexer").deployments[0].clone();
    let shows = |deployment: &str, created_at, service: &ServiceArn| {
        shown(&world.observed, service, &Made { deployment: DeploymentId::told(deployment), created_at })
    };
    let later = primary.created_at.plus(Span::seconds(1));
    assert!(shows(primary.id.as_str(), later, &service), "the clocks of two reads may differ");
    assert!(shows("ecs-svc/replaced", primary.created_at, &service));
    assert!(!shows("ecs-svc/next", later, &service));
    assert!(!shows(primary.id.as_str(), later, &ServiceArn::told("arn:service/another")));
}

#[test]
fn a_gate_that_is_clear_for_another_rollout_begins_to_settle_anew() {
    let mut world = World::clear();
    let (id, since) = world.history.clear.clone().expect("a clear gate");
    assert_eq!(after(&world).clear, Some((id.clone(), since)));
    world.kick_all();
    let (next, then) = after(&world).clear.expect("a clear gate");
    assert_ne!(next, id);
    assert_eq!(then, world.observed.at);
}

#[test]
fn a_gate_is_clear_since_the_end_of_the_look_that_showed_it() {
    let mut world = World::clear();
    world.history.clear = None;
    world.observed.until = world.observed.at.plus(Span::seconds(12));
    let (_, since) = after(&world).clear.expect("a clear gate");
    assert_eq!(since, world.observed.until, "a slow look may have seen a stop of its last second");
}
