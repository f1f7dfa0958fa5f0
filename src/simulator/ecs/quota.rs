//! What keeps ECS from placing a task: capacity, quotas, and how fast tasks may be launched.
//!
//! Owns the obstacles, their words, and the counting behind them: vCPUs that run at the same time, tasks in
//! PROVISIONING of a cluster, launches of a service within a minute, and Fargate's token bucket of launches for each
//! provider. Who wants to place a task, and what becomes of it if it cannot be, belongs to the scheduler and to
//! RunTask.
//!
//! Divergence from AWS: RunTask takes launches from the bucket of its first provider, and only where calls are
//! limited at all; its words about the limit of PROVISIONING are assumed.

use std::collections::{BTreeMap, VecDeque};

use super::capacity::SPOT;
use super::capacity_providers::is_fargate;
use super::placement::Unplaced;
use super::state::{Ecs, Scene};
use super::task::{LastStatus, Task};
use crate::simulator::time::Time;

const MINUTE_MS: i64 = 60_000;

/// Why the next task cannot be placed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Obstacle {
    /// Only container instances could take it, and none has room.
    Unplaced(Unplaced),
    /// Fargate has no room, in no zone that the task may run in.
    NoCapacity,
    /// The account's quota of vCPUs is used up.
    TooManyVcpus,
    /// Too many tasks of the cluster wait for their network interface.
    TooManyProvisioning,
    /// Tasks are being launched too fast.
    Throttled,
}

impl Obstacle {
    /// What the service says of it.
    pub(super) fn event(&self) -> String {
        match self {
            Obstacle::Unplaced(unplaced) => unplaced.event(),
            Obstacle::NoCapacity | Obstacle::TooManyVcpus => {
                format!("was unable to place a task. Reason: {}.", self.reason())
            }
            Obstacle::TooManyProvisioning => {
                "was unable to place tasks in your cluster because the tasks provisioning capacity limit was exceeded."
                    .to_owned()
            }
            Obstacle::Throttled => "operations are being throttled. Will try again later.".to_owned(),
        }
    }

    /// What RunTask gives as the reason of a failure; no period at the end.
    pub(super) fn reason(&self) -> &'static str {
        match self {
            Obstacle::Unplaced(Unplaced::NoInstances) => "No Container Instances were found in your cluster",
            Obstacle::Unplaced(Unplaced::NoRoom { instance: _, lacks }) => lacks.reason(),
            Obstacle::NoCapacity => {
                "Capacity is unavailable at this time. Please try again later or in a different availability zone"
            }
            Obstacle::TooManyVcpus => "You\u{2019}ve reached the limit on the number of vCPUs you can run concurrently",
            Obstacle::TooManyProvisioning => "The tasks provisioning capacity limit was exceeded",
            Obstacle::Throttled => "Rate exceeded",
        }
    }
}

/// Tokens for launches on one provider, in thousandths, as they were at a moment.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    tokens: i64,
    at: Time,
}

/// How fast services have been launching Fargate tasks, by provider.
#[derive(Clone, Default, Debug)]
pub(super) struct LaunchRates {
    buckets: BTreeMap<String, Bucket>,
}

impl LaunchRates {
    /// Takes tokens: all of them, or none and then it is false.
    fn take(&mut self, scene: &Scene<'_>, provider: &str, tokens: i64) -> bool {
        let most = scene.knobs.fargate_launch_burst * 1000;
        let full = Bucket { tokens: most, at: scene.now };
        let bucket = self.buckets.entry(provider.to_owned()).or_insert(full);
        let brought = scene.now.since(bucket.at).saturating_mul(scene.knobs.fargate_launches_per_second);
        bucket.tokens = bucket.tokens.saturating_add(brought).min(most);
        bucket.at = scene.now;
        let granted = bucket.tokens >= tokens * 1000;
        bucket.tokens -= if granted { tokens * 1000 } else { 0 };
        granted
    }
}

/// When a service has launched tasks within the last minute.
#[derive(Clone, Default, Debug)]
pub(super) struct RecentLaunches(VecDeque<(Time, i64)>);

impl RecentLaunches {
    /// Launches within the minute before `now`.
    pub(super) fn within_a_minute(&mut self, now: Time) -> i64 {
        while self.0.front().is_some_and(|(at, _)| now.since(*at) >= MINUTE_MS) {
            self.0.pop_front();
        }
        self.0.iter().map(|(_, count)| count).sum()
    }

    /// Remembers one more.
    pub(super) fn add(&mut self, now: Time) {
        match self.0.back_mut().filter(|(at, _)| *at == now) {
            Some((_, count)) => *count += 1,
            None => self.0.push_back((now, 1)),
        }
    }
}

impl Ecs {
    /// What keeps one more task with these CPU units from being placed. Takes no token.
    pub(super) fn obstacle(
        &self,
        scene: &Scene<'_>,
        cluster: &str,
        provider: &str,
        task_definition: &str,
        open_zones: usize,
    ) -> Option<Obstacle> {
        if !is_fargate(provider) {
            return None;
        }
        if (provider == SPOT && self.spot_is_out) || open_zones == 0 {
            return Some(Obstacle::NoCapacity);
        }
        let limit = if provider == SPOT { scene.knobs.spot_vcpu_limit } else { scene.knobs.vcpu_limit };
        if let Some(limit) = limit {
            let definition = self.task_definition(task_definition);
            let wanted = definition.and_then(|definition| definition.body["cpu"].as_str());
            if self.cpu_in_use(provider) + cpu_units(wanted.unwrap_or_default()) > limit.saturating_mul(1024) {
                return Some(Obstacle::TooManyVcpus);
            }
        }
        let provisioning = self.provisioning.get(cluster).copied().unwrap_or(0);
        (provisioning >= scene.knobs.most_provisioning).then_some(Obstacle::TooManyProvisioning)
    }

    /// Takes what launches cost of Fargate's rate of launches. False, and nothing is taken, if too little is left.
    pub(super) fn may_launch_now(&mut self, scene: &Scene<'_>, provider: &str, tasks: i64) -> bool {
        self.launch_rates.take(scene, provider, tasks)
    }

    /// CPU units of all tasks on a provider that are short of STOPPED.
    fn cpu_in_use(&self, provider: &str) -> i64 {
        let running = |task: &&Task| task.provider == provider && task.last_status != LastStatus::Stopped;
        self.tasks.values().filter(running).map(|task| cpu_units(&task.cpu)).sum()
    }
}

fn cpu_units(text: &str) -> i64 {
    text.parse().unwrap_or(0)
}
