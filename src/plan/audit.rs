//! Judges any plan against the invariants, without trusting the planner.
//!
//! Looks at the plan and at what was seen, never at how the planner came to it; a mistake has to be made twice
//! before it reaches AWS. The executor takes an `AuditedPlan` and nothing else.

use std::fmt;

use crate::model::command::{Order, Told};
use crate::model::observed::{ClusterView, Observed, Seen, ServiceView, TargetState, TaskView};
use crate::model::rollout::{Durable, Record, RecordState, RolloutId, TagKeys};
use crate::model::row::ServiceTable;

use super::action::{Action, Launch, Plan, RollBack, ServiceUpdate};
use super::planner::PlanInput;

/// A plan that breaks no invariant, as far as one look can tell.
#[derive(Clone, Debug)]
pub struct AuditedPlan(Plan);

/// An invariant of docs/rollout.md that a plan would break.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Its number, as `I2`.
    pub invariant: &'static str,
    /// How it would be broken.
    pub how: String,
}

impl AuditedPlan {
    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.0
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} would be broken: {}", self.invariant, self.how)
    }
}

/// Lets a plan pass, or says what it would break.
///
/// # Errors
/// Every violation; one is enough for nothing to be executed.
pub fn audit(plan: Plan, input: &PlanInput<'_>) -> Result<AuditedPlan, Vec<Violation>> {
    let mut found = Violations::default();
    let (table, observed) = (input.table, input.observed);
    if !plan.steps.is_empty() {
        found.the_place(table, observed, &plan);
    }
    for step in &plan.steps {
        match &step.action {
            Action::Update(update) => found.an_update(table, observed, update),
            Action::Run(launch) => {
                found.a_launch(table, observed, launch);
                found.old_tasks(table, observed);
                found.unless(!plan.steps.iter().any(|step| step.action.kicks()), "I2", || {
                    "a launch beside a new deployment".to_owned()
                });
            }
            Action::Record(record) => found.a_record(table, observed, record),
            Action::RollBack(back) => found.a_roll_back(table, observed, back),
            Action::Change(_) => {}
            Action::Register(revision) => found.unless(
                observed.rows.values().filter_map(|row| row.definition.one()).any(|seen| seen.arn == revision.from),
                "I8",
                || format!("{} is not the definition of a row", revision.from),
            ),
        }
    }
    if found.0.is_empty() { Ok(AuditedPlan(plan)) } else { Err(found.0) }
}

#[derive(Default)]
struct Violations(Vec<Violation>);

impl Violations {
    fn unless(&mut self, fine: bool, invariant: &'static str, how: impl FnOnce() -> String) {
        if !fine {
            self.0.push(Violation { invariant, how: how() });
        }
    }

    /// I8: the table's own account, its own cluster and its own tags.
    fn the_place(&mut self, table: &ServiceTable, observed: &Observed, plan: &Plan) {
        let cluster = observed.one_cluster().map(|cluster| &cluster.arn);
        self.unless(plan.cluster.as_ref() == cluster, "I8", || "a write on another cluster".to_owned());
        self.unless(plan.keys == TagKeys::of(&table.name), "I8", || "a write under another table's tags".to_owned());
        self.unless(observed.account == Seen::Present(table.account.clone()), "I8", || {
            "a write in an account that is not known to be the table's".to_owned()
        });
        self.unless(observed.one_cluster().is_some(), "I11", || "a write on a cluster that was not found".to_owned());
    }

    fn an_update(&mut self, table: &ServiceTable, observed: &Observed, update: &ServiceUpdate) {
        let row = table.rows.iter().find_map(|row| {
            let view = observed.rows.get(&row.name)?;
            view.service.one().filter(|service| service.arn == update.service).map(|_| view)
        });
        self.unless(row.is_some(), "I8", || format!("{} is not the service of a row", update.name));
        let owned = row.is_some_and(|view| view.scaling != Seen::Absent);
        self.unless(update.count.is_none() || !owned, "I6", || {
            format!("the count of {} may be owned by autoscaling", update.name)
        });
        if update.kicks() && table.task_row().is_some() {
            self.unless(ours_alive(observed) == 0, "I2", || {
                format!("a new deployment of {} while a deployment task runs", update.name)
            });
            self.unless(observed.tasks.present().is_some(), "I11", || {
                format!("a new deployment of {} without having seen whether a deployment task runs", update.name)
            });
        }
    }

    /// I1: an attempt follows one that never started, or a person's word.
    fn a_record(&mut self, table: &ServiceTable, observed: &Observed, next: &Record) {
        let durable = durable(table, observed);
        let (before, command) = (durable.record.as_ref(), durable.command.as_ref());
        let said = |what: Order| command.is_some_and(|it| it.rollout == next.id && it.order == what);
        let same = before.is_some_and(|before| before.id == next.id);
        match &next.state {
            RecordState::Launching(attempt) => {
                let last = attempt.saturating_sub(1);
                let follows = |before: &Record| before.state.attempt().unwrap_or(0) == last;
                let run = said(Order::Run(last)) && before.is_some_and(follows);
                let allowed = before.is_some_and(|before| match &before.state {
                    RecordState::Open => last == 0,
                    RecordState::Launching(number) => *number == last,
                    RecordState::Launched(accepted) => accepted.number == last,
                    RecordState::Failed(_) => said(Order::Retry(last)) || run,
                    RecordState::Unknown(_) => said(Order::Retry(last)),
                    RecordState::Baseline
                    | RecordState::Succeeded(_)
                    | RecordState::Resolved(_)
                    | RecordState::Skipped => run,
                });
                self.unless(allowed && same, "I1", || format!("attempt {attempt} does not follow from the record"));
                // An attempt that follows one that never started has its gate judged again before RunTask.
                if *attempt == 1 || said(Order::Retry(last)) || run {
                    self.old_tasks(table, observed);
                }
            }
            RecordState::Resolved(attempt) => {
                let told = said(Order::Resolve(*attempt, Told::Succeeded));
                self.unless(told && same, "I1", || format!("nobody said that attempt {attempt} succeeded"));
            }
            RecordState::Baseline
            | RecordState::Open
            | RecordState::Launched(_)
            | RecordState::Succeeded(_)
            | RecordState::Failed(_)
            | RecordState::Unknown(_)
            | RecordState::Skipped => {}
        }
    }

    /// I8: only a deployment of a row that the open rollout has made, and only because a person aborts that rollout. I2: not
    /// under a deployment task.
    fn a_roll_back(&mut self, table: &ServiceTable, observed: &Observed, back: &RollBack) {
        let durable = durable(table, observed);
        let record = durable.record.filter(|record| record.state == RecordState::Open);
        let aborted = record
            .as_ref()
            .zip(durable.command)
            .is_some_and(|(record, command)| command.order == Order::Abort && command.is_about(record));
        self.unless(aborted, "I8", || format!("nobody aborted the rollout of {}", back.name));
        let base = record.map(|record| record.base);
        let mut histories = table.service_rows().filter_map(|row| observed.rows.get(&row.name)?.history.present());
        let ours = histories.any(|history| {
            history.iter().any(|it| it.arn == back.deployment && base.is_some_and(|base| it.created_at > base))
        });
        self.unless(ours, "I8", || format!("{} is not a deployment of this rollout", back.deployment));
        self.unless(ours_alive(observed) == 0, "I2", || {
            format!("a roll back of {} while a deployment task runs", back.name)
        });
        let seen = observed.tasks.present().is_some() || table.task_row().is_none();
        self.unless(seen, "I11", || {
            format!("a roll back of {} without having seen whether a deployment task runs", back.name)
        });
    }

    fn a_launch(&mut self, table: &ServiceTable, observed: &Observed, launch: &Launch) {
        let definitions = observed.rows.values().filter_map(|row| row.definition.one());
        let initial = definitions.filter(|seen| seen.arn == launch.definition).any(|seen| seen.initial)
            || launch.definition.short().to_ascii_lowercase().contains("initial");
        self.unless(!initial, "I5", || format!("{} is an initial deployment", launch.definition.short()));
        self.unless(ours_alive(observed) == 0, "I3", || "a deployment task of ours is alive".to_owned());
        self.unless(observed.tasks.present().is_some(), "I11", || "a launch without having seen all tasks".to_owned());
        let intent = durable(table, observed).record.is_some_and(|record| match record.state {
            RecordState::Launching(attempt) => {
                record.id.started_by(attempt) == launch.started_by
                    && record.id.client_token(attempt) == launch.client_token
            }
            _ => false,
        });
        self.unless(intent, "I1", || format!("the cluster does not carry the intent of {}", launch.started_by));
    }

    /// I2: no old task short of STOPPED, no target draining, in anything that the table is about.
    fn old_tasks(&mut self, table: &ServiceTable, observed: &Observed) {
        let current = |task: &TaskView| observed.services().any(|service| task.group == service.task_group());
        let tasks = observed.tasks.present().into_iter().flatten().filter(|task| task.is_alive());
        let former = tasks.filter(|task| table.means(&task.group) && !current(task)).count();
        self.unless(former == 0, "I2", || format!("{former} tasks of services that a row had before"));
        for row in table.service_rows() {
            let view = observed.rows.get(&row.name);
            let service = view.and_then(|view| view.service.one());
            let Some(((view, service), primary)) =
                view.zip(service).and_then(|(view, service)| Some(((view, service), service.primary()?)))
            else {
                self.unless(false, "I11", || format!("a launch without having seen {}", row.name));
                continue;
            };
            // A row that was emptied need not have been kicked: what is left of it may run old code.
            let old = observed
                .tasks_of(service)
                .filter(|task| task.is_alive() && (service.desired == 0 || task.started_by != primary.id.as_str()));
            let old = old.count();
            self.unless(old == 0, "I2", || format!("{} still has {old} old tasks", row.name));
            for group in &view.target_groups {
                let draining = group
                    .targets
                    .present()
                    .map(|targets| targets.iter().filter(|target| target.state == TargetState::Draining).count());
                self.unless(draining == Some(0), "I2", || drained(service, draining));
            }
        }
    }
}

/// The durable facts as they were read.
fn durable(table: &ServiceTable, observed: &Observed) -> Durable {
    let keys = TagKeys::of(&table.name);
    let read = |cluster: &ClusterView| Durable::read(&keys, |key| cluster.tags.get(key).map(String::as_str));
    observed.one_cluster().map(|cluster| read(cluster).unwrap_or_default()).unwrap_or_default()
}

fn drained(service: &ServiceView, draining: Option<usize>) -> String {
    match draining {
        Some(count) => format!("{} still has {count} draining targets", service.name),
        None => format!("the targets of {} were not seen", service.name),
    }
}

/// Tasks that this program started for the table and that are short of STOPPED, whatever family its row names now.
fn ours_alive(observed: &Observed) -> usize {
    let tasks = observed.tasks.present().into_iter().flatten();
    tasks.filter(|task| task.is_alive() && task.started_by.starts_with(RolloutId::STARTED_BY)).count()
}
