//! The pieces of the fixture's world: a CGAP-like table, and one settled row, deployment or task of it.
//!
//! Only values. How they change is `fixture`'s business.

use std::sync::Arc;

use crate::model::ids::{
    AccountId, ContainerName, DeploymentId, Family, Region, RowName, ServiceArn, ServiceName, TableName,
    TargetGroupArn, TaskArn, TaskDefinitionArn,
};
use crate::model::image::{ImageRef, Repository, Tag};
use crate::model::observed::{
    CapacityView, Cleanup, ContainerDefinitionView, ContainerView, DefinitionView, DeploymentRole, DeploymentView,
    DesiredStatus, NetworkView, RolloutState, RowView, Seen, ServiceView, StrategyItem, TargetGroupView, TaskStatus,
    TaskView,
};
use crate::model::row::{Capacity, Fallback, RolloutPolicy, Row, RowKind, ServiceTable, TaskRow};
use crate::model::selector::{Glob, Selection, Selector};
use crate::model::size::{MemoryMib, Vcpu};
use crate::model::text::Text;
use crate::model::time::{Span, Timestamp};

pub(super) const ACCOUNT: &str = "123456789012";
const ADDRESS: &str = "123456789012.dkr.ecr.us-east-1.amazonaws.com/cgap:latest";

pub(super) fn table() -> ServiceTable {
    let service = |name: &str, part: &str, count, capacity, (vcpu, memory): (u32, u32)| Row {
        name: RowName::told(name),
        usage: Some(format!("{part} service")),
        notes: None,
        kind: RowKind::Service { service: glob(&format!("{name}-*")), target_group: None },
        count: Some(count),
        capacity: Some(capacity),
        vcpu: Some(Vcpu::from_units(vcpu)),
        memory: Some(MemoryMib::new(memory)),
        container: None,
    };
    let task = TaskRow {
        definition: glob("CGAPDeployment-*"),
        service: None,
        attempts: 3,
        fallback: Fallback::Never,
        probe: None,
    };
    let deployment = Row {
        kind: RowKind::Task(task),
        count: None,
        ..service("deployment", "Deployment", 0, Capacity::Spot, (256, 512))
    };
    ServiceTable {
        name: TableName::told("cgap"),
        account: AccountId::told(ACCOUNT),
        region: Region::told("us-east-1"),
        cluster: Selector::Name("c4-ecs-blue".to_owned()),
        image: Some(ImageRef {
            repository: Repository::parse("cgap").expect("a repository"),
            tag: Tag::parse("latest").expect("a tag"),
        }),
        rows: vec![
            service("portal", "Portal", 2, Capacity::OnDemand, (4096, 8192)),
            service("indexer", "Indexer", 2, Capacity::Spot, (256, 512)),
            service("ingester", "Ingester", 1, Capacity::Spot, (1024, 2048)),
            deployment,
        ],
        policy: RolloutPolicy::default(),
    }
}

fn glob(text: &str) -> Selector {
    Selector::Glob(Glob::parse(text).expect("a glob"))
}

pub(super) fn row_view(row: &Row) -> RowView {
    let name = row.name.as_str();
    let definition = DefinitionView {
        arn: TaskDefinitionArn::told(format!("arn:aws:ecs:us-east-1:{ACCOUNT}:task-definition/c4-{name}:3")),
        family: Family::told(format!("c4-{name}")),
        cpu: row.vcpu.map(Vcpu::units),
        memory: row.memory.map(MemoryMib::mib),
        containers: vec![ContainerDefinitionView { name: ContainerName::told(name), log: None, image: ADDRESS.into() }],
        initial: false,
    };
    let groups = TargetGroupView {
        tags: Seen::Absent,
        arn: TargetGroupArn::told(format!(
            "arn:aws:elasticloadbalancing:us-east-1:{ACCOUNT}:targetgroup/c4-blue-tg/0123456789abcdef"
        )),
        targets: Seen::Present(Vec::new()),
        drain: None,
    };
    let service = match row.task() {
        Some(_) => Seen::Absent,
        None => Seen::Present(Selection::One(Arc::new(service_view(row, &definition.arn)))),
    };
    RowView {
        service,
        definition: Seen::Present(Selection::One(Arc::new(definition))),
        scaling: Seen::Absent,
        target_groups: if name == "portal" { vec![groups] } else { Vec::new() },
        history: Seen::Present(Vec::new()),
    }
}

fn service_view(row: &Row, definition: &TaskDefinitionArn) -> ServiceView {
    let name = format!("c4-ecs-blue-{}-K3xQ9", row.name);
    let provider = row.capacity.expect("every row states one").provider().into();
    let count = row.count.expect("every service row states one");
    ServiceView {
        arn: ServiceArn::told(format!("arn:aws:ecs:us-east-1:{ACCOUNT}:service/c4-ecs-blue/{name}")),
        name: ServiceName::told(name),
        status: "ACTIVE".into(),
        desired: count,
        running: count,
        pending: 0,
        capacity: CapacityView::Strategy(vec![StrategyItem { provider, base: 1, weight: 1 }]),
        definition: definition.clone(),
        deployments: Vec::new(),
        network: Some(NetworkView {
            subnets: vec!["subnet-1".into(), "subnet-2".into()],
            security_groups: vec!["sg-1".into()],
            public_ip: "DISABLED".into(),
        }),
        controller: "ECS".into(),
        cleanup: Cleanup::Blocking,
    }
}

pub(super) fn deployment(
    id: &DeploymentId,
    definition: &TaskDefinitionArn,
    at: Timestamp,
    desired: u32,
) -> DeploymentView {
    DeploymentView {
        id: id.clone(),
        role: DeploymentRole::Primary,
        rollout: RolloutState::InProgress,
        reason: Text::default(),
        definition: definition.clone(),
        created_at: at,
        updated_at: at.plus(Span::seconds(30)),
        desired,
        running: 0,
        pending: desired,
        failed: 0,
    }
}

pub(super) fn task(
    number: u8,
    group: &str,
    started_by: &str,
    definition: &TaskDefinitionArn,
    at: Timestamp,
) -> TaskView {
    let container = definition.family().as_str().trim_start_matches("c4-").to_owned();
    TaskView {
        arn: TaskArn::told(format!("arn:aws:ecs:us-east-1:{ACCOUNT}:task/c4-ecs-blue/{number:032x}")),
        group: group.into(),
        started_by: started_by.into(),
        definition: definition.clone(),
        status: TaskStatus::Starting,
        desired: DesiredStatus::Running,
        ip: None,
        provider: None,
        containers: vec![ContainerView {
            name: ContainerName::told(container),
            image: ADDRESS.into(),
            digest: None,
            exit_code: None,
            reason: Text::default(),
        }],
        created_at: Some(at),
        started_at: None,
        stopping_at: None,
        ended_at: None,
        stopped_at: None,
        stop_code: Text::default(),
        stopped_reason: Text::default(),
    }
}
