//! A person's way out of a rollout: again, ended by word, taken back.

use evenkeel::aws::{BackAnswer, Class};
use evenkeel::controller::command::{Acknowledged, Given, Refused, accept};
use evenkeel::controller::request;
use evenkeel::controller::settle::{End, Ended, Until, settle_from};
use evenkeel::lab::layout::Start;
use evenkeel::model::command::Told;
use evenkeel::model::ids::ServiceDeploymentArn;
use evenkeel::model::past;
use evenkeel::model::rollout::{Failure, Record, RecordState};
use evenkeel::model::time::Span;
use evenkeel::plan::command::{Want, Wish};
use evenkeel::plan::history::History;
use evenkeel::plan::rollout::Phase;
use evenkeel::reconcile::pass::{Mode, Verdict, pass};
use evenkeel::simulator::ecs::App;
use evenkeel::simulator::fault::{Effect, Match, Rule};
use serde_json::{Value, json};

use super::controller::{TABLE, files, for_minutes};
use super::story::{Story, holds};
use crate::common::cgap;

impl Story {
    /// Writes a command down, as the command line does, and does nothing else.
    async fn gives(&self, want: Want) -> Result<Acknowledged, Refused> {
        let wish = Wish { want, by: Some("ada".to_owned()), reason: Some("looked at the index".to_owned()), key: None };
        accept(&self.lab.aws(), &self.lab.table, &wish, self.lab.now()).await
    }

    /// The record as it stands on the cluster.
    fn record(&self) -> Record {
        Record::parse(&self.tags()["evenkeel:cgap-devtest:rollout"]).unwrap()
    }

    fn tags(&self) -> std::collections::BTreeMap<String, String> {
        let input = json!({"clusters": [self.lab.laid_out.cluster], "include": ["TAGS"]});
        let answer = self.lab.call("console", "DescribeClusters", input).unwrap();
        let tags = answer["clusters"][0]["tags"].as_array().unwrap().clone();
        let text = |tag: &Value, key: &str| tag[key].as_str().unwrap().to_owned();
        tags.iter().map(|tag| (text(tag, "key"), text(tag, "value"))).collect()
    }

    fn past(&self) -> Vec<past::Past> {
        past::entries(&past::keys(&self.lab.table.name), &self.tags())
    }

    /// A task that exited with 3.
    async fn failed(seed: u64) -> Self {
        let story = Self::settled(seed).await;
        story.lab.world().set_app(&story.family(), App::ExitsAfter { ms: 20_000, exit_code: 3 });
        story.kick_all();
        assert_eq!(story.settle().await, Verdict::Failed);
        story
    }

    /// Passes of one process until it has written that the task is launched. It dies then.
    async fn launches(&self) {
        let mut history = History::default();
        loop {
            let report = pass(&self.lab.aws(), &self.lab.table, &mut history, Mode::Act, self.lab.now()).await;
            if report.written().is_some_and(|record| matches!(record.state, RecordState::Launched(_))) {
                return;
            }
            self.lab.wait(Span::seconds(5)).await;
        }
    }

    /// A task that nobody watched until ECS had forgotten it.
    async fn unknown(seed: u64) -> Self {
        let story = Self::settled(seed).await;
        story.kick_all();
        story.launches().await;
        story.lab.wait(Span::minutes(150)).await;
        let ended = story.ended().await;
        assert_eq!(ended.end, End::Reached(Verdict::Failed));
        holds(&ended, "RolloutUnknown");
        story
    }

    async fn goes_on(&self, Acknowledged { command: _, history }: Acknowledged, until: Until) -> Ended {
        let aws = self.lab.aws();
        settle_from(history, &aws, &self.lab.table, Mode::Act, until, self.lab.pacing(), |_| {}).await
    }

    /// How far every row's deployment is taken back, and what runs.
    fn primaries(&self) -> Vec<String> {
        let services: Vec<&str> = ["portal", "Indexer", "Ingester"].iter().map(|part| self.lab.service(part)).collect();
        let input = json!({"cluster": self.lab.laid_out.cluster, "services": services});
        let answer = self.lab.call("console", "DescribeServices", input).unwrap();
        let services = answer["services"].as_array().unwrap();
        services.iter().map(|service| service["deployments"][0]["id"].as_str().unwrap().to_owned()).collect()
    }
}

#[tokio::test(start_paused = true)]
async fn a_retry_after_a_failure_runs_the_task_once_more_and_kicks_nothing() {
    let story = Story::failed(301).await;
    story.lab.world().set_app(&story.family(), App::ExitsAfter { ms: 20_000, exit_code: 0 });
    let seen = story.world().writes.len();
    story.gives(Want::Retry).await.unwrap();
    // Whoever comes next does it: here a process that knows nothing of the command.
    assert_eq!(story.settle().await, Verdict::Converged);
    let world = story.world();
    assert_eq!(world.runs.len(), 2);
    assert!(world.runs[1].started_by.ends_with("/2"), "{:?}", world.runs);
    assert!(!world.writes_since(seen).iter().any(|write| write.starts_with("UpdateService")));
    story.lab.wait(Span::minutes(180)).await;
    assert_eq!(story.settle().await, Verdict::Converged);
    assert_eq!(story.world().runs.len(), 2);
    let past = story.past();
    assert_eq!(past.len(), 2, "{past:?}");
    assert_eq!((past[0].by.as_deref(), past[0].state.attempt()), (Some("ada"), Some(2)));
    assert_eq!((past[1].by.as_deref(), past[1].state.exit()), (None, Some(3)));
}

#[tokio::test(start_paused = true)]
async fn two_controllers_retry_once() {
    let story = Story::failed(302).await;
    story.gives(Want::Retry).await.unwrap();
    let (one, two) = tokio::join!(story.settle(), story.settle());
    assert_eq!((one, two), (Verdict::Failed, Verdict::Failed));
    assert_eq!(story.world().runs.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_retry_of_an_unknown_task_runs_it_again() {
    let story = Story::unknown(303).await;
    assert_eq!(story.world().runs.len(), 1);
    let given = story.gives(Want::Retry).await.unwrap();
    assert_eq!(story.goes_on(given, Until::Settled).await.end, End::Reached(Verdict::Converged));
    assert_eq!(story.world().runs.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_task_that_a_person_vouches_for_ends_the_rollout() {
    let story = Story::unknown(304).await;
    let given = story.gives(Want::Resolve(Told::Succeeded)).await.unwrap();
    assert_eq!(story.goes_on(given, Until::Settled).await.end, End::Reached(Verdict::Converged));
    assert_eq!(story.record().state, RecordState::Resolved(1));
    let past = story.past();
    assert_eq!(past.len(), 1, "the end takes the place of the unknown one: {past:?}");
    assert_eq!(past[0].reason.as_deref(), Some("looked at the index"));
    assert!(matches!(story.gives(Want::Resolve(Told::Failed)).await, Err(Refused::Held(_))));
    story.kick_all();
    assert_eq!(story.settle().await, Verdict::Converged);
    assert_eq!(story.world().runs.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_task_that_a_person_gives_up_is_failed_and_may_be_tried_again() {
    let story = Story::unknown(305).await;
    let given = story.gives(Want::Resolve(Told::Failed)).await.unwrap();
    story.goes_on(given, Until::Obeyed).await;
    assert_eq!(story.record().state, RecordState::Failed(Failure::Told(1)));
    story.gives(Want::Retry).await.unwrap();
    assert_eq!(story.settle().await, Verdict::Converged);
    assert_eq!(story.world().runs.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_aborted_rollout_is_rolled_back_and_its_task_never_runs() {
    let story = Story::settled(306).await;
    let before = story.world().writes.len();
    story.kick_all();
    let kicked = story.primaries();
    story.lab.settle(Until::OnePass, |_| {}).await;
    story.lab.wait(Span::seconds(40)).await;
    let given = story.gives(Want::Abort).await.unwrap();
    let ended = story.goes_on(given, Until::Obeyed).await;
    assert!(matches!(ended.end, End::Reached(_)), "{:?}", ended.end);
    let world = story.world();
    let stops = world.writes_since(before).iter().filter(|write| write.starts_with("StopServiceDeployment")).count();
    assert_eq!(stops, 3, "{:?}", world.writes_since(before));
    assert_eq!(story.settle().await, Verdict::Failed);
    story.lab.wait(Span::minutes(90)).await;
    assert_eq!(story.settle().await, Verdict::Failed);
    assert!(story.primaries().iter().all(|primary| !kicked.contains(primary)));
    assert!(story.world().runs.is_empty());
    assert!(matches!(story.record().state, RecordState::Failed(Failure::Aborted)), "{:?}", story.record());
    assert_eq!(story.past()[0].by.as_deref(), Some("ada"));
    request::accept(&story.lab.aws(), &story.lab.table, &Default::default(), story.lab.now()).await.unwrap();
    assert_eq!(story.settle().await, Verdict::Converged);
    assert_eq!(story.world().runs.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn whoever_made_the_kicks_does_not_wait_for_them_once_they_are_taken_back() {
    let story = Story::settled(319).await;
    let (lab, table) = (&story.lab, &story.lab.table);
    let mut history = request::accept(&lab.aws(), table, &Default::default(), lab.now()).await.unwrap().history;
    let mut phases = Vec::new();
    for second in (0..300).step_by(10) {
        if second == 60 {
            story.gives(Want::Abort).await.unwrap();
            // A glance need not see the tag before three minutes have gone by.
            history.latest = None;
        }
        let report = pass(&lab.aws(), table, &mut history, Mode::Act, lab.now()).await;
        let phase = report.plan.rollout.phase;
        if phases.last() != Some(&phase) {
            phases.push(phase);
        }
        lab.wait(Span::seconds(10)).await;
    }
    assert_eq!(story.record().state, RecordState::Failed(Failure::Aborted));
    assert_eq!(phases, [Phase::Requested, Phase::Rolling, Phase::Failed]);
}

#[tokio::test(start_paused = true)]
async fn an_abort_is_finished_by_whoever_comes_next() {
    let story = Story::settled(307).await;
    story.kick_all();
    story.lab.settle(Until::OnePass, |_| {}).await;
    story.lab.wait(Span::seconds(40)).await;
    story.gives(Want::Abort).await.unwrap();
    // The process that wrote it down does not live on; two others come later.
    story.lab.wait(Span::seconds(20)).await;
    let (one, two) = tokio::join!(story.settle(), story.settle());
    assert_eq!((one, two), (Verdict::Failed, Verdict::Failed));
    assert!(story.world().runs.is_empty());
    assert_eq!(story.record().state, RecordState::Failed(Failure::Aborted));
}

#[tokio::test(start_paused = true)]
async fn a_request_that_waits_for_the_task_is_withdrawn_and_kicks_nothing_when_the_task_has_ended() {
    let story = Story::settled(311).await;
    story.lab.world().set_app(&story.family(), App::ExitsAfter { ms: 600_000, exit_code: 0 });
    story.kick_all();
    story.launches().await;
    request::accept(&story.lab.aws(), &story.lab.table, &Default::default(), story.lab.now()).await.unwrap();
    let (kicked, before) = (story.primaries(), story.world().writes.len());
    let given = story.gives(Want::Abort).await.unwrap();
    let Given::Withdrawn(withdrawal) = &given.command else { panic!("{:?}", given.command) };
    assert!(story.tags()["evenkeel:cgap-devtest:request"].contains(withdrawal.request.as_str()), "it stays");
    // Whoever comes next finds it in the tags.
    assert_eq!(story.settle().await, Verdict::Converged);
    assert_eq!(story.primaries(), kicked);
    assert!(!story.world().writes_since(before).iter().any(|write| write.starts_with("UpdateService")));
    assert_eq!(story.world().runs.len(), 1);
    // A request that comes after it is another one.
    request::accept(&story.lab.aws(), &story.lab.table, &Default::default(), story.lab.now()).await.unwrap();
    assert_eq!(story.settle().await, Verdict::Converged);
    assert_eq!(story.world().runs.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn of_two_requests_that_wait_for_the_task_the_one_that_is_not_withdrawn_is_done() {
    let story = Story::settled(316).await;
    story.lab.world().set_app(&story.family(), App::ExitsAfter { ms: 600_000, exit_code: 0 });
    story.kick_all();
    story.launches().await;
    for _ in 0..2 {
        request::accept(&story.lab.aws(), &story.lab.table, &Default::default(), story.lab.now()).await.unwrap();
        story.lab.wait(Span::seconds(5)).await;
    }
    let kicked = story.primaries();
    story.gives(Want::Abort).await.unwrap();
    assert_eq!(story.settle().await, Verdict::Converged);
    assert_ne!(story.primaries(), kicked, "the first of the two was acknowledged, and nobody has withdrawn it");
    assert_eq!(story.world().runs.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_abort_after_everything_is_completed_ends_the_rollout_without_its_task() {
    let story = Story::settled(308).await;
    story.kick_all();
    story.lab.settle(Until::OnePass, |_| {}).await;
    // Long enough for every row to be replaced and drained.
    story.lab.wait(Span::minutes(20)).await;
    let kicked = story.primaries();
    let given = story.gives(Want::Abort).await.unwrap();
    story.goes_on(given, Until::Obeyed).await;
    assert_eq!(story.settle().await, Verdict::Failed);
    assert_eq!(story.primaries(), kicked, "there is nothing to roll back");
    assert!(story.world().runs.is_empty());
}

/// A kick joins while ECS goes back, with an image that never gets up: nothing has completed that it could go back to.
#[tokio::test(start_paused = true)]
async fn an_abort_that_ecs_refuses_for_one_row_is_done_for_the_others_and_says_how_to_go_on() {
    let story = Story::settled(310).await;
    let digest = story.lab.push().unwrap();
    story.lab.world().set_app(&digest, App::NeverHealthy);
    story.kick_all();
    story.lab.settle(Until::OnePass, |_| {}).await;
    story.lab.wait(Span::seconds(70)).await;
    story.gives(Want::Abort).await.unwrap();
    story.lab.settle(Until::OnePass, |_| {}).await;
    story.lab.kick(story.lab.service("portal")).unwrap();
    let joined = story.primaries()[0].clone();
    let before = story.world().writes.len();
    let ended = story.ended().await;
    assert_eq!(ended.end, End::Reached(Verdict::Held));
    let held = holds(&ended, "NoWayBack");
    assert!(held.hint().unwrap().contains("evenkeel rollout start"), "{held}");
    story.lab.wait(Span::minutes(60)).await;
    assert_eq!(story.ended().await.end, End::Reached(Verdict::Held));
    let stops = story.world().writes_since(before).len();
    assert!(stops <= 6, "{stops} writes for a deployment that cannot go back");
    assert_eq!(story.primaries()[0], joined);
    assert!(story.world().runs.is_empty());
    // Whoever wants the rollout after all has it.
    story.lab.push().unwrap();
    request::accept(&story.lab.aws(), &story.lab.table, &Default::default(), story.lab.now()).await.unwrap();
    assert_eq!(story.settle().await, Verdict::Converged);
    assert_eq!(story.world().runs.len(), 1);
}

/// The services whose rollback AWS was asked for and began, since so many lines of the journal.
fn taken_back(story: &Story, before: usize) -> usize {
    let stops = story.lab.journal().split_off(before);
    let stops = stops.iter().filter(|line| line["operation"] == "StopServiceDeployment" && line["status"] == 200);
    stops.count()
}

#[tokio::test(start_paused = true)]
async fn an_abort_that_aws_denies_for_one_row_is_done_for_the_others_and_is_an_error() {
    let story = Story::settled(312).await;
    story.kick_all();
    story.lab.settle(Until::OnePass, |_| {}).await;
    story.lab.wait(Span::seconds(40)).await;
    story.gives(Want::Abort).await.unwrap();
    let when = Match { count: Some(1), ..Match::operation("StopServiceDeployment") };
    story.lab.world().faults_mut().add(Rule { when, then: Effect::Denied });
    let before = story.lab.journal().len();
    let ended = story.lab.settle(Until::OnePass, |_| {}).await;
    assert_eq!(ended.end, End::Reached(Verdict::Failed));
    assert_eq!(taken_back(&story, before), 2);
    assert_eq!(story.settle().await, Verdict::Failed);
    assert_eq!(story.record().state, RecordState::Failed(Failure::Aborted));
    assert_eq!(taken_back(&story, before), 3);
}

#[tokio::test(start_paused = true)]
async fn a_deployment_that_ecs_does_not_know_any_more_is_a_refusal_and_no_error() {
    let story = Story::settled(313).await;
    let arn = "arn:aws:ecs:us-east-1:643366669028:service-deployment/cluster/service/forgotten";
    let answer = story.lab.aws().roll_back(&ServiceDeploymentArn::told(arn)).await.unwrap();
    let BackAnswer::Refused(why) = answer else { panic!("{answer:?}") };
    assert!(why.contains("ServiceDeploymentNotFoundException"), "{why}");
    let when = Match::operation("StopServiceDeployment");
    story.lab.world().faults_mut().add(Rule { when, then: Effect::Denied });
    assert_eq!(story.lab.aws().roll_back(&ServiceDeploymentArn::told(arn)).await.unwrap_err().class, Class::Denied);
}

/// Whoever supervises it asks once a minute: not less often because nothing else moves.
#[tokio::test(start_paused = true)]
async fn what_ecs_does_not_take_back_is_asked_for_about_once_a_minute() {
    let story = Story::settled(311).await;
    let digest = story.lab.push().unwrap();
    story.lab.world().set_app(&digest, App::NeverHealthy);
    story.kick_all();
    story.lab.settle(Until::OnePass, |_| {}).await;
    story.lab.wait(Span::seconds(70)).await;
    story.gives(Want::Abort).await.unwrap();
    story.lab.settle(Until::OnePass, |_| {}).await;
    story.lab.kick(story.lab.service("portal")).unwrap();
    let before = story.lab.journal().len();
    for_minutes(&story, &files(&[("cgap.yaml", TABLE)]), 6).await;
    let asked = |line: &&Value| line["operation"] == "StopServiceDeployment" && line["error"] == "ConflictException";
    let moments = story.lab.journal().split_off(before);
    let moments = moments.iter().filter(asked).map(|line| line["time"].as_str().unwrap().parse().unwrap());
    let moments: Vec<jiff::Timestamp> = moments.collect();
    assert!(moments.len() >= 5, "{moments:?}");
    for pair in moments.windows(2) {
        let apart = pair[1].duration_since(pair[0]).as_secs();
        assert!((60..75).contains(&apart), "{apart} s in {moments:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_history_takes_only_the_room_that_others_leave() {
    let story = Story::new(cgap(), Start::Stated, 309);
    story.settle().await;
    let tag = |n: usize| json!({"key": format!("theirs-{n}"), "value": "x"});
    let theirs: Vec<Value> = (0..41).map(tag).collect();
    let described = story.lab.call("console", "DescribeClusters", json!({"clusters": [story.lab.laid_out.cluster]}));
    let arn = described.unwrap()["clusters"][0]["clusterArn"].clone();
    let input = json!({"resourceArn": arn, "tags": theirs});
    story.lab.call("console", "TagResource", input).unwrap();
    for run in 1..=3 {
        story.kick_all();
        assert_eq!(story.settle().await, Verdict::Converged);
        assert_eq!(story.world().runs.len(), run);
    }
    let (tags, past) = (story.tags(), story.past());
    assert_eq!(tags.keys().filter(|key| key.starts_with("theirs-")).count(), 41);
    // Record, launches, request, its withdrawal, change and command have their places kept.
    assert_eq!(past.len(), 2, "{past:?}");
    assert_eq!(past[0].rollout, story.record().id);
    request::accept(&story.lab.aws(), &story.lab.table, &Default::default(), story.lab.now()).await.unwrap();
    assert_eq!(story.settle().await, Verdict::Converged);
    assert_eq!(story.past()[0].origin.name(), "request");
}
