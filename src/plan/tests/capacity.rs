//! Where tasks really land, by launch type and strategy, and when that is not where the row wants them.

use super::fixture::World;
use super::update;
use crate::model::observed::{CapacityView, StrategyItem};
use crate::model::row::Capacity;

fn strategy(items: &[(&str, u32, u32)]) -> CapacityView {
    let item = |&(provider, base, weight): &(&str, u32, u32)| StrategyItem { provider: provider.into(), base, weight };
    CapacityView::Strategy(items.iter().map(item).collect())
}

/// What is said of the portal, which is to be on-demand; `None` if it is.
fn off_demand(capacity: CapacityView) -> Option<String> {
    let mut world = World::settled();
    world.service("portal").capacity = capacity;
    let plan = world.plan();
    let difference = plan.drift.first().map(|row| row.differences[0].to_string());
    if difference.is_some() {
        assert_eq!(update(&plan).capacity, Some(Capacity::OnDemand));
    }
    difference
}

#[test]
fn a_provider_with_a_weight_or_a_base_is_where_tasks_land() {
    assert_eq!(off_demand(strategy(&[("FARGATE", 0, 1)])), None);
    assert_eq!(off_demand(strategy(&[("FARGATE", 2, 0)])), None);
    assert_eq!(off_demand(strategy(&[("FARGATE", 0, 1), ("FARGATE_SPOT", 0, 0)])), None);
    assert_eq!(off_demand(CapacityView::LaunchType("FARGATE".into())), None);
}

#[test]
fn a_mixture_and_a_launch_type_of_another_kind_are_named_as_they_are() {
    let said = |capacity| off_demand(capacity).unwrap();
    assert_eq!(said(strategy(&[("FARGATE_SPOT", 0, 1)])), "capacity: Spot -> on-demand");
    assert_eq!(
        said(strategy(&[("FARGATE", 0, 1), ("FARGATE_SPOT", 1, 0)])),
        "capacity: FARGATE (base 0, weight 1) + FARGATE_SPOT (base 1, weight 0) -> on-demand"
    );
    assert_eq!(said(strategy(&[("FARGATE", 0, 0)])), "capacity: nowhere -> on-demand");
    assert_eq!(said(strategy(&[])), "capacity: nowhere -> on-demand");
    assert_eq!(said(CapacityView::LaunchType("EC2".into())), "capacity: EC2 -> on-demand");
}
