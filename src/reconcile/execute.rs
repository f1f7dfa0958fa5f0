//! Takes the steps of an audited plan, in order. A step that fails stops those after it, but that a row which could not be
//! rolled back does not keep the others; a look that has grown old stops them all.
//!
//! Chooses nothing: what a step needs is in the step.

use std::time::Duration;

use tokio::time::Instant;

use crate::aws::{Aws, AwsError, BackAnswer, Differing, RunAnswer, Updated};
use crate::model::ids::{ClusterArn, TaskDefinitionArn};
use crate::model::rollout::Record;
use crate::model::time::Span;
use crate::plan::action::{Action, Deployment, Launch, Plan, Revision, RollBack, ServiceUpdate, Step};
use crate::plan::audit::AuditedPlan;
use crate::plan::history::Answer;

/// What became of a step.
#[derive(Debug)]
pub struct Outcome {
    /// The step.
    pub step: Step,
    /// What became of it.
    pub result: StepResult,
}

/// What became of a step.
#[derive(Debug)]
pub enum StepResult {
    /// AWS did it.
    Done(Done),
    /// AWS did not, or did not say.
    Failed(AwsError),
    /// It was not tried, because of this.
    Skipped(String),
}

/// What AWS said of a step that it did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// A tag is written.
    Written,
    /// A service is updated; with the revision that was used, if one was needed.
    Updated {
        /// The PRIMARY deployment now.
        now: Updated,
        /// The new task definition revision.
        revision: Option<TaskDefinitionArn>,
    },
    /// A service deployment is told to go back.
    RolledBack,
    /// AWS does not take a service deployment back, for this reason.
    Kept(String),
    /// A revision is there.
    Registered(TaskDefinitionArn),
    /// RunTask answered.
    Ran(RunAnswer),
}

impl Done {
    /// What RunTask answered, in the plan's words; `None` for other steps.
    pub fn answer(&self) -> Option<Answer> {
        match self {
            Self::Written | Self::Updated { .. } | Self::RolledBack | Self::Kept(_) | Self::Registered(_) => None,
            Self::Ran(RunAnswer::Task(id)) => Some(Answer::Task(id.clone())),
            Self::Ran(RunAnswer::NotStarted(why)) => Some(Answer::NotStarted(why.clone())),
            Self::Ran(RunAnswer::Refused(why)) => Some(Answer::Refused(why.clone())),
        }
    }
}

/// How old a look may be, in AWS's time, when a step that follows from it is sent, or sent again. A process that was
/// suspended, or whose calls were slow, would else send a RunTask after its token's life, or write over what others did
/// meanwhile. Longer would use up what is left of the token's hour after `launching` is given up, shorter would hinder a
/// pass over a slow AWS.
const FRESH: Duration = Duration::from_secs(180);

/// When a look was made.
#[derive(Clone, Copy, Debug)]
pub struct Looked {
    /// When it began, by the clock here, which stands still while the machine sleeps.
    pub began: Instant,
    /// What it took by AWS's answers, which do not.
    pub lasted: Span,
}

impl Looked {
    /// The way for what follows from this look: it ends when the look is too old.
    pub(crate) fn way(self, aws: &Aws) -> Aws {
        aws.following(self.began, self.lasted.as_duration(), FRESH)
    }
}

/// Takes the steps of a plan whose look was made then.
pub async fn execute(aws: &Aws, audited: &AuditedPlan, looked: Looked) -> Vec<Outcome> {
    let aws = &looked.way(aws);
    let plan = audited.plan();
    let Some(cluster) = &plan.cluster else { return Vec::new() };
    let mut outcomes = Vec::new();
    let mut stopped: Option<String> = None;
    // What stops all but the rows that are still to go back: each of them goes back by itself.
    let mut stayed: Option<String> = None;
    for step in &plan.steps {
        let goes_back = matches!(step.action, Action::RollBack(_));
        if aws.is_over() {
            stopped.get_or_insert_with(|| "the look behind it is too old".to_owned());
        }
        let result = match stopped.as_ref().or(stayed.as_ref().filter(|_| !goes_back)) {
            Some(cause) => StepResult::Skipped(cause.clone()),
            None => match take(aws, cluster, plan, &step.action).await {
                Ok(done) => StepResult::Done(done),
                Err(error) => StepResult::Failed(error),
            },
        };
        if let StepResult::Failed(error) = &result {
            let cause = if goes_back { &mut stayed } else { &mut stopped };
            *cause = Some(format!("a step before it failed ({})", error.operation));
        }
        outcomes.push(Outcome { step: step.clone(), result });
    }
    outcomes
}

async fn take(aws: &Aws, cluster: &ClusterArn, plan: &Plan, action: &Action) -> Result<Done, AwsError> {
    match action {
        Action::Record(record) => write_record(aws, cluster, plan, record).await.map(|()| Done::Written),
        Action::Change(change) => aws.tag(cluster, &plan.keys.change, &change.tag()).await.map(|()| Done::Written),
        Action::RollBack(back) => roll_back(aws, back).await,
        Action::Register(revision) => register(aws, revision).await.map(Done::Registered),
        Action::Update(update) => run_update(aws, cluster, update).await,
        Action::Run(launch) => run(aws, cluster, launch).await.map(Done::Ran),
    }
}

async fn roll_back(aws: &Aws, back: &RollBack) -> Result<Done, AwsError> {
    Ok(match aws.roll_back(&back.deployment).await? {
        BackAnswer::Back => Done::RolledBack,
        BackAnswer::Refused(why) => Done::Kept(why),
    })
}

/// The record; one that is of a launch once more, where no late write of the record reaches it; and with its end what is
/// kept of the rollout. All of them or none.
async fn write_record(aws: &Aws, cluster: &ClusterArn, plan: &Plan, record: &Record) -> Result<(), AwsError> {
    let tags = record_tags(plan, record);
    let tags: Vec<(&str, &str)> = tags.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    aws.tags(cluster, &tags).await
}

/// The tags in which a plan's record is written.
pub(super) fn record_tags(plan: &Plan, record: &Record) -> Vec<(String, String)> {
    let keys = std::iter::once(&plan.keys.rollout).chain(&plan.launch);
    let record = keys.map(|key| (key.clone(), record.tag()));
    let past = plan.past.iter().map(|(key, past)| (key.clone(), past.tag()));
    record.chain(past).collect()
}

async fn register(aws: &Aws, revision: &Revision) -> Result<TaskDefinitionArn, AwsError> {
    let Revision { from, vcpu, memory, images } = revision;
    aws.revision(from, &Differing { vcpu: *vcpu, memory: *memory, images }).await
}

async fn run_update(aws: &Aws, cluster: &ClusterArn, update: &ServiceUpdate) -> Result<Done, AwsError> {
    let ServiceUpdate { service, name: _, count, revision, capacity, deployment } = update;
    let revision = match revision {
        Some(revision) => Some(register(aws, revision).await?),
        None => None,
    };
    let force = *deployment == Deployment::Force;
    let now = aws.update_service(cluster, service, *count, revision.as_ref(), *capacity, force).await?;
    Ok(Done::Updated { now, revision })
}

async fn run(aws: &Aws, cluster: &ClusterArn, launch: &Launch) -> Result<RunAnswer, AwsError> {
    let Launch { definition, client_token, started_by, capacity, network } = launch;
    aws.run_task(cluster, definition, client_token, started_by, *capacity, network).await
}
