//! One look at the model's AWS, fresh, late or with a read that failed, and the `Observed` that the real planner gets for it.
//!
//! Builds values only; what they mean is the planner's business. Public types of the crate and nothing else.

use std::collections::BTreeMap;
use std::sync::Arc;

use evenkeel::model::ids::{
    AccountId, ClusterArn, ContainerName, DeploymentId, Family, Region, RowName, ServiceArn, ServiceDeploymentArn,
    ServiceName, TableName, TaskArn, TaskDefinitionArn,
};
use evenkeel::model::image::Digest;
use evenkeel::model::observed::{
    CapacityView, Cleanup, ClusterView, ContainerDefinitionView, ContainerView, Counters, DefinitionView,
    DeploymentRole, DeploymentView, DesiredStatus, Fate, NetworkView, Observed, RolloutState, RowView, Seen,
    ServiceDeploymentView, ServiceView, TaskStatus, TaskView, Trouble, Why,
};
use evenkeel::model::row::{Fallback, RolloutPolicy, Row, RowKind, ServiceTable, TaskRow};
use evenkeel::model::selector::{Selection, Selector};
use evenkeel::model::size::Vcpu;
use evenkeel::model::text::Text;
use evenkeel::model::time::Timestamp;

use super::aws::{Life, OneOff, Service, Stage, Tags};
use super::state::Fact;

const ACCOUNT: &str = "123456789012";
const TABLE: &str = "cgap";
/// 2026-10-09T12:00:00Z, the model's second 0.
const START: i64 = 1_791_547_200;
/// What a row that grows states; its service had .25 at first.
pub(crate) const LARGE: Vcpu = Vcpu::from_units(512);

/// What one look shows.
#[derive(Clone, Debug, Hash, PartialEq, Eq)]
pub(crate) struct Look {
    pub(crate) at: i64,
    /// Whether it is of the edited table.
    pub(crate) edited: bool,
    pub(crate) tags: Tags,
    pub(crate) rows: Vec<Service>,
    pub(crate) tasks: Vec<OneOff>,
    /// A list that leaves out the tasks that are on their way out.
    pub(crate) short: bool,
    /// What could not be read, and what that is taken for.
    pub(crate) unread: Vec<(Fact, Taken)>,
    /// Whether running the task row's definition could wipe a database.
    pub(crate) initial: bool,
}

/// What a read that failed is taken for.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
pub(crate) enum Taken {
    /// For what it is.
    Unknown,
    /// For an answer that says that there is nothing.
    Nothing,
}

/// A table with so many service rows, and a task row.
pub(crate) fn table(rows: usize, policy: RolloutPolicy) -> ServiceTable {
    let row = |name: String, kind| Row {
        name: RowName::told(name),
        usage: None,
        notes: None,
        kind,
        count: None,
        capacity: None,
        vcpu: None,
        memory: None,
        container: None,
    };
    let services = (0..rows).map(|index| {
        let service = Selector::Name(format!("service{index}"));
        row(format!("row{index}"), RowKind::Service { service, target_group: None })
    });
    let task = TaskRow {
        definition: Selector::Name("deployment".to_owned()),
        service: None,
        attempts: 2,
        fallback: Fallback::Never,
        probe: None,
    };
    ServiceTable {
        name: TableName::told(TABLE),
        account: AccountId::told(ACCOUNT),
        region: Region::told("us-east-1"),
        cluster: Selector::Name("cluster".to_owned()),
        image: None,
        rows: services.chain([row("deployment".to_owned(), RowKind::Task(task))]).collect(),
        policy,
    }
}

/// The key of a tag without what all of the table's keys share.
pub(crate) fn short_key(key: &str) -> String {
    key.trim_start_matches(&format!("evenkeel:{TABLE}:")).to_owned()
}

pub(crate) fn moment(second: i64) -> Timestamp {
    Timestamp::from_millis((START + second) * 1000)
}

/// The model's second of a moment.
pub(crate) fn second(moment: Timestamp) -> i64 {
    moment.millis() / 1000 - START
}

/// A one-off task's id.
pub(crate) fn task_id(serial: u8) -> String {
    format!("{serial:032x}")
}

/// The index of the row that a service ARN belongs to.
pub(crate) fn row_of(service: &ServiceArn) -> usize {
    let name = service.as_str().rsplit("service/service").next();
    name.and_then(|index| index.parse().ok()).expect("an ARN of this file")
}

/// The index of the row that a service of this name belongs to.
pub(crate) fn row_by_name(service: &ServiceName) -> usize {
    let index = service.as_str().strip_prefix("service");
    index.and_then(|index| index.parse().ok()).expect("a name of this file")
}

pub(crate) fn deployment_id(row: usize, serial: u8) -> DeploymentId {
    DeploymentId::told(format!("ecs-svc/{row}-{serial}"))
}

fn definition(family: &str) -> TaskDefinitionArn {
    TaskDefinitionArn::told(format!("arn:aws:ecs:us-east-1:{ACCOUNT}:task-definition/{family}:1"))
}

impl Look {
    /// As the planner gets it.
    pub(crate) fn observed(&self) -> Observed {
        let mut observed = self.all();
        for (fact, taken) in &self.unread {
            lose(&mut observed, *fact, *taken);
        }
        observed
    }

    /// Everything, if no read had failed.
    fn all(&self) -> Observed {
        let tags = self.tags.iter().map(|(key, value)| (format!("evenkeel:{TABLE}:{key}"), value.to_string()));
        let cluster = ClusterView {
            arn: ClusterArn::told(format!("arn:aws:ecs:us-east-1:{ACCOUNT}:cluster/cluster")),
            tags: tags.collect(),
            capacity_providers: vec!["FARGATE".into(), "FARGATE_SPOT".to_owned()],
            counters: Counters::default(),
        };
        let services = self.rows.iter().enumerate();
        let mut rows: BTreeMap<RowName, RowView> =
            services.map(|(index, row)| (RowName::told(format!("row{index}")), row_view(index, row))).collect();
        rows.insert(RowName::told("deployment"), task_row_view(self.initial));
        let service_tasks = self.rows.iter().enumerate().flat_map(|(index, row)| self.service_tasks(index, row));
        let one_offs = self.tasks.iter().filter(|task| task.is_kept(self.at)).map(one_off);
        Observed {
            log: Seen::Absent,
            at: moment(self.at),
            until: moment(self.at),
            whole: moment(self.at),
            account: Seen::Present(AccountId::told(ACCOUNT)),
            cluster: Seen::Present(Selection::One(cluster)),
            rows,
            tasks: Seen::Present(service_tasks.chain(one_offs).collect()),
            image: Seen::Absent,
        }
    }

    fn service_tasks(&self, index: usize, row: &Service) -> Vec<TaskView> {
        let task = |serial: u8, status, desired| {
            // No serial of a one-off task makes such an id.
            let arn = format!("arn:aws:ecs:us-east-1:{ACCOUNT}:task/cluster/f{index:x}{serial:030x}");
            let group = format!("service:service{index}");
            let started_by = deployment_id(index, serial).as_str().to_owned();
            TaskView { status, desired, ..task_view(arn, group, started_by, "service") }
        };
        let (old, desired) = match row.stage {
            Stage::Rolling => (TaskStatus::Running, DesiredStatus::Running),
            Stage::Draining | Stage::Done => (TaskStatus::Deactivating, DesiredStatus::Stopped),
        };
        let new = match row.stage {
            Stage::Rolling => TaskStatus::Starting,
            Stage::Draining | Stage::Done => TaskStatus::Running,
        };
        let left_out = self.short && row.stage == Stage::Draining;
        let olds = (row.oldest..row.version.serial).filter(|_| !left_out);
        olds.map(|serial| task(serial, old.clone(), desired))
            .chain([task(row.version.serial, new.clone(), DesiredStatus::Running)])
            .collect()
    }
}

/// A read that failed, taken for what it is or for none.
fn lose(observed: &mut Observed, fact: Fact, taken: Taken) {
    let each = |rows: &mut BTreeMap<RowName, RowView>, change: fn(&mut RowView, Taken)| {
        rows.values_mut().filter(|view| view.service.one().is_some()).for_each(|view| change(view, taken));
    };
    match (fact, &mut observed.cluster) {
        (Fact::Cluster, Seen::Present(Selection::One(cluster))) if taken == Taken::Nothing => cluster.tags.clear(),
        (Fact::Cluster, cluster) => {
            *cluster = Seen::Unknown(why());
            (observed.rows, observed.tasks) = (BTreeMap::new(), Seen::Absent);
        }
        (Fact::Services, _) => each(&mut observed.rows, |view, taken| {
            (view.service, view.definition, view.history) = (unread(taken, none()), Seen::Absent, Seen::Absent);
        }),
        (Fact::Undone, _) => each(&mut observed.rows, |view, taken| view.history = unread(taken, Vec::new())),
        (Fact::Tasks, _) => observed.tasks = unread(taken, Vec::new()),
    }
}

fn unread<T>(taken: Taken, nothing: T) -> Seen<T> {
    match taken {
        Taken::Unknown => Seen::Unknown(why()),
        Taken::Nothing => Seen::Present(nothing),
    }
}

fn none() -> Selection<Arc<ServiceView>> {
    Selection::None(Vec::new())
}

/// Reads fail for a while. A permission that is missing is a person's matter, and is no end.
fn why() -> Why {
    Why { text: "ThrottlingException".to_owned(), trouble: Trouble::Passing }
}

fn row_view(index: usize, row: &Service) -> RowView {
    let version = row.version;
    let definition_arn = definition("service");
    let up = row.stage != Stage::Rolling;
    let (running, pending) = (u32::from(up), u32::from(!up));
    let deployment = DeploymentView {
        id: deployment_id(index, version.serial),
        role: DeploymentRole::Primary,
        rollout: if up { RolloutState::Completed } else { RolloutState::InProgress },
        reason: Text::default(),
        definition: definition_arn.clone(),
        created_at: moment(version.created),
        updated_at: moment(version.created),
        desired: 1,
        running,
        pending,
        failed: 0,
    };
    let service = ServiceView {
        arn: ServiceArn::told(format!("arn:aws:ecs:us-east-1:{ACCOUNT}:service/service{index}")),
        name: ServiceName::told(format!("service{index}")),
        status: "ACTIVE".into(),
        desired: 1,
        running,
        pending,
        capacity: CapacityView::LaunchType("FARGATE".into()),
        definition: definition_arn,
        deployments: vec![deployment],
        network: Some(NetworkView {
            subnets: vec!["subnet-1".into()],
            security_groups: vec!["sg-1".into()],
            public_ip: "DISABLED".into(),
        }),
        controller: "ECS".into(),
        cleanup: Cleanup::Blocking,
    };
    let history = Seen::Present(history(index, row));
    RowView {
        service: Seen::Present(Selection::One(Arc::new(service))),
        history,
        ..empty_view("service", false, version.large)
    }
}

/// What ListServiceDeployments shows: the newest deployment, and the newest that ECS undid.
fn history(index: usize, row: &Service) -> Vec<ServiceDeploymentView> {
    let view = |created: i64, fate: Fate| ServiceDeploymentView {
        arn: ServiceDeploymentArn::told(format!("arn:service-deployment/{index}/{created}")),
        created_at: moment(created),
        fate,
        status: format!("{fate:?}").into(),
        reason: Text::default(),
    };
    let fate = if row.stage == Stage::Rolling { Fate::Going } else { Fate::Succeeded };
    [Some(view(row.version.created, fate)), row.undone.map(|created| view(created, Fate::Undone))]
        .into_iter()
        .flatten()
        .collect()
}

fn task_row_view(initial: bool) -> RowView {
    empty_view("deployment", initial, false)
}

fn empty_view(family: &str, initial: bool, large: bool) -> RowView {
    let container = ContainerDefinitionView { name: ContainerName::told("main"), image: "image".into(), log: None };
    let definition = DefinitionView {
        arn: definition(family),
        family: Family::told(family),
        cpu: Some(if large { LARGE.units() } else { 256 }),
        memory: Some(1024),
        containers: vec![container],
        initial,
    };
    RowView {
        service: Seen::Absent,
        definition: Seen::Present(Selection::One(Arc::new(definition))),
        scaling: Seen::Absent,
        target_groups: Vec::new(),
        history: Seen::Present(Vec::new()),
    }
}

fn task_view(arn: String, group: String, started_by: String, family: &str) -> TaskView {
    let digest = Digest::told(format!("sha256:{}", "a".repeat(64)));
    TaskView {
        arn: TaskArn::told(arn),
        group: group.into(),
        started_by: started_by.into(),
        definition: definition(family),
        status: TaskStatus::Starting,
        desired: DesiredStatus::Running,
        ip: None,
        provider: None,
        containers: vec![ContainerView {
            name: ContainerName::told("main"),
            image: "image".into(),
            digest: Some(digest),
            exit_code: None,
            reason: Text::default(),
        }],
        created_at: None,
        started_at: None,
        stopping_at: None,
        ended_at: None,
        stopped_at: None,
        stop_code: Text::default(),
        stopped_reason: Text::default(),
    }
}

fn one_off(task: &OneOff) -> TaskView {
    let arn = format!("arn:aws:ecs:us-east-1:{ACCOUNT}:task/cluster/{}", task_id(task.serial));
    let mut view = task_view(arn, "family:deployment".to_owned(), task.started_by.to_string(), "deployment");
    view.created_at = Some(moment(task.created));
    view.stopped_at = task.stopped().map(moment);
    match task.life {
        Life::Alive => {
            view.status = TaskStatus::Running;
            view.started_at = view.created_at;
        }
        Life::Ended(_) => {
            (view.status, view.desired) = (TaskStatus::Stopped, DesiredStatus::Stopped);
            view.started_at = view.created_at;
            view.stop_code = "EssentialContainerExited".into();
            view.containers[0].exit_code = Some(0);
        }
        Life::Failed(_) => {
            (view.status, view.desired) = (TaskStatus::Stopped, DesiredStatus::Stopped);
            view.started_at = view.created_at;
            view.stop_code = "EssentialContainerExited".into();
            view.containers[0].exit_code = Some(3);
        }
        Life::NeverStarted(_) => {
            (view.status, view.desired) = (TaskStatus::Stopped, DesiredStatus::Stopped);
            view.stop_code = "TaskFailedToStart".into();
        }
    }
    view
}
