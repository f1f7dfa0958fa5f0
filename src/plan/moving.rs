//! Since when things are on their way out, as far as this process has seen: what the end of a drain is reckoned from.
//!
//! For pace alone. A process without it looks more often, and decides the same.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::ids::{TargetGroupArn, TaskArn};
use crate::model::observed::{Observed, Seen, TargetState, TaskView};
use crate::model::text::Text;
use crate::model::time::{Span, Timestamp};

/// What a process has seen moving.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moving {
    /// When target groups were last read.
    targets: Option<Timestamp>,
    /// When tasks were last listed.
    pub(super) listed: Option<Timestamp>,
    /// Targets that drain, with the newest read that did not show it yet; `None` if none did.
    draining: BTreeMap<(TargetGroupArn, Text), Option<Timestamp>>,
}

/// What a look has read of what moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Renewed {
    /// Target groups.
    pub targets: bool,
    /// The list of tasks.
    pub tasks: bool,
}

impl Moving {
    /// What is known after a look.
    #[must_use]
    pub fn after(&self, observed: &Observed, renewed: Renewed) -> Self {
        let mut draining = BTreeMap::new();
        for group in observed.rows.values().flat_map(|row| &row.target_groups) {
            let targets = group.targets.present().into_iter().flatten();
            for target in targets.filter(|target| target.state == TargetState::Draining) {
                let key = (group.arn.clone(), target.id.clone());
                let since = self.draining.get(&key).copied().unwrap_or(self.targets);
                draining.insert(key, since);
            }
        }
        Self {
            targets: if renewed.targets { Some(observed.at) } else { self.targets },
            listed: if renewed.tasks { Some(observed.at) } else { self.listed },
            draining,
        }
    }

    /// The moment before which some target of the rows cannot have drained; `None` if that is not known of each.
    pub(super) fn drained_by(&self, observed: &Observed) -> Option<Timestamp> {
        let delay = |arn: &TargetGroupArn| -> Option<Span> {
            let mut groups = observed.rows.values().flat_map(|row| &row.target_groups);
            groups.find(|group| group.arn == *arn)?.drain
        };
        let ends = self.draining.iter().map(|((arn, _), since)| Some((*since)?.plus(delay(arn)?)));
        let ends: Option<Vec<Timestamp>> = ends.collect();
        ends?.into_iter().max()
    }
}

/// The rows' tasks that no PRIMARY deployment started and that are short of STOPPED, or any of a row that is emptied.
pub(super) fn leaving(observed: &Observed) -> impl Iterator<Item = &TaskView> {
    observed.services().flat_map(|service| {
        let stays = service.primary().filter(|_| service.desired > 0).map(|primary| primary.id.as_str());
        observed.tasks_of(service).filter(move |task| task.is_alive() && stays != Some(task.started_by.as_str()))
    })
}

/// The same, by their ARNs.
pub(super) fn leaving_arns(observed: &Observed) -> Vec<TaskArn> {
    leaving(observed).map(|task| task.arn.clone()).collect()
}

/// Groups in which a target is neither healthy nor gone. One that is gone itself needs a whole look.
pub(super) fn unsettled_groups(observed: &Observed) -> Vec<TargetGroupArn> {
    let settled = |state| matches!(state, TargetState::Healthy | TargetState::Unused);
    groups_with(observed, |group| group.iter().any(|target| !settled(target.state)))
}

/// Groups in which a target of no new task takes requests still: ECS has yet to deregister it.
pub(super) fn not_deregistered(observed: &Observed) -> Vec<TargetGroupArn> {
    let old: BTreeSet<String> = leaving(observed).filter_map(|task| task.ip).map(|ip| ip.to_string()).collect();
    let stays = |state| !matches!(state, TargetState::Draining | TargetState::Unused);
    groups_with(observed, |group| group.iter().any(|target| stays(target.state) && old.contains(target.id.as_str())))
}

fn groups_with(observed: &Observed, so: impl Fn(&[crate::model::observed::TargetView]) -> bool) -> Vec<TargetGroupArn> {
    let groups = observed.rows.values().flat_map(|row| &row.target_groups);
    let found = groups.filter(|group| match &group.targets {
        Seen::Present(targets) => so(targets),
        Seen::Absent | Seen::Unknown(_) => false,
    });
    found.map(|group| group.arn.clone()).collect()
}

/// All target groups of the rows.
pub(super) fn groups(observed: &Observed) -> Vec<TargetGroupArn> {
    groups_with(observed, |_| true)
}
