//! Where tasks run: launch types, capacity provider strategies, and which provider the next task goes to.
//!
//! Owns the shape and the limits of a strategy, and the split by base and weight. Whether a provider has capacity
//! belongs to the world.
//!
//! Divergence from AWS: nothing can be placed on external instances; the texts of the refusals other than the switch
//! without force are assumed.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::capacity_providers::is_fargate;
use super::input::{Input, invalid};
use crate::simulator::arn;
use crate::simulator::error::ApiError;

/// The capacity provider for interruptible tasks.
pub(super) const SPOT: &str = "FARGATE_SPOT";
/// The capacity provider, and the launch type, for tasks on demand.
pub(super) const ON_DEMAND: &str = "FARGATE";

/// One provider of a strategy.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct StrategyItem {
    pub(super) provider: String,
    pub(super) base: i64,
    pub(super) weight: i64,
}

/// How a service or a task asks for capacity: one of the two, never both.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum LaunchMode {
    /// `FARGATE`, `EC2` or `EXTERNAL`.
    Type(String),
    /// Providers with base and weight.
    Strategy(Vec<StrategyItem>),
}

impl LaunchMode {
    /// Reads `launchType` and `capacityProviderStrategy`; neither of them is `None`.
    ///
    /// # Errors
    ///
    /// `InvalidParameterException` for both at once, or a strategy that AWS does not accept.
    pub(super) fn read(input: Input<'_>, providers: &[String]) -> Result<Option<LaunchMode>, ApiError> {
        let strategy = read_strategy(input.items("capacityProviderStrategy")?, providers)?;
        match (input.text("launchType")?, strategy.is_empty()) {
            (Some(_), false) => Err(invalid(
                "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.",
            )),
            (Some(kind @ ("FARGATE" | "EC2" | "EXTERNAL")), true) => Ok(Some(LaunchMode::Type(kind.to_owned()))),
            (Some(_), true) => Err(invalid("launch type should be one of [EC2,FARGATE,EXTERNAL]")),
            (None, false) => Ok(Some(LaunchMode::Strategy(strategy))),
            (None, true) => Ok(None),
        }
    }

    /// Whether tasks of a definition with these `compatibilities` can run on it.
    ///
    /// # Errors
    ///
    /// `InvalidParameterException` for Fargate and a definition that is not made for it.
    pub(super) fn check_fits(&self, compatibilities: &Value) -> Result<(), ApiError> {
        let fargate = self.is_fargate();
        let fits = compatibilities.as_array().is_some_and(|all| all.contains(&json!("FARGATE")));
        if fargate && !fits { Err(invalid("Task definition does not support launch_type FARGATE.")) } else { Ok(()) }
    }

    /// Whether it is for Fargate, by launch type or by providers.
    pub(super) fn is_fargate(&self) -> bool {
        match self {
            LaunchMode::Type(kind) => kind == ON_DEMAND,
            LaunchMode::Strategy(items) => items.iter().any(|item| is_fargate(&item.provider)),
        }
    }

    /// Whether both ask for the same, the order of providers aside.
    pub(super) fn same_as(&self, other: &LaunchMode) -> bool {
        let sorted = |mode: &LaunchMode| match mode {
            LaunchMode::Type(kind) => LaunchMode::Type(kind.clone()),
            LaunchMode::Strategy(items) => {
                let mut items = items.clone();
                items.sort();
                LaunchMode::Strategy(items)
            }
        };
        sorted(self) == sorted(other)
    }

    /// The provider of the next task, when `running` counts the tasks that each provider has already.
    ///
    /// First the base, then the provider that is furthest below its share by weight. `None` if no provider can place
    /// it.
    pub(super) fn next_provider(&self, running: &BTreeMap<String, i64>) -> Option<String> {
        let items = match self {
            LaunchMode::Type(kind) => return (kind != "EXTERNAL").then(|| kind.clone()),
            LaunchMode::Strategy(items) => items,
        };
        let count = |item: &StrategyItem| running.get(&item.provider).copied().unwrap_or(0);
        if let Some(item) = items.iter().find(|item| count(item) < item.base) {
            return Some(item.provider.clone());
        }
        let above_base = |item: &StrategyItem| count(item) - item.base;
        let fuller = |a: &&StrategyItem, b: &&StrategyItem| {
            ((above_base(a) + 1) * b.weight).cmp(&((above_base(b) + 1) * a.weight))
        };
        items.iter().filter(|item| item.weight > 0).min_by(fuller).map(|item| item.provider.clone())
    }

    /// Writes `launchType` or `capacityProviderStrategy` into a description.
    pub(super) fn show_in(&self, shown: &mut Value) {
        match self {
            LaunchMode::Type(kind) => shown["launchType"] = json!(kind),
            LaunchMode::Strategy(items) => shown["capacityProviderStrategy"] = show_strategy(items),
        }
    }
}

/// Reads the items of a strategy, with AWS's defaults (weight 0, base 0).
///
/// # Errors
///
/// `InvalidParameterException` if it breaks a documented limit or names a provider that is not in `providers`.
pub(super) fn read_strategy(items: &[Value], providers: &[String]) -> Result<Vec<StrategyItem>, ApiError> {
    let mut strategy = Vec::new();
    for item in items {
        let item = Input(item);
        let (base, weight) = (item.int("base")?.unwrap_or(0), item.int("weight")?.unwrap_or(0));
        let provider = arn::last_part(item.required("capacityProvider")?).to_owned();
        strategy.push(StrategyItem { provider, base, weight });
    }
    check_strategy(&strategy, providers)?;
    Ok(strategy)
}

/// A strategy as AWS shows it.
pub(super) fn show_strategy(items: &[StrategyItem]) -> Value {
    let show = |StrategyItem { provider, base, weight }: &StrategyItem| json!({"capacityProvider": provider, "weight": weight, "base": base});
    items.iter().map(show).collect()
}

fn check_strategy(strategy: &[StrategyItem], providers: &[String]) -> Result<(), ApiError> {
    let unknown = |item: &StrategyItem| !providers.contains(&item.provider);
    if strategy.iter().any(unknown) {
        return Err(invalid(
            "The specified capacity provider strategy cannot contain a capacity provider that is not associated with the \
             cluster. Associate the capacity provider with the cluster and try again.",
        ));
    }
    let fargate = strategy.iter().filter(|item| is_fargate(&item.provider)).count();
    if fargate > 0 && fargate < strategy.len() {
        return Err(invalid(
            "A capacity provider strategy cannot contain a mix of capacity providers using Auto Scaling groups and \
             Fargate capacity providers.",
        ));
    }
    if strategy.len() > 20 {
        return Err(invalid("A capacity provider strategy cannot contain more than 20 capacity providers."));
    }
    if strategy.iter().any(|item| !(0..=1000).contains(&item.weight)) {
        return Err(invalid("The weight of a capacity provider must be between 0 and 1000."));
    }
    if strategy.iter().any(|item| !(0..=100_000).contains(&item.base)) {
        return Err(invalid("The base of a capacity provider must be between 0 and 100000."));
    }
    if strategy.iter().filter(|item| item.base > 0).count() > 1 {
        return Err(invalid("Only one capacity provider in a capacity provider strategy can have a base defined."));
    }
    if strategy.len() > 1 && strategy.iter().all(|item| item.weight == 0) {
        return Err(invalid("At least one capacity provider must have a weight greater than zero."));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strategy(items: &[(&str, i64, i64)]) -> LaunchMode {
        let item =
            |&(provider, base, weight): &(&str, i64, i64)| StrategyItem { provider: provider.into(), base, weight };
        LaunchMode::Strategy(items.iter().map(item).collect())
    }

    #[track_caller]
    fn split(mode: &LaunchMode, tasks: usize) -> BTreeMap<String, i64> {
        let mut running = BTreeMap::new();
        for _ in 0..tasks {
            *running.entry(mode.next_provider(&running).unwrap()).or_insert(0) += 1;
        }
        running
    }

    #[test]
    fn fills_the_base_and_then_follows_the_weights() {
        let cgap = strategy(&[("FARGATE", 0, 0), ("FARGATE_SPOT", 2, 1)]);
        assert_eq!(split(&cgap, 4), BTreeMap::from([("FARGATE_SPOT".into(), 4)]));
        let mixed = strategy(&[("FARGATE", 2, 1), ("FARGATE_SPOT", 0, 4)]);
        assert_eq!(split(&mixed, 12), BTreeMap::from([("FARGATE".into(), 4), ("FARGATE_SPOT".into(), 8)]));
    }

    #[test]
    fn refuses_both_and_foreign_providers() {
        let providers = ["FARGATE".to_owned()];
        let both = json!({"launchType": "FARGATE", "capacityProviderStrategy": [{"capacityProvider": "FARGATE"}]});
        let foreign = json!({"capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]});
        for input in [both, foreign] {
            assert_eq!(LaunchMode::read(Input(&input), &providers).unwrap_err().code, "InvalidParameterException");
        }
    }
}
