//! How many calls AWS takes: the token buckets that it publishes.
//!
//! Owns the table and the buckets of one account and region. Sources: ECS's and ELBv2's pages on request throttling,
//! Fargate's and ECR's quotas. Services that act for the caller (ECS on a load balancer) have buckets of their own and
//! do not come this way.
//!
//! Divergence from AWS: launch rates and tasks per minute are not limited here, only calls; StopServiceDeployment is in
//! no published row and is taken for a service modification; what has no published rate is not limited.

use std::collections::BTreeMap;

use crate::simulator::call::{Call, Service};
use crate::simulator::time::Time;

/// One call, in millionths: the slowest bucket gets 200 of them a millisecond.
const CALL: i64 = 1_000_000;

/// A bucket's size in calls, and what it gets back each second in thousandths of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Rate {
    name: &'static str,
    burst: i64,
    refill_milli: i64,
}

const fn rate(name: &'static str, burst: i64, refill: i64) -> Rate {
    Rate { name, burst, refill_milli: refill * 1000 }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Level {
    tokens: i64,
    at: Time,
}

/// What is left of each bucket that was ever used.
#[derive(Clone, Default, Debug)]
pub(in crate::simulator) struct Buckets(BTreeMap<&'static str, Level>);

impl Buckets {
    /// Takes a call out of all its buckets, or out of none. False if one of them is empty.
    pub(in crate::simulator) fn take(&mut self, now: Time, call: &Call) -> bool {
        let rates: Vec<Rate> = rates(call).into_iter().flatten().collect();
        let levels: Vec<(Rate, i64)> = rates.into_iter().map(|rate| (rate, self.level(rate, now))).collect();
        let enough = levels.iter().all(|(_, tokens)| *tokens >= CALL);
        for (rate, tokens) in levels {
            let tokens = if enough { tokens - CALL } else { tokens };
            self.0.insert(rate.name, Level { tokens, at: now });
        }
        enough
    }

    fn level(&self, rate: Rate, now: Time) -> i64 {
        let full = rate.burst * CALL;
        let Some(Level { tokens, at }) = self.0.get(rate.name) else { return full };
        // A thousandth of a call a second is a millionth a millisecond.
        tokens.saturating_add(now.since(*at).max(0).saturating_mul(rate.refill_milli)).min(full)
    }
}

fn rates(call: &Call) -> [Option<Rate>; 2] {
    match call.service {
        Service::Ecs => ecs(&call.operation),
        Service::Elb => [Some(rate("elb", 40, 10)), Some(elb(&call.operation))],
        Service::Ecr => [ecr(&call.operation), None],
        Service::Sts | Service::Ec2 | Service::AutoScaling | Service::Logs => [None, None],
    }
}

fn ecs(operation: &str) -> [Option<Rate>; 2] {
    let fargate = (operation == "RunTask").then(|| rate("fargate RunTask", 20, 20));
    let category = match operation {
        "CreateCluster"
        | "DeleteCluster"
        | "UpdateCluster"
        | "PutClusterCapacityProviders"
        | "UpdateClusterSettings" => rate("ecs cluster modify", 20, 1),
        "DescribeClusters" | "ListClusters" => rate("ecs cluster read", 50, 20),
        "RegisterTaskDefinition" | "DeregisterTaskDefinition" => rate("ecs task definition modify", 20, 1),
        "DescribeTaskDefinition" | "ListTaskDefinitions" | "ListTaskDefinitionFamilies" => {
            rate("ecs task definition read", 50, 20)
        }
        "CreateCapacityProvider" | "UpdateCapacityProvider" | "DeleteCapacityProvider" => {
            rate("ecs capacity provider modify", 10, 1)
        }
        "DescribeCapacityProviders" => rate("ecs capacity provider read", 50, 20),
        "PutAccountSetting" | "PutAccountSettingDefault" | "DeleteAccountSetting" => rate("ecs setting modify", 10, 1),
        "ListAccountSettings" => rate("ecs setting read", 50, 20),
        "DeleteTaskDefinitions" => rate("ecs task definition delete", 5, 1),
        "TagResource" | "UntagResource" => rate("ecs tag modify", 20, 10),
        "ListTagsForResource" => rate("ecs tag read", 50, 20),
        "RunTask"
        | "StartTask"
        | "StopTask"
        | "ExecuteCommand"
        | "PutAttributes"
        | "DeleteAttributes"
        | "DeregisterContainerInstance"
        | "UpdateContainerInstancesState" => rate("ecs cluster resource modify", 100, 40),
        "DescribeTasks" | "ListTasks" | "DescribeContainerInstances" | "ListContainerInstances" | "ListAttributes" => {
            rate("ecs cluster resource read", 100, 20)
        }
        "RegisterContainerInstance" => rate("ecs agent modify", 200, 120),
        "CreateService" | "DeleteService" | "UpdateService" | "StopServiceDeployment" => {
            rate("ecs service modify", 50, 5)
        }
        "DescribeServices" | "ListServices" => rate("ecs service read", 100, 20),
        "ListServiceDeployments" | "DescribeServiceDeployments" => rate("ecs service deployment", 50, 20),
        "DescribeServiceRevisions" => rate("ecs service revision", 50, 20),
        "ListServicesByNamespace" => rate("ecs cluster service resource read", 10, 1),
        "UpdateTaskProtection" | "GetTaskProtection" => rate("ecs task protection", 200, 80),
        _ => return [None, None],
    };
    [Some(category), fargate]
}

fn elb(operation: &str) -> Rate {
    match operation {
        "CreateLoadBalancer" | "SetSubnets" => Rate { name: "elb resource-intensive", burst: 10, refill_milli: 200 },
        "RegisterTargets" | "DeregisterTargets" => rate("elb registration", 20, 4),
        _ if operation.starts_with("Describe") => rate("elb non-mutating", 40, 10),
        _ => rate("elb mutating", 20, 3),
    }
}

fn ecr(operation: &str) -> Option<Rate> {
    match operation {
        "GetAuthorizationToken" => Some(rate("ecr GetAuthorizationToken", 500, 500)),
        "BatchGetImage" => Some(rate("ecr BatchGetImage", 2000, 2000)),
        "PutImage" => Some(rate("ecr PutImage", 10, 10)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// How many of 200 calls at one moment are taken.
    fn taken(buckets: &mut Buckets, now: Time, service: Service, operation: &str) -> usize {
        let call = Call::home(service, operation, json!({}), "test");
        (0..200).filter(|_| buckets.take(now, &call)).count()
    }

    #[test]
    fn a_burst_empties_a_bucket_that_fills_again_at_its_rate() {
        let mut buckets = Buckets::default();
        let mut updates = |ms: i64| taken(&mut buckets, Time(ms), Service::Ecs, "UpdateService");
        assert_eq!(updates(0), 50);
        assert_eq!(updates(199), 0);
        assert_eq!(updates(200), 1);
        assert_eq!(updates(1_200), 5);
        assert_eq!(updates(3_600_000), 50);
    }

    #[test]
    fn operations_of_a_category_share_a_bucket_and_others_do_not() {
        let mut buckets = Buckets::default();
        assert_eq!(taken(&mut buckets, Time(0), Service::Ecs, "ListTasks"), 100);
        assert_eq!(taken(&mut buckets, Time(0), Service::Ecs, "DescribeTasks"), 0);
        assert_eq!(taken(&mut buckets, Time(0), Service::Ecs, "DescribeServices"), 100);
    }

    #[test]
    fn load_balancing_has_a_bucket_over_all_of_its_actions() {
        let mut buckets = Buckets::default();
        assert_eq!(taken(&mut buckets, Time(0), Service::Elb, "RegisterTargets"), 20);
        assert_eq!(taken(&mut buckets, Time(0), Service::Elb, "DescribeTargetHealth"), 20);
        assert_eq!(taken(&mut buckets, Time(1_000), Service::Elb, "DescribeTargetHealth"), 10);
    }

    #[test]
    fn run_task_is_held_by_fargate_too() {
        let mut buckets = Buckets::default();
        assert_eq!(taken(&mut buckets, Time(0), Service::Ecs, "RunTask"), 20);
        assert_eq!(taken(&mut buckets, Time(1_000), Service::Ecs, "RunTask"), 20);
    }
}
