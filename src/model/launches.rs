//! What a launch came to, kept where a late write of the record does not reach it.
//!
//! The last write of a tag wins, and a process that looked a while ago may write `open` over a launch. So each write of
//! the record that begins a launch or follows from one goes to a second tag too, and a process that does not know of the
//! launch never writes there. Two such tags take turns, so that a late word about one launch does not reach the next
//! one's: of the next rollout, or of the same where a person said retry. An intent that arrives after its attempt has ended
//! reaches both tags; the history of the rollouts that ended (`past`) is where it does not.
//! Says which fact counts; when anything is written is not decided here.

use std::cmp::Ordering;

use super::past::Past;
use super::rollout::{Failure, Record, RecordState};
use super::time::Span;

/// How far an attempt's end may lie before a late word that it is about to begin: the look behind that word may show what
/// was true five minutes before. Shorter would miss such a word. Longer would take a task that a person runs after he removed
/// the record, and that has the attempt of then, for the one of then.
const LATE: Span = Span::minutes(5);

/// The launches that a cluster carries: the newest and the one before, in no order.
pub type Launches = [Option<Record>; 2];

/// The record that counts: the tag's own, unless a launch knows more.
pub fn known(record: Option<Record>, launches: &Launches) -> Option<Record> {
    // Without one, somebody removed it, and is to have the baseline that follows.
    let record = record?;
    let newest = launches.iter().flatten().max_by(|one, other| order(one, other));
    Some(newest.filter(|launch| is_behind(&record, launch)).cloned().unwrap_or(record))
}

/// The same, unless it is the intent of an attempt that has ended, or an open rollout that was aborted: whoever wrote it last
/// did not know, and nothing is to be launched by it, nor taken back with it.
pub fn unless_ended(record: Record, ends: impl IntoIterator<Item = Past>) -> Record {
    let attempt = match record.state {
        RecordState::Launching(attempt) => Some(attempt),
        // A rollout that comes after an abort has other deployments, and so another id.
        RecordState::Open => None,
        RecordState::Baseline
        | RecordState::Launched(_)
        | RecordState::Succeeded(_)
        | RecordState::Failed(_)
        | RecordState::Unknown(_)
        | RecordState::Resolved(_)
        | RecordState::Skipped => return record,
    };
    let has_ended = |past: &Past| match attempt {
        // After an abort nothing of the rollout is launched any more, nor after ECS undid a row of it.
        Some(attempt) => {
            let ended = past.state.attempt().is_some_and(|ended| ended >= attempt);
            ended || is_aborted(past) || past.failed_row().is_some()
        }
        None => is_aborted(past),
    };
    let is_over = |past: &Past| past.rollout == record.id && has_ended(past) && record.since.since(past.at) < LATE;
    let newest = ends.into_iter().filter(is_over).max_by_key(|past| (past.state.attempt(), past.at));
    newest.map(|past| Record { state: past.state, since: past.at, ..record.clone() }).unwrap_or(record)
}

fn is_aborted(past: &Past) -> bool {
    past.state == RecordState::Failed(Failure::Aborted)
}

/// Which of the two tags the next record is written to as well, if it is of a launch. `before` is the record that counts.
pub fn place(before: Option<&Record>, next: &Record, launches: &Launches) -> Option<usize> {
    let in_hand = |record: &Record| matches!(record.state, RecordState::Launching(_) | RecordState::Launched(_));
    if !in_hand(next) && !before.is_some_and(in_hand) {
        return None;
    }
    // Attempts that follow each other by themselves are one launch; one that a person asks for is another.
    let follows = before.filter(|before| in_hand(before)).unwrap_or(next);
    let is_own = |launch: &Record| {
        launch.id == next.id && launch.state.attempt().is_none_or(|attempt| Some(attempt) == follows.state.attempt())
    };
    let place = |is: &dyn Fn(&Record) -> bool| launches.iter().position(|launch| launch.as_ref().is_some_and(is));
    // A launch that was lost has been waited for. Should it stand there again, it came after this one's.
    let is_lost = |launch: &Record| launch.id != next.id && matches!(launch.state, RecordState::Launching(_));
    let older = match launches {
        [Some(first), Some(second)] => usize::from(order(first, second) == Ordering::Greater),
        [first, _] => usize::from(first.is_some()),
    };
    Some(place(&is_own).or_else(|| place(&is_lost)).unwrap_or(older))
}

/// Which of two launches is the newer: a late word about an attempt says nothing of the next.
fn order(one: &Record, other: &Record) -> Ordering {
    let attempts = one.state.attempt().zip(other.state.attempt()).map(|(one, other)| one.cmp(&other));
    let same = || attempts.unwrap_or_else(|| one.since.cmp(&other.since));
    one.frontier.cmp(&other.frontier).then_with(same)
}

/// Whether a record says less than a launch: an older rollout, that a rollout waits for its gate which has passed it, or
/// an attempt that was followed by another.
fn is_behind(record: &Record, launch: &Record) -> bool {
    // A baseline that somebody has written anew, because he removed the record, has another base than a rollout's launch;
    // only a launch that a person asked for has its own.
    let waits = |record: &Record| match record.state {
        RecordState::Open | RecordState::Skipped => true,
        RecordState::Baseline => launch.base == record.base || launch.base == record.frontier,
        RecordState::Launching(_)
        | RecordState::Launched(_)
        | RecordState::Succeeded(_)
        | RecordState::Failed(_)
        | RecordState::Unknown(_)
        | RecordState::Resolved(_) => false,
    };
    let earlier = record.state.attempt().zip(launch.state.attempt()).is_some_and(|(before, attempt)| before < attempt);
    let less = (waits(record) && !waits(launch)) || earlier;
    // A row that is added moves the frontier of a record, and its id stays.
    let same = launch.frontier == record.frontier || launch.id == record.id;
    launch.frontier > record.frontier || (same && less)
}

#[cfg(test)]
mod tests {
    use super::{LATE, known, place, unless_ended};
    use crate::model::ids::{ClusterArn, DeploymentId, RowName, TableName};
    use crate::model::past::{Origin, Past};
    use crate::model::rollout::{Attempt, Failure, Record, RecordState, RolloutId};
    use crate::model::time::Timestamp;

    fn record(kick: i64, state: RecordState) -> Record {
        let (row, deployment) = (RowName::told("portal"), DeploymentId::told(format!("ecs-svc/{kick}")));
        let id = RolloutId::of(&TableName::told("cgap"), &ClusterArn::told("arn"), [(&row, &deployment)]);
        let moment = Timestamp::from_millis;
        Record {
            id,
            base: moment(0),
            frontier: moment(kick),
            state,
            since: moment(kick),
            request: None,
            own: false,
            undone: None,
            rows: None,
        }
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
    fn the_next_launch_takes_the_place_of_one_that_was_lost() {
        let lost = record(5, RecordState::Launching(1));
        let next = record(7, RecordState::Launching(1));
        for launches in [[Some(succeeded(3)), Some(lost.clone())], [None, Some(lost.clone())]] {
            assert_eq!(place(Some(&record(7, RecordState::Open)), &next, &launches), Some(1));
        }
        assert_eq!(
            place(Some(&record(5, RecordState::Open)), &lost, &[Some(succeeded(3)), Some(lost.clone())]),
            Some(1)
        );
    }

    #[test]
    fn a_retry_outlives_a_late_word_that_the_attempt_before_it_failed() {
        let attempt = |number| Attempt { number, task: "cafe".to_owned() };
        let failed = record(5, RecordState::Failed(Failure::Task { attempt: attempt(1), exit: Some(3) }));
        let again = record(5, RecordState::Launching(2));
        let launches = [Some(succeeded(3)), Some(failed.clone())];
        assert_eq!(place(Some(&failed), &again, &launches), Some(0));
        let launches = [Some(again.clone()), Some(failed.clone())];
        assert_eq!(place(Some(&again), &record(5, RecordState::Launched(attempt(2))), &launches), Some(0));
        assert_eq!(place(Some(&again), &record(5, RecordState::Launching(3)), &launches), Some(0));
        assert_eq!(known(Some(failed), &launches), Some(again));
    }

    #[test]
    fn a_retry_that_was_taken_back_is_not_taken_for_the_attempt_before_it() {
        let failed = record(5, RecordState::Failed(Failure::Start(1)));
        let open = Record { since: Timestamp::from_millis(9), ..record(5, RecordState::Open) };
        assert_eq!(known(Some(open.clone()), &[Some(failed), Some(open.clone())]), Some(open));
    }

    #[test]
    fn a_run_outlives_a_late_word_that_there_was_none() {
        for before in [RecordState::Baseline, RecordState::Skipped] {
            let late = record(5, before);
            for state in [RecordState::Launching(1), RecordState::Succeeded(Attempt { number: 1, task: "cafe".into() })]
            {
                let launch = Record { base: late.base, ..record(5, state) };
                assert_eq!(known(Some(late.clone()), &[Some(launch.clone()), None]), Some(launch));
            }
        }
    }

    #[test]
    fn a_baseline_that_was_written_anew_is_not_taken_for_a_late_word() {
        let anew = Record { base: Timestamp::from_millis(5), ..record(5, RecordState::Baseline) };
        assert_eq!(known(Some(anew.clone()), &[Some(succeeded(5)), None]), Some(anew));
    }

    fn ended(id: &RolloutId, state: RecordState, at: i64) -> Past {
        let at = Timestamp::from_millis(at);
        let (digests, command, by, reason) = (Vec::new(), None, None, None);
        Past { rollout: id.clone(), at, state, origin: Origin::Kick, digests, command, by, reason }
    }

    #[test]
    fn the_intent_of_an_attempt_that_has_ended_is_its_end_as_it_was_written_down() {
        let intent = record(5, RecordState::Launching(1));
        let failed = |number| RecordState::Failed(Failure::Start(number));
        let end = Record { state: failed(1), since: Timestamp::from_millis(7), ..intent.clone() };
        let known = |ends: &[Past]| unless_ended(intent.clone(), ends.iter().cloned());
        assert_eq!(known(&[ended(&intent.id, failed(1), 7)]), end);
        assert_eq!(known(&[ended(&intent.id, failed(1), 7), ended(&intent.id, failed(1), 6)]), end, "the newest");
        assert_eq!(known(&[ended(&record(6, failed(1)).id, failed(1), 7)]), intent, "another rollout's");
        let next = Record { state: RecordState::Launching(2), ..intent.clone() };
        assert_eq!(unless_ended(next.clone(), [ended(&intent.id, failed(1), 7)]), next);
        let open = record(5, RecordState::Open);
        assert_eq!(unless_ended(open.clone(), [ended(&intent.id, failed(1), 7)]), open);
    }

    #[test]
    fn an_open_rollout_that_was_aborted_is_its_end_and_another_is_not() {
        let aborted = || RecordState::Failed(Failure::Aborted);
        let open = record(5, RecordState::Open);
        let end = Record { state: aborted(), since: Timestamp::from_millis(7), ..open.clone() };
        assert_eq!(unless_ended(open.clone(), [ended(&open.id, aborted(), 7)]), end);
        assert_eq!(unless_ended(open.clone(), [ended(&record(6, aborted()).id, aborted(), 7)]), open);
        let launched = record(5, RecordState::Launched(Attempt { number: 1, task: "cafe".to_owned() }));
        assert_eq!(unless_ended(launched.clone(), [ended(&open.id, aborted(), 7)]), launched);
    }

    #[test]
    fn the_intent_of_a_rollout_that_was_aborted_is_that_end() {
        let intent = record(5, RecordState::Launching(1));
        let aborted = RecordState::Failed(Failure::Aborted);
        let end = Record { state: aborted.clone(), since: Timestamp::from_millis(7), ..intent.clone() };
        assert_eq!(unless_ended(intent.clone(), [ended(&intent.id, aborted.clone(), 7)]), end);
        assert_eq!(unless_ended(intent.clone(), [ended(&record(6, aborted.clone()).id, aborted, 7)]), intent);
    }

    #[test]
    fn an_end_from_five_minutes_before_is_of_an_attempt_before() {
        let at = |since: i64| Record { since: Timestamp::from_millis(since), ..record(5, RecordState::Launching(1)) };
        let end = ended(&at(0).id, RecordState::Failed(Failure::Start(1)), 1_000);
        let late = LATE.millis() + 1_000;
        assert_eq!(unless_ended(at(late), [end.clone()]), at(late));
        assert_ne!(unless_ended(at(late - 1), [end]), at(late - 1));
    }

    #[test]
    fn what_no_launch_knows_of_is_written_in_one_place() {
        let next = record(7, RecordState::Open);
        assert_eq!(place(Some(&succeeded(5)), &next, &[Some(succeeded(5)), None]), None);
    }
}
