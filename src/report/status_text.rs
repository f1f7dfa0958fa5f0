//! How a table stands, as people read it: a heading, its rows side by side, conditions that are not as wished, holds.

use std::fmt::Write as _;

use crate::model::row::Row;
use crate::plan::action::Standing;

use super::conditions::{self, Aspect, Condition, Status};
use super::progress::phase_role;
use super::style::{Role, Style};
use super::subject::{Digests, Subject};
use super::{holds_text, words};

const COLUMNS: [&str; 9] = ["ROW", "SERVICE", "DESIRED", "NEW", "HEALTHY", "OLD", "DRAINING", "IMAGE", "IN SYNC"];

/// How a table stands.
pub fn status_text(subject: &Subject<'_>, style: Style) -> String {
    let mut text = heading(subject, style);
    text.push_str(&rows(subject, style));
    text.push_str(&conditions_block(subject, style));
    text.push_str(&holds_text::section(&subject.plan.holds, style));
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

fn heading(subject: &Subject<'_>, style: Style) -> String {
    let Subject { table, observed, plan } = subject;
    let standing = plan.standing();
    let role = match standing {
        Standing::Converged => Role::Good,
        Standing::Progressing => Role::Change,
        Standing::Held | Standing::Failed => Role::Bad,
    };
    let cluster = observed.one_cluster().map_or("not found", |cluster| cluster.arn.name());
    let phase = plan.rollout.phase;
    let mut text = format!(
        "{}  cluster {cluster}  {}  {}\n",
        style.paint(Role::Strong, &table.name),
        style.paint(role, words::standing(standing)),
        style.paint(Role::Faint, format!("seen {}", observed.at)),
    );
    let record = plan.rollout.record.as_ref();
    let said = record.map(|record| {
        let outdated = conditions::outdated(record, plan.rollout.phase);
        let before = match outdated {
            true if conditions::runs_again(&plan.rollout, record) => "the task is to run again; before it: ",
            true => "not on record yet; before it: ",
            false => "",
        };
        format!(": {before}{}, since {}", words::record_state(&record.state), record.since)
    });
    let phase = style.paint(phase_role(phase), phase.name());
    let _ = writeln!(text, "rollout {phase}{}\n", said.unwrap_or_default());
    text
}

/// The rows, as an aligned table.
fn rows(subject: &Subject<'_>, style: Style) -> String {
    let lines: Vec<[String; 9]> = subject.table.rows.iter().map(|row| cells(subject, row)).collect();
    let width = |column: usize| {
        let longest = lines.iter().map(|cells| cells[column].len()).max().unwrap_or(0);
        longest.max(COLUMNS[column].len())
    };
    let widths: [usize; 9] = std::array::from_fn(width);
    let header = COLUMNS.map(str::to_owned);
    let mut text = format!("{}\n", style.paint(Role::Faint, line(&header, &widths)));
    for cells in &lines {
        let _ = writeln!(text, "{}", line(cells, &widths));
    }
    text.push('\n');
    text
}

fn line(cells: &[String; 9], widths: &[usize; 9]) -> String {
    let padded: Vec<String> = cells.iter().zip(widths).map(|(cell, width)| words::padded(cell, *width)).collect();
    padded.join("  ").trim_end().to_owned()
}

/// A row's cells; `-` where there is nothing to count, `?` where it was not seen.
fn cells(subject: &Subject<'_>, row: &Row) -> [String; 9] {
    let in_sync = conditions::of_row(subject, row).into_iter().find(|condition| condition.aspect == Aspect::InSync);
    let in_sync = in_sync.map_or("?", |condition| match condition.status {
        Status::True => "yes",
        Status::False => "no",
        Status::Unknown => "unknown",
    });
    let blank = if row.task().is_some() { "-" } else { "?" };
    let counts = match subject.progress(&row.name) {
        Some(row) => [Some(row.desired), row.new, row.healthy, row.old, row.draining].map(words::seen),
        None => {
            let desired = subject.service(row).map_or_else(|| blank.to_owned(), |service| service.desired.to_string());
            [desired, blank.to_owned(), blank.to_owned(), blank.to_owned(), blank.to_owned()]
        }
    };
    let [desired, new, healthy, old, draining] = counts;
    let image = match subject.digests(row) {
        Digests::Told(digests) if digests.is_empty() => "-".to_owned(),
        Digests::Told(digests) => digests.into_iter().collect::<Vec<_>>().join("+"),
        Digests::Untold => blank.to_owned(),
    };
    let found = subject.found_as(row).unwrap_or("not found").to_owned();
    [row.name.to_string(), found, desired, new, healthy, old, draining, image, in_sync.to_owned()]
}

/// The table's conditions, and those of found rows that are not as wished.
fn conditions_block(subject: &Subject<'_>, style: Style) -> String {
    let mut text = format!("{}\n", style.paint(Role::Strong, "Conditions"));
    for condition in conditions::of_table(subject) {
        let _ = writeln!(text, "  {}", condition_line(None, &condition, style));
    }
    // Of a row that was not found, its hold says all that there is to say.
    for row in subject.table.rows.iter().filter(|row| subject.found_as(row).is_some()) {
        let all = conditions::of_row(subject, row);
        for condition in all.iter().filter(|condition| condition.status != Status::True) {
            let _ = writeln!(text, "  {}", condition_line(Some(row), condition, style));
        }
    }
    text.push('\n');
    text
}

fn condition_line(row: Option<&Row>, condition: &Condition, style: Style) -> String {
    let Condition { aspect, status, reason, message, since } = condition;
    let wished = if *aspect == Aspect::Held { Status::False } else { Status::True };
    let role = match status {
        status if *status == wished => Role::Good,
        Status::Unknown => Role::Bad,
        Status::True | Status::False => Role::Change,
    };
    let row = row.map(|row| format!("{} ", row.name)).unwrap_or_default();
    let since = since.map(|since| format!(", since {since}")).unwrap_or_default();
    let status = style.paint(role, status.name());
    format!("{row}{} is {status} ({reason}): {message}{}", aspect.name(), style.paint(Role::Faint, since))
}
