//! The table in the model, and its edits: a row that it does not have at first, and who has read that it has it now.
//!
//! The last row of a world may be such a row. Each controller reads the edited table at a moment of its own, so that one keeps
//! the old table while the other keeps the new; people have the newest that anybody has read.

use evenkeel::model::row::ServiceTable;

use super::aws::LAG;
use super::look::Look;
use super::protocol::Protocol;
use super::state::{Scenario, State};

/// Whether the table gets its last row only later, and when the deployment was made that this row's service has until then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Added {
    /// It has it from the beginning.
    Never,
    /// Long ago.
    Older,
    /// After the rollout before, and before the kicks that a world begins with.
    Between,
    /// After everything that a world begins with.
    Newer,
}

/// A row that came, or is to come, new into the table.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
pub(crate) struct Coming {
    /// When the deployment was made that it had at the beginning: nobody's kick.
    pub(crate) made: i64,
    /// The deployment that it had when a controller whose table has it made a fresh look, and did all that follows from it.
    /// What is newer is a kick like any other.
    pub(crate) known: Option<i64>,
    /// The newest deployment that was shown when the task was last run, or at first contact.
    pub(crate) ran: i64,
}

/// A request that was acknowledged.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
pub(crate) struct Asked {
    /// Kicks are wanted after this frontier.
    pub(crate) after: i64,
    /// Of so many rows.
    pub(crate) rows: usize,
}

impl Scenario {
    /// How many rows the table has at first.
    pub(crate) fn listed(&self) -> usize {
        self.rows - usize::from(self.added != Added::Never)
    }
}

impl State {
    /// How many rows the newest table has that anybody has read.
    pub(crate) fn listed(&self) -> usize {
        self.processes.iter().map(|process| process.rows).max().unwrap_or_default()
    }

    /// The newest kick that the task is to follow.
    pub(crate) fn newest_kick(&self) -> i64 {
        let rows = self.aws.rows.iter().enumerate();
        let kicks = rows.filter(|(index, row)| self.is_kick(*index, row.created)).map(|(_, row)| row.created);
        kicks.max().unwrap_or(i64::MIN)
    }

    /// Whether a row's deployment of this moment is a kick by which the task is to run. Of one that was made before a controller
    /// knew the row, nobody can tell.
    fn is_kick(&self, row: usize, created: i64) -> bool {
        let comes = self.coming.filter(|_| row + 1 == self.aws.rows.len());
        comes.is_none_or(|coming| coming.known.is_some_and(|known| created > known))
    }

    /// Whether the task has nothing to follow but the table's edit: no row was kicked since it last ran. That the edited row
    /// may have been kicked before anybody knew it is a reason.
    pub(crate) fn is_only_edited(&self) -> bool {
        let Some(Coming { made, ran, .. }) = self.coming else { return false };
        let last = self.aws.rows.len() - 1;
        let kicked = |(row, created): (usize, i64)| created > ran && !(row == last && created == made);
        !self.aws.rows.iter().map(|row| row.created).enumerate().any(kicked)
    }

    /// A task is run on a look that shows this.
    pub(crate) fn ran_on(&mut self, look: &Look) {
        let newest = look.rows.iter().map(|row| row.created).max();
        if let Some((coming, newest)) = self.coming.as_mut().zip(newest) {
            coming.ran = coming.ran.max(newest);
        }
    }

    /// A controller has done all that follows from a fresh look.
    pub(crate) fn knows(&mut self, look: &Look) {
        let all = look.rows.len() == self.aws.rows.len();
        if let Some(coming) = self.coming.as_mut().filter(|_| all) {
            coming.known = coming.known.or(look.rows.last().map(|row| row.created));
        }
    }
}

impl Protocol {
    /// The table with so many rows.
    pub(crate) fn table(&self, rows: usize) -> &ServiceTable {
        &self.tables[rows - self.scenario.listed()]
    }

    /// The row that is not in the table yet gets the deployment that it has when it comes.
    pub(crate) fn deploy_unlisted(&self, state: &mut State, when: Added) {
        if self.scenario.added != when {
            return;
        }
        let row = self.scenario.rows - 1;
        state.aws.kick(row);
        (0..2).for_each(|_| state.aws.roll(row));
        let made = state.aws.rows[row].created;
        state.coming.iter_mut().for_each(|coming| coming.made = made);
        state.aws.wait(LAG + 1);
    }
}
