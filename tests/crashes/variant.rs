//! The kinds of rollout, on the users' table and on a small one that rolls in two minutes.
//!
//! Owns how each begins and how it must end when nobody dies. Judging belongs to `story`.

use evenkeel::controller::settle::{End, Until};
use evenkeel::lab::bench::Lab;
use evenkeel::lab::layout::Start;
use evenkeel::model::row::ServiceTable;
use evenkeel::reconcile::pass::Verdict;
use evenkeel::simulator::ecs::App;
use evenkeel::simulator::scenario::{Action, Expected, Scenario};
use serde_json::{Value, json};

use super::asked;

/// A kind of rollout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Variant {
    /// Somebody asks for one.
    Request,
    /// Foursight kicks every service.
    Kicks,
    /// One row of the table is edited, so that it needs a new deployment.
    OneRow,
    /// Every row is edited, on a cluster that was never seen before.
    AllRows,
    /// Kicks, and ECS takes every one of them back.
    Rollback,
    /// Kicks, and the task ends with exit code 3.
    TaskFails,
    /// Kicks, and no attempt finds capacity.
    NeverStarts,
    /// Kicks, and Spot takes the task back while it runs.
    Reclaimed,
    /// The task failed, and a person has it run again.
    Retry,
    /// Nobody knows of the task, and a person has it run again.
    RetryUnknown,
    /// Nobody knows of the task, and a person says that it has done its work.
    Resolve,
    /// Kicks, and a person takes them back while they roll.
    Abort,
    /// An abort meets a launch that is written down and was not sent.
    AbortAtLaunch,
    /// An abort meets a launch that was sent.
    AbortAfterLaunch,
    /// Kicks, and the task exits with 0 and writes that it failed.
    LogFails,
    /// Kicks, and there is no Spot for the first attempt; later ones are on-demand.
    LeavesSpot,
    /// The task has done its work, and a person has it run once more.
    Run,
    /// No rollout was ever seen, and a person has the task run.
    RunFirst,
}

/// Which table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Size {
    /// The users'.
    Cgap,
    /// Two services without a target group, and a task.
    Small,
}

pub(crate) const SMALL: &str = r#"apiVersion: evenkeel.dev/v1
kind: ServiceTable
metadata: { name: small }
spec:
  account: "123456789012"
  region: us-east-1
  cluster: { name: small-cluster }
  image: { repository: small-app, tag: v1 }
  rows:
    - { name: web, service: { name: web }, container: web, count: 2, spot: true, vcpu: .25, memory: 512 }
    - { name: worker, service: { name: worker }, container: worker, count: 1, spot: false, vcpu: .5, memory: 1024 }
    - { name: migrate, task: { definition: { name: migrate } }, container: migrate, count: 0, spot: true, vcpu: .25, memory: 512 }
"#;

/// A table's text, edited in each of these places once.
pub(crate) fn edited(text: &str, edits: &[(&str, &str)]) -> ServiceTable {
    let mut text = text.to_owned();
    for (from, to) in edits {
        assert!(text.contains(from), "the table does not say `{from}`");
        text = text.replacen(from, to, 1);
    }
    evenkeel::table::read("table.yaml", text.as_bytes()).unwrap()
}

impl Size {
    fn text(self) -> &'static str {
        match self {
            Self::Cgap => include_str!("../../specs/cgap.yaml"),
            Self::Small => SMALL,
        }
    }

    fn table(self, edits: &[(&str, &str)]) -> ServiceTable {
        edited(self.text(), edits)
    }

    /// The task row's definition, and what comes before another member of the task.
    fn definition(self) -> &'static str {
        match self {
            Self::Cgap => "definition: { glob: \"CGAPDeployment-*\" }",
            Self::Small => "definition: { name: migrate }",
        }
    }

    fn next(self) -> &'static str {
        match self {
            Self::Cgap => "\n        ",
            Self::Small => ", ",
        }
    }

    /// Edits of every service row; the first is about one row alone.
    fn edits(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Cgap => &[
                ("vcpu: .25\n      memory: 512", "vcpu: .25\n      memory: 1024"),
                ("vcpu: .25\n      memory: 512", "vcpu: .25\n      memory: 1024"),
                ("vcpu: .5\n      memory: 1024", "vcpu: .5\n      memory: 2048"),
            ],
            Self::Small => &[("memory: 512", "memory: 1024"), ("vcpu: .5, memory: 1024", "vcpu: .5, memory: 2048")],
        }
    }
}

/// The family of the table's task.
pub(crate) fn family(lab: &Lab) -> String {
    let task = |layout: &str| layout.contains("CGAPDeployment-") || layout == "migrate";
    let arn = lab.laid_out.task_definitions.iter().find(|(layout, _)| task(layout)).map(|(_, arn)| arn.clone());
    let arn = arn.unwrap();
    arn.rsplit('/').next().unwrap().split(':').next().unwrap().to_owned()
}

/// Foursight's kick of every service of the table.
pub(crate) fn kick_all(lab: &Lab) {
    for service in lab.laid_out.services.values() {
        lab.kick(service).unwrap();
    }
}

/// An image that never becomes healthy, and circuit breakers that take it back. A crash after RUNNING is no failure to them.
pub(crate) fn spoil(lab: &Lab) {
    let breaker = json!({"deploymentCircuitBreaker": {"enable": true, "rollback": true}});
    for service in lab.laid_out.services.values() {
        let input =
            json!({"cluster": lab.laid_out.cluster, "service": service, "deploymentConfiguration": breaker.clone()});
        lab.call("console", "UpdateService", input).unwrap();
    }
    let digest = lab.push().unwrap();
    lab.world().set_app(&digest, App::NeverHealthy);
}

/// After five minutes every row is replaced, and the gate has not opened yet.
fn without_spot(size: Size) -> Scenario {
    let expect = Expected { verdict: "Failed".to_owned(), hold: None, runs: 0 };
    let after = match size {
        Size::Cgap => 300_000,
        Size::Small => 60_000,
    };
    let actions = vec![(after, Action::SpotCapacity(false))];
    Scenario { story: "Spot is dry when the task is to start.".to_owned(), expect, actions }
}

impl Variant {
    /// The verdict at the end, and how many tasks reached RUNNING.
    pub(crate) fn ends(self) -> (Verdict, usize) {
        match self {
            Self::Request | Self::Kicks | Self::OneRow | Self::AllRows | Self::RunFirst => (Verdict::Converged, 1),
            Self::Resolve | Self::AbortAfterLaunch | Self::LeavesSpot => (Verdict::Converged, 1),
            Self::Retry | Self::RetryUnknown | Self::Run => (Verdict::Converged, 2),
            Self::Rollback | Self::NeverStarts | Self::Abort | Self::AbortAtLaunch => (Verdict::Failed, 0),
            Self::TaskFails | Self::Reclaimed | Self::LogFails => (Verdict::Failed, 1),
        }
    }

    /// An account in which it is about to begin, and its world before anything happened.
    pub(crate) async fn lab(self, size: Size, seed: u64) -> (Lab, Value) {
        // Only the users' table has a load balancer, whose verdict a circuit breaker waits for.
        let size = if self == Self::Rollback { Size::Cgap } else { size };
        let definition = size.definition();
        let member = |what: &str| format!("{definition}{}{what}", size.next());
        let task = match self {
            Self::LogFails => member("success: { log: { mustNotContain: ERROR } }"),
            Self::LeavesSpot => member("spotFallback: true"),
            Self::Request
            | Self::Kicks
            | Self::OneRow
            | Self::AllRows
            | Self::Rollback
            | Self::TaskFails
            | Self::NeverStarts
            | Self::Reclaimed
            | Self::Retry
            | Self::RetryUnknown
            | Self::Resolve
            | Self::Abort
            | Self::AbortAtLaunch
            | Self::AbortAfterLaunch
            | Self::Run
            | Self::RunFirst => definition.to_owned(),
        };
        let lab = Lab::new(size.table(&[(definition, &task)]), Start::Stated, seed).unwrap();
        let begun = lab.world().world_json();
        match self {
            Self::AllRows => return (lab.with_table(size.table(size.edits())), begun),
            Self::Request
            | Self::Kicks
            | Self::OneRow
            | Self::Rollback
            | Self::TaskFails
            | Self::NeverStarts
            | Self::Reclaimed
            | Self::Retry
            | Self::RetryUnknown
            | Self::Resolve
            | Self::Abort
            | Self::AbortAtLaunch
            | Self::AbortAfterLaunch
            | Self::LogFails
            | Self::LeavesSpot
            | Self::Run
            | Self::RunFirst => {}
        }
        assert_eq!(lab.settle(Until::Settled, |_| {}).await.end, End::Reached(Verdict::Converged));
        match self {
            Self::Request | Self::AllRows | Self::RunFirst => {}
            Self::Run => {
                kick_all(&lab);
                assert_eq!(lab.settle(Until::Settled, |_| {}).await.end, End::Reached(Verdict::Converged));
            }
            Self::Kicks | Self::Reclaimed => kick_all(&lab),
            Self::OneRow => return (lab.with_table(size.table(&size.edits()[..1])), begun),
            Self::Rollback => {
                spoil(&lab);
                kick_all(&lab);
            }
            Self::TaskFails => {
                lab.world().set_app(&family(&lab), App::ExitsAfter { ms: 20_000, exit_code: 3 });
                kick_all(&lab);
            }
            Self::NeverStarts | Self::LeavesSpot => {
                kick_all(&lab);
                lab.world().play(&without_spot(size));
            }
            Self::LogFails => {
                lab.world().set_log(&family(&lab), vec![(1_000, "ERROR: the index is gone".to_owned())]);
                kick_all(&lab);
            }
            Self::Retry => asked::failed(&lab).await,
            Self::RetryUnknown | Self::Resolve => asked::unknown(&lab).await,
            Self::Abort => asked::rolling(&lab).await,
            Self::AbortAtLaunch => asked::aborted_late(&lab, false).await,
            Self::AbortAfterLaunch => asked::aborted_late(&lab, true).await,
        }
        (lab, begun)
    }
}
