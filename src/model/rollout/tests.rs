//! Claims about the durable facts: they fit their tags, and they read back.

use std::collections::BTreeSet;

use super::{Attempt, Change, Counted, Failure, Lost, Record, RecordState, RolloutId};
use crate::model::ids::{ClusterArn, DeploymentId, RequestId, RowName, TableName};
use crate::model::tags::LONGEST;
use crate::model::time::Timestamp;

fn id(deployment: &str) -> RolloutId {
    let row = RowName::told("portal");
    let deployment = DeploymentId::told(deployment);
    RolloutId::of(&TableName::told("cgap"), &ClusterArn::told("arn"), [(&row, &deployment)])
}

fn names(count: usize) -> Vec<RowName> {
    (0..count).map(|number| RowName::told(format!("row-{number}"))).collect()
}

#[track_caller]
fn reads_back(state: RecordState) {
    let moment = Timestamp::from_millis(9_999_999_999_999);
    let request = Some(RequestId::told("0123456789abcdef"));
    let record = Record {
        id: id("ecs-svc/1"),
        base: moment,
        frontier: moment,
        state,
        since: moment,
        request,
        own: true,
        undone: Some(moment),
        rows: Some(Counted::of(&names(8))),
    };
    let tag = record.tag();
    assert!(tag.len() <= LONGEST, "{} characters", tag.len());
    assert_eq!(Record::parse(&tag), Some(record), "{tag}");
}

#[test]
fn every_state_fits_a_tag_and_reads_back() {
    let attempt = Attempt { number: 10, task: "f".repeat(32) };
    reads_back(RecordState::Baseline);
    reads_back(RecordState::Open);
    reads_back(RecordState::Launching(1));
    reads_back(RecordState::Launched(attempt.clone()));
    reads_back(RecordState::Succeeded(attempt.clone()));
    reads_back(RecordState::Failed(Failure::Row(RowName::told("p".repeat(24)))));
    reads_back(RecordState::Failed(Failure::Task { attempt: attempt.clone(), exit: Some(137) }));
    reads_back(RecordState::Failed(Failure::Task { attempt: attempt.clone(), exit: None }));
    reads_back(RecordState::Failed(Failure::Log { attempt }));
    reads_back(RecordState::Failed(Failure::Start(3)));
    reads_back(RecordState::Failed(Failure::Refused(3)));
    reads_back(RecordState::Unknown(Lost { attempt: 2, task: None }));
    reads_back(RecordState::Unknown(Lost { attempt: 2, task: Some("f".repeat(32)) }));
    reads_back(RecordState::Resolved(2));
    reads_back(RecordState::Failed(Failure::Told(2)));
    reads_back(RecordState::Failed(Failure::Aborted));
    reads_back(RecordState::Skipped);
}

#[test]
fn a_record_of_more_rows_than_fit_does_not_say_which() {
    let moment = Timestamp::from_millis(9_999_999_999_999);
    let (id, state, request) = (id("ecs-svc/1"), RecordState::Open, None);
    let record = |rows| Record {
        id: id.clone(),
        base: moment,
        frontier: moment,
        state: state.clone(),
        since: moment,
        request: request.clone(),
        own: false,
        undone: None,
        rows,
    };
    let (few, many) = (Counted::of(&names(12)), Counted::of(&names(60)));
    assert_eq!(Record::parse(&record(Some(few.clone())).tag()), Some(record(Some(few.clone()))));
    assert_eq!(Record::parse(&record(Some(many)).tag()), Some(record(None)));
    assert_eq!(names(13).iter().map(|row| few.has(row)).collect::<Vec<_>>(), [vec![true; 12], vec![false]].concat());
    let both = Counted::of(&names(2)).and(&Counted::of([&RowName::told("more")]));
    assert_eq!(both, Counted::of(names(2).iter().chain([&RowName::told("more")])));
    let tag = record(Some(few)).tag();
    assert_eq!(Record::parse(&format!("{tag}a")), None, "half a row");
    assert_eq!(Record::parse(&format!("{tag}zzzz")), None);
}

#[test]
fn does_not_read_what_it_did_not_write() {
    assert_eq!(Record::parse("state=paused id=1 base=0 frontier=0 since=0"), None);
    assert_eq!(Record::parse(""), None);
}

#[test]
fn the_same_facts_give_the_same_id_and_token() {
    assert_eq!(id("ecs-svc/1"), id("ecs-svc/1"));
    assert_ne!(id("ecs-svc/1"), id("ecs-svc/2"));
    assert_eq!(id("ecs-svc/1").client_token(1).len(), 64);
    assert_ne!(id("ecs-svc/1").client_token(1), id("ecs-svc/1").client_token(2));
}

#[test]
fn a_long_change_still_fits_and_covers_every_row() {
    let rows: BTreeSet<_> = (0..40).map(|n| RowName::told(format!("a-rather-long-row-{n}"))).collect();
    let change = Change { after: Timestamp::from_millis(1), at: Timestamp::from_millis(2), rows };
    assert!(change.tag().len() <= LONGEST);
    assert!(Change::parse(&change.tag()).unwrap().covers(&RowName::told("a-rather-long-row-7")));
}
