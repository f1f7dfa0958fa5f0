//! Holds as people read them: failures first, notices last, each with its way out.

use std::fmt::Write as _;

use crate::plan::hold::{Hold, HoldCause, Urgency};

use super::style::{Role, Style};

/// One line, without a period: the row, and why.
pub(super) fn line(hold: &Hold) -> String {
    let said = said(&hold.cause);
    match &hold.row {
        Some(row) => format!("{row}: {said}"),
        None => said,
    }
}

/// The words of a hold on one line: AWS's own may have several.
pub fn said(cause: &HoldCause) -> String {
    let words = cause.to_string();
    let one_line = words.split_whitespace().collect::<Vec<_>>().join(" ");
    one_line.trim_end_matches('.').to_owned()
}

/// All holds, grouped; empty without any.
pub fn section(holds: &[Hold], style: Style) -> String {
    let mut text = String::new();
    for urgency in [Urgency::Failed, Urgency::Person, Urgency::Wait, Urgency::Notice] {
        let group: Vec<&Hold> = holds.iter().filter(|hold| hold.cause.urgency() == urgency).collect();
        if group.is_empty() {
            continue;
        }
        let (heading, mark, role) = shown(urgency);
        let _ = writeln!(text, "{}", style.paint(Role::Strong, heading));
        for hold in group {
            let _ = writeln!(text, "  {} {}", style.paint(role, mark), line(hold));
            if let Some(hint) = hold.cause.hint() {
                let _ = writeln!(text, "    {}", style.paint(Role::Faint, format!("hint: {hint}")));
            }
        }
        text.push('\n');
    }
    text
}

fn shown(urgency: Urgency) -> (&'static str, &'static str, Role) {
    match urgency {
        Urgency::Failed => ("Failed", "!", Role::Bad),
        Urgency::Person => ("Held, needs a person", "!", Role::Bad),
        Urgency::Wait => ("Waiting", "…", Role::Change),
        Urgency::Notice => ("Worth knowing", "i", Role::Faint),
    }
}
