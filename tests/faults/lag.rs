//! Reads that lag behind the world, pages that cannot be had, and calls that are scarce.

use evenkeel::controller::request::accept;
use evenkeel::controller::settle::{End, Until, settle_from};
use evenkeel::lab::bench::Lab;
use evenkeel::lab::layout::Start;
use evenkeel::model::ids::RowName;
use evenkeel::model::observed::{DesiredStatus, Observed};
use evenkeel::model::time::Span;
use evenkeel::reconcile::observe::observe;
use evenkeel::reconcile::pass::{Mode, Verdict};
use evenkeel::simulator::fault::{Effect, Match, Moment, Rule, Side};
use evenkeel::simulator::knobs::Throttling;
use serde_json::json;

use crate::common::cgap;
use crate::common::world::World;

async fn converges_with_one_run(lab: &Lab) {
    let begun = lab.world().world_json();
    let ended = lab.settle(Until::Settled, |_| {}).await;
    assert_eq!(ended.end, End::Reached(Verdict::Converged), "{:?}", ended.last.plan.holds);
    let world = World::of(lab, &begun);
    assert_eq!(world.harms, Vec::<String>::new());
    assert_eq!(world.runs.len(), 1, "{:?}", world.runs);
}

#[tokio::test(start_paused = true)]
async fn reads_that_are_always_late_open_nothing_early_and_lose_no_rollout() {
    for (seed, late) in [(200, 2_000), (200, 5_000), (201, 30_000)] {
        let lab = Lab::new(cgap(), Start::Template, seed).unwrap();
        lab.world().knobs_mut().read_lag_ms = late;
        converges_with_one_run(&lab).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_read_late_is_not_taken_for_none() {
    let lab = Lab::new(cgap(), Start::Stated, 202).unwrap();
    lab.settle(Until::Settled, |_| {}).await;
    lab.wait(Span::minutes(2)).await;
    lab.world().knobs_mut().read_lag_ms = 20_000;
    let begun = lab.world().world_json();
    let acknowledged = accept(&lab.aws(), &lab.table, &Default::default(), lab.now()).await.unwrap();
    let (aws, pacing) = (lab.aws(), lab.pacing());
    let ended = settle_from(acknowledged.history, &aws, &lab.table, Mode::Act, Until::Settled, pacing, |_| {}).await;
    assert_eq!(ended.end, End::Reached(Verdict::Converged));
    assert_eq!(World::of(&lab, &begun).runs.len(), 1);
}

/// Services, tasks, targets, and the tags of the cluster, which the record is kept in.
#[tokio::test(start_paused = true)]
async fn looks_that_go_back_in_time_now_and_then_open_nothing_early() {
    for seed in [210, 211] {
        let lab = Lab::new(cgap(), Start::Template, seed).unwrap();
        for operation in ["DescribeClusters", "DescribeServices", "ListTasks", "DescribeTasks", "DescribeTargetHealth"]
        {
            let when = Match { probability: Some(0.2), ..Match::operation(operation) };
            lab.world().faults_mut().add(Rule { when, then: Effect::Stale { ms: 45_000 } });
        }
        converges_with_one_run(&lab).await;
    }
}

/// One look that shows the services as they were before the kicks, when the record knows of them already.
#[tokio::test(start_paused = true)]
async fn a_look_from_before_the_kicks_is_no_partial_kick() {
    let lab = Lab::new(cgap(), Start::Stated, 215).unwrap();
    assert_eq!(lab.settle(Until::Settled, |_| {}).await.end, End::Reached(Verdict::Converged));
    lab.wait(Span::minutes(5)).await;
    let when = Match { from: Some(Moment::Later(10_000)), ..Match::operation("DescribeServices") };
    lab.world().faults_mut().add(Rule { when, then: Effect::Stale { ms: 30_000 } });
    for part in ["portal", "Indexer", "Ingester"] {
        lab.kick(lab.service(part)).unwrap();
    }
    let verdict = async || lab.settle(Until::OnePass, |_| {}).await.end;
    assert_eq!(verdict().await, End::Reached(Verdict::Progressing));
    lab.wait(Span::seconds(20)).await;
    assert_eq!(verdict().await, End::Reached(Verdict::Progressing));
    lab.world().faults_mut().clear();
    assert_eq!(lab.settle(Until::Settled, |_| {}).await.end, End::Reached(Verdict::Converged));
}

#[tokio::test(start_paused = true)]
async fn a_slow_look_is_as_old_as_its_first_fact_and_shows_no_more_than_its_last() {
    let lab = Lab::new(cgap(), Start::Stated, 216).unwrap();
    let when = Match { count: Some(1), ..Match::operation("ListTasks") };
    lab.world().faults_mut().add(Rule { when, then: Effect::Slow { ms: 40_000 } });
    let began = lab.now();
    let observed = observe(&lab.aws(), &lab.table, began).await;
    let ended = lab.now();
    assert!(ended.since(began) >= Span::seconds(40));
    assert!(observed.at.since(began) < Span::seconds(2), "{:?}", observed.at);
    assert_eq!(observed.whole, observed.at);
    assert!(ended.since(observed.until) < Span::seconds(2), "{:?}", observed.until);
}

/// They are on their way out, and only the list of stopped tasks has them.
#[tokio::test(start_paused = true)]
async fn a_process_that_looks_for_the_first_time_sees_the_old_tasks_that_drain() {
    let lab = Lab::new(cgap(), Start::Stated, 218).unwrap();
    for part in ["portal", "Indexer", "Ingester"] {
        lab.kick(lab.service(part)).unwrap();
    }
    let mut seen = 0;
    for _ in 0..40 {
        lab.wait(Span::seconds(15)).await;
        let look = observe(&lab.aws(), &lab.table, lab.now()).await;
        let tasks = look.tasks.present().unwrap();
        let leaving = tasks.iter().filter(|task| task.is_alive() && task.desired == DesiredStatus::Stopped).count();
        seen = seen.max(leaving);
    }
    assert!(seen > 0, "no old task was seen on its way out");
}

/// Whether a look does not know what this read would have told.
type Unknown = fn(&Observed) -> bool;

const READS: [(&str, Unknown); 9] = [
    ("GetCallerIdentity", |look| look.account.unknown().is_some()),
    ("DescribeClusters", |look| look.cluster.unknown().is_some()),
    ("ListTasks", |look| look.tasks.unknown().is_some()),
    ("DescribeTasks", |look| look.tasks.unknown().is_some()),
    ("ListServices", |look| look.rows[&RowName::told("portal")].service.unknown().is_some()),
    ("DescribeServices", |look| look.rows[&RowName::told("portal")].service.unknown().is_some()),
    ("DescribeTaskDefinition", |look| look.rows.values().all(|row| row.definition.unknown().is_some())),
    ("DescribeTargetHealth", |look| {
        look.rows[&RowName::told("portal")].target_groups.iter().any(|group| group.targets.unknown().is_some())
    }),
    ("DescribeImages", |look| look.image.unknown().is_some()),
];

#[tokio::test(start_paused = true)]
async fn what_a_failed_read_would_have_told_is_unknown_and_not_absent() {
    let lab = Lab::new(cgap(), Start::Stated, 217).unwrap();
    let whole = observe(&lab.aws(), &lab.table, lab.now()).await;
    for (operation, unknown) in READS {
        assert!(!unknown(&whole), "{operation}");
        for then in [Effect::Denied, Effect::ServerError { side: Side::Before, status: 500 }] {
            lab.world().faults_mut().add(Rule { when: Match::operation(operation), then: then.clone() });
            let look = observe(&lab.aws(), &lab.table, lab.now()).await;
            assert!(unknown(&look), "{} at {operation}", then.name());
            lab.world().faults_mut().clear();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn one_table_stays_within_the_published_rates() {
    let lab = Lab::new(cgap(), Start::Template, 220).unwrap();
    lab.world().knobs_mut().throttling = Throttling::Published;
    converges_with_one_run(&lab).await;
    let throttled = lab.journal().iter().filter(|line| line["error"] == "ThrottlingException").count();
    assert_eq!(throttled, 0);
}

#[tokio::test(start_paused = true)]
async fn a_page_that_cannot_be_had_for_once_is_asked_for_again() {
    let lab = Lab::new(cgap(), Start::Template, 230).unwrap();
    for n in 0..110 {
        let name = format!("bystander-{n}");
        let definition = lab.laid_out.task_definitions.values().next().unwrap();
        let input = json!({"cluster": lab.laid_out.cluster, "serviceName": name, "taskDefinition": definition,
            "desiredCount": 0, "launchType": "FARGATE",
            "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}});
        lab.call("console", "CreateService", input).unwrap();
    }
    let begun = lab.world().world_json();
    let when = Match { nth: Some(1), ..Match::operation("ListServices") };
    lab.world().faults_mut().add(Rule { when, then: Effect::WrongPageToken });
    let mut verdicts = Vec::new();
    while verdicts.last() != Some(&End::Reached(Verdict::Converged)) && verdicts.len() < 3 {
        verdicts.push(lab.settle(Until::Settled, |_| {}).await.end);
    }
    assert_eq!(verdicts.last(), Some(&End::Reached(Verdict::Converged)), "{verdicts:?}");
    assert_eq!(lab.world().faults().iter().map(|(_, fault)| fault.fired).sum::<u64>(), 1);
    let world = World::of(&lab, &begun);
    assert_eq!((world.harms, world.runs.len()), (Vec::new(), 1));
}

/// A hundred of each are a page.
#[tokio::test(start_paused = true)]
async fn what_stands_on_a_later_page_is_seen_too() {
    let lab = Lab::new(cgap(), Start::Template, 231).unwrap();
    let definition = lab.laid_out.task_definitions.values().next().unwrap();
    let described = lab.call("console", "DescribeTaskDefinition", json!({"taskDefinition": definition})).unwrap();
    let known = ["containerDefinitions", "cpu", "memory", "networkMode", "requiresCompatibilities"];
    for n in 0..110 {
        lab.call("console", "CreateCluster", json!({"clusterName": format!("another-{n}")})).unwrap();
        let mut family = described["taskDefinition"].clone();
        family.as_object_mut().unwrap().retain(|key, _| known.contains(&key.as_str()) || key.ends_with("RoleArn"));
        family["family"] = json!(format!("Another-{n}"));
        lab.call("console", "RegisterTaskDefinition", family).unwrap();
    }
    let bystander = json!({"cluster": lab.laid_out.cluster, "serviceName": "bystander", "taskDefinition": "Another-0",
        "desiredCount": 150, "launchType": "FARGATE",
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}});
    lab.call("console", "CreateService", bystander).unwrap();
    lab.wait(Span::minutes(5)).await;
    converges_with_one_run(&lab).await;
}
