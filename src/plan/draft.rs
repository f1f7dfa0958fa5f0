//! A plan in the making: what the deciding modules add to.
//!
//! Holds no decision of its own but one: what has been decided so far also says when to look again.

use crate::model::observed::{ClusterView, Seen};
use crate::model::past::Past;
use crate::model::rollout::TagKeys;
use crate::model::row::Row;
use crate::model::selector::Selection;

use super::action::{Plan, Step};
use super::drift::{Correction, RowDrift};
use super::hold::{self, Hold, HoldCause, Urgency};
use super::pace::NextLook;
use super::planner::PlanInput;
use super::rollout::{Phase, RolloutReport};

/// A plan in the making.
pub(super) struct Draft<'a> {
    pub(super) input: &'a PlanInput<'a>,
    pub(super) steps: Vec<Step>,
    pub(super) past: Option<(String, Past)>,
    pub(super) launch: Option<String>,
    pub(super) holds: Vec<Hold>,
    pub(super) drift: Vec<RowDrift>,
    pub(super) rollout: RolloutReport,
    pub(super) next_look: NextLook,
}

impl<'a> Draft<'a> {
    pub(super) fn new(input: &'a PlanInput<'a>) -> Self {
        let rollout = RolloutReport {
            phase: Phase::Unseen,
            id: None,
            deployed: None,
            record: None,
            request: None,
            command: None,
            withdrawn: None,
            gate: None,
            rows: Vec::new(),
        };
        Self {
            input,
            steps: Vec::new(),
            past: None,
            launch: None,
            holds: Vec::new(),
            drift: Vec::new(),
            rollout,
            next_look: NextLook::Idle,
        }
    }

    /// Says why something is not done; the same thing is said once.
    pub(super) fn hold(&mut self, row: Option<&Row>, cause: HoldCause) {
        let hold = Hold { row: row.map(|row| row.name.clone()), cause };
        if !self.holds.contains(&hold) {
            self.holds.push(hold);
        }
    }

    /// Holds for a selector that did not find exactly one.
    pub(super) fn hold_unless_one<T>(
        &mut self,
        row: Option<&Row>,
        what: &'static str,
        selector: &dyn std::fmt::Display,
        found: &Seen<Selection<T>>,
    ) {
        let selector = selector.to_string();
        let cause = match found {
            Seen::Present(Selection::One(_)) => return,
            Seen::Present(Selection::None(candidates)) => {
                HoldCause::NoMatch { what, selector, candidates: candidates.clone() }
            }
            Seen::Present(Selection::Many(matches)) => {
                HoldCause::ManyMatch { what, selector, matches: matches.clone() }
            }
            Seen::Absent => HoldCause::NoMatch { what, selector, candidates: Vec::new() },
            Seen::Unknown(why) => HoldCause::Unknown { what: format!("the {what}"), why: why.clone() },
        };
        self.hold(row, cause);
    }

    /// Whether this row was held so far: then nothing of it is written.
    pub(super) fn is_held(&self, row: &Row) -> bool {
        let asks = |hold: &Hold| hold.cause.urgency() >= Urgency::Wait;
        self.holds.iter().any(|hold| hold.row.as_ref() == Some(&row.name) && asks(hold))
    }

    /// Whether anything so far asks for a person.
    pub(super) fn needs_a_person(&self) -> bool {
        hold::needs_a_person(&self.holds)
    }

    /// Takes a row's differences and holds into the plan.
    pub(super) fn note(&mut self, row: &Row, correction: &mut Correction) {
        for cause in correction.holds.drain(..) {
            self.hold(Some(row), cause);
        }
        let differences = correction.differences.clone();
        match self.drift.iter_mut().find(|drift| drift.row == row.name) {
            Some(drift) => drift.differences.extend(differences),
            None if differences.is_empty() => {}
            None => self.drift.push(RowDrift { row: row.name.clone(), differences }),
        }
    }

    /// The plan.
    pub(super) fn finished(self, cluster: Option<&ClusterView>) -> Plan {
        let Self { input, steps, past, launch, holds, drift, rollout, next_look } = self;
        let waiting = holds.iter().any(|hold| hold.cause.urgency() == Urgency::Wait);
        let next_look = match (steps.is_empty(), waiting, next_look) {
            (false, _, _) => NextLook::AtOnce,
            (true, true, NextLook::Idle) => NextLook::MOVING,
            (true, _, look) => look,
        };
        let keys = TagKeys::of(&input.table.name);
        Plan {
            cluster: cluster.map(|cluster| cluster.arn.clone()),
            keys,
            steps,
            past,
            launch,
            holds,
            drift,
            rollout,
            next_look,
        }
    }
}
