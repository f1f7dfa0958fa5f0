//! Where a rollout stands: kicks, the frontier, and the record's changes that are not the launch's.
//!
//! All of it is derived anew on every pass from the deployments that AWS shows and the record; nothing is
//! remembered that can be seen. The words are those of docs/rollout.md.

use crate::model::command::Command;
use crate::model::ids::{DeploymentId, RequestId, RowName};
use crate::model::observed::{
    ClusterView, DeploymentView, Fate, Observed, RolloutState, RowView, Seen, ServiceView, TaskView,
};
use crate::model::past::{self, Origin};
use crate::model::rollout::{Counted, Durable, Failure, Record, RecordState, Request, RolloutId};
use crate::model::row::{Row, ServiceTable};
use crate::model::time::{Span, Timestamp};
use crate::model::withdrawal::Withdrawal;

use super::added;
use super::because::Because;
use super::command;
use super::gate::Gate;
use super::hold::HoldCause;
use super::planner::PlanInput;
use super::progress::RowProgress;
use super::undone::{CameTo, answerable_since, came_to, row_failure};

/// Where a rollout stands, for reports.
#[derive(Clone, Debug)]
pub struct RolloutReport {
    /// The phase.
    pub phase: Phase,
    /// The rollout's id, if every row was found: the record's, once what this look leads to is written down.
    pub id: Option<RolloutId>,
    /// The id that the PRIMARY deployments make, if every row was found. A row that is added leaves the record its id.
    pub deployed: Option<RolloutId>,
    /// The record.
    pub record: Option<Record>,
    /// The newest request that nobody has withdrawn; else the newest.
    pub request: Option<Request>,
    /// The newest command.
    pub command: Option<Command>,
    /// The newest withdrawal of a request.
    pub withdrawn: Option<Withdrawal>,
    /// The gate, while a rollout is in hand.
    pub gate: Option<Gate>,
    /// How far each service row is.
    pub rows: Vec<RowProgress>,
}

/// The phases of a rollout, derived and never stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Tables in this phase cannot be judged: something was not found or not read.
    Unseen,
    /// Tables in this phase have no rollout in hand.
    Settled,
    /// Tables in this phase have rows that are to be kicked.
    Requested,
    /// Tables in this phase have new tasks that are not up and healthy yet.
    Rolling,
    /// Tables in this phase have all new tasks up, and old ones not gone yet.
    Draining,
    /// Tables in this phase fulfil every gate condition, for too short a time.
    Settling,
    /// Tables in this phase may launch their task now.
    Clear,
    /// Tables in this phase have their task launched.
    Deploying,
    /// Tables in this phase have a rollout that failed.
    Failed,
    /// Tables in this phase have a task of which nobody knows whether it ran.
    Unknown,
}

/// One service row as it was found.
#[derive(Clone, Copy, Debug)]
pub(super) struct RowStand<'a> {
    pub(super) row: &'a Row,
    pub(super) view: &'a RowView,
    pub(super) service: &'a ServiceView,
    pub(super) primary: &'a DeploymentView,
}

/// Everything that a rollout decision looks at; exists only if every service row was found.
#[derive(Clone, Debug)]
pub(super) struct Stand<'a> {
    pub(super) table: &'a ServiceTable,
    pub(super) cluster: &'a ClusterView,
    pub(super) observed: &'a Observed,
    pub(super) rows: Vec<RowStand<'a>>,
    /// The newest `createdAt` among the PRIMARY deployments.
    pub(super) frontier: Timestamp,
    pub(super) id: RolloutId,
}

impl RolloutReport {
    /// Whether a request waits: for its kicks, or for the deployment task of the rollout before.
    pub fn is_unanswered(&self) -> bool {
        let answered = self.record.as_ref().and_then(|record| record.request.as_ref());
        let unanswered = self.request.as_ref().is_some_and(|request| answered != Some(&request.id));
        unanswered && self.withdrawal().is_none()
    }

    /// By which word the newest request does not count any more, if somebody has withdrawn it.
    pub fn withdrawal(&self) -> Option<&Withdrawal> {
        let request = &self.request.as_ref()?.id;
        self.withdrawn.as_ref().filter(|withdrawn| withdrawn.covers(request))
    }

    /// The deployments for which the gate is open, if it is.
    pub fn clear(&self) -> Option<&RolloutId> {
        let open = self.gate.as_ref().is_some_and(Gate::is_open);
        self.deployed.as_ref().filter(|_| open)
    }
}

impl Phase {
    /// The phase's name, as in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unseen => "Unseen",
            Self::Settled => "Settled",
            Self::Requested => "Requested",
            Self::Rolling => "Rolling",
            Self::Draining => "Draining",
            Self::Settling => "Settling",
            Self::Clear => "Clear",
            Self::Deploying => "Deploying",
            Self::Failed => "Failed",
            Self::Unknown => "Unknown",
        }
    }
}

impl RowStand<'_> {
    /// Rows without tasks prove nothing and are not waited for.
    pub(super) fn is_empty(&self) -> bool {
        self.service.desired == 0
    }

    /// Whether its PRIMARY deployment is newer than a moment.
    pub(super) fn kicked_since(&self, moment: Timestamp) -> bool {
        self.primary.created_at > moment
    }

    /// When the newest of its deployments was made that ECS gave up or undid, as far as they are shown.
    fn newest_undone(&self) -> Option<Timestamp> {
        let given_up = self.service.deployments.iter().filter(|it| it.rollout == RolloutState::Failed);
        let undone = self.view.history.present().into_iter().flatten().filter(|it| it.fate == Fate::Undone);
        given_up.map(|it| it.created_at).chain(undone.map(|it| it.created_at)).max()
    }

    /// Whether it was kicked in a record's rollout.
    pub(super) fn is_kicked(&self, record: &Record, now: Timestamp) -> bool {
        self.kicked_since(record.base) && came_to(self, record, now) != CameTo::Left
    }
}

impl<'a> Stand<'a> {
    /// The stand, if the table has service rows and every one of them was found with a PRIMARY deployment.
    pub(super) fn of(table: &'a ServiceTable, cluster: &'a ClusterView, observed: &'a Observed) -> Option<Self> {
        let rows: Option<Vec<RowStand<'a>>> = table.service_rows().map(|row| RowStand::of(row, observed)).collect();
        let rows = rows?;
        let frontier = rows.iter().map(|row| row.primary.created_at).max()?;
        let id = id_of(table, cluster, &rows, |_| true);
        Some(Self { table, cluster, observed, rows, frontier, id })
    }

    /// Rows that were kicked in a record's rollout.
    pub(super) fn kicked(&self, record: &Record) -> Vec<RowName> {
        let kicked = self.rows.iter().filter(|row| row.is_kicked(record, self.observed.at));
        kicked.map(|row| row.row.name.clone()).collect()
    }

    /// The table's service rows, as a record counts them.
    pub(super) fn counted(&self) -> Counted {
        Counted::of(self.rows.iter().map(|row| &row.row.name))
    }

    /// Those of them whose PRIMARY deployment is no newer than a moment.
    pub(super) fn counted_until(&self, moment: Timestamp) -> Counted {
        Counted::of(self.rows.iter().filter(|row| !row.kicked_since(moment)).map(|row| &row.row.name))
    }

    /// Rows whose PRIMARY deployment is newer than a moment.
    pub(super) fn kicked_since(&self, moment: Timestamp) -> Vec<RowName> {
        self.rows.iter().filter(|row| row.kicked_since(moment)).map(|row| row.row.name.clone()).collect()
    }
}

impl<'a> RowStand<'a> {
    fn of(row: &'a Row, observed: &'a Observed) -> Option<Self> {
        let view = observed.rows.get(&row.name)?;
        let service = view.service.one()?;
        let primary = service.primary()?;
        Some(Self { row, view, service, primary })
    }
}

pub(super) fn id_of(
    table: &ServiceTable,
    cluster: &ClusterView,
    rows: &[RowStand<'_>],
    counts: impl Fn(&RowStand<'_>) -> bool,
) -> RolloutId {
    let primaries = rows.iter().filter(|row| counts(row)).map(|row| (&row.row.name, &row.primary.id));
    RolloutId::of(&table.name, &cluster.arn, primaries)
}

/// The request that has not been answered yet, if there is one.
///
/// While its rollout is open, some of its rows may still have to be kicked. A request that an earlier rollout answered
/// asks for nothing: its frontier lies before this rollout's base.
pub(super) fn active_request<'a>(durable: &'a Durable, record: &Record) -> Option<&'a Request> {
    let request = durable.wanted()?;
    let answered = record.request.as_ref() == Some(&request.id);
    match &record.state {
        RecordState::Open => (!answered || record.is_begun_by(request)).then_some(request),
        RecordState::Launching(_) | RecordState::Launched(_) => None,
        RecordState::Baseline
        | RecordState::Succeeded(_)
        | RecordState::Failed(_)
        | RecordState::Unknown(_)
        | RecordState::Resolved(_)
        | RecordState::Skipped => (!answered).then_some(request),
    }
}

/// Whether kicks of the rollout may still be waited for: it is open, or its task is to be tried again.
pub(super) fn is_open(durable: &Durable, record: &Record) -> bool {
    record.state == RecordState::Open || command::again(durable, record).is_some()
}

/// Whether a request asks for a new deployment of this row.
///
/// Compared with the rollout's base too: a row that came into the table after the request, with a newer deployment, has
/// moved the record's frontier, and would be missing from the rollout.
pub(super) fn is_due(request: &Request, record: &Record, primary: &DeploymentView) -> bool {
    primary.created_at <= request.after.max(base(record))
}

/// Whether a deployment may be made or taken back: not while a task is short of STOPPED that this program started for the
/// table, whatever the record says and whatever the row names now.
pub(super) fn undisturbed(input: &PlanInput<'_>) -> Result<(), HoldCause> {
    match &input.observed.tasks {
        Seen::Unknown(why) if input.table.task_row().is_some() => {
            Err(HoldCause::Unknown { what: "the tasks".to_owned(), why: why.clone() })
        }
        // Without a task row there is nothing that a deployment could disturb.
        Seen::Unknown(_) | Seen::Absent => Ok(()),
        Seen::Present(tasks) => {
            let ours = |task: &TaskView| task.is_alive() && task.started_by.starts_with(RolloutId::STARTED_BY);
            if tasks.iter().any(ours) { Err(HoldCause::TaskInHand) } else { Ok(()) }
        }
    }
}

/// The base that the rollout in hand has, or that the next one will have.
pub(super) fn base(record: &Record) -> Timestamp {
    match &record.state {
        RecordState::Open => record.base,
        // A rollout that ECS undid leaves its rows where they were: the next one starts from the same place. It is another
        // one all the same, and an abort that came too late for the first is not about it.
        RecordState::Failed(Failure::Row(_) | Failure::Aborted) => record.base.plus(JUST_AFTER).min(record.frontier),
        RecordState::Launching(_)
        | RecordState::Launched(_)
        | RecordState::Baseline
        | RecordState::Succeeded(_)
        | RecordState::Failed(
            Failure::Task { .. } | Failure::Start(_) | Failure::Refused(_) | Failure::Log { .. } | Failure::Told(_),
        )
        | RecordState::Unknown(_)
        | RecordState::Resolved(_)
        | RecordState::Skipped => record.frontier,
    }
}

/// The record's next value where that is not the launch's business: baseline, a new rollout, a failed one,
/// rows that came new into the table, a request that needs nothing more.
pub(super) fn next_record(stand: &Stand<'_>, durable: &Durable) -> Option<(Record, Because)> {
    let Some(record) = &durable.record else {
        return Some((baseline(stand, durable), Because::FirstContact));
    };
    let pending = durable.wanted().filter(|request| record.request.as_ref() != Some(&request.id));
    let asked = with_request(record, pending);
    match &record.state {
        RecordState::Launching(_) | RecordState::Launched(_) => None,
        // Another attempt is as good as the first: what ECS undid meanwhile, or somebody kicked, comes before it.
        RecordState::Failed(_) | RecordState::Unknown(_) if command::again(durable, record).is_some() => {
            failed(stand, &command::in_view(durable, record))
                .or_else(|| added::rows_added(stand, record))
                .or_else(|| advance(stand, &asked))
        }
        // A row that is added to an open rollout belongs to it. Its id stays: of two processes one may not have the row yet.
        RecordState::Open => failed(stand, record)
            .or_else(|| record.rows.as_ref().and_then(|_| added::rows_added(stand, record)))
            .or_else(|| advance(stand, &asked))
            .or_else(|| pending.and_then(|pending| answered(stand, record, pending))),
        RecordState::Baseline
        | RecordState::Succeeded(_)
        | RecordState::Failed(_)
        | RecordState::Unknown(_)
        | RecordState::Resolved(_)
        | RecordState::Skipped => undone_unseen(stand, durable, &asked)
            .or_else(|| added::rows_added(stand, record))
            .or_else(|| advance(stand, &asked))
            .or_else(|| pending.and_then(|pending| answered(stand, record, pending))),
    }
}

/// What was rolled out before this program's time; with a request that was answered before somebody removed the record.
fn baseline(stand: &Stand<'_>, durable: &Durable) -> Record {
    let ends = past::entries(&past::keys(&stand.table.name), &stand.cluster.tags);
    let answered = |id: &RequestId| {
        let launches = durable.launches.iter().flatten();
        ends.iter().any(|end| end.origin == Origin::Request(id.clone()))
            || launches.filter_map(|launch| launch.request.as_ref()).any(|request| request == id)
    };
    let request = durable.wanted().map(|request| &request.id).filter(|id| answered(id)).cloned();
    let (base, frontier, since) = (stand.frontier, stand.frontier, stand.observed.at);
    Record {
        id: stand.id.clone(),
        base,
        frontier,
        state: RecordState::Baseline,
        since,
        request,
        own: false,
        undone: None,
        rows: Some(stand.counted()),
    }
}

/// The record with the request that its rollout has if kicks come now: one that waits, or as before.
fn with_request(record: &Record, pending: Option<&Request>) -> Record {
    let (request, own) = match pending {
        Some(request) => (Some(request.id.clone()), request.after < base(record) || follows_an_undone(record)),
        None => (record.request.clone(), record.own && record.state == RecordState::Open),
    };
    Record { request, own, ..record.clone() }
}

/// Whether kicks that come now are of a rollout that begins where one did that was undone.
fn follows_an_undone(record: &Record) -> bool {
    match &record.state {
        RecordState::Failed(Failure::Row(_) | Failure::Aborted) => true,
        state => *state == RecordState::Open && record.undone.is_some(),
    }
}

/// The rollout that follows a record's, or the same with more kicks.
fn opening(stand: &Stand<'_>, record: &Record) -> Record {
    let undone = match &record.state {
        RecordState::Open => record.undone,
        RecordState::Failed(Failure::Row(_) | Failure::Aborted) => Some(record.frontier),
        RecordState::Launching(_)
        | RecordState::Launched(_)
        | RecordState::Baseline
        | RecordState::Succeeded(_)
        | RecordState::Failed(
            Failure::Task { .. } | Failure::Start(_) | Failure::Refused(_) | Failure::Log { .. } | Failure::Told(_),
        )
        | RecordState::Unknown(_)
        | RecordState::Resolved(_)
        | RecordState::Skipped => None,
    };
    let (frontier, since) = (stand.frontier, stand.observed.at);
    Record {
        id: stand.id.clone(),
        base: base(record),
        frontier,
        state: RecordState::Open,
        since,
        request: record.request.clone(),
        own: record.own,
        undone,
        rows: Some(stand.counted()),
    }
}

/// A kick of our own that ECS undid before any look saw it. Without this it would be made again on every run.
fn undone_unseen(stand: &Stand<'_>, durable: &Durable, record: &Record) -> Option<(Record, Because)> {
    let why = |row: &RowStand<'_>| Some(row_failure(row, answerable_since(durable, &row.row.name)?)?.1);
    let (row, why) = stand.rows.iter().find_map(|row| Some((row.row.name.clone(), why(row)?)))?;
    let failed = Record { id: stand.id.clone(), base: base(record), ..failure(stand, record, row) };
    Some((failed, Because::RowFailed(why)))
}

/// A rollback under a fresh deployment id is newer than what the record knows, and no kick; one that brings the old
/// deployment back is older, and the record knows more.
fn failure(stand: &Stand<'_>, record: &Record, row: RowName) -> Record {
    ended_badly(stand, record, Failure::Row(row))
}

/// The record of a rollout that failed without its task. What ECS undid may be newer than every PRIMARY deployment, where no
/// look came between: the frontier covers it, or the next rollout would be failed by it.
pub(super) fn ended_badly(stand: &Stand<'_>, record: &Record, failure: Failure) -> Record {
    let undone = stand.rows.iter().filter_map(RowStand::newest_undone).max();
    let frontier = stand.frontier.max(record.frontier).max(undone.unwrap_or(record.frontier));
    let state = RecordState::Failed(failure);
    Record { state, frontier, since: stand.observed.at, ..record.clone() }
}

/// A frontier that moved forward is a new rollout, or more kicks of the same.
fn advance(stand: &Stand<'_>, record: &Record) -> Option<(Record, Because)> {
    if stand.frontier <= record.frontier {
        return None;
    }
    let kicked = stand.kicked_since(record.frontier);
    Some((opening(stand, record), Because::Kicked(kicked)))
}

/// A request whose rows were all kicked since by somebody else.
fn answered(stand: &Stand<'_>, record: &Record, request: &Request) -> Option<(Record, Because)> {
    let done = stand.rows.iter().all(|row| !is_due(request, record, row.primary));
    let next = || with_request(record, Some(request));
    done.then(|| (next(), Because::RequestAnswered(request.id.clone())))
}

/// No deployment lies between a moment and the next.
const JUST_AFTER: Span = Span::from_millis(1);

/// The first row whose newest deployment of this rollout ECS gave up or undid.
fn failed(stand: &Stand<'_>, record: &Record) -> Option<(Record, Because)> {
    let failure_of = |row: &RowStand<'_>| match came_to(row, record, stand.observed.at) {
        CameTo::Undone(why) => Some((row.row.name.clone(), why)),
        CameTo::Stands | CameTo::Left | CameTo::Untold => None,
    };
    let (row, why) = stand.rows.iter().find_map(failure_of)?;
    Some((failure(stand, record, row), Because::RowFailed(why)))
}

/// A row's PRIMARY deployment, by which its tasks are told from older ones.
pub(super) fn primary_id<'a>(row: &RowStand<'a>) -> &'a DeploymentId {
    &row.primary.id
}
