//! Reads again a few facts of the newest look.
//!
//! Reads only. What does not fit into that look any more (a service that is gone, a task that ECS has forgotten) is no
//! answer: then everything has to be read.

use crate::aws::{Aws, FoundService};
use crate::model::ids::{ServiceArn, TaskArn};
use crate::model::observed::{ClusterView, Observed, RowView, Seen, TargetGroupView, TargetState, TargetView, Why};
use crate::model::selector::Selection;
use crate::model::text::Text;
use crate::model::time::Timestamp;
use crate::plan::glance::Glance;

use super::rest::Fresh;

/// The newest look with some facts renewed; `None` if they do not fit into it. What was read beside other tables is not
/// asked for again. `fallback` is the time that stands when AWS has not told its own.
pub(super) async fn renew(
    aws: &Aws,
    before: &Observed,
    glance: &Glance,
    fresh: Option<&Fresh>,
    fallback: Timestamp,
) -> Option<Observed> {
    let mut observed = before.clone();
    let cluster = before.one_cluster()?;
    // Services before tags: what is wanted after the kicks that are seen was not wanted before them (`plan/request`).
    if glance.services {
        let answer = match fresh {
            Some(Fresh { cluster: _, services }) => services.clone(),
            None => known_services(aws, cluster, &observed).await,
        };
        if let Some(found) = answer {
            renew_services(found, &mut observed)?;
        }
    }
    if glance.cluster {
        let answer = match fresh {
            Some(Fresh { cluster, services: _ }) => cluster.clone(),
            None => known_cluster(aws, cluster).await,
        };
        observed.cluster = match answer {
            Ok(Some(now)) if now.arn == cluster.arn => Seen::Present(Selection::One(now)),
            Ok(_) => return None,
            Err(why) => Seen::Unknown(why),
        };
    }
    if glance.list || !glance.tasks.is_empty() {
        renew_tasks(aws, cluster, glance, &mut observed).await?;
    }
    let groups = observed.rows.values_mut().flat_map(|row| &mut row.target_groups);
    for group in groups.filter(|group| glance.targets.contains(&group.arn)) {
        let targets = aws.targets_of(&group.arn).await;
        if targets == Seen::Absent {
            return None;
        }
        let draining = |target: &TargetView| target.state == TargetState::Draining;
        let drain = match &targets {
            // Asked once, when there is something to reckon with it.
            Seen::Present(targets) if group.drain.is_none() && targets.iter().any(draining) => {
                aws.drain(&group.arn).await
            }
            Seen::Present(_) | Seen::Absent | Seen::Unknown(_) => group.drain,
        };
        *group = TargetGroupView { targets, drain, ..group.clone() };
    }
    observed.at = aws.clock().now().unwrap_or(fallback);
    observed.until = observed.at;
    Some(observed)
}

async fn known_cluster(aws: &Aws, before: &ClusterView) -> Result<Option<ClusterView>, Why> {
    let found = aws.known_clusters(std::slice::from_ref(&before.arn)).await.map_err(|error| error.why())?;
    Ok(found.into_iter().next())
}

/// The rows' services; nothing where no row has one.
async fn known_services(
    aws: &Aws,
    cluster: &ClusterView,
    observed: &Observed,
) -> Option<Result<Vec<FoundService>, Why>> {
    let arns: Vec<ServiceArn> = observed.services().map(|service| service.arn.clone()).collect();
    if arns.is_empty() {
        return None;
    }
    Some(aws.known_services(&cluster.arn, &arns).await.map_err(|error| error.why()))
}

fn renew_services(found: Result<Vec<FoundService>, Why>, observed: &mut Observed) -> Option<()> {
    for row in observed.rows.values_mut().filter(|row| row.service.one().is_some()) {
        match &found {
            Ok(found) => renew_service(found, row)?,
            Err(why) => row.service = Seen::Unknown(why.clone()),
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
    let answer = match glance.list {
        true => aws.running_tasks(&cluster.arn, &glance.tasks).await,
        false => aws.known_tasks(&cluster.arn, &glance.tasks).await,
    };
    let now = match answer {
        Ok(now) => now,
        Err(error) => {
            observed.tasks = Seen::Unknown(error.why());
            return Some(());
        }
    };
    let groups: Vec<Text> = observed.services().map(|service| service.task_group().into()).collect();
    let Seen::Present(tasks) = &mut observed.tasks else { return None };
    // A task that was seen and is forgotten has more behind it; one that is not visible yet is just not there.
    let known = |arn: &TaskArn| now.iter().any(|task| task.arn == *arn);
    if glance.tasks.iter().any(|arn| !known(arn) && tasks.iter().any(|task| task.arn == *arn)) {
        return None;
    }
    for renewed in now {
        match tasks.iter_mut().find(|task| task.arn == renewed.arn) {
            Some(task) => *task = renewed,
            None if groups.contains(&renewed.group) || glance.tasks.contains(&renewed.arn) => tasks.push(renewed),
            None => {}
        }
    }
    Some(())
}
