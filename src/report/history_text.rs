//! The last rollouts as people read them: the one in hand, then those that ended, newest first.

use std::fmt::Write as _;

use crate::model::past::{Origin, Past};
use crate::model::rollout::RecordState;

use super::style::{Role, Style};
use super::subject::Subject;
use super::words;

/// The last rollouts.
pub fn history_text(subject: &Subject<'_>, style: Style) -> String {
    let report = &subject.plan.rollout;
    let mut text = format!("{} rollouts\n\n", style.paint(Role::Strong, &subject.table.name));
    if let Some(record) = report.record.as_ref().filter(|_| subject.rollout_is_in_hand()) {
        let phase = style.paint(Role::Change, report.phase.name());
        let _ = writeln!(
            text,
            "  {} {phase}: {}\n",
            style.paint(Role::Strong, &record.id),
            words::record_state(&record.state)
        );
    }
    let past = subject.past();
    for past in &past {
        text.push_str(&entry(past, style));
    }
    if past.is_empty() {
        text.push_str("  none has ended since this program knows the cluster\n");
    }
    text
}

fn entry(past: &Past, style: Style) -> String {
    let Past { rollout, at, state, origin, digests, command: _, by, reason } = past;
    let role = match state {
        RecordState::Succeeded(_) | RecordState::Resolved(_) | RecordState::Skipped => Role::Good,
        RecordState::Failed(_) | RecordState::Unknown(_) => Role::Bad,
        RecordState::Baseline | RecordState::Open | RecordState::Launching(_) | RecordState::Launched(_) => {
            Role::Change
        }
    };
    let mut text = format!(
        "  {} {}  {}\n",
        style.paint(Role::Strong, rollout),
        style.paint(Role::Faint, at),
        style.paint(role, words::record_state(state))
    );
    let began = match origin {
        Origin::Request(id) => format!("begun by request {id}"),
        Origin::Change => "begun by corrections of this table".to_owned(),
        Origin::Kick => "begun by kicks of others".to_owned(),
        Origin::Run => "the task alone, by a person's word".to_owned(),
    };
    let attempts = state.attempt().map(|number| format!("; {}", words::counted(number as usize, "attempt")));
    let ran = if digests.is_empty() { String::new() } else { format!("; runs {}", digests.join(" and ")) };
    let _ = writeln!(text, "    {began}{}{ran}", attempts.unwrap_or_default());
    let who = by.as_ref().map(|by| format!("by {by}"));
    let said: Vec<String> = who.into_iter().chain(reason.clone()).collect();
    if !said.is_empty() {
        let _ = writeln!(text, "    {}", said.join(": "));
    }
    text
}
