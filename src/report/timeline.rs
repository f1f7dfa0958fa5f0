//! The rollout in hand, or else the newest one, as moments in their order: when what happened, and what comes next.
//!
//! Times are AWS's own where it keeps them, and else those of the look that first showed it (`witness`). Nothing is
//! guessed: what cannot be seen any more is left out, and an expected time is given only where it follows from a fact.

use crate::model::command::{Command, Order, Standing};
use crate::model::ids::RowName;
use crate::model::observed::{DeploymentView, ServiceView, TaskStatus, TaskView};
use crate::model::past::Past;
use crate::model::rollout::{Failure, Record, RecordState, Request};
use crate::model::row::Row;
use crate::model::time::Timestamp;
use crate::plan::action::Action;
use crate::plan::rollout::RolloutReport;

use super::subject::Subject;
use super::witness::Witness;
use super::{coming, doing, words};

/// A rollout's moments, and what comes next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timeline {
    /// Oldest first.
    pub events: Vec<Event>,
    /// What comes next; `None` where nothing is under way.
    pub next: Option<Next>,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// Who says so.
    pub source: Source,
    /// What.
    pub what: What,
    /// To which row, where it is about one.
    pub row: Option<RowName>,
    /// What there is to say beside it: a reason, an exit code.
    pub detail: Option<String>,
}

/// Where a time comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// AWS or a durable fact tells it.
    Told,
    /// A look showed it for the first time; it happened since the look before.
    Seen,
}

/// What can happen in a rollout, in the order in which it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// Somebody asked for it.
    Requested,
    /// A person gave a command about it.
    Commanded,
    /// A row got a new PRIMARY deployment.
    Kicked,
    /// The first new task ran.
    FirstRunning,
    /// As many new tasks ran as were wanted.
    AllRunning,
    /// All new tasks took requests.
    AllHealthy,
    /// The last old target was gone.
    TargetsGone,
    /// The last old task was STOPPED.
    TasksStopped,
    /// Every condition of the gate held.
    Clear,
    /// RunTask made the deployment task.
    Launched,
    /// The deployment task ran.
    Started,
    /// The deployment task was STOPPED.
    Ended,
    /// How the rollout ended was written down.
    Closed,
}

/// What comes next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Next {
    /// What.
    pub what: What,
    /// What it waits for, for people.
    pub waits: String,
    /// When it will be about, as far as that follows from facts: a deregistration delay, the settle time, the quiet time, a
    /// back-off.
    pub expected: Option<Timestamp>,
}

/// Deployments newer than this belong to the rollout in hand, or else to the newest one; `None` if there was none yet.
pub fn base(subject: &Subject<'_>) -> Option<Timestamp> {
    let next = subject.plan.steps.iter().find_map(|step| match &step.action {
        Action::Record(record) => Some(record),
        Action::Change(_) | Action::Update(_) | Action::Register(_) | Action::RollBack(_) | Action::Run(_) => None,
    });
    let report = &subject.plan.rollout;
    let record = next.or(report.record.as_ref())?;
    match &record.state {
        RecordState::Open | RecordState::Launching(_) | RecordState::Launched(_) => Some(record.base),
        // Rows that a request asks for are kicked after what is known, and a run has nothing to do with what was before.
        _ if next.is_none() && (report.is_unanswered() || is_to_run(report)) => Some(record.frontier),
        RecordState::Baseline => None,
        RecordState::Succeeded(_)
        | RecordState::Failed(_)
        | RecordState::Unknown(_)
        | RecordState::Resolved(_)
        | RecordState::Skipped => Some(record.base),
    }
}

impl Timeline {
    /// What happened in the rollout, as far as it is told or was seen.
    pub fn of(subject: &Subject<'_>, witness: &Witness) -> Self {
        let Some(base) = base(subject) else { return Self::default() };
        let kicked = kicked(subject, base);
        let mut events = Vec::new();
        events.extend(requested(subject));
        let command = command(subject, base, &kicked);
        events.extend(command.map(commanded));
        let kicks = kicks(&kicked, witness, base);
        events.extend(kicks.iter().map(|(row, at)| Event { row: Some(row.clone()), ..Event::told(What::Kicked, *at) }));
        if !kicks.is_empty() {
            if !is_taken_back(subject, &kicked, kicks.len()) {
                events.extend(services(subject, &kicked));
            }
            let healthy = witness.all_healthy().filter(|_| has_targets(subject));
            let seen = [(What::AllHealthy, healthy), (What::TargetsGone, witness.targets_gone())];
            events.extend(seen.into_iter().filter_map(|(what, at)| Some(Event::seen(what, at?))));
        }
        // Of a rollout that is only asked for nothing else has happened yet.
        if !kicks.is_empty() || !is_asked_for(subject) {
            events.extend(witness.clear().map(|at| Event::seen(What::Clear, at)));
            events.extend(one_off(subject, command));
            events.extend(closed(subject, base));
        }
        say_what_nobody_looked_at(&mut events);
        // Where clocks agree to the second only, the order of the protocol counts.
        events.sort_by_key(|event| (event.at, event.what));
        Self { events, next: coming::next(subject, witness) }
    }
}

/// While the last old tasks stop nobody asks for targets, which are gone before their tasks in order.
fn say_what_nobody_looked_at(events: &mut [Event]) {
    let stopped = events.iter().find(|event| event.what == What::TasksStopped).map(|event| event.at);
    let late = |event: &&mut Event| event.what == What::TargetsGone && stopped.is_some_and(|at| at < event.at);
    for event in events.iter_mut().filter(late) {
        event.detail = Some("by then; targets were not read while the last tasks stopped".to_owned());
    }
}

impl Event {
    fn told(what: What, at: Timestamp) -> Self {
        Self { at, source: Source::Told, what, row: None, detail: None }
    }

    fn seen(what: What, at: Timestamp) -> Self {
        Self { source: Source::Seen, ..Self::told(what, at) }
    }
}

impl Source {
    /// Its name, as in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Told => "Told",
            Self::Seen => "Seen",
        }
    }
}

impl What {
    /// Its name, as in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Requested => "Requested",
            Self::Commanded => "Commanded",
            Self::Kicked => "Kicked",
            Self::FirstRunning => "FirstRunning",
            Self::AllRunning => "AllRunning",
            Self::AllHealthy => "AllHealthy",
            Self::TargetsGone => "TargetsGone",
            Self::TasksStopped => "TasksStopped",
            Self::Clear => "Clear",
            Self::Launched => "Launched",
            Self::Started => "Started",
            Self::Ended => "Ended",
            Self::Closed => "Closed",
        }
    }

    /// For people.
    pub fn said(self) -> &'static str {
        match self {
            Self::Requested => "a rollout was asked for",
            Self::Commanded => "a command was given",
            Self::Kicked => "new deployment",
            Self::FirstRunning => "first new task runs",
            Self::AllRunning => "all new tasks run",
            Self::AllHealthy => "all new tasks are healthy",
            Self::TargetsGone => "last old target is gone",
            Self::TasksStopped => "last old task is stopped",
            Self::Clear => "all nine conditions hold",
            Self::Launched => "deployment task launched",
            Self::Started => "deployment task runs",
            Self::Ended => "deployment task has ended",
            Self::Closed => "the rollout is over",
        }
    }
}

/// A row that was kicked in the rollout.
struct Kick<'a> {
    row: &'a Row,
    service: &'a ServiceView,
    primary: &'a DeploymentView,
}

fn kicked<'a>(subject: &Subject<'a>, base: Timestamp) -> Vec<Kick<'a>> {
    let kick = |row: &'a Row| {
        let service = subject.service(row)?;
        let primary = service.primary().filter(|primary| primary.created_at > base)?;
        Some(Kick { row, service, primary })
    };
    subject.table.service_rows().filter_map(kick).collect()
}

/// When which rows were kicked; those that ECS has taken back since are known to who saw them.
fn kicks(kicked: &[Kick<'_>], witness: &Witness, base: Timestamp) -> Vec<(RowName, Timestamp)> {
    let there = kicked.iter().map(|kick| (kick.row.name.clone(), kick.primary.created_at));
    let gone = witness.kicks(base).filter(|(row, _)| kicked.iter().all(|kick| kick.row.name != **row));
    there.chain(gone.map(|(row, at)| (row.clone(), *at))).collect()
}

/// The request that began the rollout, or is about to. One that an earlier rollout answered has begun nothing.
fn requested(subject: &Subject<'_>) -> Option<Event> {
    let report = &subject.plan.rollout;
    let began = |request: &&Request| report.record.as_ref().is_some_and(|record| record.is_begun_by(request));
    let request = report.request.as_ref().filter(|request| is_asked_for(subject) || began(request))?;
    Some(Event { detail: request.reason.clone(), ..Event::told(What::Requested, request.at) })
}

/// Whether a request waits for nothing but its kicks. One that waits for the deployment task asks for another rollout.
fn is_asked_for(subject: &Subject<'_>) -> bool {
    subject.plan.rollout.is_unanswered() && doing::waiting(subject.plan).is_none()
}

/// Whether a person's run of the task waits.
fn is_to_run(report: &RolloutReport) -> bool {
    let pending = |(command, record): (&Command, &Record)| command.against(record) == Standing::Pending;
    let run = report.command.as_ref().filter(|command| matches!(command.order, Order::Run(_)));
    run.zip(report.record.as_ref()).is_some_and(pending)
}

/// The command that belongs to the rollout: given after its kicks, and not void.
fn command<'a>(subject: &Subject<'a>, base: Timestamp, kicked: &[Kick<'_>]) -> Option<&'a Command> {
    let report = &subject.plan.rollout;
    let record = report.record.as_ref()?;
    let after = kicked.iter().map(|kick| kick.primary.created_at).max().unwrap_or(base);
    report.command.as_ref().filter(|command| command.at >= after && command.against(record) != Standing::Void)
}

fn commanded(command: &Command) -> Event {
    let by = command.by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
    let reason = command.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    let detail = Some(format!("{}{by}{reason}", command.order.name()));
    Event { detail, ..Event::told(What::Commanded, command.at) }
}

/// Whether ECS went back for some rows: what the tasks of the others tell is not told of the rollout.
fn is_taken_back(subject: &Subject<'_>, kicked: &[Kick<'_>], kicks: usize) -> bool {
    let record = subject.plan.rollout.record.as_ref().map(|record| &record.state);
    let went_back = matches!(record, Some(RecordState::Failed(Failure::Row(_) | Failure::Aborted)));
    kicked.len() < kicks || (went_back && kicked.len() < subject.table.service_rows().count())
}

/// What the tasks of the rows tell: each has its own times, as long as ECS shows it.
fn services(subject: &Subject<'_>, kicked: &[Kick<'_>]) -> Vec<Event> {
    let new = |task: &&TaskView| kicked.iter().any(|kick| task.started_by == kick.primary.id.as_str());
    let tasks = subject.observed.tasks.present().map(Vec::as_slice).unwrap_or_default();
    let began = tasks.iter().filter(new).filter_map(|task| task.started_at);
    let running = tasks.iter().filter(new).filter(|task| task.status == TaskStatus::Running);
    let complete = kicked.iter().all(|kick| {
        let Kick { row: _, service, primary } = kick;
        primary.running == service.desired && primary.pending == 0
    });
    let last = running.filter_map(|task| task.started_at).max().filter(|_| complete);
    let moments = [
        (What::FirstRunning, began.min()),
        (What::AllRunning, last),
        (What::TasksStopped, last_old_stop(subject, kicked)),
    ];
    moments.into_iter().filter_map(|(what, at)| Some(Event::told(what, at?))).collect()
}

/// When the last old task was STOPPED, once none is left.
fn last_old_stop(subject: &Subject<'_>, kicked: &[Kick<'_>]) -> Option<Timestamp> {
    let first = kicked.iter().map(|kick| kick.primary.created_at).min()?;
    let mut last = None;
    for kick in kicked {
        let older = subject.observed.tasks_of(kick.service);
        for task in older.filter(|task| task.started_by != kick.primary.id.as_str()) {
            if task.is_alive() {
                return None;
            }
            last = last.max(task.stopped_at.filter(|stopped| *stopped > first));
        }
    }
    last
}

fn has_targets(subject: &Subject<'_>) -> bool {
    subject.observed.rows.values().any(|row| !row.target_groups.is_empty())
}

/// The newest attempt's task, by its own times. What ran before a person asked for it again is another story.
fn one_off(subject: &Subject<'_>, command: Option<&Command>) -> Vec<Event> {
    let again = command.filter(|command| matches!(command.order, Order::Retry(_) | Order::Run(_)));
    let counts = |task: &&TaskView| again.is_none_or(|command| task.created_at >= Some(command.at));
    let Some(task) = newest_one_off(subject).filter(counts) else { return Vec::new() };
    let exit = task.containers.iter().find_map(|container| container.exit_code);
    let ended = exit.map(|code| format!("exit code {code}")).or_else(|| some(&task.stopped_reason));
    let attempt = task.started_by.rsplit('/').next().filter(|number| *number != "1");
    let moments = [
        (What::Launched, task.created_at, attempt.map(|number| format!("attempt {number}"))),
        (What::Started, task.started_at, None),
        (What::Ended, task.stopped_at, ended),
    ];
    let events = moments.into_iter().filter_map(|(what, at, detail)| Some(Event { detail, ..Event::told(what, at?) }));
    events.collect()
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

/// The deployment task of the newest attempt of the record's rollout, if ECS still shows it.
pub(super) fn newest_one_off<'a>(subject: &Subject<'a>) -> Option<&'a TaskView> {
    let prefix = subject.plan.rollout.record.as_ref()?.id.started_by_any();
    let tasks = subject.observed.tasks.present().into_iter().flatten();
    tasks.filter(|task| task.started_by.starts_with(&prefix)).max_by_key(|task| task.created_at)
}

fn closed(subject: &Subject<'_>, base: Timestamp) -> Option<Event> {
    let record =
        subject.plan.rollout.record.as_ref().filter(|record| record.base == base && Past::is_an_end(&record.state))?;
    Some(Event { detail: Some(words::record_state(&record.state)), ..Event::told(What::Closed, record.since) })
}
