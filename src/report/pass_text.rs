//! What passes did, as people read it: a line for each step with what AWS said, and a last line with the verdict.

use std::error::Error;

use crate::model::time::Timestamp;
use crate::plan::history::Answer;
use crate::reconcile::execute::{Done, Outcome, StepResult};
use crate::reconcile::pass::{PassReport, Verdict};

use super::style::{Role, Style};
use super::words;

/// One line for each step that was taken, refused or left out.
pub fn outcome_lines(report: &PassReport, style: Style) -> Vec<String> {
    let mut lines: Vec<String> =
        report.outcomes.iter().map(|outcome| outcome_line(outcome, report.at, style)).collect();
    let clock = style.paint(Role::Faint, words::clock(report.at));
    lines.extend(report.violations.iter().map(|violation| {
        let refused = style.paint(Role::Bad, "refused by the audit:");
        format!("{clock} {refused} {violation}; nothing was done, please report this")
    }));
    lines
}

/// The last line: how it ended, and after how many passes; without a verdict, time was up.
pub fn last_line(verdict: Option<Verdict>, passes: u32, style: Style) -> String {
    let (role, said) = match verdict {
        Some(Verdict::Converged) => (Role::Good, "converged"),
        Some(Verdict::Progressing) => (Role::Change, "still progressing"),
        Some(Verdict::Held) => (Role::Bad, "held for a person"),
        Some(Verdict::Failed) => (Role::Bad, "failed"),
        None => (Role::Bad, "time is up, still progressing"),
    };
    let passes = match passes {
        1 => "1 pass".to_owned(),
        many => format!("{many} passes"),
    };
    format!("{} after {passes}", style.paint(role, said))
}

fn outcome_line(outcome: &Outcome, at: Timestamp, style: Style) -> String {
    let Outcome { step, result } = outcome;
    let clock = style.paint(Role::Faint, words::clock(at));
    let row = step.row.as_ref().map(|row| format!("{}: ", style.paint(Role::Strong, row))).unwrap_or_default();
    let action = words::action(&step.action);
    match result {
        StepResult::Done(done) => {
            let (mark, role) = if refused(done) { ("!", Role::Bad) } else { ("✓", Role::Good) };
            format!("{clock} {} {row}{action}{}", style.paint(role, mark), got(done))
        }
        StepResult::Failed(error) => {
            let failed = style.paint(Role::Bad, "failed:");
            format!("{clock} {} {row}{action} {failed} {}", style.paint(Role::Bad, "!"), chain(error))
        }
        StepResult::Skipped(cause) => {
            format!("{clock} {} {row}{action} left out: {cause}", style.paint(Role::Change, "-"))
        }
    }
}

fn refused(done: &Done) -> bool {
    match done.answer() {
        Some(Answer::NotStarted(_) | Answer::Refused(_)) => true,
        Some(Answer::Task(_)) => false,
        None => matches!(done, Done::Kept(_)),
    }
}

/// What AWS gave for it.
fn got(done: &Done) -> String {
    match done {
        Done::Written | Done::RolledBack => String::new(),
        Done::Kept(why) => format!(": refused, {why}"),
        Done::Updated { now: _, revision: Some(revision) } => format!(": {}", revision.short()),
        Done::Updated { now: _, revision: None } => String::new(),
        Done::Registered(revision) => format!(": {}", revision.short()),
        Done::Ran(_) => match done.answer() {
            Some(Answer::Task(task)) => format!(": task {task}"),
            Some(Answer::NotStarted(why)) => format!(": nothing started, {why}"),
            Some(Answer::Refused(why)) => format!(": refused, {why}"),
            None => String::new(),
        },
    }
}

/// An error and its sources, on one line.
pub(super) fn chain(error: &(dyn Error + 'static)) -> String {
    let sources = std::iter::successors(Some(error), |error| (*error).source());
    sources.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
