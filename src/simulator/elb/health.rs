//! The health of one target: what AWS shows, and how one health check after another changes it.
//!
//! Owns the state machine of a single target (ecs-semantics §10.1). Knows nothing of target groups, of time running
//! or of the API: it is told what the application answered and says what the target is from now on.
//!
//! Divergence from AWS: a target that never answered stays `initial` until the unhealthy threshold is reached
//! (AWS documents the way to healthy only).

use crate::simulator::time::Time;

/// What the application behind an IP address answers to health checks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Answer {
    /// The status that the health check wants to see.
    Serving,
    /// This HTTP status.
    Status(u16),
    /// The connection is refused at once.
    Refusing,
    /// Nothing: the check runs into its timeout. Also the answer of an address where nothing is.
    #[default]
    Silent,
}

/// The state of a target as DescribeTargetHealth names it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TargetState {
    /// Targets that are not registered, or whose target group no listener uses.
    Unused,
    /// Targets whose registration is in progress or that have not passed a check yet.
    Initial,
    /// Targets that get requests.
    Healthy,
    /// Targets that failed `UnhealthyThresholdCount` checks in a row.
    Unhealthy {
        /// Reason code, for example `Target.Timeout`.
        reason: &'static str,
        /// AWS's words, for example `Health checks failed with these codes: [503]`.
        description: String,
    },
    /// Targets that are being deregistered.
    Draining,
    /// Targets whose group has its health checks off.
    Unavailable,
}

impl TargetState {
    /// The value of `TargetHealth.State`.
    pub fn name(&self) -> &'static str {
        match self {
            TargetState::Unused => "unused",
            TargetState::Initial => "initial",
            TargetState::Healthy => "healthy",
            TargetState::Unhealthy { .. } => "unhealthy",
            TargetState::Draining => "draining",
            TargetState::Unavailable => "unavailable",
        }
    }
}

/// Why a check failed, in AWS's words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Failure {
    pub(super) reason: &'static str,
    pub(super) description: String,
}

/// When and how a target group checks. Times in milliseconds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Check {
    pub(super) interval_ms: i64,
    pub(super) timeout_ms: i64,
    pub(super) healthy: u32,
    pub(super) unhealthy: u32,
    pub(super) matcher: String,
    /// Whether an answer has a status at all, or a connection is enough.
    pub(super) http: bool,
    /// Whether there are checks.
    pub(super) enabled: bool,
}

/// Why nothing checks a target.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Idle {
    /// No listener and no rule forwards to its target group.
    NotInUse,
    /// The instance is stopped.
    Stopped,
    /// The target group has its health checks off, as those of functions have at first.
    NotChecked,
}

/// What a registered target is in, and when it has its next turn.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Phase {
    /// Targets in this phase are not checked.
    Idle(Idle),
    /// Targets in this phase have not passed a check yet; `checked` tells whether one has begun.
    Initial { checked: bool, failed: u32, next: Turn },
    /// Targets in this phase serve; `failed` counts failures in a row.
    Healthy { failed: u32, next: Turn },
    /// Targets in this phase failed too often; `passed` counts passes in a row.
    Unhealthy { failure: Failure, passed: u32, next: Turn },
    /// Targets in this phase finish their connections until `until`.
    Draining { until: Time },
}

/// The next turn of a health checker.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Turn {
    /// A check begins.
    Begin(Time),
    /// A check that began at `began` and got no answer gives up.
    GiveUp { began: Time, at: Time },
}

impl Turn {
    fn at(self) -> Time {
        match self {
            Turn::Begin(at) | Turn::GiveUp { at, .. } => at,
        }
    }
}

impl Phase {
    /// The first phase of a target whose group is in use.
    pub(super) fn registered(first_check: Time) -> Phase {
        Phase::Initial { checked: false, failed: 0, next: Turn::Begin(first_check) }
    }

    /// When this target has its next turn, if ever.
    pub(super) fn due(&self) -> Option<Time> {
        match self {
            Phase::Idle(_) => None,
            Phase::Initial { next, .. } | Phase::Healthy { next, .. } | Phase::Unhealthy { next, .. } => {
                Some(next.at())
            }
            Phase::Draining { until } => Some(*until),
        }
    }

    /// The state that AWS shows.
    pub(super) fn state(&self) -> TargetState {
        match self {
            Phase::Idle(Idle::NotInUse | Idle::Stopped) => TargetState::Unused,
            Phase::Idle(Idle::NotChecked) => TargetState::Unavailable,
            Phase::Initial { .. } => TargetState::Initial,
            Phase::Healthy { .. } => TargetState::Healthy,
            Phase::Unhealthy { failure, .. } => {
                TargetState::Unhealthy { reason: failure.reason, description: failure.description.clone() }
            }
            Phase::Draining { .. } => TargetState::Draining,
        }
    }

    /// Reason code and description beside the state; a healthy target has none.
    pub(super) fn reason(&self) -> Option<(&'static str, &str)> {
        match self {
            Phase::Idle(Idle::Stopped) => Some(("Target.InvalidState", "Target is in the stopped state")),
            Phase::Idle(Idle::NotChecked) => {
                Some(("Target.HealthCheckDisabled", "Health checks are not enabled for this target"))
            }
            Phase::Idle(Idle::NotInUse) => {
                Some(("Target.NotInUse", "Target group is not configured to receive traffic from the load balancer"))
            }
            Phase::Initial { checked: false, .. } => {
                Some(("Elb.RegistrationInProgress", "Target registration is in progress"))
            }
            Phase::Initial { checked: true, .. } => {
                Some(("Elb.InitialHealthChecking", "Initial health checks in progress"))
            }
            Phase::Healthy { .. } => None,
            Phase::Unhealthy { failure, .. } => Some((failure.reason, &failure.description)),
            Phase::Draining { .. } => Some(("Target.DeregistrationInProgress", "Target deregistration is in progress")),
        }
    }

    /// The phase after the turn that is due, or `None` once the target is gone.
    pub(super) fn after_turn(&self, answer: Answer, check: &Check) -> Option<Phase> {
        match self {
            Phase::Idle(idle) => Some(Phase::Idle(*idle)),
            Phase::Draining { .. } => None,
            Phase::Initial { next, .. } | Phase::Healthy { next, .. } | Phase::Unhealthy { next, .. } => {
                Some(match *next {
                    Turn::Begin(began) if answer == Answer::Silent && check.timeout_ms > 0 => {
                        self.waiting(Turn::GiveUp { began, at: began.plus_millis(check.timeout_ms) })
                    }
                    Turn::Begin(began) => self.judged(verdict(answer, check), next_check(began, began, check), check),
                    Turn::GiveUp { began, at } => {
                        self.judged(verdict(Answer::Silent, check), next_check(began, at, check), check)
                    }
                })
            }
        }
    }

    /// The same phase while a check waits for its answer.
    fn waiting(&self, turn: Turn) -> Phase {
        match self.clone() {
            Phase::Initial { failed, .. } => Phase::Initial { checked: true, failed, next: turn },
            Phase::Healthy { failed, .. } => Phase::Healthy { failed, next: turn },
            Phase::Unhealthy { failure, passed, .. } => Phase::Unhealthy { failure, passed, next: turn },
            other @ (Phase::Idle(_) | Phase::Draining { .. }) => other,
        }
    }

    /// The phase after a check passed or failed. One pass is enough at first; thresholds count from then on.
    fn judged(&self, verdict: Result<(), Failure>, next: Turn, check: &Check) -> Phase {
        match (self, verdict) {
            (Phase::Initial { .. } | Phase::Healthy { .. }, Ok(())) => Phase::Healthy { failed: 0, next },
            (Phase::Unhealthy { passed, .. }, Ok(())) if passed + 1 >= check.healthy => {
                Phase::Healthy { failed: 0, next }
            }
            (Phase::Unhealthy { failure, passed, .. }, Ok(())) => {
                Phase::Unhealthy { failure: failure.clone(), passed: passed + 1, next }
            }
            (Phase::Initial { failed, .. } | Phase::Healthy { failed, .. }, Err(failure))
                if failed + 1 >= check.unhealthy =>
            {
                Phase::Unhealthy { failure, passed: 0, next }
            }
            (Phase::Initial { failed, .. }, Err(_)) => Phase::Initial { checked: true, failed: failed + 1, next },
            (Phase::Healthy { failed, .. }, Err(_)) => Phase::Healthy { failed: failed + 1, next },
            (Phase::Unhealthy { .. }, Err(failure)) => Phase::Unhealthy { failure, passed: 0, next },
            (Phase::Idle(_) | Phase::Draining { .. }, Ok(()) | Err(_)) => self.clone(),
        }
    }
}

/// Checks begin every interval, but never while the one before is still waiting.
fn next_check(began: Time, ended: Time, check: &Check) -> Turn {
    Turn::Begin(began.plus_millis(check.interval_ms.max(1)).max(ended))
}

fn verdict(answer: Answer, check: &Check) -> Result<(), Failure> {
    match answer {
        Answer::Serving => Ok(()),
        Answer::Status(_) if !check.http => Ok(()),
        Answer::Status(status) if matches(&check.matcher, status) => Ok(()),
        Answer::Status(status) => Err(Failure {
            reason: "Target.ResponseCodeMismatch",
            description: format!("Health checks failed with these codes: [{status}]"),
        }),
        Answer::Refusing => {
            Err(Failure { reason: "Target.FailedHealthChecks", description: "Health checks failed".to_owned() })
        }
        Answer::Silent => Err(Failure { reason: "Target.Timeout", description: "Request timed out".to_owned() }),
    }
}

/// Whether `status` is in a matcher such as `200`, `200,202` or `200-299`.
fn matches(matcher: &str, status: u16) -> bool {
    matcher.split(',').any(|part| {
        let (low, high) = part.split_once('-').unwrap_or((part, part));
        match (low.trim().parse::<u16>(), high.trim().parse::<u16>()) {
            (Ok(low), Ok(high)) => (low..=high).contains(&status),
            (Ok(_) | Err(_), Ok(_) | Err(_)) => false,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_single_codes_lists_and_ranges() {
        assert!(matches("200", 200) && !matches("200", 201));
        assert!(matches("200,302", 302) && !matches("200,302", 301));
        assert!(matches("200-299", 204) && !matches("200-299", 300));
        assert!(!matches("", 200) && !matches("ok", 200));
    }
}
