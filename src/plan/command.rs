//! A person's commands: whether one can be given now, and what it makes of the record.
//!
//! | command | about a rollout that is | does |
//! |---|---|---|
//! | retry | failed with its task, or unknown | the next attempt, as from an open rollout: gate, settling, launch (`launch`) |
//! | resolve | unknown | the record ends as the person says |
//! | abort | open | rolls back what is still going, then ends the record as failed |
//! | abort | not open, while a request waits | withdraws the request: no row is kicked for it |
//! | run | ended, and neither unknown nor taken back | the next attempt, by the same way as a retry's |
//!
//! A command is read from its tag on every pass, so a second controller or a fresh process does the rest of it. It is
//! done when the record is another one than it names; nothing else remembers it.

use crate::model::command::{Command, Order, Standing, Told, name_of};
use crate::model::ids::{ClusterArn, CommandId, RequestId, RowName};
use crate::model::observed::{ClusterView, Fate, Seen};
use crate::model::past;
use crate::model::rollout::{Durable, Failure, IdempotencyKey, Record, RecordState, Request, RolloutId, TagKeys};
use crate::model::tags;
use crate::model::time::Timestamp;
use crate::model::withdrawal::Withdrawal;

use super::action::{Action, Plan, RollBack, Step};
use super::because::Because;
use super::draft::Draft;
use super::guard;
use super::history::LAG;
use super::hold::{Hold, HoldCause};
use super::launch;
use super::order::{self, Ordered};
use super::pace::{self, NextLook};
use super::planner::PlanInput;
use super::request::{Stands, stands_by};
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
    /// What makes giving it again the same command; without it, each giving is another.
    pub key: Option<IdempotencyKey>,
}

/// What can be wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// The task again.
    Retry,
    /// The rollout ended, in this way.
    Resolve(Told),
    /// The rollout taken back, or the request that waits for its kicks.
    Abort,
    /// The task once more, after a rollout that has ended; the first time, where there was none.
    Run,
}

impl Want {
    /// The command's word, as people give it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Resolve(_) => "resolve",
            Self::Abort => "abort",
            Self::Run => "run",
        }
    }
}

/// What a command is meant for, where somebody says so: the newest of all may be another by now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    /// This rollout.
    Rollout(RolloutId),
    /// This request, for which no row has been kicked yet.
    Request(RequestId),
}

/// What is to be done about a person's wish.
#[derive(Clone, Debug)]
pub enum Judged {
    /// A command is to be written down.
    New(Box<Accepted>),
    /// A withdrawal is to be written down.
    Withdrawn(Box<Withdrawing>),
    /// It was given before under the same key; nothing is to be written.
    Known(Stands),
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

/// A withdrawal that can be written down.
#[derive(Clone, Debug)]
pub struct Withdrawing {
    /// The cluster that carries it.
    pub cluster: ClusterArn,
    /// Under which keys.
    pub keys: TagKeys,
    /// The withdrawal.
    pub withdrawal: Withdrawal,
}

/// What the command in the tags makes of a pass.
pub(super) enum Obeyed {
    /// Nothing: there is none, or it is the launch's to do.
    Nothing,
    /// The record's next value.
    Record(Box<Record>, Because),
    /// Steps, or a reason to wait, are in the draft; the record stays.
    Waiting,
}

/// The task that is to run again by a person's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Again {
    /// The word.
    pub(super) order: Order,
    /// The attempt that it follows; 0 where there was none.
    pub(super) after: u32,
    /// Since when rows are this launch's concern: a retry's since the base of its rollout, whose kicks it follows; a run's
    /// since the rollout's frontier, since no kicks belong to it.
    pub(super) base: Timestamp,
}

/// Judges a command by one look.
///
/// # Errors
/// What stands against it, as holds: the account, the cluster, a tag, or how the newest rollout stands. Nothing stands
/// against a command that was given before under the same key.
pub fn command(input: &PlanInput<'_>, about: Option<&About>, wish: &Wish) -> Result<Judged, Vec<Hold>> {
    let mut draft = Draft::new(input);
    let id = wish.key.as_ref().map(|key| CommandId::keyed(&input.table.name, key));
    let Some((cluster, durable)) = guard::find_table(&mut draft) else {
        let own = |id: &CommandId| is_own(input, &draft, id);
        return if id.as_ref().is_some_and(own) { Ok(Judged::Known(Stands::Pending)) } else { Err(draft.holds) };
    };
    if let Some(stands) = id.as_ref().and_then(|id| known(input, cluster, &durable, id)) {
        return Ok(Judged::Known(stands));
    }
    let (at, by) = (input.observed.at, name_of(wish.by.as_deref()));
    let reason = tags::some_free(wish.reason.as_deref(), tags::LONGEST);
    let (cluster, keys) = (cluster.arn.clone(), TagKeys::of(&input.table.name));
    let begun =
        durable.record.as_ref().zip(durable.wanted()).is_some_and(|(record, request)| is_begun(input, record, request));
    match order::order(input.table, &durable, about, wish.want, begun) {
        Ok(Ordered::Command(record, order)) => {
            let base = (order == Order::Abort).then_some(record.base);
            let command = Command { rollout: record.id.clone(), base, order, at, id, by, reason }.as_kept();
            Ok(Judged::New(Box::new(Accepted { cluster, keys, command })))
        }
        Ok(Ordered::Withdrawal(request)) => {
            hold_unseen_services(&mut draft);
            if !draft.holds.is_empty() {
                return Err(draft.holds);
            }
            let (request, before) = (request.id.clone(), durable.withdrawn_before(&request.id));
            let withdrawal = Withdrawal { request, before, at, id, by, reason }.as_kept();
            Ok(Judged::Withdrawn(Box::new(Withdrawing { cluster, keys, withdrawal })))
        }
        Err(cause) => {
            draft.hold(None, cause);
            Err(draft.holds)
        }
    }
}

/// What stands against an abort once the steps of this plan are taken: the rows that a request asks for are kicked, and the
/// record is not open yet.
pub fn against_an_abort(plan: &Plan) -> Option<Hold> {
    let open = plan.rollout.record.as_ref().is_some_and(|record| record.state == RecordState::Open);
    let kicks = plan.steps.iter().any(|step| step.action.kicks());
    (kicks && !open).then(|| Hold { row: None, cause: order::opens() })
}

/// Whether a row was kicked since a request was made, as far as the look shows it or this process did it.
fn is_begun(input: &PlanInput<'_>, record: &Record, request: &Request) -> bool {
    // A row that came into the table since was not kicked for it.
    let after = request.after.max(rollout::base(record));
    let counts = |row: &RowName| record.rows.as_ref().is_none_or(|rows| rows.has(row));
    let made = input.history.made.values().map(|made| made.created_at);
    let rows = input.observed.rows.iter().filter(|(row, _)| counts(row));
    let services = rows.filter_map(|(_, view)| view.service.one()?.primary());
    services.map(|primary| primary.created_at).chain(made).any(|created_at| created_at > after)
}

/// Who cannot see a service cannot say that it was not kicked.
fn hold_unseen_services(draft: &mut Draft<'_>) {
    for row in &draft.input.table.rows {
        if let Some(Seen::Unknown(why)) = draft.input.observed.rows.get(&row.name).map(|view| &view.service) {
            draft.hold(Some(row), HoldCause::Unknown { what: "the service".to_owned(), why: why.clone() });
        }
    }
}

/// Whether this process wrote that very command a moment ago, and the read is only too late to show it.
fn is_own(input: &PlanInput<'_>, draft: &Draft<'_>, id: &CommandId) -> bool {
    let written = &input.history.written;
    let command = written.command.as_ref().and_then(|(command, _)| command.id.as_ref());
    let withdrawn = written.withdrawn.as_ref().and_then(|(withdrawn, _)| withdrawn.id.as_ref());
    (command == Some(id) || withdrawn == Some(id)) && draft.holds.iter().all(|hold| hold.cause == HoldCause::Stale)
}

/// How the command of this id stands, if it was ever given as far as the cluster knows.
fn known(input: &PlanInput<'_>, cluster: &ClusterView, durable: &Durable, id: &CommandId) -> Option<Stands> {
    let past = past::entries(&past::keys(&input.table.name), &cluster.tags);
    if let Some(ended) = past.into_iter().find(|past| past.command.as_ref() == Some(id)) {
        return Some(Stands::Ended(ended.rollout, ended.state));
    }
    if durable.withdrawn.as_ref().is_some_and(|withdrawn| withdrawn.id.as_ref() == Some(id)) {
        return Some(Stands::Withdrawn);
    }
    let command = durable.command.as_ref().filter(|command| command.id.as_ref() == Some(id))?;
    let record = durable.record.as_ref();
    Some(match record.map(|record| (command.against(record), record)) {
        Some((Standing::Pending, _)) => Stands::Pending,
        Some((Standing::Done, record)) => stands_by(record),
        Some((Standing::Void, _)) | None => Stands::Over,
    })
}

/// What is to run again: a retry, or a run. A rollout that somebody asked for takes its place.
pub(super) fn again(durable: &Durable, record: &Record) -> Option<Again> {
    let order = pending(durable, record)?.order;
    let (after, base) = match order {
        Order::Retry(attempt) => (attempt, record.base),
        Order::Run(attempt) => (attempt, record.frontier),
        Order::Resolve(..) | Order::Abort => return None,
    };
    rollout::active_request(durable, record).is_none().then_some(Again { order, after, base })
}

/// How many attempts a launch has had with this one: those since the word that it followed.
///
/// Where another command stands in the word's place, all of the rollout's count: then it ends sooner, and a person may say
/// so again.
pub(super) fn tries(durable: &Durable, record: &Record, attempt: u32) -> u32 {
    let word = durable.command.as_ref().filter(|command| command.against(record) == Standing::Done);
    let after = word.map_or(0, |command| match command.order {
        Order::Retry(after) | Order::Run(after) => after,
        Order::Resolve(..) | Order::Abort => 0,
    });
    attempt.saturating_sub(after)
}

/// The record as the gate is to judge it: with the base that the next attempt has.
pub(super) fn in_view(durable: &Durable, record: &Record) -> Record {
    let base = again(durable, record).map_or(record.base, |again| again.base);
    Record { base, ..record.clone() }
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
            Obeyed::Record(Box::new(next), Because::Commanded(said(command)))
        }
        (Order::Abort, RecordState::Open) => match stand {
            Some(stand) => abort(draft, stand, durable, record, command),
            // A row that is not found may have a deployment that is still going; what is missing is said already.
            None => Obeyed::Waiting,
        },
        (Order::Abort | Order::Retry(_) | Order::Run(_), _) => Obeyed::Nothing,
    }
}

fn pending<'a>(durable: &'a Durable, record: &Record) -> Option<&'a Command> {
    durable.command.as_ref().filter(|command| command.against(record) == Standing::Pending)
}

/// Rolls back what is still going of this rollout; when nothing is, the record ends.
fn abort(draft: &mut Draft<'_>, stand: &Stand<'_>, durable: &Durable, record: &Record, command: &Command) -> Obeyed {
    // A launch that was given up may have come to light: its task runs on what would go back.
    if let Err(cause) = rollout::undisturbed(draft.input) {
        draft.hold(None, cause);
        draft.next_look = pace::while_running(draft.input.observed.at, command.at);
        return Obeyed::Waiting;
    }
    // Nor under one that may come to light yet.
    if let Some(left) = launch::may_start_after_all(durable, draft.input.observed.at) {
        draft.hold(None, HoldCause::EarlierLaunch { left });
        draft.next_look = NextLook::After(left);
        return Obeyed::Waiting;
    }
    let (mut waits, mut kept) = (false, Vec::new());
    for row in stand.rows.iter().filter(|row| !row.is_empty() || row.kicked_since(record.base)) {
        let Some(history) = row.view.history.present() else {
            // Nothing is known of its deployments; that they could not be read is said elsewhere.
            waits = true;
            continue;
        };
        let newer = history.iter().filter(|deployment| deployment.created_at > record.base);
        for going in newer.clone().filter(|deployment| deployment.fate == Fate::Going) {
            if let Some(left) = draft.input.history.refused_for(&going.arn, draft.input.observed.at) {
                kept.push((row.row, going.arn.short().to_owned(), left));
                continue;
            }
            let back = RollBack { name: row.service.name.clone(), deployment: going.arn.clone() };
            let because = vec![Because::Commanded(said(command))];
            draft.steps.push(Step { row: Some(row.row.name.clone()), action: Action::RollBack(back), because });
        }
        // A deployment that was just made may be missing from the list.
        let young = draft.input.observed.at.since(row.primary.created_at) < LAG;
        if newer.count() == 0 && row.kicked_since(record.base) && young {
            draft.hold(Some(row.row), HoldCause::AbortInHand);
            waits = true;
        }
    }
    // Who asks for a rollout after the abort has the rows kicked anew, and what cannot go back with them.
    let replaced = durable.wanted().is_some_and(|request| request.at > command.at);
    if waits || !draft.steps.is_empty() || !(kept.is_empty() || replaced) {
        draft.next_look = if waits { NextLook::MOVING } else { NextLook::Idle };
        for (row, deployment, left) in kept {
            draft.hold(Some(row), HoldCause::NoWayBack { deployment });
            draft.next_look = draft.next_look.or_sooner(NextLook::After(left));
        }
        return Obeyed::Waiting;
    }
    let next = ended(stand, durable, record, command);
    Obeyed::Record(Box::new(next), Because::Commanded(said(command)))
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
    let pending = durable.wanted().filter(|request| request.at <= command.at);
    let request = pending.map(|request| request.id.clone()).or_else(|| record.request.clone());
    Record { base, request, ..ended }
}
