//! Every number that AWS does not promise, with the evidence for its default.
//!
//! Owns the constants of the simulated ECS. All durations are milliseconds of virtual time. A number that AWS
//! documents as fixed (batch limits, page sizes) is no knob and lives with its operation. "Observed" means: read from
//! public logs and traces of real accounts; "assumed": plausible, and nothing should depend on it.
//!
//! Divergence from AWS: real durations have long tails; these vary only by `jitter_percent`.

/// When a deployment counts as completed, relative to the tasks that it replaces.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Completion {
    /// As soon as the old tasks begin to drain. Seen in the wild; a fault to test against.
    OnDrainStart,
    /// Shortly after the last old task left DEACTIVATING, while it is still stopping. Observed twice; the default.
    AfterDraining,
    /// Only when every old task is STOPPED. A fault to test against.
    OnStopped,
}

/// Whether AWS limits how often it is called.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Throttling {
    /// It does not. The default, because a test that polls would be about polling.
    #[default]
    Off,
    /// By the token buckets that AWS publishes.
    Published,
}

/// The behaviour of ECS that is not written down anywhere.
#[derive(Clone, PartialEq, Debug)]
pub struct Knobs {
    /// Between two looks of the scheduler at a service that is not steady. Observed: events are about 10 s apart.
    pub tick_ms: i64,
    /// How far a single tick may be off, either way. Observed.
    pub tick_jitter_ms: i64,
    /// How far each step of a task's life may be off, either way, in percent. Assumed.
    pub jitter_percent: i64,
    /// From creation until a task can be listed and described. The lag is documented, its length assumed.
    pub visible_after_ms: i64,
    /// In PROVISIONING. Observed: 4.95 s.
    pub provisioning_ms: i64,
    /// From PENDING to the start of the image pull. Observed: 7.98 s.
    pub pending_ms: i64,
    /// The image pull. Observed: 4.52 s.
    pub pull_ms: i64,
    /// From the end of the pull to RUNNING. Observed: 2.09 s.
    pub start_ms: i64,
    /// From RUNNING to registration with the target groups. Observed: 3 to 4 s.
    pub register_ms: i64,
    /// How long a task without load balancer and health check must run until it counts as healthy. Documented: 40 s.
    pub healthy_after_ms: i64,
    /// From the decision to stop a task to its deregistration. Observed three times: 10 s.
    pub stop_to_drain_ms: i64,
    /// From the decision to stop a task without load balancer to SIGTERM. Assumed.
    pub stop_to_sigterm_ms: i64,
    /// ECS asks the load balancer this often whether a target is gone, so SIGTERM comes up to this much after
    /// the end of draining. Observed: 9.5 s late.
    pub drain_poll_ms: i64,
    /// From SIGTERM until the app exits by itself. Observed with a well-behaved app: 0.1 s.
    pub exit_after_sigterm_ms: i64,
    /// The exit code of an app that ends by itself after SIGTERM.
    pub sigterm_exit_code: i64,
    /// From the end of `stopTimeout` until the killed container is seen as stopped. Observed: 13 s.
    pub kill_ms: i64,
    /// From the last container's end to STOPPED. Observed: 22.8 s.
    pub deprovisioning_ms: i64,
    /// From the moment at which old tasks count as gone to the completion of the deployment. Observed: 12.2 s and
    /// 12.9 s.
    pub completion_ms: i64,
    /// What completion waits for.
    pub completion: Completion,
    /// The steady-state event repeats this often. Observed: 6 h and 10 to 16 s.
    pub steady_repeat_ms: i64,
    /// The same complaint is not repeated within this time. Documented: 6 h.
    pub complaint_repeat_ms: i64,
    /// How long a stopped task can be described; up to a tenth is added. Documented: at least 1 h.
    pub stopped_retention_ms: i64,
    /// The first pause after a task that never ran; doubles with each. The curve is assumed.
    pub backoff_first_ms: i64,
    /// The longest such pause. Documented: 15 minutes.
    pub backoff_cap_ms: i64,
    /// The pause after a task that no capacity could be found for. Assumed.
    pub placement_retry_ms: i64,
    /// Failed starts in a row until the service complains of them. Assumed.
    pub start_complaint_after: u32,
    /// Most tasks that one tick starts for a service, so that a single service stays below the limits of Fargate.
    /// Assumed.
    pub launches_per_tick: usize,
    /// Most tasks that are started for a service within any minute. Documented: 500.
    pub launches_per_minute: i64,
    /// Fargate tasks of one provider, on demand or Spot, that services may start at once. Documented: 100.
    pub fargate_launch_burst: i64,
    /// How many more of them each second brings. Documented: 20.
    pub fargate_launches_per_second: i64,
    /// Most tasks in PROVISIONING in one cluster. Documented: 500.
    pub most_provisioning: usize,
    /// Most vCPUs on demand at the same time; `None` for an account whose quota is never reached. Documented: 6 in
    /// a new account, raised as it is used.
    pub vcpu_limit: Option<i64>,
    /// The same on Fargate Spot, which has a quota of its own.
    pub spot_vcpu_limit: Option<i64>,
    /// How long a deployment with alarms is watched after its old tasks are gone, where `bakeTimeInMinutes` does not
    /// say. That there is such a time is documented, its length assumed.
    pub alarm_bake_ms: i64,
    /// How long a task of RunTask runs if nobody said otherwise with `Simulator::set_app`.
    pub one_off_run_ms: i64,
    /// From the writing of a line until CloudWatch Logs shows it. Assumed; seconds are usual.
    pub log_lag_ms: i64,
    /// From the notice of a Spot reclaim to the end of the task at the latest. Documented: 2 minutes.
    pub spot_notice_ms: i64,
    /// Whether a Spot reclaim sends SIGTERM at once, before the target is deregistered. A regression seen in
    /// September 2025.
    pub spot_sigterm_first: bool,
    /// Whether ListTasks refuses `startedBy` beside other filters. Documented; some tools in use suggest otherwise.
    pub started_by_must_be_alone: bool,
    /// Whether a rolled-back service shows its old deployment id as PRIMARY again. Documented; one trace suggests a
    /// fresh id.
    pub rollback_keeps_id: bool,
    /// Whether calls over the wire are limited. Documented.
    pub throttling: Throttling,
    /// How late a read of ECS or ELB over the wire may be: each caller and operation by its own amount up to this.
    /// The lag is documented, its length assumed. Off by default.
    pub read_lag_ms: i64,
    /// Whether the Fargate size of 32 vCPU exists. Documented in late 2026, refused in August 2026.
    pub fargate_32_vcpu: bool,
}

impl Default for Knobs {
    fn default() -> Self {
        Knobs {
            tick_ms: 10_000,
            tick_jitter_ms: 2_000,
            jitter_percent: 10,
            visible_after_ms: 1_000,
            provisioning_ms: 5_000,
            pending_ms: 8_000,
            pull_ms: 4_500,
            start_ms: 2_100,
            register_ms: 3_500,
            healthy_after_ms: 40_000,
            stop_to_drain_ms: 10_000,
            stop_to_sigterm_ms: 5_000,
            drain_poll_ms: 10_000,
            exit_after_sigterm_ms: 100,
            sigterm_exit_code: 0,
            kill_ms: 13_000,
            deprovisioning_ms: 22_800,
            completion_ms: 12_000,
            completion: Completion::AfterDraining,
            steady_repeat_ms: 21_600_000,
            complaint_repeat_ms: 21_600_000,
            stopped_retention_ms: 3_600_000,
            backoff_first_ms: 10_000,
            backoff_cap_ms: 900_000,
            placement_retry_ms: 60_000,
            start_complaint_after: 3,
            launches_per_tick: 80,
            launches_per_minute: 500,
            fargate_launch_burst: 100,
            fargate_launches_per_second: 20,
            most_provisioning: 500,
            vcpu_limit: None,
            spot_vcpu_limit: None,
            alarm_bake_ms: 300_000,
            one_off_run_ms: 90_000,
            log_lag_ms: 3_000,
            spot_notice_ms: 120_000,
            spot_sigterm_first: false,
            started_by_must_be_alone: true,
            rollback_keeps_id: true,
            throttling: Throttling::Off,
            read_lag_ms: 0,
            fargate_32_vcpu: false,
        }
    }
}

/// A duration of [`Knobs`] by its name, and between which values AWS may have it.
#[derive(Clone, Copy, Debug)]
pub struct Range {
    /// The name of the field.
    pub name: &'static str,
    /// The least, in milliseconds (`jitter_percent`: in percent).
    pub least: i64,
    /// The most, in the same unit.
    pub most: i64,
    read: fn(&Knobs) -> i64,
    write: fn(&mut Knobs, i64),
}

impl PartialEq for Range {
    /// There is one range of each name.
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Range {
    /// The range of the knob of that name, if it has one.
    pub fn of(name: &str) -> Option<&'static Range> {
        RANGES.iter().find(|range| range.name == name)
    }

    /// What the knob stands at.
    pub fn read(&self, knobs: &Knobs) -> i64 {
        (self.read)(knobs)
    }

    /// Turns the knob. False, and nothing is turned, if AWS cannot be like that.
    pub fn set(&self, knobs: &mut Knobs, ms: i64) -> bool {
        let possible = (self.least..=self.most).contains(&ms);
        if possible {
            (self.write)(knobs, ms);
        }
        possible
    }
}

macro_rules! ranges {
    ($($name:ident: $least:literal to $most:literal,)*) => {
        [$(Range {
            name: stringify!($name),
            least: $least,
            most: $most,
            read: |knobs| knobs.$name,
            write: |knobs, ms| knobs.$name = ms,
        },)*]
    };
}

/// What a knob may stand at to be AWS: where it was observed to be, widened by what is documented and by what nobody
/// has ruled out.
pub static RANGES: [Range; 23] = ranges! {
    tick_ms: 1_000 to 60_000,
    tick_jitter_ms: 0 to 5_000,
    jitter_percent: 0 to 50,
    visible_after_ms: 0 to 30_000,
    provisioning_ms: 2_000 to 120_000,
    pending_ms: 1_000 to 60_000,
    pull_ms: 100 to 600_000,
    start_ms: 0 to 60_000,
    register_ms: 0 to 60_000,
    healthy_after_ms: 40_000 to 40_000,
    stop_to_drain_ms: 0 to 30_000,
    stop_to_sigterm_ms: 0 to 30_000,
    drain_poll_ms: 0 to 60_000,
    exit_after_sigterm_ms: 0 to 120_000,
    kill_ms: 0 to 30_000,
    deprovisioning_ms: 1_000 to 120_000,
    completion_ms: 0 to 300_000,
    steady_repeat_ms: 21_600_000 to 21_620_000,
    stopped_retention_ms: 3_600_000 to 7_200_000,
    backoff_first_ms: 1_000 to 900_000,
    backoff_cap_ms: 900_000 to 900_000,
    spot_notice_ms: 120_000 to 120_000,
    log_lag_ms: 0 to 60_000,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn begins_with_every_knob_within_its_range() {
        for range in &RANGES {
            let mut knobs = Knobs::default();
            let default = range.read(&knobs);
            assert!((range.least..=range.most).contains(&default), "{}", range.name);
            assert!(!range.set(&mut knobs, range.most + 1) && !range.set(&mut knobs, range.least - 1));
            assert_eq!(knobs, Knobs::default(), "{}", range.name);
            assert!(range.set(&mut knobs, range.most));
            assert_eq!(range.read(&knobs), range.most, "{}", range.name);
        }
    }
}
