//! Where a model begins: what has happened before anything may.
//!
//! Each beginning is reached by the moves of the model itself, without a fault.

use evenkeel::plan::command::Want;

use super::aws::{Aws, KEPT, LAG, Life};
use super::process::Process;
use super::protocol::Protocol;
use super::state::{How, Scenario, Sight, State};
use super::tables::{AtIssue, Deployed};

/// Where a model begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// The cluster carries no record yet.
    FirstContact,
    /// Every row was kicked just now, and nobody has looked.
    Kicked,
    /// The record is open, the new deployments are COMPLETED, and old tasks drain since a minute.
    Draining,
    /// The record is open, the services have rolled, and every controller has seen the gate clear for long enough.
    Clear,
    /// As `Clear`, and then every row was kicked again, which is recorded and has only begun.
    Overtaken,
    /// As `Clear`, and the intent is written, by somebody who is gone.
    Launching,
    /// As `Launching`, and RunTask was taken; nobody heard its answer.
    Lost,
    /// As `Lost`, and the task has ended with exit code 3, which is written down.
    Failed,
    /// The cluster carries a baseline, and nothing was kicked since.
    Baseline,
    /// As `Lost`, and the task has done its work, which is written down.
    Succeeded,
    /// As `Failed`; every controller saw it, the first has said so, a person has said retry, and the first has written that
    /// launch down. The others have yet to say what they saw.
    Retried,
    /// As `Launching`, three minutes ago; the first controller is about to send RunTask, and then a person gave an abort
    /// that was judged before.
    Met,
    /// As `Launching`; the first controller is about to send RunTask, then every row was kicked again and has rolled, and
    /// whoever read the tags from before the intent has opened the rollout of that.
    OpenedOver,
    /// As `Launching`, and an hour later it is written down that nobody knows.
    Unknown,
}

impl Protocol {
    /// The state in which everything begins.
    pub(crate) fn beginning(&self) -> State {
        let mut state = self.begun();
        self.deploy_unlisted(&mut state, Deployed::Newer);
        state
    }

    fn begun(&self) -> State {
        let Scenario { rows, controllers, budget, start, .. } = self.scenario;
        let (listed, aws) = (self.scenario.listed(false), Aws::settled(rows));
        let at_issue = AtIssue::of(self.scenario.edit, aws.rows[0].version.created);
        let mut state = State {
            aws,
            processes: vec![Process::fresh(false); controllers],
            budget,
            given_up: Vec::new(),
            over: Vec::new(),
            giving: None,
            said: Vec::new(),
            requests: Vec::new(),
            contact: None,
            at_issue,
            harm: None,
        };
        if start == Start::FirstContact {
            return state;
        }
        self.alone(&mut state, LAG + 1);
        if start == Start::Baseline {
            (0..controllers).for_each(|who| self.look(&mut state, who, Sight::FRESH));
            return state;
        }
        self.deploy_unlisted(&mut state, Deployed::Between);
        (0..listed).for_each(|row| state.aws.kick(row));
        let rolls = match start {
            Start::FirstContact | Start::Baseline | Start::Kicked => 0,
            Start::Draining => 1,
            Start::Clear
            | Start::Overtaken
            | Start::Launching
            | Start::Lost
            | Start::Failed
            | Start::Succeeded
            | Start::Retried
            | Start::Met
            | Start::OpenedOver
            | Start::Unknown => 2,
        };
        (0..listed).for_each(|row| (0..rolls).for_each(|_| state.aws.roll(row)));
        if start != Start::Kicked {
            self.alone(&mut state, 61);
        }
        if rolls == 2 {
            (0..controllers).for_each(|who| self.look(&mut state, who, Sight::FRESH));
            state.aws.wait(61);
        }
        let passes = match start {
            Start::Launching | Start::Met | Start::OpenedOver | Start::Unknown => 1,
            Start::Lost => 2,
            // `launched` is written too.
            Start::Failed | Start::Succeeded | Start::Retried => 3,
            Start::FirstContact
            | Start::Baseline
            | Start::Kicked
            | Start::Draining
            | Start::Clear
            | Start::Overtaken => 0,
        };
        if start == Start::Met {
            self.say(&mut state, Want::Abort);
        }
        if passes > 0 {
            (0..passes).for_each(|_| self.alone(&mut state, if start == Start::Met { 179 } else { 0 }));
            state.processes = vec![Process::fresh(false); controllers];
        }
        self.ended(&mut state, start);
        if start == Start::Overtaken {
            (0..listed).for_each(|row| state.aws.kick(row));
            self.alone(&mut state, 0);
        }
        state
    }

    fn alone(&self, state: &mut State, wait: i64) {
        self.look(state, 0, Sight::FRESH);
        self.take(state, 0, How::Done);
        state.processes[0] = Process::fresh(false);
        state.aws.wait(wait);
    }

    /// The task of a start after the launch has ended, or nobody knows of it.
    fn ended(&self, state: &mut State, start: Start) {
        match start {
            Start::Failed | Start::Succeeded => {
                let now = state.aws.now;
                state.aws.tasks[0].life = if start == Start::Failed { Life::Failed(now) } else { Life::Ended(now) };
                self.alone(state, 0);
                (0..state.processes.len()).for_each(|who| self.look(state, who, Sight::FRESH));
            }
            Start::Retried => {
                state.aws.tasks[0].life = Life::Failed(state.aws.now);
                (0..state.processes.len()).for_each(|who| self.look(state, who, Sight::FRESH));
                self.take(state, 0, How::Done);
                self.say(state, Want::Retry);
                self.give(state);
                self.look(state, 0, Sight::FRESH);
                state.aws.wait(61);
                self.look(state, 0, Sight::FRESH);
                self.take(state, 0, How::Done);
            }
            Start::Met => {
                (0..state.processes.len()).for_each(|who| self.look(state, who, Sight::FRESH));
                state.processes[1..].iter_mut().for_each(|process| *process = Process::fresh(false));
                self.give(state);
            }
            Start::OpenedOver => {
                self.look(state, 0, Sight::FRESH);
                for row in 0..self.scenario.listed(false) {
                    state.aws.kick(row);
                    (0..2).for_each(|_| state.aws.roll(row));
                }
                self.look(state, 1, Sight { tags: 1, ..Sight::FRESH });
                self.take(state, 1, How::Done);
                state.processes[1] = Process::fresh(false);
            }
            Start::Unknown => {
                state.aws.wait(KEPT);
                self.alone(state, 0);
                (0..state.processes.len()).for_each(|who| self.look(state, who, Sight::FRESH));
            }
            Start::FirstContact
            | Start::Baseline
            | Start::Kicked
            | Start::Draining
            | Start::Clear
            | Start::Overtaken
            | Start::Launching
            | Start::Lost => {}
        }
    }
}
