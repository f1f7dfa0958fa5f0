//! A row against what is there, field by field.
//!
//! A field that the row leaves out is left alone. What AWS fills in by default is no drift, and neither is a
//! strategy's `base`: CloudFormation templates state one that has nothing to do with the count.

use std::collections::BTreeMap;
use std::fmt;

use crate::model::ids::{ContainerName, RowName};
use crate::model::observed::{CapacityView, ClusterView, DefinitionView, RowView, Seen, ServiceView, StrategyItem};
use crate::model::row::{Capacity, Row, ServiceTable};
use crate::model::size::{FargateSize, MemoryMib, Vcpu};

use super::action::Revision;
use super::hold::HoldCause;

/// How one row differs from what is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowDrift {
    /// The row.
    pub row: RowName,
    /// Field by field; never empty.
    pub differences: Vec<Difference>,
}

/// One field that is not as the row states it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Which field.
    pub field: Field,
    /// What is there.
    pub have: String,
    /// What the row states.
    pub want: String,
}

/// The fields that a row can own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field {
    /// The service's desired count.
    Count,
    /// Spot or on-demand.
    Capacity,
    /// The task's vCPU.
    Vcpu,
    /// The task's memory in MiB.
    Memory,
    /// A container's image.
    Image(ContainerName),
}

/// What would make a row as it should be.
#[derive(Clone, Debug, Default)]
pub(super) struct Correction {
    /// The new desired count.
    pub(super) count: Option<u32>,
    /// The new strategy.
    pub(super) capacity: Option<Capacity>,
    /// The new revision.
    pub(super) revision: Option<Revision>,
    /// What differs.
    pub(super) differences: Vec<Difference>,
    /// What is not corrected, and why.
    pub(super) holds: Vec<HoldCause>,
}

impl Correction {
    fn differs(&mut self, field: Field, have: impl fmt::Display, want: impl fmt::Display) {
        self.differences.push(Difference { field, have: have.to_string(), want: want.to_string() });
    }
}

/// Compares a service with its row.
pub(super) fn of_service(
    table: &ServiceTable,
    row: &Row,
    view: &RowView,
    service: &ServiceView,
    cluster: &ClusterView,
) -> Correction {
    let mut found = Correction::default();
    compare_count(row, view, service, &mut found);
    // The task row's strategy is RunTask's business; its service, if there is one, runs nothing.
    if row.task().is_none() {
        compare_capacity(row, service, cluster, &mut found);
        compare_definition(table, row, view, &mut found);
    }
    found
}

/// Compares the one-off task's definition with its row.
pub(super) fn of_task(table: &ServiceTable, row: &Row, view: &RowView) -> Correction {
    let mut found = Correction::default();
    compare_definition(table, row, view, &mut found);
    found
}

fn compare_count(row: &Row, view: &RowView, service: &ServiceView, found: &mut Correction) {
    let Some(stated) = row.count.filter(|stated| *stated != service.desired) else { return };
    match &view.scaling {
        Seen::Absent => {
            found.differs(Field::Count, service.desired, stated);
            found.count = Some(stated);
        }
        Seen::Present(target) => {
            let bounds = (target.least, target.most);
            found.holds.push(HoldCause::CountOwned { stated, desired: service.desired, bounds });
        }
        Seen::Unknown(why) => {
            found.differs(Field::Count, service.desired, stated);
            found.holds.push(HoldCause::Unknown { what: "who owns the count".to_owned(), why: why.clone() });
        }
    }
}

fn compare_capacity(row: &Row, service: &ServiceView, cluster: &ClusterView, found: &mut Correction) {
    let Some(stated) = row.capacity else { return };
    let have = Placement::of(&service.capacity);
    if have == Placement::Only(stated) {
        return;
    }
    found.differs(Field::Capacity, have, Placement::Only(stated));
    if cluster.capacity_providers.iter().any(|provider| provider == stated.provider()) {
        found.capacity = Some(stated);
    } else {
        found.holds.push(HoldCause::NoProvider { provider: stated.provider() });
    }
}

fn compare_definition(table: &ServiceTable, row: &Row, view: &RowView, found: &mut Correction) {
    let definition = match &view.definition {
        Seen::Present(_) => match view.definition.one() {
            Some(definition) => definition,
            // Not found, or not one: `guard` says so.
            None => return,
        },
        Seen::Absent => return,
        Seen::Unknown(why) => {
            found.holds.push(HoldCause::Unknown { what: "the task definition".to_owned(), why: why.clone() });
            return;
        }
    };
    let (vcpu, memory) = compare_size(row, definition, found);
    let images = compare_images(table, row, definition, found);
    if vcpu.is_some() || memory.is_some() || !images.is_empty() {
        found.revision = Some(Revision { from: definition.arn.clone(), vcpu, memory, images });
    }
}

fn compare_size(row: &Row, definition: &DefinitionView, found: &mut Correction) -> (Option<Vcpu>, Option<MemoryMib>) {
    let vcpu = row.vcpu.filter(|stated| Some(stated.units()) != definition.cpu);
    let memory = row.memory.filter(|stated| Some(stated.mib()) != definition.memory);
    if vcpu.is_none() && memory.is_none() {
        return (None, None);
    }
    let unset = || "not set".to_owned();
    if let Some(want) = vcpu {
        let have = definition.cpu.map_or_else(unset, |units| Vcpu::from_units(units).to_string());
        found.differs(Field::Vcpu, have, want);
    }
    if let Some(want) = memory {
        found.differs(Field::Memory, definition.memory.map_or_else(unset, |mib| mib.to_string()), want);
    }
    let becomes = (vcpu.or(definition.cpu.map(Vcpu::from_units)), memory.or(definition.memory.map(MemoryMib::new)));
    let problem = match becomes {
        (Some(vcpu), Some(memory)) => FargateSize::new(vcpu, memory).err().map(|invalid| invalid.to_string()),
        (None, _) | (_, None) => Some("the task definition sets no size for the whole task".to_owned()),
    };
    match problem {
        None => (vcpu, memory),
        Some(problem) => {
            found.holds.push(HoldCause::IllegalSize { problem });
            (None, None)
        }
    }
}

fn compare_images(
    table: &ServiceTable,
    row: &Row,
    definition: &DefinitionView,
    found: &mut Correction,
) -> BTreeMap<ContainerName, String> {
    let Some(image) = &table.image else { return BTreeMap::new() };
    let want = image.address(&table.account, &table.region);
    let names = || definition.containers.iter().map(|container| container.name.to_string()).collect::<Vec<_>>();
    let ours: Vec<_> = match &row.container {
        Some(name) => definition.containers.iter().filter(|container| container.name == *name).collect(),
        None => definition.containers.iter().filter(|container| image.same_repository(&container.image)).collect(),
    };
    let meant = match (&row.container, ours.as_slice(), definition.containers.as_slice()) {
        (Some(name), [], _) => {
            found.holds.push(HoldCause::NoContainer { container: name.to_string(), containers: names() });
            return BTreeMap::new();
        }
        (None, [], [only]) => vec![only],
        (None, [], _) => {
            found.holds.push(HoldCause::WhichContainer { containers: names() });
            return BTreeMap::new();
        }
        (_, [_, ..], _) => ours,
    };
    let mut images = BTreeMap::new();
    for container in meant.into_iter().filter(|container| container.image != want) {
        found.differs(Field::Image(container.name.clone()), &container.image, &want);
        images.insert(container.name.clone(), want.clone());
    }
    images
}

/// Where tasks really land, whatever the shape of the strategy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Placement {
    /// All on one.
    Only(Capacity),
    /// Anything else, as AWS says it.
    Other(String),
}

impl Placement {
    pub(super) fn of(view: &CapacityView) -> Self {
        match view {
            CapacityView::LaunchType(name) if name == "FARGATE" => Self::Only(Capacity::OnDemand),
            CapacityView::LaunchType(name) => Self::Other(name.to_string()),
            CapacityView::Strategy(items) => Self::of_strategy(items),
        }
    }

    /// A provider with neither weight nor base gets no task.
    fn of_strategy(items: &[StrategyItem]) -> Self {
        let used: Vec<&StrategyItem> = items.iter().filter(|item| item.weight > 0 || item.base > 0).collect();
        let all = |capacity: Capacity| !used.is_empty() && used.iter().all(|item| item.provider == capacity.provider());
        if all(Capacity::Spot) {
            Self::Only(Capacity::Spot)
        } else if all(Capacity::OnDemand) {
            Self::Only(Capacity::OnDemand)
        } else {
            let said =
                used.iter().map(|item| format!("{} (base {}, weight {})", item.provider, item.base, item.weight));
            Self::Other(said.collect::<Vec<_>>().join(" + "))
        }
    }
}

impl fmt::Display for Placement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Only(Capacity::Spot) => f.write_str("Spot"),
            Self::Only(Capacity::OnDemand) => f.write_str("on-demand"),
            Self::Other(said) if said.is_empty() => f.write_str("nowhere"),
            Self::Other(said) => f.write_str(said),
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count => f.write_str("count"),
            Self::Capacity => f.write_str("capacity"),
            Self::Vcpu => f.write_str("vcpu"),
            Self::Memory => f.write_str("memory"),
            Self::Image(container) => write!(f, "image of {container}"),
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { field, have, want } = self;
        write!(f, "{field}: {have} -> {want}")
    }
}
