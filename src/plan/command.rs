//! A person's commands: whether one can be given now, and what it makes of the record.
//!
//! | command | about a rollout that is | does |
//! |---|---|---|
//! | retry | failed with its task, or unknown | the next attempt, as from an open rollout: gate, settling, launch (`launch`) |
//! | resolve | unknown | the record ends as the person says |
//! | abort | open | rolls back what is still going, then ends the record as failed |
//!
//! A command is read from its tag on every pass, so a second controller or a fresh process does the rest of it. It is
//! done when the record is another one than it names; nothing else remembers it.

use crate::model::command::{Command, Order, Standing, Told, name_of};
use crate::model::ids::ClusterArn;
use crate::model::observed::Fate;
use crate::model::rollout::{Durable, Failure, Record, RecordState, TagKeys};
use crate::model::tags;

use super::action::{Action, RollBack, Step};
use super::because::Because;
use super::draft::Draft;
use super::guard;
use super::hold::{Hold, HoldCause};
use super::planner::PlanInput;
use super::rollout::{self, RowStand, Stand};

/// A command as a person gives it, about whatever rollout is the newest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// What is wanted.
    pub want: Want,
    /// Who wants it.
    pub by: Option<String>,
    /// Why.
    pub reason: Option<String>,
}

/// What can be wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// The task again.
    Retry,
    /// The rollout ended, in this way.
    Resolve(Told),
    /// The rollout taken back.
    Abort,
}

impl Want {
    /// The command's word, as people give it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Resolve(_) => "resolve",
            Self::Abort => "abort",
        }
    }
}

/// A command that can be written down.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// The cluster that carries it.
    pub cluster: ClusterArn,
    /// Under which keys.
    pub keys: TagKeys,
    /// The command.
    pub command: Command,
}

/// What the command in the tags makes of a pass.
pub(super) enum Obeyed {
    /// Nothing: there is none, or it is the launch's to do.
    Nothing,
    /// The record's next value.
    Record(Record, Because),
    /// Steps, or a reason to wait, are in the draft; the record stays.
    Waiting,
}

/// Judges a command by one look.
///
/// # Errors
/// What stands against it, as holds: the account, the cluster, a tag, or how the newest rollout stands.
pub fn command(input: &PlanInput<'_>, wish: &Wish) -> Result<Accepted, Vec<Hold>> {
    let mut draft = Draft::new(input);
    let Some((cluster, durable)) = guard::find_table(&mut draft) else { return Err(draft.holds) };
    match order(&durable, wish.want) {
        Ok((record, order)) => Ok(Accepted {
            cluster: cluster.arn.clone(),
            keys: TagKeys::of(&input.table.name),
            command: Command {
                rollout: record.id.clone(),
                base: (order == Order::Abort).then_some(record.base),
                order,
                at: input.observed.at,
                by: name_of(wish.by.as_deref()),
                reason: tags::some_free(wish.reason.as_deref(), 110),
            },
        }),
        Err(cause) => {
            draft.hold(None, cause);
            Err(draft.holds)
        }
    }
}

/// The retry that is to be done: the attempt that it follows. A rollout that somebody asked for takes its place.
pub(super) fn retried(durable: &Durable, record: &Record) -> Option<u32> {
    match pending(durable, record)?.order {
        Order::Retry(_) if rollout::active_request(durable, record).is_some() => None,
        Order::Retry(attempt) => Some(attempt),
        Order::Resolve(..) | Order::Abort => None,
    }
}

/// The abort that is to be done.
pub(super) fn aborted<'a>(durable: &'a Durable, record: &Record) -> Option<&'a Command> {
    pending(durable, record).filter(|command| command.order == Order::Abort)
}

/// A command in words: `abort by ada: the index is wrong`.
pub(super) fn said(command: &Command) -> String {
    let by = command.by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
    let reason = command.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    format!("{}{by}{reason}", command.order)
}

/// 4. What a command makes of the record; a retry is left to the launch.
pub(super) fn obey(draft: &mut Draft<'_>, stand: Option<&Stand<'_>>, durable: &Durable) -> Obeyed {
    let Some(record) = &durable.record else { return Obeyed::Nothing };
    let Some(command) = pending(durable, record) else { return Obeyed::Nothing };
    match (command.order, &record.state) {
        (Order::Resolve(attempt, told), _) => {
            let state = match told {
                Told::Succeeded => RecordState::Resolved(attempt),
                Told::Failed => RecordState::Failed(Failure::Told(attempt)),
            };
            let next = Record { state, since: draft.input.observed.at, ..record.clone() };
            Obeyed::Record(next, Because::Commanded(said(command)))
        }
        (Order::Abort, RecordState::Open) => match stand {
            Some(stand) => abort(draft, stand, durable, record, command),
            // A row that is not found may have a deployment that is still going; what is missing is said already.
            None => Obeyed::Waiting,
        },
        (Order::Abort | Order::Retry(_), _) => Obeyed::Nothing,
    }
}

fn pending<'a>(durable: &'a Durable, record: &Record) -> Option<&'a Command> {
    durable.command.as_ref().filter(|command| command.against(record) == Standing::Pending)
}

/// What a person's wish is about, or why it does not go with the newest rollout as it stands.
fn order(durable: &Durable, want: Want) -> Result<(&Record, Order), HoldCause> {
    let name = want.name();
    let refused = match want {
        Want::Retry => retry_instead,
        Want::Resolve(_) => resolve_instead,
        Want::Abort => abort_instead,
    };
    let Some(record) = &durable.record else {
        let stands = "not there: the cluster carries no record of this table yet".to_owned();
        return Err(HoldCause::CommandRefused { order: name, stands, instead: "`evenkeel rollout start` begins one" });
    };
    let asked = rollout::active_request(durable, record).is_some() && record.state != RecordState::Open;
    let order = match (want, &record.state, record.state.attempt()) {
        (Want::Retry, RecordState::Failed(_) | RecordState::Unknown(_), Some(attempt)) if !asked => {
            Some(Order::Retry(attempt))
        }
        (Want::Resolve(told), RecordState::Unknown(lost), _) => Some(Order::Resolve(lost.attempt, told)),
        (Want::Abort, RecordState::Open, _) => Some(Order::Abort),
        (Want::Retry | Want::Resolve(_) | Want::Abort, ..) => None,
    };
    if let Some(order) = order {
        return Ok((record, order));
    }
    let name_of_state = record.state.name();
    let (stands, instead) = if asked {
        let instead =
            "`evenkeel reconcile --once` takes the request up; `evenkeel rollout status` shows where it stands";
        (format!("{name_of_state}, while a request for another one waits"), instead)
    } else {
        (name_of_state.to_owned(), refused(&record.state))
    };
    Err(HoldCause::CommandRefused { order: name, stands, instead })
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
        | RecordState::Skipped => "it is over; `evenkeel rollout start` begins a new one, which runs the task",
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

/// Rolls back what is still going of this rollout; when nothing is, the record ends.
fn abort(draft: &mut Draft<'_>, stand: &Stand<'_>, durable: &Durable, record: &Record, command: &Command) -> Obeyed {
    let mut waits = false;
    for row in stand.rows.iter().filter(|row| !row.is_empty() || row.kicked_since(record.base)) {
        let Some(history) = row.view.history.present() else {
            // Nothing is known of its deployments; that they could not be read is said elsewhere.
            waits = true;
            continue;
        };
        let newer = history.iter().filter(|deployment| deployment.created_at > record.base);
        for going in newer.clone().filter(|deployment| deployment.fate == Fate::Going) {
            let back = RollBack { name: row.service.name.clone(), deployment: going.arn.clone() };
            let because = vec![Because::Commanded(said(command))];
            draft.steps.push(Step { row: Some(row.row.name.clone()), action: Action::RollBack(back), because });
        }
        // A deployment that was just made may be missing from the list.
        if newer.count() == 0 && row.kicked_since(record.base) {
            draft.hold(Some(row.row), HoldCause::AbortInHand);
            waits = true;
        }
    }
    if waits || !draft.steps.is_empty() {
        return Obeyed::Waiting;
    }
    let next = ended(stand, durable, record, command);
    Obeyed::Record(next, Because::Commanded(said(command)))
}

/// The record of a rollout that was taken back.
///
/// Where ECS goes back, the next rollout starts from where this one did, and knows its rows as undone. Where every row
/// had completed there is nothing to go back to: then rows count as kicked only if somebody kicks them after this.
fn ended(stand: &Stand<'_>, durable: &Durable, record: &Record, command: &Command) -> Record {
    let ended = rollout::ended_badly(stand, record, Failure::Aborted);
    let undone = |row: &RowStand<'_>| {
        let history = row.view.history.present().into_iter().flatten();
        history.filter(|it| it.created_at > record.base).any(|it| it.fate == Fate::Undone)
    };
    let base = if stand.rows.iter().any(undone) { record.base } else { ended.frontier };
    // A request that was made before the abort was for the rollout that is taken back.
    let pending = durable.request.as_ref().filter(|request| request.at <= command.at);
    let request = pending.map(|request| request.id.clone()).or_else(|| record.request.clone());
    Record { base, request, ..ended }
}
