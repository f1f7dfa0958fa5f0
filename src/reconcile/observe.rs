//! Looks at everything that a table is about, once.
//!
//! Reads only. A read that fails leaves `Unknown` where its facts would stand, and the look goes on: what is known
//! of one row is not lost because another's target group did not answer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::aws::{Aws, AwsError, Class, FoundService, ServicesWanted, Tags};
use crate::model::ids::{Family, RowName, ServiceArn, ServiceName};
use crate::model::log::LogView;
use crate::model::observed::{
    ClusterView, ContainerDefinitionView, DefinitionView, Observed, RowView, ScalingView, Seen, ServiceDeploymentView,
    ServiceView, TargetGroupView, TaskView, Trouble, Why,
};
use crate::model::rollout::{Durable, Record, RecordState, TagKeys};
use crate::model::row::{Row, RowKind, ServiceTable};
use crate::model::selector::{Selection, Selector};
use crate::model::text::Text;
use crate::model::time::Timestamp;
use crate::plan::action::Plan;
use crate::plan::glance::{self, Needs};
use crate::plan::history::Made;
use crate::plan::moving::Renewed;
use crate::plan::undone::answerable_since;

/// Looks at everything. `fallback` is the time that stands when AWS has not told its own.
pub async fn observe(aws: &Aws, table: &ServiceTable, fallback: Timestamp) -> Observed {
    // Boxed: a look is a deep future, and those who await it are deep themselves.
    Box::pin(observe_again(aws, table, None, fallback)).await.0
}

/// What this process has seen and done before, by which a look takes fewer calls.
#[derive(Clone, Copy)]
pub(super) struct Before<'a> {
    /// What was found.
    pub(super) observed: &'a Observed,
    /// When all of it was read.
    pub(super) at: Timestamp,
    /// What our own updates made.
    pub(super) made: &'a BTreeMap<ServiceArn, Made>,
    /// What was decided on it.
    pub(super) plan: &'a Plan,
}

/// Looks, and asks by their names for the cluster, services and families that were found before; the image is taken
/// from there. What is not there any more is looked for by its selector. With what was read anew of what moves.
pub(super) async fn observe_again(
    aws: &Aws,
    table: &ServiceTable,
    before: Option<Before<'_>>,
    fallback: Timestamp,
) -> (Observed, Renewed) {
    let known = before.map(|before| before.observed);
    let account = seen(aws.account().await);
    let cluster = match &account {
        Seen::Present(account) if *account == table.account => look_at_cluster(aws, table, known).await,
        // Another account's clusters are none of this table's business; the planner says so.
        Seen::Present(_) | Seen::Absent => Seen::Absent,
        Seen::Unknown(why) => Seen::Unknown(why.clone()),
    };
    // After the first answer of this look, which tells AWS's time anew, and before anything that is judged by its age.
    let at = aws.clock().now().unwrap_or(fallback);
    let image = match (&table.image, cluster.one(), known) {
        (Some(_), Some(_), Some(Observed { image: Seen::Present(digest), .. })) => Seen::Present(digest.clone()),
        (Some(image), Some(_), _) => aws.digest(image).await,
        (None, _, _) | (_, None, _) => Seen::Absent,
    };
    let durable = durable(table, cluster.one());
    let needs = before.map_or(Needs::EVERYTHING, |before| glance::needs(before.plan, &durable));
    let (rows, tasks) = match cluster.one() {
        Some(cluster) => look_at_rows(aws, table, (before, needs), (cluster, &durable), at).await,
        None => (BTreeMap::new(), Seen::Absent),
    };
    let log = match cluster.one() {
        Some(cluster) => look_at_log(aws, table, cluster, &tasks).await,
        None => Seen::Absent,
    };
    let renewed = Renewed { targets: needs.targets, tasks: true };
    let until = aws.clock().now().unwrap_or(fallback);
    (Observed { at, until, whole: at, account, cluster, rows, tasks, image, log }, renewed)
}

/// What the cluster's tags say; nothing where they cannot be read, which the planner says.
fn durable(table: &ServiceTable, cluster: Option<&ClusterView>) -> Durable {
    let keys = TagKeys::of(&table.name);
    let tag = |key: &str| cluster?.tags.get(key).map(String::as_str);
    Durable::read(&keys, tag).unwrap_or_default()
}

async fn look_at_cluster(aws: &Aws, table: &ServiceTable, known: Option<&Observed>) -> Seen<Selection<ClusterView>> {
    if let Some(before) = known.and_then(Observed::one_cluster) {
        match aws.cluster(&Selector::Name(before.arn.name().to_owned())).await {
            Ok(Selection::None(_) | Selection::Many(_)) => {}
            answer => return seen(answer),
        }
    }
    seen(aws.cluster(&table.cluster).await)
}

async fn look_at_services(
    aws: &Aws,
    table: &ServiceTable,
    known: Option<&Observed>,
    cluster: &ClusterView,
) -> Services {
    let wanted: ServicesWanted<'_> =
        table.rows.iter().filter_map(|row| Some((row.name.clone(), row.service_selector()?))).collect();
    let before: BTreeMap<&RowName, &ServiceView> =
        wanted.keys().filter_map(|row| Some((row, known?.service(row)?))).collect();
    if !before.is_empty() && before.len() == wanted.len() {
        let arns: BTreeSet<_> = before.values().map(|service| service.arn.clone()).collect();
        let found = match aws.known_services(&cluster.arn, &arns.into_iter().collect::<Vec<_>>()).await {
            Ok(found) => found,
            Err(error) => return Seen::Unknown(error.why()),
        };
        let one = |(row, before): (&&RowName, &&ServiceView)| {
            let same = found.iter().find(|(service, _)| service.arn == before.arn && service.status == before.status);
            same.map(|found| ((*row).clone(), Selection::One(found.clone())))
        };
        if let Some(all) = before.iter().map(one).collect() {
            return Seen::Present(all);
        }
    }
    seen(aws.services(&cluster.arn, &wanted).await)
}

async fn look_at_rows(
    aws: &Aws,
    table: &ServiceTable,
    (known, needs): (Option<Before<'_>>, Needs),
    (cluster, durable): (&ClusterView, &Durable),
    at: Timestamp,
) -> (BTreeMap<RowName, RowView>, Seen<Vec<TaskView>>) {
    // Tasks before services: a task that starts in between is missed for one look, but never taken for an old one
    // of a deployment that was not seen yet.
    let tasks = seen(aws.tasks(&cluster.arn, &launched(durable.record.as_ref())).await);
    let services = look_at_services(aws, table, known.map(|known| known.observed), cluster).await;
    let scaling = scaling(aws, table, cluster, &services).await;
    let mut rows = BTreeMap::new();
    for row in &table.rows {
        let found = service_of(row, &services);
        let before = known.and_then(|known| known.observed.rows.get(&row.name));
        let undone = undone_before(known, row, &found, durable, at);
        let found = Found { service: found, scaling: &scaling, before, undone, needs };
        let view = look_at_row(aws, row, cluster, found, durable).await;
        rows.insert(row.name.clone(), view);
    }
    let groups: Vec<Text> = rows.values().filter_map(|view| Some(view.service.one()?.task_group().into())).collect();
    let families: Vec<_> = rows.values().filter_map(|view| view.definition.one()).map(|found| &found.family).collect();
    // A one-off task of the record stays in sight when the table's task row is edited or gone while it runs.
    let one_off = durable.record.as_ref().map(|record| record.id.started_by_any());
    let ours = |task: &TaskView| {
        groups.contains(&task.group)
            || table.means(&task.group)
            || families.contains(&&task.definition.family())
            || one_off.as_ref().is_some_and(|prefix| task.started_by.starts_with(prefix))
    };
    let tasks = match tasks {
        Seen::Present(mut tasks) => {
            tasks.retain(ours);
            tasks.shrink_to_fit();
            Seen::Present(tasks)
        }
        Seen::Absent => Seen::Absent,
        Seen::Unknown(why) => Seen::Unknown(why),
    };
    (rows, tasks)
}

/// The task of the record, which must not be missed because a list lags.
fn launched(record: Option<&Record>) -> Vec<String> {
    match record.map(|record| &record.state) {
        Some(RecordState::Launched(attempt)) => vec![attempt.task.clone()],
        _ => Vec::new(),
    }
}

/// The log of the record's task, once it has stopped and if the task row asks for it.
async fn look_at_log(
    aws: &Aws,
    table: &ServiceTable,
    cluster: &ClusterView,
    tasks: &Seen<Vec<TaskView>>,
) -> Seen<LogView> {
    let Some((row, task)) = table.task_row() else { return Seen::Absent };
    let Some(probe) = &task.probe else { return Seen::Absent };
    let durable = durable(table, Some(cluster));
    let launched = launched(durable.record.as_ref());
    let mut seen_tasks = tasks.present().into_iter().flatten();
    let ended = seen_tasks.find(|task| launched.iter().any(|id| id == task.arn.id()) && !task.is_alive());
    let Some(ended) = ended else { return Seen::Absent };
    let definition = match aws.definition(ended.definition.as_str()).await {
        Ok(definition) => definition,
        Err(error) => return Seen::Unknown(error.why()),
    };
    let named =
        |container: &&ContainerDefinitionView| row.container.as_ref().is_none_or(|name| *name == container.name);
    let mut containers = definition.containers.iter().filter(named);
    let (Some(container), None) = (containers.next(), containers.next()) else {
        return missing(format!("{} has several containers, and the row names none", definition.arn.short()));
    };
    let Some(log) = &container.log else {
        let text = "writes to no log group of CloudWatch Logs (awslogs-group, awslogs-stream-prefix)";
        return missing(format!("container {} of {} {text}", container.name, definition.arn.short()));
    };
    let stream = log.stream(&container.name, &ended.arn);
    match aws.log(&log.group, &stream).await {
        Ok(lines) => Seen::Present(LogView::of(probe, lines.iter().map(String::as_str))),
        Err(error) => {
            let Why { text, trouble } = error.why();
            Seen::Unknown(Why { text: format!("{text} (group {}, stream {stream})", log.group), trouble })
        }
    }
}

/// What no waiting brings.
fn missing<T>(text: String) -> Seen<T> {
    Seen::Unknown(Why { text, trouble: Trouble::Lasting })
}

type Services = Seen<BTreeMap<RowName, Selection<FoundService>>>;

fn service_of(row: &Row, services: &Services) -> Seen<Selection<FoundService>> {
    match services {
        Seen::Present(found) => found.get(&row.name).map_or(Seen::Absent, |found| Seen::Present(found.clone())),
        Seen::Absent => Seen::Absent,
        Seen::Unknown(why) => Seen::Unknown(why.clone()),
    }
}

/// Who owns the counts that are not as stated; of the others it makes no difference.
async fn scaling(
    aws: &Aws,
    table: &ServiceTable,
    cluster: &ClusterView,
    services: &Services,
) -> Seen<BTreeMap<ServiceName, ScalingView>> {
    let names: Vec<ServiceName> = table
        .rows
        .iter()
        .filter_map(|row| match services.present()?.get(&row.name)? {
            Selection::One((service, _)) => row.count.filter(|stated| *stated != service.desired).map(|_| service),
            Selection::None(_) | Selection::Many(_) => None,
        })
        .map(|service| service.name.clone())
        .collect();
    if names.is_empty() {
        return Seen::Absent;
    }
    seen(aws.scalable_targets(&cluster.arn, &names).await)
}

/// What is known of a row before it is looked at by itself.
struct Found<'a> {
    service: Seen<Selection<FoundService>>,
    scaling: &'a Seen<BTreeMap<ServiceName, ScalingView>>,
    before: Option<&'a RowView>,
    /// What is known of its service deployments without asking.
    undone: Option<Vec<ServiceDeploymentView>>,
    needs: Needs,
}

/// A row's service deployments, where they cannot be others than this process knows. A command may need them by their
/// ARNs.
fn undone_before(
    known: Option<Before<'_>>,
    row: &Row,
    found: &Seen<Selection<FoundService>>,
    durable: &Durable,
    at: Timestamp,
) -> Option<Vec<ServiceDeploymentView>> {
    let Before { observed, at: read, made, plan: _ } = known.filter(|_| durable.command.is_none())?;
    let (service, _) = found.one()?;
    glance::undone_before(observed.rows.get(&row.name)?, service, made.get(&service.arn), at.since(read))
}

async fn look_at_row(
    aws: &Aws,
    row: &Row,
    cluster: &ClusterView,
    Found { service, scaling, before, undone, needs }: Found<'_>,
    durable: &Durable,
) -> RowView {
    let one = service.one().cloned();
    let service = match service {
        Seen::Present(Selection::One((service, _))) => Seen::Present(Selection::One(service)),
        Seen::Present(Selection::None(names)) => Seen::Present(Selection::None(names)),
        Seen::Present(Selection::Many(names)) => Seen::Present(Selection::Many(names)),
        Seen::Absent => Seen::Absent,
        Seen::Unknown(why) => Seen::Unknown(why),
    };
    let definition = match (&row.kind, &one) {
        (RowKind::Task(task), _) => match before.and_then(|before| before.definition.one()) {
            Some(before) if !needs.definition => Seen::Present(Selection::One(before.clone())),
            before => look_at_family(aws, &task.definition, before.map(|definition| &definition.family)).await,
        },
        (RowKind::Service { .. }, Some((service, _))) => {
            seen(aws.definition(service.definition.as_str()).await.map(Selection::One))
        }
        (RowKind::Service { .. }, None) => Seen::Absent,
    };
    let asked = if row.target_group().is_some_and(Selector::needs_tags) { Tags::Read } else { Tags::Leave };
    let mut target_groups = Vec::new();
    for arn in one.iter().flat_map(|(_, groups)| groups) {
        let known = before.into_iter().flat_map(|before| &before.target_groups).find(|group| group.arn == *arn);
        target_groups.push(match known {
            Some(known) if !needs.targets && known.targets.present().is_some() => known.clone(),
            known => {
                let drain = known.and_then(|known| known.drain);
                TargetGroupView { drain, ..aws.target_group(arn, asked).await }
            }
        });
    }
    let history = match (&one, undone) {
        (Some(_), Some(known)) if row.task().is_none() => Seen::Present(known),
        (Some((service, _)), _) if row.task().is_none() => {
            service_deployments(aws, cluster, service, answerable_since(durable, &row.name)).await
        }
        (Some(_) | None, _) => Seen::Absent,
    };
    let scaling = match (scaling, &one) {
        (Seen::Present(targets), Some((service, _))) => {
            targets.get(&service.name).map_or(Seen::Absent, |target| Seen::Present(*target))
        }
        (Seen::Unknown(why), _) => Seen::Unknown(why.clone()),
        (Seen::Absent, _) | (_, None) => Seen::Absent,
    };
    RowView { service, definition, scaling, target_groups, history }
}

/// The newest revision. A family without ACTIVE revisions is an error of DescribeTaskDefinition.
async fn look_at_family(
    aws: &Aws,
    selector: &Selector,
    before: Option<&Family>,
) -> Seen<Selection<Arc<DefinitionView>>> {
    if let Some(before) = before {
        match aws.definition(before.as_str()).await {
            Ok(definition) => return Seen::Present(Selection::One(definition)),
            Err(error) if error.class == Class::NotFound || error.class == Class::Invalid => {}
            Err(error) => return Seen::Unknown(error.why()),
        }
    }
    seen(aws.family(selector).await)
}

/// The row's service deployments since a moment, where a rollback stays visible. Without a kick in hand, nobody asks.
async fn service_deployments(
    aws: &Aws,
    cluster: &ClusterView,
    service: &ServiceView,
    since: Option<Timestamp>,
) -> Seen<Vec<ServiceDeploymentView>> {
    match since {
        Some(since) => seen(aws.service_deployments(&cluster.arn, &service.arn, since).await),
        None => Seen::Absent,
    }
}

fn seen<T>(answer: Result<T, AwsError>) -> Seen<T> {
    answer.map_or_else(|error| Seen::Unknown(error.why()), Seen::Present)
}
