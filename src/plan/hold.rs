//! Why something is not done, with its facts.
//!
//! Whatever the planner leaves undone that was wanted is a hold; tests, `status` and the exit code read them.

use std::fmt;

use crate::model::ids::{AccountId, RowName};
use crate::model::observed::Trouble;
use crate::model::observed::Why;
use crate::model::time::Span;

use super::because::names;
use super::way_out::WayOut;

/// Something that is not done, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// The row; `None` for the table as a whole.
    pub row: Option<RowName>,
    /// Why.
    pub cause: HoldCause,
}

/// What a hold asks of whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// Nothing: a fact worth knowing.
    Notice,
    /// Time: look again.
    Wait,
    /// A person: it does not mend itself.
    Person,
    /// A person: the rollout failed.
    Failed,
}

impl Urgency {
    /// The urgency's name, as in JSON and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Notice => "Notice",
            Self::Wait => "Wait",
            Self::Person => "Person",
            Self::Failed => "Failed",
        }
    }
}

/// Why something is not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HoldCause {
    /// The credentials belong to another account than the table's.
    WrongAccount {
        /// The table's.
        table: AccountId,
        /// The credentials'.
        actual: AccountId,
    },
    /// Something could not be read; nothing that depends on it is done.
    Unknown {
        /// What.
        what: String,
        /// Why.
        why: Why,
    },
    /// A selector finds nothing.
    NoMatch {
        /// `cluster`, `service`, `task definition`, `target group`.
        what: &'static str,
        /// The selector.
        selector: String,
        /// What there was to choose from.
        candidates: Vec<String>,
    },
    /// A selector finds more than one.
    ManyMatch {
        /// As in `NoMatch`.
        what: &'static str,
        /// The selector.
        selector: String,
        /// What it finds.
        matches: Vec<String>,
    },
    /// A tag of ours holds something that this program did not write.
    UnreadableTag {
        /// Its key.
        key: String,
        /// Its value.
        value: String,
    },
    /// The service is not rolled by ECS itself, or not ACTIVE.
    NotRolling {
        /// What it is instead.
        found: String,
    },
    /// The row's size would not be one of Fargate's.
    IllegalSize {
        /// Which, and which would be.
        problem: String,
    },
    /// Several containers could be the one that runs the table's image.
    WhichContainer {
        /// Their names.
        containers: Vec<String>,
    },
    /// The row's container is not in its task definition.
    NoContainer {
        /// The row's.
        container: String,
        /// The definition's.
        containers: Vec<String>,
    },
    /// The table's image is not in the repository; a kick would start tasks that cannot pull it.
    NoImage {
        /// The image.
        image: String,
    },
    /// A newer image stands behind the tag than the tasks run; ECS takes it up at the next rollout.
    NewerImage {
        /// What runs.
        running: String,
        /// What the tag means now.
        tag: String,
    },
    /// A scalable target owns the desired count.
    CountOwned {
        /// The row's.
        stated: u32,
        /// The service's.
        desired: u32,
        /// The target's bounds.
        bounds: (u32, u32),
    },
    /// The cluster is not associated with the capacity provider that the row needs.
    NoProvider {
        /// The provider.
        provider: &'static str,
    },
    /// What was read is older than what this program itself did.
    Stale,
    /// A correction, or an abort, waits until the deployment task has ended.
    TaskInHand,
    /// A new deployment waits until every row of the table is found.
    OtherRows,
    /// A correction waits for a person, because the newest rollout failed.
    AfterFailure,
    /// Somebody changes back what was corrected, again and again.
    TurnedBack {
        /// Which fields.
        fields: Vec<String>,
    },
    /// A person has aborted the rollout; nothing else of it is done until that has come about.
    AbortInHand,
    /// A rollout is being aborted, and ECS does not take this deployment back.
    NoWayBack {
        /// The service deployment.
        deployment: String,
    },
    /// A command does not go with the rollout as it stands.
    CommandRefused {
        /// The command's name.
        order: &'static str,
        /// How the rollout stands.
        stands: String,
        /// What to do instead.
        instead: &'static str,
    },
    /// Only some rows were kicked.
    PartialKick {
        /// These.
        kicked: Vec<RowName>,
        /// Not these.
        missing: Vec<RowName>,
    },
    /// The new tasks of one image do not run one digest.
    MixedDigests {
        /// Which.
        digests: String,
    },
    /// Gate conditions do not hold yet.
    GateShut {
        /// Their numbers and what is missing.
        missing: Vec<(u8, String)>,
    },
    /// All conditions hold; they must hold a little longer.
    Settling {
        /// How long.
        left: Span,
    },
    /// The youngest kick is too young; others may follow.
    KickTooYoung {
        /// How long to wait.
        left: Span,
    },
    /// No row has tasks, so nothing can be proven.
    AllEmpty,
    /// The launch's task definition wipes databases.
    InitialDefinition {
        /// Which.
        definition: String,
    },
    /// The service rows are not on one network, so there is none to copy for the task.
    NetworkAmbiguous {
        /// How many there are.
        networks: usize,
    },
    /// The next attempt waits.
    LaunchBackoff {
        /// How long.
        left: Span,
        /// Why the last one did not start.
        reason: String,
    },
    /// The task of a launch before this one may still come to light.
    EarlierLaunch {
        /// How long it may.
        left: Span,
    },
    /// The launch's outcome is not visible yet.
    TaskNotSeen {
        /// Which attempt.
        attempt: u32,
    },
    /// The task has not ended.
    TaskRunning {
        /// Which.
        task: String,
        /// How far it is: `starting`, `running`, `stopping`.
        status: &'static str,
    },
    /// The task has ended well, and its log may not be complete yet.
    LogIncomplete {
        /// Which task.
        task: String,
    },
    /// The rollout failed.
    RolloutFailed {
        /// How.
        how: String,
        /// How a person goes on from there.
        way: WayOut,
    },
    /// Nobody can say whether the task ran.
    RolloutUnknown {
        /// Which attempt.
        attempt: u32,
        /// What is known of it.
        known: String,
        /// How a person goes on from there.
        way: WayOut,
    },
}

/// Whether any of these asks for a person, whatever else is on its way.
pub(super) fn needs_a_person(holds: &[Hold]) -> bool {
    holds.iter().any(|hold| hold.cause.urgency() >= Urgency::Person)
}

impl HoldCause {
    /// What it asks of whom.
    pub fn urgency(&self) -> Urgency {
        match self {
            Self::NewerImage { .. } | Self::CountOwned { .. } => Urgency::Notice,
            Self::Unknown { what: _, why } => match why.trouble {
                Trouble::Passing => Urgency::Wait,
                Trouble::Lasting => Urgency::Person,
            },
            Self::Stale
            | Self::TaskInHand
            | Self::AbortInHand
            | Self::GateShut { .. }
            | Self::Settling { .. }
            | Self::KickTooYoung { .. }
            | Self::LaunchBackoff { .. }
            | Self::EarlierLaunch { .. }
            | Self::TaskNotSeen { .. }
            | Self::TaskRunning { .. }
            | Self::LogIncomplete { .. } => Urgency::Wait,
            Self::WrongAccount { .. }
            | Self::NoMatch { .. }
            | Self::ManyMatch { .. }
            | Self::UnreadableTag { .. }
            | Self::NotRolling { .. }
            | Self::IllegalSize { .. }
            | Self::WhichContainer { .. }
            | Self::NoContainer { .. }
            | Self::NoImage { .. }
            | Self::NoProvider { .. }
            | Self::OtherRows
            | Self::AfterFailure
            | Self::TurnedBack { .. }
            | Self::NoWayBack { .. }
            | Self::CommandRefused { .. }
            | Self::PartialKick { .. }
            | Self::MixedDigests { .. }
            | Self::AllEmpty
            | Self::InitialDefinition { .. }
            | Self::NetworkAmbiguous { .. } => Urgency::Person,
            Self::RolloutFailed { .. } | Self::RolloutUnknown { .. } => Urgency::Failed,
        }
    }

    /// A stable name for scripts and metrics.
    pub fn name(&self) -> &'static str {
        match self {
            Self::WrongAccount { .. } => "WrongAccount",
            Self::Unknown { .. } => "Unknown",
            Self::NoMatch { .. } => "NoMatch",
            Self::ManyMatch { .. } => "ManyMatch",
            Self::UnreadableTag { .. } => "UnreadableTag",
            Self::NotRolling { .. } => "NotRolling",
            Self::IllegalSize { .. } => "IllegalSize",
            Self::WhichContainer { .. } => "WhichContainer",
            Self::NoContainer { .. } => "NoContainer",
            Self::NoImage { .. } => "NoImage",
            Self::NewerImage { .. } => "NewerImage",
            Self::CountOwned { .. } => "CountOwned",
            Self::NoProvider { .. } => "NoProvider",
            Self::Stale => "Stale",
            Self::TaskInHand => "TaskInHand",
            Self::OtherRows => "OtherRows",
            Self::AfterFailure => "AfterFailure",
            Self::TurnedBack { .. } => "TurnedBack",
            Self::AbortInHand => "AbortInHand",
            Self::NoWayBack { .. } => "NoWayBack",
            Self::CommandRefused { .. } => "CommandRefused",
            Self::PartialKick { .. } => "PartialKick",
            Self::MixedDigests { .. } => "MixedDigests",
            Self::GateShut { .. } => "GateShut",
            Self::Settling { .. } => "Settling",
            Self::KickTooYoung { .. } => "KickTooYoung",
            Self::AllEmpty => "AllEmpty",
            Self::InitialDefinition { .. } => "InitialDefinition",
            Self::NetworkAmbiguous { .. } => "NetworkAmbiguous",
            Self::LaunchBackoff { .. } => "LaunchBackoff",
            Self::EarlierLaunch { .. } => "EarlierLaunch",
            Self::TaskNotSeen { .. } => "TaskNotSeen",
            Self::TaskRunning { .. } => "TaskRunning",
            Self::LogIncomplete { .. } => "LogIncomplete",
            Self::RolloutFailed { .. } => "RolloutFailed",
            Self::RolloutUnknown { .. } => "RolloutUnknown",
        }
    }

    /// What a person can do about it; `None` where time is enough.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::WrongAccount { .. } => {
                Some("use credentials of the table's account (AWS_PROFILE), or mend `account`")
            }
            Self::Unknown { why, .. } if why.trouble == Trouble::Lasting => {
                Some("mend the permission or the setting that AWS names, then run it again")
            }
            Self::NoMatch { .. } => Some("mend the selector; a glob is matched against the last parts of the name"),
            Self::ManyMatch { .. } => Some("make the selector narrower, or name the one that is meant"),
            Self::UnreadableTag { .. } => {
                Some("use the version that wrote it, or remove the tag to start from a baseline")
            }
            Self::NotRolling { .. } => Some("only ACTIVE services with the ECS rolling controller can be kept"),
            Self::IllegalSize { .. } => Some("state both vcpu and memory in the row"),
            Self::WhichContainer { .. } => Some("name the one in the row: `container: NAME`"),
            Self::NoContainer { .. } => Some("mend `container` in the row"),
            Self::NoImage { .. } => Some("push the image, or mend `image` in the table"),
            Self::NewerImage { .. } => Some("`evenkeel rollout start` rolls it out"),
            Self::CountOwned { .. } => Some("leave `count` out of the row, or remove the scalable target"),
            Self::NoProvider { .. } => Some("associate it with the cluster (PutClusterCapacityProviders)"),
            Self::AfterFailure => Some(WayOut::Start.hint()),
            Self::TurnedBack { .. } => Some(
                "find who else sets it: another table, an older version of this one, a template; or leave it out of the row",
            ),
            Self::NoWayBack { .. } => Some(
                "where no deployment has completed there is nothing to go back to; the abort ends when this one does, and \
                 `evenkeel rollout start` ends it now and puts a new rollout in its place",
            ),
            Self::CommandRefused { instead, .. } => Some(instead),
            Self::RolloutFailed { how: _, way } | Self::RolloutUnknown { way, .. } => Some(way.hint()),
            Self::OtherRows => Some("mend what is said of the other rows first"),
            Self::PartialKick { .. } => Some("`evenkeel rollout start` kicks every row"),
            Self::MixedDigests { .. } => {
                Some("an image was pushed between two kicks; `evenkeel rollout start` makes it one")
            }
            Self::AllEmpty => Some("raise a row's count; with no tasks nothing can be proven"),
            Self::InitialDefinition { .. } => Some("point `task.definition` at the ordinary deployment task"),
            Self::NetworkAmbiguous { .. } => Some("the service rows must share one set of subnets and security groups"),
            Self::Unknown { .. }
            | Self::Stale
            | Self::TaskInHand
            | Self::AbortInHand
            | Self::GateShut { .. }
            | Self::Settling { .. }
            | Self::KickTooYoung { .. }
            | Self::LaunchBackoff { .. }
            | Self::EarlierLaunch { .. }
            | Self::TaskNotSeen { .. }
            | Self::TaskRunning { .. }
            | Self::LogIncomplete { .. } => None,
        }
    }
}

impl fmt::Display for HoldCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongAccount { table, actual } => {
                write!(f, "the credentials belong to account {actual}, the table is about {table}")
            }
            Self::Unknown { what, why } => write!(f, "{what} could not be read: {why}"),
            Self::NoMatch { what, selector, candidates } => {
                write!(f, "no {what} matches {selector}; there {}", listed(candidates))
            }
            Self::ManyMatch { what, selector, matches } => {
                write!(f, "{} {what}s match {selector}: {}", matches.len(), matches.join(", "))
            }
            Self::UnreadableTag { key, value } => {
                write!(f, "the tag {key} holds `{value}`, which this version cannot read")
            }
            Self::NotRolling { found } => write!(f, "the service is {found}"),
            Self::IllegalSize { problem } => f.write_str(problem),
            Self::WhichContainer { containers } => {
                write!(f, "any of {} could run the table's image", containers.join(", "))
            }
            Self::NoContainer { container, containers } => {
                write!(f, "the task definition has no container {container}, only {}", containers.join(", "))
            }
            Self::NoImage { image } => write!(f, "there is no image {image} in the repository"),
            Self::NewerImage { running, tag } => write!(f, "tasks run {running}, the tag means {tag} now"),
            Self::CountOwned { stated, desired, bounds: (least, most) } => write!(
                f,
                "the row states {stated}, but autoscaling owns the count ({desired} now, between {least} and {most})"
            ),
            Self::NoProvider { provider } => write!(f, "the cluster is not associated with {provider}"),
            Self::Stale => f.write_str("AWS still shows what was before the last update"),
            Self::TaskInHand => f.write_str("no deployment is made or taken back until the deployment task has ended"),
            Self::OtherRows => f.write_str("a new deployment waits until every row of the table is found"),
            Self::AfterFailure => f.write_str("the correction waits for a person, because the newest rollout failed"),
            Self::TurnedBack { fields } => write!(
                f,
                "somebody changes {} back each time it is corrected; it is left alone for up to an hour",
                fields.join(" and ")
            ),
            Self::AbortInHand => f.write_str("the rollout is being aborted, and nothing else of it is done"),
            Self::NoWayBack { deployment } => {
                write!(f, "the rollout is being aborted, and ECS does not take deployment {deployment} back")
            }
            Self::CommandRefused { order, stands, instead: _ } => {
                write!(f, "{order} does not go with a rollout that is {stands}")
            }
            Self::PartialKick { kicked, missing } => {
                write!(f, "partial kick: {} got a new deployment, {} did not", names(kicked), names(missing))
            }
            Self::MixedDigests { digests } => write!(f, "the new tasks do not run one image: {digests}"),
            Self::GateShut { missing } => {
                let said: Vec<String> = missing.iter().map(|(_, what)| what.clone()).collect();
                write!(f, "the gate is shut: {}", said.join("; "))
            }
            Self::Settling { left } => write!(f, "every gate condition holds; {left} more to be sure"),
            Self::KickTooYoung { left } => write!(f, "more kicks may follow; {left} more to be sure"),
            Self::AllEmpty => f.write_str("every row has a desired count of 0"),
            Self::InitialDefinition { definition } => {
                write!(f, "{definition} is an initial deployment, which can wipe a database; it is never run")
            }
            Self::NetworkAmbiguous { networks } => {
                write!(f, "the service rows are on {networks} different networks, so none can be copied for the task")
            }
            Self::LaunchBackoff { left, reason } => {
                write!(f, "the last attempt did not start ({reason}); next in {left}")
            }
            Self::EarlierLaunch { left } => {
                write!(f, "the task of a launch before this one may still come to light; {left} more to be sure")
            }
            Self::TaskNotSeen { attempt } => write!(f, "attempt {attempt} was launched and is not visible yet"),
            Self::TaskRunning { task, status } => write!(f, "the deployment task {task} is {status}"),
            Self::LogIncomplete { task } => {
                write!(f, "the deployment task {task} has ended; its log is waited for until it is complete")
            }
            Self::RolloutFailed { how, way: _ } => write!(f, "the newest rollout failed: {how}"),
            Self::RolloutUnknown { attempt, known, way: _ } => {
                write!(f, "nobody can say whether attempt {attempt} of the deployment task ran: {known}")
            }
        }
    }
}

fn listed(candidates: &[String]) -> String {
    match candidates {
        [] => "are none".to_owned(),
        [one] => format!("is {one}"),
        many => format!("are {}", many.join(", ")),
    }
}
