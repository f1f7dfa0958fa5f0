//! What the next look may leave out, and whether what it saw is enough.
//!
//! A glance asks again only for what the newest plan waits for. The plan of a glance is never carried out: it is the
//! newest look with a few facts renewed, and only tells whether a whole look is worth its calls. So a glance that
//! shows too little makes a step late, and never wrong.

use std::sync::Arc;

use crate::model::command;
use crate::model::ids::{TargetGroupArn, TaskArn};
use crate::model::observed::{Fate, Observed, RolloutState, RowView, ServiceDeploymentView, ServiceView};
use crate::model::rollout::{Durable, RecordState, TagKeys};
use crate::model::row::{Row, ServiceTable};
use crate::model::time::{Span, Timestamp};

use super::action::{Action, Plan, Standing};
use super::awaited::{self, Awaited};
use super::gate::{Gate, Holding};
use super::history::{History, Made};
use super::hold::{Hold, HoldCause, Urgency};
use super::moving;
use super::pace::NextLook;
use super::rollout::Phase;
use super::undone::answerable_since;

/// What a glance reads. Everything else is taken from the look before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Glance {
    /// The cluster, and so every durable fact of ours: one call.
    pub cluster: bool,
    /// The services of the rows: one call for ten.
    pub services: bool,
    /// These tasks: one call, so at most a hundred.
    pub tasks: Vec<TaskArn>,
    /// The tasks that are to run, beside those: one call more.
    pub list: bool,
    /// The targets of these groups: one call each.
    pub targets: Vec<TargetGroupArn>,
}

/// The newest look of this process, and what was decided on it.
#[derive(Clone, Debug)]
pub struct Latest {
    /// The table that it was for.
    pub table: Arc<ServiceTable>,
    /// What was seen; of glances, the newest of each fact.
    pub observed: Arc<Observed>,
    /// What was decided.
    pub plan: Plan,
    /// When everything was read.
    pub whole: Timestamp,
    /// When selectors were last compared with all that there is.
    pub names: Timestamp,
    /// When the cluster was read.
    pub cluster: Timestamp,
    /// When the services were read.
    pub services: Timestamp,
}

impl Latest {
    /// A look at everything, in which every selector was compared.
    pub fn whole(table: &ServiceTable, observed: Observed, plan: Plan) -> Self {
        let at = observed.at;
        let (table, observed) = (Arc::new(table.clone()), Arc::new(observed));
        Self { table, observed, plan, whole: at, names: at, cluster: at, services: at }
    }
}

/// However little seems to move, everything is read as often as this. Longer would hide for longer what no glance shows
/// (a scalable target, a new service that a selector matches too); shorter costs calls that show nothing.
const WHOLE: Span = Span::minutes(10);

/// The same while something is not found that the table states: a glance asks for nothing that is not there, and whoever
/// mends it waits.
const LOST: Span = Span::minutes(3);

/// How long a selector is taken to mean what it meant: what is there is asked for by its name, which saves the lists. A
/// second match is not seen for as long; one that is gone is seen at once. At rest it is as long as the time between whole
/// looks, so that a kick finds names that are no older; while something moves, longer than a usual rollout.
const NAMES_IDLE: Span = WHOLE;
const NAMES: Span = Span::minutes(25);

/// How long a request, a command or another controller's record may stay unseen in the middle of a rollout. What is asked
/// for through this process is known to it at once.
const CLUSTER: Span = Span::minutes(3);

/// How long a kick may stay unseen while something else is waited for. Before a launch everything is read twice.
const SERVICES: Span = Span::minutes(3);

/// What was read so short ago is as it was: nobody has had the time to do anything about it.
const JUST_NOW: Span = Span::seconds(5);

/// Between the looks of a launch nobody asks again whether ECS undid what it has said to be successful. Longer could leave
/// a kick unseen that was undone meanwhile, and is again as it was.
const VOUCHED: Span = Span::seconds(60);

/// DescribeTasks takes a hundred. One task that is still there keeps the gate shut, so the others can wait.
const MOST_TASKS: usize = 100;

/// The newest look of a table in which nothing moves: a glance at its cluster and its services is enough.
pub fn rests<'a>(table: &ServiceTable, history: &'a History, now: Timestamp) -> Option<&'a Latest> {
    let latest = history.latest.as_deref()?;
    let Glance { cluster: _, services: _, tasks, list, targets } = glance(table, history, now)?;
    let rests = tasks.is_empty() && !list && targets.is_empty() && latest.plan.next_look == NextLook::Idle;
    rests.then_some(latest)
}

/// What to read now; `None` if everything.
pub fn glance(table: &ServiceTable, history: &History, now: Timestamp) -> Option<Glance> {
    let latest = history.latest.as_deref()?;
    let Latest { table: before, observed, plan, whole, names: _, cluster, services } = latest;
    let longest = if plan.rollout.phase == Phase::Unseen { LOST } else { WHOLE };
    if **before != *table
        || !plan.steps.is_empty()
        || now.since(*whole) >= longest
        || !plan.holds.iter().all(is_patient)
    {
        return None;
    }
    let mut glance = Glance::default();
    match waits_for(history, latest, now)? {
        Waiting::ForNobody => (glance.cluster, glance.services) = (true, now.since(*services) >= JUST_NOW),
        Waiting::For(Awaited::Drain(_)) => glance.cluster = true,
        Waiting::For(Awaited::Rolling | Awaited::Completion) => glance.services = true,
        Waiting::For(Awaited::NewTasks) => {
            (glance.list, glance.targets) = (true, moving::groups(observed));
            glance.tasks = moving::leaving_arns(observed);
        }
        Waiting::For(Awaited::OldTasks(tasks)) => glance.tasks = tasks,
        Waiting::For(Awaited::Targets(groups)) => glance.targets = groups,
        Waiting::ForTask(task) => glance.tasks = vec![task],
    }
    glance.tasks.truncate(MOST_TASKS);
    glance.cluster |= now.since(*cluster) >= CLUSTER;
    glance.services |= now.since(*services) >= SERVICES;
    Some(glance)
}

/// The newest look, if a wish may be judged by it once its services and tags are read again; `None` if everything is to be
/// read. What else a wish is judged by is the account and that every row is found, once.
pub fn for_a_wish<'a>(table: &ServiceTable, history: &'a History, now: Timestamp) -> Option<&'a Latest> {
    let latest = history.latest.as_deref()?;
    let Latest { table: before, plan, whole, .. } = latest;
    let known = !plan.holds.iter().any(|hold| matches!(hold.cause, HoldCause::Unknown { .. }));
    (**before == *table && known && now.since(*whole) < WHOLE).then_some(latest)
}

/// The newest look, if what it found may be asked for by name in the next; `None` if selectors are to be compared anew.
pub fn known<'a>(table: &ServiceTable, history: &'a History, now: Timestamp) -> Option<&'a Latest> {
    let latest = history.latest.as_deref()?;
    let Latest { table: before, observed, plan, names, .. } = latest;
    let longest = if plan.standing() == Standing::Progressing { NAMES } else { NAMES_IDLE };
    let found = |row: &Row| {
        let view = observed.rows.get(&row.name);
        let service = row.service_selector().is_none() || view.is_some_and(|view| view.service.one().is_some());
        let definition = row.task().is_none() || view.is_some_and(|view| view.definition.one().is_some());
        service && definition
    };
    let all = observed.one_cluster().is_some() && table.rows.iter().all(found);
    (**before == *table && now.since(*names) < longest && all).then_some(latest)
}

/// Whether a look has all that is asked by the record that its tags show: a record that was just opened asks what ECS undid,
/// which nobody has read before. Of a deployment under way that is not asked yet.
pub fn is_told(table: &ServiceTable, observed: &Observed) -> bool {
    let Some(cluster) = observed.one_cluster() else { return false };
    let keys = TagKeys::of(&table.name);
    let Ok(durable) = Durable::read(&keys, |key| cluster.tags.get(key).map(String::as_str)) else { return false };
    table.service_rows().all(|row| {
        let Some(view) = observed.rows.get(&row.name) else { return false };
        let primary = view.service.one().and_then(|service| service.primary());
        let under_way = primary.is_some_and(|primary| primary.rollout == RolloutState::InProgress);
        under_way || view.history.present().is_some() || answerable_since(&durable, &row.name).is_none()
    })
}

/// What a whole look has to read anew, although it was read within the time that names are good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs {
    /// The newest revision of the task row's family.
    pub definition: bool,
    /// The targets of the rows' groups.
    pub targets: bool,
}

impl Needs {
    /// What a process without memory reads.
    pub const EVERYTHING: Self = Self { definition: true, targets: true };
}

/// What the next whole look has to read anew by what the plan before it did and what the cluster's tags say now.
///
/// The task's definition is what is launched, and what a revision of ours is compared with. Targets are evidence of a gate:
/// where none is to be judged, nothing depends on them.
pub fn needs(before: &Plan, durable: &Durable) -> Needs {
    let registered = before.steps.iter().any(|step| matches!(step.action, Action::Register(_)));
    let (launching, judged) = match durable.record.as_ref().map(|record| &record.state) {
        Some(RecordState::Launching(_)) => (true, true),
        Some(RecordState::Open | RecordState::Failed(_) | RecordState::Unknown(_)) | None => (false, true),
        Some(
            RecordState::Launched(_)
            | RecordState::Baseline
            | RecordState::Succeeded(_)
            | RecordState::Resolved(_)
            | RecordState::Skipped,
        ) => (false, false),
    };
    // A person's word may begin a launch out of any of them.
    let told = durable.record.as_ref().zip(durable.command.as_ref());
    let told = told.is_some_and(|(record, command)| command.against(record) == command::Standing::Pending);
    Needs { definition: registered || launching, targets: judged || told }
}

/// A row's service deployments as far as they tell what ECS undid, where nobody has to ask: while the deployment that this
/// process made, or has asked about, is PRIMARY and under way, nothing newer was undone; once it was seen to be successful
/// it stays so. Where the newest of them was undone, what is under way is not among them: whether it is a kick or ECS's way
/// back shows only once it is listed, so they are read until it is. `age` is how old the look before is.
pub fn undone_before(
    before: &RowView,
    service: &ServiceView,
    made: Option<&Made>,
    age: Span,
) -> Option<Vec<ServiceDeploymentView>> {
    let (primary, known) = (service.primary()?, before.history.present());
    let ours = made.is_some_and(|made| made.deployment == primary.id);
    let earlier = before.service.one().and_then(|service| service.primary());
    let same = earlier.is_some_and(|earlier| (&earlier.id, earlier.rollout) == (&primary.id, primary.rollout));
    let newest = known.into_iter().flatten().max_by_key(|deployment| deployment.created_at);
    if newest.is_some_and(|newest| newest.fate == Fate::Undone) {
        return None;
    }
    match primary.rollout {
        RolloutState::InProgress if ours => Some(known.cloned().unwrap_or_default()),
        RolloutState::InProgress => known.filter(|_| same).cloned(),
        RolloutState::Completed => {
            let known = known.filter(|_| same && age < VOUCHED)?;
            (newest?.fate == Fate::Succeeded).then(|| known.clone())
        }
        RolloutState::Failed | RolloutState::Unstated => None,
    }
}

/// Whether a plan on renewed facts says nothing that the one before did not say, but how far its rows are while old tasks
/// are left. If it does, a whole look follows.
pub fn is_enough(before: &Plan, renewed: &Plan) -> bool {
    let said = |plan: &Plan| plan.holds.iter().map(without_evidence).collect::<Vec<_>>();
    let (old, new) = (&before.rollout, &renewed.rollout);
    let goes_on = new.gate.as_ref().is_some_and(|gate| is_shut(gate, 3) || is_shut(gate, 6));
    let same = old.phase == new.phase && missing(old.gate.as_ref()) == missing(new.gate.as_ref());
    renewed.steps.is_empty()
        && before.standing() == renewed.standing()
        && said(before) == said(renewed)
        && before.drift == renewed.drift
        && (goes_on || same)
        && (&old.deployed, &old.record) == (&new.deployed, &new.record)
        && (&old.request, &old.command, &old.withdrawn) == (&new.request, &new.command, &new.withdrawn)
}

/// Whether the steps of a plan only write down where the rollout stands: what follows from that is known without another
/// look. A launch that is written down is read back before anything is done about it.
pub fn only_writes_down(plan: &Plan) -> bool {
    !plan.steps.is_empty()
        && plan.steps.iter().all(|step| match &step.action {
            Action::Record(record) => match &record.state {
                RecordState::Launching(_) => false,
                RecordState::Baseline
                | RecordState::Open
                | RecordState::Launched(_)
                | RecordState::Succeeded(_)
                | RecordState::Failed(_)
                | RecordState::Unknown(_)
                | RecordState::Resolved(_)
                | RecordState::Skipped => true,
            },
            Action::Change(_) | Action::Update(_) | Action::Register(_) | Action::RollBack(_) | Action::Run(_) => false,
        })
}

/// Whether a glance failed: it is told as it is, and the next look is a whole one.
pub fn has_failed(renewed: &Plan) -> bool {
    renewed.steps.is_empty() && renewed.holds.iter().any(|hold| matches!(hold.cause, HoldCause::Unknown { .. }))
}

/// What the newest plan waits for.
enum Waiting {
    /// Nothing moves; somebody may ask or kick.
    ForNobody,
    /// Something that keeps the gate shut.
    For(Awaited),
    /// The deployment task.
    ForTask(TaskArn),
}

/// Whether a hold is waited for by what a glance reads, or by a person.
fn is_patient(hold: &Hold) -> bool {
    match (&hold.cause, hold.cause.urgency()) {
        (HoldCause::Unknown { .. }, _) => false,
        (HoldCause::GateShut { .. } | HoldCause::TaskRunning { .. } | HoldCause::TaskNotSeen { .. }, _) => true,
        (_, Urgency::Wait) => false,
        (_, Urgency::Notice | Urgency::Person | Urgency::Failed) => true,
    }
}

/// What of the gate is proven shut by the fewest calls; `None` if that cannot be told.
fn waits_for(history: &History, Latest { observed, plan, .. }: &Latest, now: Timestamp) -> Option<Waiting> {
    let is_task = |hold: &Hold| matches!(hold.cause, HoldCause::TaskRunning { .. } | HoldCause::TaskNotSeen { .. });
    if plan.holds.iter().any(is_task) {
        let RecordState::Launched(attempt) = &plan.rollout.record.as_ref()?.state else { return None };
        return Some(Waiting::ForTask(observed.one_cluster()?.arn.task(&attempt.task)));
    }
    if !plan.holds.iter().any(|hold| matches!(hold.cause, HoldCause::GateShut { .. })) {
        return Some(Waiting::ForNobody);
    }
    awaited::awaited(observed, plan.rollout.gate.as_ref()?, &history.moving, now).map(Waiting::For)
}

/// The numbers of the conditions that do not hold.
fn missing(gate: Option<&Gate>) -> Vec<u8> {
    gate.iter().flat_map(|gate| gate.missing()).map(|(number, _)| number).collect()
}

fn is_shut(gate: &Gate, number: u8) -> bool {
    gate.conditions.iter().any(|it| it.number == number && it.holding == Holding::NotYet)
}

/// What a hold says, without the words that change while nothing does.
fn without_evidence(hold: &Hold) -> Hold {
    let cause = match &hold.cause {
        HoldCause::GateShut { missing: _ } => HoldCause::GateShut { missing: Vec::new() },
        HoldCause::TaskRunning { .. } | HoldCause::TaskNotSeen { .. } => HoldCause::TaskNotSeen { attempt: 0 },
        other => other.clone(),
    };
    Hold { row: hold.row.clone(), cause }
}
