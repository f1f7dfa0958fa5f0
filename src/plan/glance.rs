//! What the next look may leave out, and whether what it saw is enough.
//!
//! A glance asks again only for what the newest plan waits for. The plan of a glance is never carried out: it is the
//! newest look with a few facts renewed, and only tells whether a whole look is worth its calls. So a glance that
//! shows too little makes a step late, and never wrong.

use crate::model::ids::{TargetGroupArn, TaskArn};
use crate::model::observed::{Observed, Seen, TargetState, TaskView};
use crate::model::row::{Row, ServiceTable};
use crate::model::time::{Span, Timestamp};

use super::action::{Plan, Standing};
use super::gate::Holding;
use super::history::History;
use super::hold::{Hold, HoldCause, Urgency};

/// What a glance reads. Everything else is taken from the look before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Glance {
    /// The cluster, and so every durable fact of ours: one call.
    pub cluster: bool,
    /// The services of the rows: one call for ten.
    pub services: bool,
    /// These tasks: one call, so at most a hundred.
    pub tasks: Vec<TaskArn>,
    /// The targets of these groups: one call each.
    pub targets: Vec<TargetGroupArn>,
}

/// The newest look of this process, and what was decided on it.
#[derive(Clone, Debug)]
pub struct Latest {
    /// The table that it was for.
    pub table: ServiceTable,
    /// What was seen; of glances, the newest of each fact.
    pub observed: Observed,
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

/// However little seems to move, everything is read as often as this. Longer would hide for longer what no glance shows
/// (a scalable target, a new service that a selector matches too); shorter costs calls that show nothing.
const WHOLE: Span = Span::minutes(3);

/// The same where nothing moves and nothing is wrong: what only a whole look shows then is worth a notice at most.
const WHOLE_IDLE: Span = Span::minutes(10);

/// How long a selector is taken to mean what it meant: what is there is asked for by its name, which saves the lists. A
/// second match is not seen for as long; one that is gone is seen at once.
const NAMES: Span = Span::minutes(3);

/// How long a request, a command or another controller's record may stay unseen in the middle of a rollout.
const CLUSTER: Span = Span::seconds(30);

/// How long a kick may stay unseen while something else is waited for. Before a launch everything is read twice.
const SERVICES: Span = Span::seconds(60);

/// DescribeTasks takes a hundred. One task that is still there keeps the gate shut, so the others can wait.
const MOST_TASKS: usize = 100;

/// What to read now; `None` if everything.
pub fn glance(table: &ServiceTable, history: &History, now: Timestamp) -> Option<Glance> {
    let latest = history.latest.as_ref()?;
    let Latest { table: before, observed, plan, whole, names: _, cluster, services } = latest;
    if before != table
        || !plan.steps.is_empty()
        || now.since(*whole) >= longest(plan)
        || !plan.holds.iter().all(is_patient)
    {
        return None;
    }
    let awaited = awaited(observed, plan)?;
    let mut glance = Glance::default();
    match awaited {
        Awaited::Nothing => (glance.cluster, glance.services) = (true, true),
        Awaited::Services { groups } => (glance.services, glance.targets) = (true, groups),
        Awaited::Tasks(tasks) => glance.tasks = tasks,
        Awaited::Targets(groups) => glance.targets = groups,
    }
    glance.cluster |= now.since(*cluster) >= CLUSTER;
    glance.services |= now.since(*services) >= SERVICES;
    Some(glance)
}

/// How long a whole look is good for.
fn longest(plan: &Plan) -> Span {
    if plan.standing() == Standing::Converged { WHOLE_IDLE } else { WHOLE }
}

/// The newest look, if a wish may be judged by it once its services and tags are read again; `None` if everything is to be
/// read. What else a wish is judged by is the account and that every row is found, once.
pub fn for_a_wish<'a>(table: &ServiceTable, history: &'a History, now: Timestamp) -> Option<&'a Latest> {
    let latest = history.latest.as_ref()?;
    let Latest { table: before, plan, whole, .. } = latest;
    let known = !plan.holds.iter().any(|hold| matches!(hold.cause, HoldCause::Unknown { .. }));
    (before == table && known && now.since(*whole) < longest(plan)).then_some(latest)
}

/// The newest look, if what it found may be asked for by name in the next; `None` if selectors are to be compared anew.
pub fn known<'a>(table: &ServiceTable, history: &'a History, now: Timestamp) -> Option<&'a Latest> {
    let latest = history.latest.as_ref()?;
    let Latest { table: before, observed, names, .. } = latest;
    let found = |row: &Row| {
        let view = observed.rows.get(&row.name);
        let service = row.service_selector().is_none() || view.is_some_and(|view| view.service.one().is_some());
        let definition = row.task().is_none() || view.is_some_and(|view| view.definition.one().is_some());
        service && definition
    };
    let all = observed.one_cluster().is_some() && table.rows.iter().all(found);
    (before == table && now.since(*names) < NAMES && all).then_some(latest)
}

/// Whether a plan on renewed facts says nothing that the one before did not say. If it does, a whole look follows.
pub fn is_enough(before: &Plan, renewed: &Plan) -> bool {
    let said = |plan: &Plan| plan.holds.iter().map(without_evidence).collect::<Vec<_>>();
    let (old, new) = (&before.rollout, &renewed.rollout);
    renewed.steps.is_empty()
        && before.standing() == renewed.standing()
        && said(before) == said(renewed)
        && before.drift == renewed.drift
        && (old.phase, &old.id, &old.record) == (new.phase, &new.id, &new.record)
        && (&old.request, &old.command) == (&new.request, &new.command)
}

/// Whether a glance failed: it is told as it is, and the next look is a whole one.
pub fn has_failed(renewed: &Plan) -> bool {
    renewed.steps.is_empty() && renewed.holds.iter().any(|hold| matches!(hold.cause, HoldCause::Unknown { .. }))
}

/// One thing whose end has to come before anything else can happen.
enum Awaited {
    /// Nothing moves; somebody may ask or kick.
    Nothing,
    /// New deployments are rolling; as many tasks as are wanted may run already, and these groups not take them yet, which
    /// is what people watch then.
    Services { groups: Vec<TargetGroupArn> },
    /// These are short of STOPPED.
    Tasks(Vec<TaskArn>),
    /// These have targets that are not healthy, or not gone.
    Targets(Vec<TargetGroupArn>),
}

/// Whether a hold is waited for by what a glance reads, or by a person.
fn is_patient(hold: &Hold) -> bool {
    match (&hold.cause, hold.cause.urgency()) {
        (HoldCause::Unknown { .. }, _) => false,
        (HoldCause::GateShut { .. } | HoldCause::TaskRunning { .. }, _) => true,
        (_, Urgency::Wait) => false,
        (_, Urgency::Notice | Urgency::Person | Urgency::Failed) => true,
    }
}

/// What of the gate is proven shut by the fewest calls; `None` if that cannot be told.
fn awaited(observed: &Observed, plan: &Plan) -> Option<Awaited> {
    let running = plan.holds.iter().find_map(|hold| match &hold.cause {
        HoldCause::TaskRunning { task, status: _ } => Some(task),
        _ => None,
    });
    if let Some(id) = running {
        let found = tasks(observed).find(|task| task.arn.id() == id)?;
        return Some(Awaited::Tasks(vec![found.arn.clone()]));
    }
    if !plan.holds.iter().any(|hold| matches!(hold.cause, HoldCause::GateShut { .. })) {
        return Some(Awaited::Nothing);
    }
    let gate = plan.rollout.gate.as_ref()?;
    let shut = |number: u8| {
        let mut conditions = gate.conditions.iter();
        conditions.any(|condition| condition.number == number && condition.holding == Holding::NotYet)
    };
    if shut(2) || shut(3) {
        let groups = if shut(4) && !shut(3) { unsettled_groups(observed) } else { Vec::new() };
        return Some(Awaited::Services { groups });
    }
    if shut(6) {
        let old = leaving(observed);
        return (!old.is_empty()).then_some(Awaited::Tasks(old));
    }
    if shut(4) || shut(5) {
        let groups = unsettled_groups(observed);
        return (!groups.is_empty()).then_some(Awaited::Targets(groups));
    }
    None
}

fn tasks(observed: &Observed) -> impl Iterator<Item = &TaskView> {
    observed.tasks.present().into_iter().flatten()
}

/// The rows' tasks that no PRIMARY deployment started and that are short of STOPPED, or any of a row that is emptied.
fn leaving(observed: &Observed) -> Vec<TaskArn> {
    let services = observed.rows.values().filter_map(|row| row.service.one());
    let old = services.flat_map(|service| {
        let stays = service.primary().filter(|_| service.desired > 0).map(|primary| primary.id.as_str());
        observed.tasks_of(service).filter(move |task| task.is_alive() && stays != Some(task.started_by.as_str()))
    });
    old.map(|task| task.arn.clone()).take(MOST_TASKS).collect()
}

/// Groups whose targets are not all healthy. One that is gone needs a whole look.
fn unsettled_groups(observed: &Observed) -> Vec<TargetGroupArn> {
    let groups = observed.rows.values().flat_map(|row| &row.target_groups);
    let unsettled = groups.filter(|group| match &group.targets {
        Seen::Present(targets) => targets.iter().any(|target| target.state != TargetState::Healthy),
        Seen::Absent | Seen::Unknown(_) => false,
    });
    unsettled.map(|group| group.arn.clone()).collect()
}

/// What a hold says, without the words that change while nothing does.
fn without_evidence(hold: &Hold) -> Hold {
    let cause = match &hold.cause {
        HoldCause::GateShut { missing } => {
            HoldCause::GateShut { missing: missing.iter().map(|(number, _)| (*number, String::new())).collect() }
        }
        HoldCause::TaskRunning { task, status: _ } => HoldCause::TaskRunning { task: task.clone(), status: "" },
        other => other.clone(),
    };
    Hold { row: hold.row.clone(), cause }
}
