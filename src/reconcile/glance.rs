//! Reads again a few facts of the newest look.
//!
//! Reads only. What does not fit into that look any more (a service that is gone, a task that ECS has forgotten) is no
//! answer: then everything has to be read.

use crate::aws::{Aws, FoundService};
use crate::model::ids::ServiceArn;
use crate::model::observed::{ClusterView, Observed, RowView, Seen, TargetGroupView, Why};
use crate::model::selector::{Selection, Selector};
use crate::model::time::Timestamp;
use crate::plan::glance::Glance;

/// The newest look with some facts renewed; `None` if they do not fit into it. `fallback` is the time that stands when
/// AWS has not told its own.
pub(super) async fn renew(aws: &Aws, before: &Observed, glance: &Glance, fallback: Timestamp) -> Option<Observed> {
    let mut observed = before.clone();
    let cluster = before.one_cluster()?;
    // Services before tags: what is wanted after the kicks that are seen was not wanted before them (`plan/request`).
    if glance.services {
        renew_services(aws, cluster, &mut observed).await?;
    }
    if glance.cluster {
        observed.cluster = renew_cluster(aws, cluster).await?;
    }
    if !glance.tasks.is_empty() {
        renew_tasks(aws, cluster, glance, &mut observed).await?;
    }
    let groups = observed.rows.values_mut().flat_map(|row| &mut row.target_groups);
    for group in groups.filter(|group| glance.targets.contains(&group.arn)) {
        let targets = aws.targets_of(&group.arn).await;
        if targets == Seen::Absent {
            return None;
        }
        *group = TargetGroupView { targets, ..group.clone() };
    }
    observed.at = aws.clock().now().unwrap_or(fallback);
    Some(observed)
}

async fn renew_cluster(aws: &Aws, before: &ClusterView) -> Option<Seen<Selection<ClusterView>>> {
    match aws.cluster(&Selector::Name(before.arn.name().to_owned())).await {
        Ok(Selection::One(cluster)) if cluster.arn == before.arn => Some(Seen::Present(Selection::One(cluster))),
        Ok(Selection::One(_) | Selection::None(_) | Selection::Many(_)) => None,
        Err(error) => Some(Seen::Unknown(error.why())),
    }
}

async fn renew_services(aws: &Aws, cluster: &ClusterView, observed: &mut Observed) -> Option<()> {
    let arns: Vec<ServiceArn> =
        observed.rows.values().filter_map(|row| row.service.one()).map(|service| service.arn.clone()).collect();
    if arns.is_empty() {
        return Some(());
    }
    let found = aws.known_services(&cluster.arn, &arns).await;
    for row in observed.rows.values_mut().filter(|row| row.service.one().is_some()) {
        match &found {
            Ok(found) => renew_service(found, row)?,
            Err(error) => row.service = Seen::Unknown(error.why()),
        }
    }
    Some(())
}

/// A service that was given another definition or other target groups has more behind it than itself.
fn renew_service(found: &[FoundService], row: &mut RowView) -> Option<()> {
    let before = row.service.one()?;
    let (now, groups) = found.iter().find(|(service, _)| service.arn == before.arn)?;
    let same_groups = row.target_groups.iter().map(|group| &group.arn).eq(groups);
    if now.definition != before.definition || !same_groups {
        return None;
    }
    row.service = Seen::Present(Selection::One(now.clone()));
    Some(())
}

async fn renew_tasks(aws: &Aws, cluster: &ClusterView, glance: &Glance, observed: &mut Observed) -> Option<()> {
    let now = match aws.known_tasks(&cluster.arn, &glance.tasks).await {
        Ok(now) => now,
        Err(error) => {
            let why: Why = error.why();
            observed.tasks = Seen::Unknown(why);
            return Some(());
        }
    };
    let Seen::Present(tasks) = &mut observed.tasks else { return None };
    for arn in &glance.tasks {
        let renewed = now.iter().find(|task| task.arn == *arn)?;
        let task = tasks.iter_mut().find(|task| task.arn == *arn)?;
        *task = renewed.clone();
    }
    Some(())
}
