//! Which command a person's wish comes to, as the newest rollout stands; or why it does not go with it, and what does.
//!
//! Only judges. What a command makes of the record is `command`'s.

use crate::model::command::Order;
use crate::model::rollout::{Durable, Record, RecordState, Request};
use crate::model::row::ServiceTable;

use super::command::{About, Want};
use super::hold::HoldCause;
use super::rollout;

/// What a person's wish comes to.
pub(super) enum Ordered<'a> {
    /// A command about this record.
    Command(&'a Record, Order),
    /// This request is not wanted any more.
    Withdrawal(&'a Request),
}

/// What a person's wish is about, or why it does not go with the newest rollout as it stands. `begun` says whether a row was
/// kicked since the newest request was made.
pub(super) fn order<'a>(
    table: &ServiceTable,
    durable: &'a Durable,
    about: Option<&About>,
    want: Want,
    begun: bool,
) -> Result<Ordered<'a>, HoldCause> {
    let name = want.name();
    let refused = match want {
        Want::Retry => retry_instead,
        Want::Resolve(_) => resolve_instead,
        Want::Abort => abort_instead,
        Want::Run => run_instead,
    };
    if matches!(want, Want::Retry | Want::Run) && table.task_row().is_none() {
        return Err(no_task_row(name));
    }
    let Some(record) = &durable.record else {
        let stands = "not there: the cluster carries no record of this table yet".to_owned();
        return Err(HoldCause::CommandRefused { order: name, stands, instead: "`evenkeel rollout start` begins one" });
    };
    if let Some(request) = withdrawable(durable, record, about).filter(|_| want == Want::Abort) {
        return if begun { Err(opens()) } else { Ok(Ordered::Withdrawal(request)) };
    }
    let asked = rollout::active_request(durable, record).is_some() && record.state != RecordState::Open;
    let order = match (want, &record.state, record.state.attempt()) {
        (Want::Retry, RecordState::Failed(_) | RecordState::Unknown(_), Some(attempt)) if !asked => {
            Some(Order::Retry(attempt))
        }
        (Want::Resolve(told), RecordState::Unknown(lost), _) => Some(Order::Resolve(lost.attempt, told)),
        (Want::Abort, RecordState::Open, _) => Some(Order::Abort),
        (Want::Run, state, attempt) if state.can_run_again() && !asked => Some(Order::Run(attempt.unwrap_or(0))),
        (Want::Retry | Want::Resolve(_) | Want::Abort | Want::Run, ..) => None,
    };
    if let Some(order) = order {
        return Ok(Ordered::Command(record, order));
    }
    let name_of_state = record.state.name();
    let (stands, instead) = if asked {
        (format!("{name_of_state}, while a request for another one waits"), takes_up())
    } else {
        (name_of_state.to_owned(), refused(&record.state))
    };
    Err(HoldCause::CommandRefused { order: name, stands, instead })
}

/// A request can be withdrawn no more, and its rollout not be aborted yet.
pub(super) fn opens() -> HoldCause {
    let stands = "about to open: its rows are being kicked".to_owned();
    HoldCause::CommandRefused { order: Want::Abort.name(), stands, instead: "give it again in a moment" }
}

/// The request that nothing was begun for, and that is meant: an open rollout has taken up what was asked for, and is
/// aborted with it.
fn withdrawable<'a>(durable: &'a Durable, record: &Record, about: Option<&About>) -> Option<&'a Request> {
    let request = durable.wanted().filter(|request| record.request.as_ref() != Some(&request.id))?;
    let meant = match about {
        None => true,
        Some(About::Request(id)) => *id == request.id,
        Some(About::Rollout(_)) => false,
    };
    (meant && record.state != RecordState::Open).then_some(request)
}

/// There is nothing that could be run, be it again or once more.
pub(super) fn no_task_row(order: &'static str) -> HoldCause {
    let stands = "of a table without a task row".to_owned();
    HoldCause::CommandRefused { order, stands, instead: "state the task in a row of the table (`task`)" }
}

fn takes_up() -> &'static str {
    "`evenkeel reconcile --once` takes the request up, `evenkeel rollout abort` withdraws it; `evenkeel rollout status` shows \
     where it stands"
}

fn run_instead(state: &RecordState) -> &'static str {
    match state {
        RecordState::Failed(_) => "its rows are not as they were wanted; `evenkeel rollout start` begins a new rollout",
        RecordState::Open | RecordState::Launching(_) | RecordState::Launched(_) => {
            "it goes on by itself, and runs the task; `evenkeel rollout status` shows where it stands"
        }
        RecordState::Unknown(_) => {
            "nobody knows whether its task ran: `evenkeel rollout retry` runs it again, `evenkeel rollout resolve` says how it ended"
        }
        RecordState::Baseline | RecordState::Succeeded(_) | RecordState::Resolved(_) | RecordState::Skipped => {
            "give it again"
        }
    }
}

fn retry_instead(state: &RecordState) -> &'static str {
    match state {
        RecordState::Failed(_) => "its rows are not as they were wanted; `evenkeel rollout start` begins a new rollout",
        RecordState::Open | RecordState::Launching(_) | RecordState::Launched(_) => {
            "it goes on by itself; `evenkeel rollout status` shows where it stands"
        }
        RecordState::Baseline
        | RecordState::Succeeded(_)
        | RecordState::Resolved(_)
        | RecordState::Unknown(_)
        | RecordState::Skipped => {
            "it is over; `evenkeel rollout run` runs the task once more, and `evenkeel rollout start` begins a new rollout"
        }
    }
}

fn resolve_instead(state: &RecordState) -> &'static str {
    match state {
        RecordState::Launching(_) => {
            "its task may still come to light; without a trace it becomes unknown 55 minutes after its launch"
        }
        RecordState::Launched(_) => {
            "its task is looked at while ECS shows it, and unknown a few minutes after ECS does not"
        }
        RecordState::Open => "its task has not been launched; `evenkeel rollout abort` ends it without",
        RecordState::Baseline
        | RecordState::Succeeded(_)
        | RecordState::Resolved(_)
        | RecordState::Failed(_)
        | RecordState::Unknown(_)
        | RecordState::Skipped => "how it ended is known; `evenkeel rollout history` shows it",
    }
}

fn abort_instead(state: &RecordState) -> &'static str {
    match state {
        RecordState::Launching(_) | RecordState::Launched(_) => {
            "its rows are rolled out and its task runs, or may; stop the task with StopTask (console or CLI): it then ends as \
             failed, and is not tried again"
        }
        RecordState::Open => "give it again",
        RecordState::Baseline
        | RecordState::Succeeded(_)
        | RecordState::Resolved(_)
        | RecordState::Failed(_)
        | RecordState::Unknown(_)
        | RecordState::Skipped => "it is over, and there is nothing to roll back; `evenkeel rollout history` shows it",
    }
}
