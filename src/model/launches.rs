//! What a launch came to, kept where a late write of the record does not reach it.
//!
//! The last write of a tag wins, and a process that looked a while ago may write `open` over a launch. So each write of
//! the record that begins a launch or follows from one goes to a second tag too, and a process that does not know of the
//! launch never writes there. Two such tags take turns, so that a late word about one rollout does not reach the next
//! one's. Says which fact counts; when anything is written is not decided here.

use super::rollout::{Record, RecordState};

/// The launches that a cluster carries: this rollout's and the one's before, in no order.
pub type Launches = [Option<Record>; 2];

/// The record that counts: the tag's own, unless a launch knows more.
pub fn known(record: Option<Record>, launches: &Launches) -> Option<Record> {
    launches.iter().flatten().fold(record, |record, launch| match record {
        Some(record) if is_behind(&record, launch) => Some(launch.clone()),
        Some(record) => Some(record),
        // Somebody removed it, and is to have the baseline that follows.
        None => None,
    })
}

/// Which of the two tags the next record is written to as well, if it is of a launch. `before` is the record that counts.
pub fn place(before: Option<&Record>, next: &Record, launches: &Launches) -> Option<usize> {
    let in_hand = |record: &Record| matches!(record.state, RecordState::Launching(_) | RecordState::Launched(_));
    if !in_hand(next) && !before.is_some_and(in_hand) {
        return None;
    }
    let own = launches.iter().position(|launch| launch.as_ref().is_some_and(|launch| launch.id == next.id));
    let [first, second] = launches.each_ref().map(|launch| launch.as_ref().map(|launch| launch.frontier));
    Some(own.unwrap_or(usize::from(first > second)))
}

/// Whether a record says less than a launch: an older rollout, or that a rollout waits for its gate which has passed it.
fn is_behind(record: &Record, launch: &Record) -> bool {
    let waits = |record: &Record| record.state == RecordState::Open;
    launch.frontier > record.frontier || (launch.frontier == record.frontier && waits(record) && !waits(launch))
}

#[cfg(test)]
mod tests {
    use super::{known, place};
    use crate::model::ids::{ClusterArn, DeploymentId, RowName, TableName};
    use crate::model::rollout::{Attempt, Record, RecordState, RolloutId};
    use crate::model::time::Timestamp;

    fn record(kick: i64, state: RecordState) -> Record {
        let (row, deployment) = (RowName::told("portal"), DeploymentId::told(format!("ecs-svc/{kick}")));
        let id = RolloutId::of(&TableName::told("cgap"), &ClusterArn::told("arn"), [(&row, &deployment)]);
        let moment = Timestamp::from_millis;
        Record { id, base: moment(0), frontier: moment(kick), state, since: moment(kick), request: None }
    }

    fn succeeded(kick: i64) -> Record {
        record(kick, RecordState::Succeeded(Attempt { number: 1, task: "cafe".to_owned() }))
    }

    #[test]
    fn a_launch_outlives_a_late_word_that_its_rollout_is_open() {
        let launch = record(5, RecordState::Launching(1));
        let late = record(5, RecordState::Open);
        assert_eq!(known(Some(late), &[Some(launch.clone()), None]), Some(launch));
    }

    #[test]
    fn an_outcome_outlives_a_late_word_about_the_rollout_before() {
        let late = succeeded(3);
        assert_eq!(known(Some(late), &[None, Some(succeeded(5))]), Some(succeeded(5)));
    }

    #[test]
    fn a_newer_rollout_is_not_held_back_by_the_launch_before() {
        let open = record(7, RecordState::Open);
        assert_eq!(known(Some(open.clone()), &[Some(succeeded(5)), None]), Some(open));
    }

    #[test]
    fn a_record_that_was_removed_is_not_brought_back() {
        assert_eq!(known(None, &[Some(succeeded(5)), None]), None);
    }

    #[test]
    fn the_next_launch_takes_the_place_of_the_one_before_the_last() {
        let launches = [Some(succeeded(3)), Some(succeeded(5))];
        let next = record(7, RecordState::Launching(1));
        assert_eq!(place(Some(&record(7, RecordState::Open)), &next, &launches), Some(0));
        assert_eq!(place(Some(&record(5, RecordState::Launching(1))), &succeeded(5), &launches), Some(1));
    }

    #[test]
    fn what_no_launch_knows_of_is_written_in_one_place() {
        let next = record(7, RecordState::Open);
        assert_eq!(place(Some(&succeeded(5)), &next, &[Some(succeeded(5)), None]), None);
    }
}
