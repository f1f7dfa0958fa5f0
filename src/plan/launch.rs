//! The one-off task: intent, attempt, recovery.
//!
//! A state machine over the record. Each pass takes at most one step of it, so that every write is read back by the
//! next look before anything follows from it:
//! gate clear -> `launching` written -> read back -> RunTask -> `launched` written -> watched -> judged.
//! What is done after a crash is a table in docs/rollout.md; the functions here go through its lines in the same order.

use std::collections::BTreeSet;

use crate::model::command::Command;
use crate::model::ids::{ContainerName, TaskArn};
use crate::model::observed::{ContainerView, DefinitionView, NetworkView, Observed, Seen, TaskStatus, TaskView};
use crate::model::rollout::{Attempt, Durable, Failure, Lost, Record, RecordState};
use crate::model::row::{Row, ServiceTable};
use crate::model::time::{Span, Timestamp};

use super::action::{Action, Launch};
use super::added;
use super::because::Because;
use super::command;
use super::gate::Gate;
use super::history::{Answer, History, LaunchAnswer};
use super::hold::HoldCause;
use super::order;
use super::pace::{self, NextLook};
use super::probe::{self, Probed};
use super::rollout::Stand;

/// A RunTask token lives for the task's lifetime plus an hour, a day at most, and a stopped task is visible for about
/// an hour. Within 55 minutes both still protect from a second run; later, neither is sure, and only a person is.
/// Larger would risk a second run, smaller would ask a person without need.
const TOKEN_LIFE: Span = Span::minutes(55);

/// How long ECS may take to show what it has accepted: its own documentation speaks of up to five minutes.
const VISIBLE: Span = Span::minutes(5);

/// How long a launch may still come to light after what forbids it: an abort, a kick, the end as not to be started. That may be
/// written four minutes after its look; whoever had not read it by then may send RunTask for four minutes more, and ECS may
/// take five to show the task. Shorter could call a rollout ended whose task then runs, or have two tasks alive together;
/// longer only delays.
const COMES_TO_LIGHT: Span = Span::minutes(13);

/// The wait before the second attempt of a launch; doubled for each later one.
const FIRST_BACKOFF: Span = Span::seconds(30);

/// What the launch does now: a step and its reason, or why there is none and when to look again.
pub(super) type Move = Result<(Action, Because), (HoldCause, NextLook)>;

/// What a launch decision looks at.
pub(super) struct LaunchInput<'a> {
    pub(super) table: &'a ServiceTable,
    pub(super) observed: &'a Observed,
    /// The durable facts; `record` is theirs, with the base that the attempt has.
    pub(super) durable: &'a Durable,
    pub(super) record: &'a Record,
    pub(super) history: &'a History,
    /// The rows and the gate; `None` while a row is not found. Then nothing begins, but what a task came to is still
    /// judged: ECS forgets it within the hour.
    pub(super) ground: Option<Ground<'a>>,
}

/// What a launch may be begun on.
#[derive(Clone, Copy)]
pub(super) struct Ground<'a> {
    pub(super) stand: &'a Stand<'a>,
    pub(super) gate: &'a Gate,
}

/// The record's next value as an action.
///
/// `launching` is written once per attempt and never again, so its `since` is the age of the token. From `launched` on
/// the token is of no use any more, and `since` says how long the task has had to become visible.
fn write(input: &LaunchInput<'_>, state: RecordState, because: Because) -> Move {
    Ok((Action::Record(counting(input, next(input.observed, input.record, state))), because))
}

fn counting(input: &LaunchInput<'_>, record: Record) -> Record {
    added::counting(input.ground.map(|ground| ground.stand), record)
}

fn next(observed: &Observed, record: &Record, state: RecordState) -> Record {
    Record { state, since: observed.at, ..record.clone() }
}

fn launched(observed: &Observed, record: &Record, number: u32, task: &TaskArn) -> (Record, Because) {
    let task = task.id().to_owned();
    let because = Because::TaskAccepted(task.clone());
    (next(observed, record, RecordState::Launched(Attempt { number, task })), because)
}

/// What the launch does next, by the record; `None` where that is not the launch's to say.
pub(super) fn decide(input: &LaunchInput<'_>) -> Option<Move> {
    if let Some(again) = command::again(input.durable, input.record) {
        // The row left the table after the word was given. What has ended stays as it ended.
        if input.table.task_row().is_none() {
            return Some(Err((order::no_task_row(again.order.name()), NextLook::Idle)));
        }
        if let Some(wait) = after_another(input) {
            return Some(Err(wait));
        }
        return when_open(input, &input.ground?, again.after.saturating_add(1));
    }
    match &input.record.state {
        RecordState::Open => when_open(input, &input.ground?, 1),
        RecordState::Launching(attempt) => when_launching(input, *attempt),
        RecordState::Launched(attempt) => Some(when_launched(input, attempt)),
        RecordState::Baseline
        | RecordState::Succeeded(_)
        | RecordState::Failed(_)
        | RecordState::Unknown(_)
        | RecordState::Resolved(_)
        | RecordState::Skipped => None,
    }
}

/// What still forbids a clear gate to be passed: the youngest kick is too young, or it has not held for long enough.
fn not_yet(history: &History, Ground { stand, gate }: &Ground<'_>) -> Option<(HoldCause, NextLook)> {
    let now = stand.observed.at;
    if !gate.is_open() {
        let look = pace::while_shut(stand.observed, gate, &history.moving, stand.frontier);
        return Some((HoldCause::GateShut { missing: gate.missing() }, look));
    }
    let young = stand.table.policy.quiet.minus(now.since(stand.frontier));
    let held = match &history.clear {
        Some((id, since)) if *id == stand.id => now.since(*since),
        Some(_) | None => Span::ZERO,
    };
    let settling = stand.table.policy.settle.minus(held);
    if young > Span::ZERO {
        Some((HoldCause::KickTooYoung { left: young }, NextLook::After(young.min(NextLook::SETTLING))))
    } else if settling > Span::ZERO {
        Some((HoldCause::Settling { left: settling }, NextLook::After(settling.min(NextLook::SETTLING))))
    } else {
        None
    }
}

/// The one-off task's row and its definition; `None` if the table has none, or it was not found.
fn one_off<'a>(input: &LaunchInput<'a>) -> Option<(&'a Row, &'a DefinitionView)> {
    let (row, _) = input.table.task_row()?;
    Some((row, input.observed.rows.get(&row.name)?.definition.one()?))
}

/// Without a task row, a clear gate ends the rollout.
fn when_open(input: &LaunchInput<'_>, ground: &Ground<'_>, attempt: u32) -> Option<Move> {
    if let Some(wait) = not_yet(input.history, ground) {
        return Some(Err(wait));
    }
    if input.table.task_row().is_none() {
        return Some(write(input, RecordState::Skipped, Because::GateClear));
    }
    if let Some(wait) = after_another(input) {
        return Some(Err(wait));
    }
    let (_, definition) = one_off(input)?;
    Some(match launchable(ground.stand, definition) {
        Ok(_) => write(input, RecordState::Launching(attempt), Because::GateClear),
        Err(cause) => Err((cause, NextLook::Idle)),
    })
}

/// What became of an attempt that is written down as not to be started. Where one process was refused, another's RunTask may
/// have been accepted: the record is to follow its task, or a retry would run it twice. `None` if nothing new is known.
pub(super) fn after_all(observed: &Observed, record: &Record) -> Option<(Record, Because)> {
    let RecordState::Failed(Failure::Start(attempt) | Failure::Refused(attempt)) = record.state else { return None };
    // One that stopped before it ran is what the record says already.
    let tells = |task: &TaskView| task.is_alive() || may_have_run(task);
    match newest_from(observed, record, attempt, tells) {
        Some((number, task)) => Some(launched(observed, record, number, &task.arn)),
        None => confirmed(observed, record),
    }
}

/// A refusal to which nothing came to light, once it would have. Whoever has not looked for so long cannot tell: ECS may have
/// shown a task of it and forgotten it meanwhile.
fn confirmed(observed: &Observed, record: &Record) -> Option<(Record, Because)> {
    let RecordState::Failed(Failure::Refused(attempt)) = record.state else { return None };
    observed.tasks.present()?;
    let age = observed.at.since(record.since);
    if age < COMES_TO_LIGHT {
        return None;
    }
    Some(if age < TOKEN_LIFE {
        let why = format!("{age} after AWS refused it, no task of it has come to light");
        let state = RecordState::Failed(Failure::Start(attempt));
        (Record { state, ..record.clone() }, Because::NeverStarted(why))
    } else {
        let why = format!(
            "AWS refused attempt {attempt} {age} ago, and nobody has looked since for a task that another process started"
        );
        let lost = Lost { attempt, task: None };
        (next(observed, record, RecordState::Unknown(lost)), Because::EvidenceLost(why))
    })
}

/// For how long a task may still come to light of a launch that nobody follows: its attempt is written down as not to be
/// started, or a look that was late took its rollout for one that had not been launched yet, and opened the next.
pub(super) fn may_start_after_all(durable: &Durable, now: Timestamp) -> Option<Span> {
    let record = durable.record.as_ref()?;
    let launches = durable.launches.iter().flatten();
    let newest = launches.chain([record]).filter_map(|launch| forbidden_since(launch, record)).max()?;
    Some(COMES_TO_LIGHT.minus(now.since(newest))).filter(|left| *left > Span::ZERO)
}

/// Since when whoever reads the tags sends no RunTask of this launch any more.
fn forbidden_since(launch: &Record, record: &Record) -> Option<Timestamp> {
    match launch.state {
        RecordState::Failed(Failure::Start(_) | Failure::Refused(_)) => Some(launch.since),
        // A token is sent for 55 minutes at most, whatever the tags say.
        RecordState::Launching(_) if launch.id != record.id => Some(record.since.min(launch.since.plus(TOKEN_LIFE))),
        RecordState::Launching(_)
        | RecordState::Baseline
        | RecordState::Open
        | RecordState::Launched(_)
        | RecordState::Succeeded(_)
        | RecordState::Failed(
            Failure::Row(_) | Failure::Task { .. } | Failure::Log { .. } | Failure::Told(_) | Failure::Aborted,
        )
        | RecordState::Unknown(_)
        | RecordState::Resolved(_)
        | RecordState::Skipped => None,
    }
}

/// When a refusal is to be confirmed, if one stands.
pub(super) fn confirmed_in(durable: &Durable, now: Timestamp) -> Option<Span> {
    let refused = |record: &Record| matches!(record.state, RecordState::Failed(Failure::Refused(_)));
    durable.record.as_ref().filter(|record| refused(record)).and_then(|_| may_start_after_all(durable, now))
}

/// Nothing is launched while the task of a launch before may come to light.
fn after_another(input: &LaunchInput<'_>) -> Option<(HoldCause, NextLook)> {
    let left = may_start_after_all(input.durable, input.observed.at)?;
    Some((HoldCause::EarlierLaunch { left }, NextLook::After(left)))
}

/// The task of an attempt, or of the newest one after it: a late write may have put this attempt's intent over that one's.
pub(super) fn newest_from<'a>(
    observed: &'a Observed,
    record: &Record,
    attempt: u32,
    tells: impl Fn(&TaskView) -> bool,
) -> Option<(u32, &'a TaskView)> {
    let tasks = observed.tasks.present()?.iter().filter(|task| tells(task));
    let numbered = tasks.filter_map(|task| Some((record.id.attempt_of(&task.started_by)?, task)));
    numbered.filter(|(number, _)| *number >= attempt).max_by_key(|(number, _)| *number)
}

/// What became of the launch, if anything tells; else, what time has made of it; else, the launch itself.
fn when_launching(input: &LaunchInput<'_>, attempt: u32) -> Option<Move> {
    evidence(input, attempt).or_else(|| expired(input, attempt)).or_else(|| launch(input, attempt))
}

/// The attempt's task, or RunTask's own answer.
fn evidence(input: &LaunchInput<'_>, attempt: u32) -> Option<Move> {
    let LaunchInput { table: _, observed, durable: _, record, history, ground: _ } = input;
    if let Some((number, task)) = newest_from(observed, record, attempt, |_| true) {
        return Some(accepted(input, number, &task.arn));
    }
    // One that is older than the intent was to another, whose record somebody removed; clocks differ by less.
    let is_its = |launch: &&LaunchAnswer| {
        (&launch.id, launch.attempt) == (&record.id, attempt) && record.since.since(launch.at) < VISIBLE
    };
    let answer = history.launch.as_ref().filter(is_its)?;
    match &answer.answer {
        Answer::Task(id) => Some(accepted(input, attempt, &TaskArn::told(id.clone()))),
        Answer::NotStarted(why) => Some(next_attempt(input, attempt, answer.at, why.clone())),
        // Whoever was not refused may have had it run since, and ECS has forgotten it.
        Answer::Refused(_) if is_expired(input) => None,
        Answer::Refused(why) => {
            Some(write(input, RecordState::Failed(Failure::Refused(attempt)), Because::NeverStarted(why.clone())))
        }
    }
}

/// Whether neither the token nor what ECS shows tells any more what became of the attempt.
fn is_expired(input: &LaunchInput<'_>) -> bool {
    input.observed.at.since(input.record.since) >= TOKEN_LIFE
}

/// The launch is too old to be repeated, or overtaken by a newer kick.
fn expired(input: &LaunchInput<'_>, attempt: u32) -> Option<Move> {
    let LaunchInput { table: _, observed, durable, record, history: _, ground } = input;
    let age = observed.at.since(record.since);
    if is_expired(input) {
        let why = format!("attempt {attempt} was launched {age} ago and no task of it is visible");
        let lost = Lost { attempt, task: None };
        return Some(write(input, RecordState::Unknown(lost), Because::EvidenceLost(why)));
    }
    let seen = observed.tasks.present().is_some();
    let unsent_since = |moment: Timestamp| seen && observed.at.since(record.since.max(moment)) >= COMES_TO_LIGHT;
    let unsent = |command: &&Command| unsent_since(command.at);
    if let Some(command) = command::aborted(durable, record).filter(unsent) {
        return Some(write(input, RecordState::Open, Because::Commanded(command::said(command))));
    }
    let stand = ground.as_ref()?.stand;
    let kicked = added::newest_kick(stand, record);
    let overtaken = kicked > record.frontier && unsent_since(kicked);
    // Nothing of this attempt came to light, and it must not be tried any more: the rollout goes on.
    overtaken.then(|| write(input, RecordState::Open, Because::Kicked(stand.kicked_since(record.frontier))))
}

/// RunTask, for the first time or once more under the same token.
fn launch(input: &LaunchInput<'_>, attempt: u32) -> Option<Move> {
    let record = input.record;
    // Nothing more is sent; what may have been sent comes to light within minutes, or never.
    if command::aborted(input.durable, record).is_some() {
        return Some(Err((HoldCause::AbortInHand, NextLook::MOVING)));
    }
    if input.table.task_row().is_none() {
        return Some(Err((HoldCause::TaskNotSeen { attempt }, NextLook::MOVING)));
    }
    let Ground { stand, gate } = input.ground?;
    // Whoever saw the kick first may have launched its rollout, and this intent may be a late word that has hidden that launch.
    let left = COMES_TO_LIGHT.minus(input.observed.at.since(record.since.max(stand.frontier)));
    if stand.frontier > record.frontier && left > Span::ZERO {
        return Some(Err((HoldCause::EarlierLaunch { left }, NextLook::MOVING)));
    }
    let (row, definition) = one_off(input)?;
    let task = row.task()?;
    if !gate.is_open() {
        return Some(Err((HoldCause::GateShut { missing: gate.missing() }, NextLook::MOVING)));
    }
    if let Some(wait) = after_another(input) {
        return Some(Err(wait));
    }
    Some(match launchable(stand, definition) {
        Ok(network) => {
            let definition = definition.arn.clone();
            let client_token = record.id.client_token(attempt);
            let started_by = record.id.started_by(attempt);
            let capacity = task.capacity(row.capacity, attempt);
            let launch = Launch { definition, client_token, started_by, capacity, network };
            Ok((Action::Run(launch), Because::LaunchRecorded))
        }
        Err(cause) => Err((cause, NextLook::Idle)),
    })
}

fn accepted(input: &LaunchInput<'_>, number: u32, task: &TaskArn) -> Move {
    let (record, because) = launched(input.observed, input.record, number, task);
    Ok((Action::Record(counting(input, record)), because))
}

/// A row that left the table meanwhile wants no more attempts.
fn next_attempt(input: &LaunchInput<'_>, attempt: u32, since: Timestamp, why: String) -> Move {
    if command::aborted(input.durable, input.record).is_some() {
        return write(input, RecordState::Open, Because::NeverStarted(why));
    }
    let tries = command::tries(input.durable, input.record, attempt);
    if tries >= input.table.task_row().map_or(1, |(_, task)| task.attempts) {
        return write(input, RecordState::Failed(Failure::Start(attempt)), Because::NeverStarted(why));
    }
    let doubled = 1_i64 << tries.saturating_sub(1).min(6);
    let wait = Span::from_millis(FIRST_BACKOFF.millis() * doubled);
    let left = wait.minus(input.observed.at.since(since));
    if left > Span::ZERO {
        return Err((HoldCause::LaunchBackoff { left, reason: why }, NextLook::After(left)));
    }
    write(input, RecordState::Launching(attempt + 1), Because::NeverStarted(why))
}

fn when_launched(input: &LaunchInput<'_>, attempt: &Attempt) -> Move {
    let LaunchInput { observed, record, .. } = input;
    let tasks = match &observed.tasks {
        Seen::Present(tasks) => tasks,
        Seen::Absent => return Err((HoldCause::TaskNotSeen { attempt: attempt.number }, NextLook::MOVING)),
        Seen::Unknown(why) => {
            let what = "the deployment task".to_owned();
            return Err((HoldCause::Unknown { what, why: why.clone() }, NextLook::MOVING));
        }
    };
    match tasks.iter().find(|task| task.arn.id() == attempt.task) {
        Some(ended) if ended.status == TaskStatus::Stopped => judge(input, attempt, ended),
        Some(alive) => {
            if let Some((record, because)) = input.ground.and_then(|ground| added::joined(ground.stand, input.record)) {
                return Ok((Action::Record(record), because));
            }
            let (task, status) = (attempt.task.clone(), alive.said());
            Err((HoldCause::TaskRunning { task, status }, pace::while_running(observed.at, record.since)))
        }
        None if observed.at.since(record.since) < VISIBLE => {
            let look = pace::while_running(observed.at, record.since);
            Err((HoldCause::TaskNotSeen { attempt: attempt.number }, look))
        }
        None => {
            let why = format!("task {} is gone from ECS and was never seen stopped", attempt.task);
            let lost = Lost { attempt: attempt.number, task: Some(attempt.task.clone()) };
            write(input, RecordState::Unknown(lost), Because::EvidenceLost(why))
        }
    }
}

/// Judges a task that is STOPPED. The exit code alone is not enough: an application that handles SIGTERM exits 0 when
/// Spot takes it away.
fn judge(input: &LaunchInput<'_>, attempt: &Attempt, ended: &TaskView) -> Move {
    let said = [ended.stop_code.as_str(), ended.stopped_reason.as_str()];
    let how = said.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(": ");
    // Somebody who stops a task wants it stopped: that is no reason to try again.
    let by_hand = ended.stop_code == "UserInitiated";
    if !may_have_run(ended) && !by_hand {
        let since = ended.stopped_at.unwrap_or(input.observed.at);
        return next_attempt(input, attempt.number, since, how);
    }
    let row = input.table.task_row().map(|(row, _)| row);
    let exit = exit_code(row, &ended.containers);
    let because = Because::TaskEnded(match exit {
        Some(code) => format!("task {} ended with exit code {code} ({how})", attempt.task),
        None => format!("task {} ended without an exit code ({how})", attempt.task),
    });
    if exit != Some(0) || ended.stop_code != "EssentialContainerExited" {
        return write(input, RecordState::Failed(Failure::Task { attempt: attempt.clone(), exit }), because);
    }
    let probe = input.table.task_row().and_then(|(_, task)| task.probe.as_ref());
    match probe.map(|probe| probe::judge(probe, input.observed, attempt, ended)) {
        None | Some(Probed::Good) => write(input, RecordState::Succeeded(attempt.clone()), because),
        Some(Probed::Bad(how)) => {
            let state = RecordState::Failed(Failure::Log { attempt: attempt.clone() });
            write(input, state, Because::TaskEnded(how))
        }
        Some(Probed::Untold(cause)) => Err((cause, NextLook::MOVING)),
    }
}

/// Whether a task's program may have been run. ECS tells `startedAt` once it has seen the task RUNNING: where the program ends
/// at once it need not have, and then only the exit code, or that its container exited, says so.
fn may_have_run(task: &TaskView) -> bool {
    task.started_at.is_some()
        || task.stop_code == "EssentialContainerExited"
        || task.containers.iter().any(|container| container.exit_code.is_some())
}

/// The exit code of the row's container; without one in the task, the worst of all.
fn exit_code(row: Option<&Row>, containers: &[ContainerView]) -> Option<i32> {
    let has = |name: &&ContainerName| containers.iter().any(|container| container.name == **name);
    let name = row.and_then(|row| row.container.as_ref()).filter(has);
    let meant = |container: &&ContainerView| name.is_none_or(|name| *name == container.name);
    let codes: Option<Vec<i32>> = containers.iter().filter(meant).map(|container| container.exit_code).collect();
    codes?.into_iter().max_by_key(|code| code.unsigned_abs())
}

/// What RunTask needs from the service rows, or why it must not be called.
fn launchable(stand: &Stand<'_>, definition: &DefinitionView) -> Result<NetworkView, HoldCause> {
    let family = definition.family.as_str().to_ascii_lowercase();
    if definition.initial || family.contains("initial") {
        return Err(HoldCause::InitialDefinition { definition: definition.arn.short().to_owned() });
    }
    let networks: BTreeSet<&NetworkView> = stand.rows.iter().filter_map(|row| row.service.network.as_ref()).collect();
    match networks.iter().next() {
        Some(only) if networks.len() == 1 => Ok((*only).clone()),
        Some(_) | None => Err(HoldCause::NetworkAmbiguous { networks: networks.len() }),
    }
}
