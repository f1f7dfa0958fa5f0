//! What a process that keeps looking saw happen, where AWS keeps no time of it: health, targets, the gate, phases.
//!
//! For people only: nothing is decided by it, and a process that starts anew knows less. A change counts as seen only
//! between two looks; what was already so at the first look has no time, and is left out rather than guessed.

use std::collections::BTreeMap;

use crate::model::ids::{RowName, TaskArn};
use crate::model::observed::TaskView;
use crate::model::rollout::{Record, RecordState};
use crate::model::time::Timestamp;
use crate::plan::gate::{Gate, Holding};
use crate::plan::rollout::Phase;

use super::subject::Subject;
use super::task_state::{TaskState, state_of};
use super::timeline;

/// What was seen of one table, from look to look. Empty before the first.
#[derive(Clone, Debug, Default)]
pub struct Witness {
    /// When the newest look began.
    at: Option<Timestamp>,
    /// The base of the rollout that the conditions below are about.
    rollout: Option<Timestamp>,
    /// When its rows were kicked: AWS does not tell it any more of a deployment that was taken back.
    kicks: BTreeMap<RowName, Timestamp>,
    phase: Option<(Phase, Option<Timestamp>)>,
    healthy: Followed,
    targets_gone: Followed,
    clear: Followed,
    tasks: BTreeMap<TaskArn, (TaskState, Option<Timestamp>)>,
}

/// Something that was not so and may have become so while somebody looked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Followed {
    /// Nobody has looked yet.
    #[default]
    Unseen,
    /// It was already so when it was first looked at.
    Already,
    /// It is not so.
    NotYet,
    /// A look showed it for the first time then.
    Since(Timestamp),
}

impl Witness {
    /// Takes in a look. One that is left out only makes times later; one that is older than another is not taken in.
    pub fn look(&mut self, subject: &Subject<'_>) {
        let (at, report) = (subject.observed.at, &subject.plan.rollout);
        if self.at.is_some_and(|newest| at < newest) {
            return;
        }
        self.at = Some(at);
        let since = match self.phase {
            Some((before, since)) if before == report.phase => since,
            Some(_) => Some(at),
            None => None,
        };
        self.phase = Some((report.phase, since));
        let rollout = timeline::base(subject);
        if rollout != self.rollout {
            // Conditions of another rollout say nothing of this one; that it was begun just now was seen, though.
            let fresh = if self.rollout.is_some() { Followed::NotYet } else { Followed::Unseen };
            (self.healthy, self.targets_gone, self.clear) = (fresh, fresh, fresh);
            self.rollout = rollout;
            self.kicks.clear();
        }
        self.look_at_kicks(subject);
        if let Some(gate) = &report.gate {
            let by = shown_by(subject);
            self.healthy.follow(holds(gate, 3) && holds(gate, 4), by);
            self.targets_gone.follow(holds(gate, 5), by);
            self.clear.follow(gate.is_open(), by);
        }
        self.look_at_tasks(subject);
    }

    /// When the rows of the rollout with this base were seen to be kicked.
    pub(super) fn kicks(&self, base: Timestamp) -> impl Iterator<Item = (&RowName, &Timestamp)> {
        self.kicks.iter().filter(move |_| self.rollout == Some(base))
    }

    /// When the table came into its phase, if that was seen.
    pub fn phase_since(&self) -> Option<Timestamp> {
        self.phase.and_then(|(_, since)| since)
    }

    /// When every new task was seen running and healthy.
    pub fn all_healthy(&self) -> Option<Timestamp> {
        self.healthy.since()
    }

    /// When no old target was seen any more.
    pub fn targets_gone(&self) -> Option<Timestamp> {
        self.targets_gone.since()
    }

    /// When every gate condition was first seen to hold.
    pub fn clear(&self) -> Option<Timestamp> {
        self.clear.since()
    }

    /// When a task was seen to come into the state that it is in.
    pub fn task_since(&self, task: &TaskArn) -> Option<Timestamp> {
        self.tasks.get(task).and_then(|(_, since)| *since)
    }

    /// What is newer once a rollout has failed is what ECS went back to.
    fn look_at_kicks(&mut self, subject: &Subject<'_>) {
        let failed = |record: &Record| matches!(record.state, RecordState::Failed(_));
        let Some(base) = self.rollout else { return };
        if subject.plan.rollout.record.as_ref().is_some_and(failed) {
            return;
        }
        for row in subject.table.service_rows() {
            let kicked = subject.primary(row).map(|primary| primary.created_at).filter(|at| *at > base);
            self.kicks.extend(kicked.map(|at| (row.name.clone(), at)));
        }
    }

    fn look_at_tasks(&mut self, subject: &Subject<'_>) {
        // Tasks that could not be read are no tasks that are gone.
        let Some(tasks) = subject.observed.tasks.present() else { return };
        let known = std::mem::take(&mut self.tasks);
        let at = subject.observed.at;
        let entry = |task: &TaskView| {
            let state = state_of(subject, task);
            let since = match known.get(&task.arn) {
                Some((before, since)) if *before == state => *since,
                Some(_) => Some(at),
                None => None,
            };
            (task.arn.clone(), (state, since))
        };
        self.tasks = tasks.iter().map(entry).collect();
    }
}

impl Followed {
    fn follow(&mut self, holds: bool, at: Timestamp) {
        *self = match (holds, *self) {
            (false, _) => Self::NotYet,
            (true, Self::Unseen | Self::Already) => Self::Already,
            (true, Self::NotYet) => Self::Since(at),
            (true, Self::Since(since)) => Self::Since(since),
        };
    }

    fn since(self) -> Option<Timestamp> {
        match self {
            Self::Since(at) => Some(at),
            Self::Unseen | Self::Already | Self::NotYet => None,
        }
    }
}

/// When all that a look shows had happened. The clock of the looks has whole seconds, and a task's own times are finer: what
/// is seen by a task that stopped is not told as earlier than its stop.
fn shown_by(subject: &Subject<'_>) -> Timestamp {
    let tasks = subject.observed.tasks.present().into_iter().flatten();
    let told = tasks.flat_map(|task| [task.started_at, task.stopped_at]).flatten();
    told.fold(subject.observed.until, Timestamp::max)
}

/// Whether the condition of this number holds.
fn holds(gate: &Gate, number: u8) -> bool {
    gate.conditions.iter().any(|condition| condition.number == number && condition.holding == Holding::Yes)
}
