//! Deployments that ECS or a person undoes, in every way: never a success, never kicked again without being asked.

use evenkeel::controller::request::accept;
use evenkeel::controller::settle::Until;
use evenkeel::model::time::Span;
use evenkeel::plan::history::History;
use evenkeel::plan::rollout::Phase;
use evenkeel::reconcile::pass::{Mode, Verdict, pass};
use evenkeel::simulator::ecs::App;
use evenkeel::simulator::fault::{Effect, Match, Rule};
use serde_json::json;

use super::attack::Attack;
use crate::common::cgap_with;

#[tokio::test(start_paused = true)]
async fn a_rollback_under_a_fresh_deployment_id_is_a_failure_too() {
    let attack = Attack::new(100).await;
    attack.lab.world().knobs_mut().rollback_keeps_id = false;
    attack.breaker("portal", true);
    attack.bad_push();
    attack.kick_all();
    assert_eq!(attack.verdict().await, Verdict::Failed);
    attack.lab.wait(Span::minutes(40)).await;
    assert_eq!(attack.verdict().await, Verdict::Failed);
    assert!(attack.world().runs.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_breaker_without_rollback_is_a_failure_that_a_request_mends() {
    let attack = Attack::new(101).await;
    attack.breaker("portal", false);
    attack.bad_push();
    attack.kick_all();
    assert_eq!(attack.verdict().await, Verdict::Failed);
    assert!(attack.world().runs.is_empty());
    attack.lab.push().unwrap();
    accept(&attack.lab.aws(), &attack.lab.table, &Default::default(), attack.lab.now()).await.unwrap();
    assert_eq!(attack.verdict().await, Verdict::Converged);
    assert_eq!(attack.world().runs.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn after_a_failure_a_kick_of_the_failed_row_alone_completes_the_rollout() {
    let attack = Attack::new(102).await;
    attack.breaker("portal", true);
    let good = attack.lab.push().unwrap();
    attack.lab.world().set_app(&good, App::NeverHealthy);
    attack.kick_all();
    assert_eq!(attack.verdict().await, Verdict::Failed);
    attack.lab.world().set_app(&good, App::Healthy);
    attack.lab.kick(attack.lab.service("portal")).unwrap();
    assert_eq!(attack.verdict().await, Verdict::Converged);
    assert_eq!(attack.world().runs.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_deployment_that_a_person_stops_is_a_failure() {
    let attack = Attack::new(103).await;
    attack.kick_all();
    attack.until(Phase::Rolling).await;
    let input = json!({"cluster": attack.lab.laid_out.cluster, "service": attack.lab.service("Indexer")});
    let listed = attack.console("ListServiceDeployments", input);
    let arn = listed["serviceDeployments"][0]["serviceDeploymentArn"].clone();
    attack.console("StopServiceDeployment", json!({"serviceDeploymentArn": arn, "stopType": "ROLLBACK"}));
    assert_eq!(attack.verdict().await, Verdict::Failed);
    attack.lab.wait(Span::minutes(40)).await;
    assert_eq!(attack.verdict().await, Verdict::Failed);
    assert!(attack.world().runs.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_correction_that_ecs_rolls_back_between_two_runs_is_not_made_for_ever() {
    let attack = Attack::new(104).await;
    attack.breaker("portal", true);
    attack.bad_push();
    let attack = attack.under(cgap_with(&[("vcpu: .25\n      memory: 512", "vcpu: .25\n      memory: 1024")]));
    for _ in 0..4 {
        attack.lab.settle(Until::OnePass, |_| {}).await;
        attack.lab.wait(Span::minutes(60)).await;
    }
    assert_eq!(attack.count("UpdateService"), 1);
    assert_eq!(attack.verdict().await, Verdict::Failed);
    assert!(attack.world().runs.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_request_that_ecs_rolls_back_between_two_runs_is_not_answered_for_ever() {
    let attack = Attack::new(105).await;
    for part in ["portal", "Indexer", "Ingester"] {
        attack.breaker(part, true);
    }
    let digest = attack.lab.push().unwrap();
    attack.lab.world().set_app(&digest, App::CrashesAfter { ms: 1_000, exit_code: 1 });
    accept(&attack.lab.aws(), &attack.lab.table, &Default::default(), attack.lab.now()).await.unwrap();
    for _ in 0..4 {
        attack.lab.settle(Until::OnePass, |_| {}).await;
        attack.lab.wait(Span::minutes(120)).await;
    }
    assert_eq!(attack.count("UpdateService"), 3);
    assert!(attack.world().runs.is_empty());
}

/// The request that follows a failure is not taken for failed, though its kicks come one by one and late.
#[tokio::test(start_paused = true)]
async fn a_request_after_a_failure_is_done_though_its_kicks_come_one_by_one() {
    let attack = Attack::new(112).await;
    for part in ["portal", "Indexer", "Ingester"] {
        attack.breaker(part, true);
    }
    attack.bad_push();
    attack.kick_all();
    assert_eq!(attack.verdict().await, Verdict::Failed);
    attack.lab.wait(Span::minutes(30)).await;
    assert_eq!(attack.verdict().await, Verdict::Failed);
    attack.lab.push().unwrap();
    accept(&attack.lab.aws(), &attack.lab.table, &Default::default(), attack.lab.now()).await.unwrap();
    // The first row is kicked; of the others nothing comes for two passes.
    let when = Match { after: 1, count: Some(10), ..Match::operation("UpdateService") };
    attack.lab.world().faults_mut().add(Rule { when, then: Effect::Throttle });
    assert_eq!(attack.verdict().await, Verdict::Converged);
    assert_eq!(attack.world().runs.len(), 1);
}

/// Foursight's button kicks one service after the other: the first look after a failure sees some of them only.
#[tokio::test(start_paused = true)]
async fn kicks_that_come_seconds_apart_after_a_failure_are_one_rollout_that_goes_well() {
    let attack = Attack::new(113).await;
    for part in ["portal", "Indexer", "Ingester"] {
        attack.breaker(part, true);
    }
    attack.bad_push();
    attack.kick_all();
    assert_eq!(attack.verdict().await, Verdict::Failed);
    attack.lab.push().unwrap();
    let mut history = History::default();
    for part in ["portal", "Indexer", "Ingester"] {
        attack.lab.kick(attack.lab.service(part)).unwrap();
        for _ in 0..2 {
            let (aws, table) = (attack.lab.aws(), &attack.lab.table);
            let seen = pass(&aws, table, &mut history, Mode::Act, attack.lab.now()).await;
            assert_ne!(seen.verdict(), Verdict::Failed, "after the kick of {part}");
            attack.lab.wait(Span::seconds(2)).await;
        }
    }
    assert_eq!(attack.verdict().await, Verdict::Converged);
    assert_eq!(attack.world().runs.len(), 1);
}

/// A row that is left from the failure is kicked minutes later, by a process that has read what ECS undid: its kick is not taken
/// for ECS's way back, however long it takes.
#[tokio::test(start_paused = true)]
async fn a_request_that_joins_a_kick_of_one_row_after_a_failure_is_done() {
    let attack = Attack::new(119).await;
    attack.breaker("portal", true);
    attack.bad_push();
    attack.kick_all();
    assert_eq!(attack.verdict().await, Verdict::Failed);
    attack.lab.push().unwrap();
    attack.lab.kick(attack.lab.service("Indexer")).unwrap();
    attack.until(Phase::Rolling).await;
    accept(&attack.lab.aws(), &attack.lab.table, &Default::default(), attack.lab.now()).await.unwrap();
    assert_eq!(attack.verdict().await, Verdict::Converged);
    assert_eq!(attack.world().runs.len(), 1);
}
