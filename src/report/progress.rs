//! How far a rollout is, for somebody who waits: lines for a log, or a block for a terminal.
//!
//! A `Progress` knows no time, so two of them are equal when nothing moved; the time is given when it is rendered.

use std::fmt::Write as _;

use crate::model::time::Timestamp;
use crate::plan::action::Plan;
use crate::plan::gate::{Gate, Holding};
use crate::plan::hold::{HoldCause, Urgency};
use crate::plan::progress::RowProgress;
use crate::plan::rollout::Phase;

use super::style::{Role, Style};
use super::{holds_text, words};

/// What somebody who waits can see moving.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The phase.
    pub phase: Phase,
    /// What the phase is about, in words: what is still missing, or what is waited for.
    pub doing: Vec<String>,
    /// How far each service row is, in the order of the table; empty if rows were not found.
    pub rows: Vec<RowProgress>,
    /// How many gate conditions hold, out of how many, while a rollout is in hand.
    pub gate: Option<(usize, usize)>,
    /// What needs a person, in words.
    pub held: Vec<String>,
}

impl Progress {
    /// What a plan says of the progress.
    pub fn of(plan: &Plan) -> Self {
        let gate = plan.rollout.gate.as_ref();
        let holding =
            |gate: &Gate| gate.conditions.iter().filter(|condition| condition.holding == Holding::Yes).count();
        let held = plan.holds.iter().filter(|hold| hold.cause.urgency() >= Urgency::Person);
        Self {
            phase: plan.rollout.phase,
            doing: doing(plan),
            rows: plan.rollout.rows.clone(),
            gate: gate.map(|gate| (holding(gate), gate.conditions.len())),
            held: held.map(holds_text::line).collect(),
        }
    }

    /// The lines for a log that are new since an earlier progress: rows that moved, then the phase if it changed.
    pub fn news(&self, before: Option<&Self>, at: Timestamp, style: Style) -> Vec<String> {
        let clock = style.paint(Role::Faint, words::clock(at));
        let width = self.name_width();
        let moved = self.rows.iter().filter(|row| !before.is_some_and(|before| before.rows.contains(row)));
        let mut lines: Vec<String> = moved.map(|row| format!("{clock} {}", row_line(row, width, style))).collect();
        let same = before.is_some_and(|before| (before.phase, &before.doing) == (self.phase, &self.doing));
        if !same {
            lines.push(self.phase_at(at, style));
        }
        let known = |text: &&String| before.is_some_and(|before| before.held.contains(text));
        for text in self.held.iter().filter(|text| !known(text)) {
            lines.push(format!("{clock} {} {text}", style.paint(Role::Bad, "held:")));
        }
        lines
    }

    /// Everything at once, for a terminal that is drawn over.
    pub fn block(&self, at: Timestamp, style: Style) -> String {
        let width = self.name_width();
        let mut text = format!("{}\n", self.phase_at(at, style));
        for row in &self.rows {
            let _ = writeln!(text, "  {}", row_line(row, width, style));
        }
        if let Some((holding, all)) = self.gate {
            let _ = writeln!(text, "  gate: {holding} of {all} conditions hold");
        }
        for held in &self.held {
            let _ = writeln!(text, "  {} {held}", style.paint(Role::Bad, "held:"));
        }
        text
    }

    /// The phase with its time, as one line.
    pub fn phase_at(&self, at: Timestamp, style: Style) -> String {
        format!("{} {}", style.paint(Role::Faint, words::clock(at)), self.phase_line(style))
    }

    /// The phase and what it is about: `Draining: portal: 4 old tasks draining`.
    pub fn phase_line(&self, style: Style) -> String {
        let name = style.paint(phase_role(self.phase), self.phase.name());
        if self.doing.is_empty() { name } else { format!("{name}: {}", self.doing.join("; ")) }
    }

    fn name_width(&self) -> usize {
        self.rows.iter().map(|row| row.row.as_str().len()).max().unwrap_or(0)
    }
}

fn row_line(row: &RowProgress, width: usize, style: Style) -> String {
    let RowProgress { row: name, service: _, desired, new, healthy, old, draining, rollout } = row;
    let name = style.paint(Role::Strong, words::padded(name.as_str(), width));
    let count = |label: &str, have: Option<u32>| {
        let role = if have == Some(*desired) { Role::Good } else { Role::Change };
        style.paint(role, format!("{label} {}/{desired}", words::seen(have)))
    };
    let (old, draining) = (words::seen(*old), words::seen(*draining));
    let rest = format!("old {old}  draining {draining}  {}", words::rollout_state(*rollout));
    format!("{name}  {}  {}  {rest}", count("new", *new), count("healthy", *healthy))
}

pub(super) fn phase_role(phase: Phase) -> Role {
    match phase {
        Phase::Settled | Phase::Clear => Role::Good,
        Phase::Requested | Phase::Rolling | Phase::Draining | Phase::Settling | Phase::Deploying => Role::Change,
        Phase::Unseen | Phase::Failed | Phase::Unknown => Role::Bad,
    }
}

/// What the phase is about. While much is missing, the rows' counts beside it say more than names would.
fn doing(plan: &Plan) -> Vec<String> {
    /// `rollout status` has all of them with their evidence.
    const NAMED: usize = 3;
    let gate = plan.rollout.gate.as_ref().filter(|_| matches!(plan.rollout.phase, Phase::Rolling | Phase::Draining));
    let missing = gate.map(Gate::missing_names).unwrap_or_default();
    let mut said = match missing.len() {
        1..=NAMED => vec![format!("not yet: {}", missing.join(", "))],
        _ => Vec::new(),
    };
    let waits = plan.holds.iter().filter(|hold| hold.cause.urgency() == Urgency::Wait);
    let others = waits.filter(|hold| missing.is_empty() || !matches!(hold.cause, HoldCause::GateShut { .. }));
    said.extend(others.map(|hold| holds_text::said(&hold.cause)));
    said.dedup();
    said
}
