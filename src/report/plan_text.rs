//! A plan as people read it: row by row what differs and what is done about it, then what is not done, then a summary.
//!
//! Rows in the order of the table; a row without difference and step is left out.

use std::fmt::Write as _;

use crate::model::row::Row;
use crate::plan::action::{Action, Plan, Standing, Step};
use crate::plan::because::Because;
use crate::plan::drift::Difference;
use crate::plan::hold::Urgency;

use super::style::{Role, Style};
use super::subject::Subject;
use super::{holds_text, words};

/// The whole plan.
pub fn plan_text(subject: &Subject<'_>, style: Style) -> String {
    let mut text = heading(subject, style);
    for row in &subject.table.rows {
        text.push_str(&row_block(subject, row, style));
    }
    text.push_str(&records(subject, style));
    text.push_str(&holds_text::section(&subject.plan.holds, style));
    text.push_str(&summary(subject.plan, style));
    text.push('\n');
    text
}

/// One line that says how much there is to do; the last line of a plan.
pub fn summary(plan: &Plan, style: Style) -> String {
    let counts = Counts::of(plan);
    let changes = counts.changes();
    let rest = counts.rest();
    match (changes.is_empty(), plan.standing()) {
        (true, Standing::Converged) => style.paint(Role::Good, "No changes. The table is converged."),
        (true, _) if counts.records > 0 => format!("Plan: only the record changes{rest}."),
        (true, _) => format!("No changes now{rest}."),
        (false, _) => format!("Plan: {}{rest}.", style.paint(Role::Strong, changes.join(", "))),
    }
}

/// How many of what a plan does and does not do.
#[derive(Default)]
struct Counts {
    rows: usize,
    definitions: usize,
    backs: usize,
    tasks: usize,
    records: usize,
    failed: usize,
    held: usize,
    waiting: usize,
}

impl Counts {
    fn of(plan: &Plan) -> Self {
        let mut counts = Self::default();
        for step in &plan.steps {
            match &step.action {
                Action::Record(_) | Action::Change(_) => counts.records += 1,
                Action::Update(update) => {
                    counts.rows += 1;
                    counts.definitions += usize::from(update.revision.is_some());
                }
                Action::Register(_) => counts.definitions += 1,
                Action::RollBack(_) => counts.backs += 1,
                Action::Run(_) => counts.tasks += 1,
            }
        }
        for hold in &plan.holds {
            match hold.cause.urgency() {
                Urgency::Notice => {}
                Urgency::Wait => counts.waiting += 1,
                Urgency::Person => counts.held += 1,
                Urgency::Failed => counts.failed += 1,
            }
        }
        counts
    }

    fn changes(&self) -> Vec<String> {
        let all = [
            (self.rows, "row", "to update"),
            (self.definitions, "task definition", "to register"),
            (self.backs, "deployment", "to roll back"),
            (self.tasks, "task", "to run"),
        ];
        let some = all.into_iter().filter(|(number, ..)| *number > 0);
        some.map(|(number, what, verb)| format!("{} {verb}", words::counted(number, what))).collect()
    }

    /// What follows the changes: `, 1 failed, 2 held, 1 waiting`.
    fn rest(&self) -> String {
        let all = [(self.failed, "failed"), (self.held, "held"), (self.waiting, "waiting")];
        all.into_iter().filter(|(number, _)| *number > 0).map(|(number, what)| format!(", {number} {what}")).collect()
    }
}

fn heading(subject: &Subject<'_>, style: Style) -> String {
    let cluster = match subject.observed.one_cluster() {
        Some(cluster) => format!("on cluster {}", cluster.arn.name()),
        None => "on a cluster that was not found".to_owned(),
    };
    format!("{} {cluster}\n\n", style.paint(Role::Strong, &subject.table.name))
}

fn row_block(subject: &Subject<'_>, row: &Row, style: Style) -> String {
    let differences = subject.differences(&row.name);
    let steps: Vec<&Step> = subject.steps_of(&row.name).filter(|step| !is_record(step)).collect();
    if differences.is_empty() && steps.is_empty() {
        return String::new();
    }
    let mut text = format!("{}{}\n", style.paint(Role::Strong, &row.name), about(subject, row, style));
    let width = differences.iter().map(|difference| difference.field.to_string().len()).max().unwrap_or(0);
    for difference in differences {
        let held = !subject.is_corrected(&row.name, difference);
        let _ = writeln!(text, "  {}", difference_line(difference, width, held, style));
    }
    for step in steps {
        let _ = writeln!(text, "  {} {}", style.paint(Role::Good, "+"), words::action(&step.action));
        for reason in step.because.iter().filter(|because| !matches!(because, Because::Drift(_))) {
            let _ = writeln!(text, "    {}", style.paint(Role::Faint, format!("because {reason}")));
        }
    }
    text.push('\n');
    text
}

/// The row's use and what AWS calls it.
fn about(subject: &Subject<'_>, row: &Row, style: Style) -> String {
    let kind = match row.task() {
        Some(_) => "task definition",
        None => "service",
    };
    let found = subject.found_as(row).map(|name| style.paint(Role::Faint, format!("{kind} {name}")));
    let said = row.usage.clone().into_iter().chain(found);
    said.map(|part| format!("  {part}")).collect()
}

fn difference_line(difference: &Difference, width: usize, held: bool, style: Style) -> String {
    let Difference { field, have, want } = difference;
    let (mark, role) = if held { ("!", Role::Bad) } else { ("~", Role::Change) };
    let note = if held { style.paint(Role::Faint, "  (held, see below)") } else { String::new() };
    format!("{} {}  {have} -> {want}{note}", style.paint(role, mark), words::padded(&field.to_string(), width))
}

fn is_record(step: &Step) -> bool {
    match step.action {
        Action::Record(_) | Action::Change(_) => true,
        Action::Update(_) | Action::Register(_) | Action::RollBack(_) | Action::Run(_) => false,
    }
}

/// What is written down on the cluster: short, since it changes no service.
fn records(subject: &Subject<'_>, style: Style) -> String {
    let mut text = String::new();
    for step in subject.table_steps() {
        let why: Vec<String> = step.because.iter().map(ToString::to_string).collect();
        let line = format!("{} ({})", words::action(&step.action), why.join("; "));
        let _ = writeln!(text, "{}", style.paint(Role::Faint, line));
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text
}
