//! The table in the model, and its edits: a row that comes, a row that goes, a row that states another size.
//!
//! What comes or goes is the last row of a world; what grows is the first. Each controller reads the edited table at a moment of
//! its own, so that one keeps the old table while the other keeps the new; people have the newest that anybody has read.

use evenkeel::model::row::ServiceTable;

use super::aws::LAG;
use super::look::Look;
use super::protocol::Protocol;
use super::start::Start;
use super::state::{Budget, Scenario, State};

/// How the table is edited, if it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edit {
    /// It is not.
    Never,
    /// Its last row comes; until then that row's service has a deployment of this age.
    Comes(Deployed),
    /// Its last row goes.
    Goes,
    /// Its first row states more vCPU than its service has.
    Grows,
}

/// When the deployment was made that the service has whose row comes into the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deployed {
    /// Long ago.
    Older,
    /// After the rollout before, and before the kicks that a world begins with.
    Between,
    /// After everything that a world begins with.
    Newer,
}

/// The row that comes or goes.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
pub(crate) struct AtIssue {
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
    /// How many rows the table has, before its edit or after it.
    pub(crate) fn listed(&self, edited: bool) -> usize {
        let missing = match self.edit {
            Edit::Never | Edit::Grows => false,
            Edit::Comes(_) => !edited,
            Edit::Goes => edited,
        };
        self.rows - usize::from(missing)
    }

    /// Whether nobody but one controller that corrects a row does anything: then nobody has to be asked, whatever fails.
    /// Of two, one may kick the row once more minutes later, which looks like somebody's kick of it alone.
    pub(crate) fn is_only_corrected(&self) -> bool {
        let Budget { kicks, requests, commands, bad, faults: _, short: _, by_hand, edits: _, waits: _ } = self.budget;
        self.edit == Edit::Grows
            && self.start == Start::Succeeded
            && self.controllers + usize::from(kicks + requests + commands + bad + by_hand) == 1
    }
}

impl AtIssue {
    /// What is known of the row of an edit when nobody has read it; a world begins with deployments of this moment.
    pub(crate) fn of(edit: Edit, beginning: i64) -> Option<Self> {
        match edit {
            Edit::Never | Edit::Grows => None,
            Edit::Comes(_) => Some(Self { made: beginning, known: None, ran: beginning }),
            // Every kick of it counts while it is there.
            Edit::Goes => Some(Self { made: beginning, known: Some(beginning), ran: beginning }),
        }
    }
}

impl State {
    /// Whether anybody has read the edited table.
    pub(crate) fn is_edited(&self) -> bool {
        self.processes.iter().any(|process| process.edited)
    }

    /// The newest kick that the task is to follow, of a table with so many rows.
    pub(crate) fn newest_kick(&self, listed: usize) -> i64 {
        let rows = self.aws.rows.iter().enumerate().take(listed);
        let kicks =
            rows.filter(|(index, row)| self.is_kick(*index, row.version.created)).map(|(_, row)| row.version.created);
        kicks.max().unwrap_or(i64::MIN)
    }

    /// Whether a row's deployment of this moment is a kick by which the task is to run. Of one that was made before a controller
    /// knew the row, nobody can tell.
    fn is_kick(&self, row: usize, created: i64) -> bool {
        let it = self.at_issue.filter(|_| row + 1 == self.aws.rows.len());
        it.is_none_or(|it| it.known.is_some_and(|known| created > known))
    }

    /// Whether the task has nothing to follow but the table's edit: no row was kicked since it last ran. That the edited row
    /// may have been kicked before anybody knew it is a reason.
    pub(crate) fn is_only_edited(&self) -> bool {
        let Some(AtIssue { made, ran, .. }) = self.at_issue else { return false };
        let last = self.aws.rows.len() - 1;
        let kicked = |(row, created): (usize, i64)| created > ran && !(row == last && created == made);
        !self.aws.rows.iter().map(|row| row.version.created).enumerate().any(kicked)
    }

    /// A task is run on a look that shows this.
    pub(crate) fn ran_on(&mut self, look: &Look) {
        let newest = look.rows.iter().map(|row| row.version.created).max();
        if let Some((it, newest)) = self.at_issue.as_mut().zip(newest) {
            it.ran = it.ran.max(newest);
        }
    }

    /// A controller has done all that follows from a fresh look.
    pub(crate) fn knows(&mut self, look: &Look) {
        let all = look.rows.len() == self.aws.rows.len();
        if let Some(it) = self.at_issue.as_mut().filter(|_| all) {
            it.known = it.known.or(look.rows.last().map(|row| row.version.created));
        }
    }
}

impl Protocol {
    /// The table before its edit, or after it.
    pub(crate) fn table(&self, edited: bool) -> &ServiceTable {
        &self.tables[usize::from(edited)]
    }

    /// How many rows the newest table has that anybody has read.
    pub(crate) fn listed(&self, state: &State) -> usize {
        self.scenario.listed(state.is_edited())
    }

    /// Whether what the newest table states that anybody has read is so.
    pub(crate) fn is_as_stated(&self, state: &State) -> bool {
        let grows = self.scenario.edit == Edit::Grows && state.is_edited();
        !grows || state.aws.rows[0].version.large
    }

    /// The row that is not in the table yet gets the deployment that it has when it comes.
    pub(crate) fn deploy_unlisted(&self, state: &mut State, when: Deployed) {
        if self.scenario.edit != Edit::Comes(when) {
            return;
        }
        let row = self.scenario.rows - 1;
        state.aws.kick(row);
        (0..2).for_each(|_| state.aws.roll(row));
        let made = state.aws.rows[row].version.created;
        state.at_issue.iter_mut().for_each(|it| it.made = made);
        state.aws.wait(LAG + 1);
    }
}
