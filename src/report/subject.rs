//! What a report is about: a table, what was seen of it, and what is planned.
//!
//! Answers small questions that several reports ask; never a new decision.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use crate::model::ids::{RequestId, RowName};
use crate::model::observed::{DeploymentView, Observed, Seen, ServiceView};
use crate::model::past::{self, Past};
use crate::model::rollout::Durable;
use crate::model::row::{Row, ServiceTable};
use crate::plan::action::{Action, Plan, Step};
use crate::plan::because::Because;
use crate::plan::drift::{Difference, RowDrift};
use crate::plan::hold::{Hold, Urgency};
use crate::plan::progress::RowProgress;
use crate::plan::request::{self, Stands};

/// Everything that reports about one table are made of; all of one look.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// What is wanted.
    pub table: &'a ServiceTable,
    /// What was seen.
    pub observed: &'a Observed,
    /// What is planned.
    pub plan: &'a Plan,
}

/// What is known of the images that a row's newest tasks run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Digests {
    /// All of them say; short digests, sorted.
    Told(BTreeSet<String>),
    /// Tasks were not seen, or some do not say yet.
    Untold,
}

impl<'a> Subject<'a> {
    /// The row's service, if exactly one was found.
    pub fn service(&self, row: &Row) -> Option<&'a ServiceView> {
        self.observed.service(&row.name)
    }

    /// The row's PRIMARY deployment.
    pub fn primary(&self, row: &Row) -> Option<&'a DeploymentView> {
        self.service(row)?.primary()
    }

    /// What AWS calls the row: its service, or its task definition's newest revision.
    pub fn found_as(&self, row: &Row) -> Option<&'a str> {
        let view = self.observed.rows.get(&row.name)?;
        match row.task() {
            Some(_) => view.definition.one().map(|definition| definition.arn.short()),
            None => view.service.one().map(|service| service.name.as_str()),
        }
    }

    /// How the row differs, corrected now or not.
    pub fn differences(&self, row: &RowName) -> &'a [Difference] {
        let drift: Option<&'a RowDrift> = self.plan.drift.iter().find(|drift| drift.row == *row);
        drift.map_or(&[], |drift| drift.differences.as_slice())
    }

    /// Whether a step of the plan corrects this difference.
    pub fn is_corrected(&self, row: &RowName, difference: &Difference) -> bool {
        let mut reasons = self.steps_of(row).flat_map(|step| &step.because);
        reasons.any(|because| matches!(because, Because::Drift(corrected) if corrected == difference))
    }

    /// The steps for a row, in order.
    pub fn steps_of(&self, row: &RowName) -> impl Iterator<Item = &'a Step> {
        self.plan.steps.iter().filter(move |step| step.row.as_ref() == Some(row))
    }

    /// The holds of a row.
    pub fn holds_of(&self, row: &RowName) -> impl Iterator<Item = &'a Hold> {
        self.plan.holds.iter().filter(move |hold| hold.row.as_ref() == Some(row))
    }

    /// Why the row, or the table as a whole, could not be judged: the first hold that asks for something.
    pub fn first_hold(&self, row: Option<&RowName>) -> Option<&'a Hold> {
        let asks = |hold: &&Hold| hold.cause.urgency() > Urgency::Notice;
        let of =
            |wanted: Option<&RowName>| self.plan.holds.iter().filter(asks).find(|hold| hold.row.as_ref() == wanted);
        of(row).or_else(|| of(None))
    }

    /// The most urgent hold of all, the table's own first among equals.
    pub fn most_urgent(&self) -> Option<&'a Hold> {
        let asking = self.plan.holds.iter().filter(|hold| hold.cause.urgency() > Urgency::Notice);
        asking.min_by_key(|hold| (Reverse(hold.cause.urgency()), hold.row.is_some()))
    }

    /// The counts of a service row, if every row was found.
    pub fn progress(&self, row: &RowName) -> Option<&'a RowProgress> {
        self.plan.rollout.rows.iter().find(|progress| progress.row == *row)
    }

    /// The digests that the row's newest tasks run of the table's image; of all their images where the table states none.
    pub fn digests(&self, row: &Row) -> Digests {
        let (Some(service), Some(primary)) = (self.service(row), self.primary(row)) else { return Digests::Untold };
        match &self.observed.tasks {
            Seen::Present(_) => {}
            Seen::Absent | Seen::Unknown(_) => return Digests::Untold,
        }
        let image = self.table.image.as_ref();
        let tasks = self.observed.tasks_of(service);
        let newest = tasks.filter(|task| task.is_alive() && task.started_by == primary.id.as_str());
        let containers = newest.flat_map(|task| &task.containers);
        let ours = containers.filter(|container| match (&row.container, image) {
            (Some(name), _) => container.name == *name,
            (None, Some(image)) => image.same_repository(&container.image),
            (None, None) => true,
        });
        let digests: Option<BTreeSet<String>> =
            ours.map(|container| container.digest.as_ref().map(|digest| digest.short().to_owned())).collect();
        digests.map_or(Digests::Untold, Digests::Told)
    }

    /// The rollouts that ended, as the cluster's tags keep them, newest first.
    pub fn past(&self) -> Vec<Past> {
        let cluster = self.observed.one_cluster();
        let keys = past::keys(&self.table.name);
        cluster.map(|cluster| past::entries(&keys, &cluster.tags)).unwrap_or_default()
    }

    /// Whether the look showed the table's durable facts. Where it did not, nobody can say what is known of a rollout.
    pub fn shows_durable_facts(&self) -> bool {
        self.plan.cluster.is_some()
    }

    /// How the request of this id stands, if it was ever made as far as the cluster knows.
    pub fn stands(&self, id: &RequestId) -> Option<Stands> {
        let report = &self.plan.rollout;
        let (record, request) = (report.record.clone(), report.request.clone());
        let (command, withdrawn) = (report.command.clone(), report.withdrawn.clone());
        request::stands(self.past(), &Durable { record, request, command, withdrawn, ..Durable::default() }, id)
    }

    /// Whether the record's rollout has not ended, or goes on after all.
    pub fn rollout_is_in_hand(&self) -> bool {
        let report = &self.plan.rollout;
        let open = report.record.as_ref().is_some_and(|record| record.state.is_in_hand());
        open || report.gate.is_some()
    }

    /// Steps that are for the table as a whole: its durable facts.
    pub fn table_steps(&self) -> impl Iterator<Item = &'a Step> {
        self.plan.steps.iter().filter(|step| match &step.action {
            Action::Record(_) | Action::Change(_) => true,
            Action::Update(_) | Action::Register(_) | Action::RollBack(_) | Action::Run(_) => false,
        })
    }
}
