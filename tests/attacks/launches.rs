//! What is done to the deployment task, its row and its record while it is launched.

use evenkeel::controller::request::accept;
use evenkeel::controller::settle::End;
use evenkeel::controller::settle::Until;
use evenkeel::model::time::Span;
use evenkeel::plan::rollout::Phase;
use evenkeel::reconcile::execute::{Outcome, StepResult};
use evenkeel::reconcile::pass::Verdict;
use evenkeel::simulator::ecs::App;
use evenkeel::simulator::fault::{Effect, Match, Moment, Rule, Side};
use serde_json::json;

use super::attack::Attack;
use crate::common::cgap_with;

#[tokio::test(start_paused = true)]
async fn a_task_whose_row_leaves_the_table_is_judged_all_the_same() {
    let attack = Attack::new(106).await;
    attack.kick_all();
    attack.until_launched().await;
    let text = include_str!("../../specs/cgap.yaml");
    let from = text.find("    # No service of its own").unwrap();
    let table = evenkeel::table::read("specs/cgap.yaml", &text.as_bytes()[..from]).unwrap();
    let attack = attack.under(table);
    assert_eq!(attack.verdict().await, Verdict::Converged);
    let world = attack.world();
    assert_eq!(world.runs.len(), 1);
    assert!(world.runs[0].stopped, "settled before the task had ended");
}

#[tokio::test(start_paused = true)]
async fn a_task_whose_family_leaves_the_table_is_not_lost_and_not_doubled() {
    let attack = Attack::new(107).await;
    attack.lab.world().set_app(&attack.family(), App::ExitsAfter { ms: 1_200_000, exit_code: 0 });
    attack.kick_all();
    attack.until_launched().await;
    let family = attack.family();
    let mut other = attack.registrable(&family);
    other["family"] = json!("another-family");
    attack.console("RegisterTaskDefinition", other);
    let attack = attack.under(cgap_with(&[("{ glob: \"CGAPDeployment-*\" }", "{ name: another-family }")]));
    attack.lab.wait(Span::minutes(7)).await;
    attack.lab.settle(Until::OnePass, |_| {}).await;
    attack.kick_all();
    assert_eq!(attack.verdict().await, Verdict::Converged);
    let world = attack.world();
    assert_eq!(world.runs.iter().filter(|run| run.reached_running).count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_task_that_no_list_shows_is_found_by_its_name() {
    let attack = Attack::new(118).await;
    attack.kick_all();
    attack.until_launched().await;
    // Lists from before the launch, for longer than a task that is not seen is waited for.
    let when = Match { client: Some("evenkeel".to_owned()), ..Match::operation("ListTasks") };
    attack.lab.world().faults_mut().add(Rule { when, then: Effect::Stale { ms: 600_000 } });
    attack.lab.wait(Span::minutes(6)).await;
    assert_eq!(attack.verdict().await, Verdict::Converged);
    assert_eq!(attack.world().runs.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_record_that_is_removed_while_the_task_runs_begins_anew_and_breaks_nothing() {
    let attack = Attack::new(108).await;
    attack.kick_all();
    attack.until_launched().await;
    attack.untag("rollout");
    let attack = attack.under(cgap_with(&[("vcpu: .5\n      memory: 1024", "vcpu: .5\n      memory: 2048")]));
    assert_eq!(attack.verdict().await, Verdict::Converged);
    assert_eq!(attack.world().runs.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_record_that_is_removed_while_rows_roll_begins_anew_and_runs_nothing() {
    let attack = Attack::new(109).await;
    attack.kick_all();
    attack.until(Phase::Rolling).await;
    attack.untag("rollout");
    assert_eq!(attack.verdict().await, Verdict::Converged);
    assert!(attack.world().runs.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_service_that_disappears_in_the_middle_of_the_launch_does_not_lose_the_task() {
    let attack = Attack::new(111).await;
    attack.kick_all();
    attack.until_launched().await;
    let (cluster, service) = (attack.lab.laid_out.cluster.clone(), attack.lab.service("Ingester").to_owned());
    attack.console("DeleteService", json!({"cluster": cluster, "service": service, "force": true}));
    let ended = attack.ended().await;
    assert_eq!(ended.end, End::Reached(Verdict::Held), "{:?}", ended.last.plan.holds);
    let record = ended.last.plan.rollout.record.unwrap();
    assert_eq!(record.state.name(), "succeeded");
}

#[tokio::test(start_paused = true)]
async fn the_task_waits_for_the_tasks_of_a_service_that_another_has_replaced() {
    let attack = Attack::new(125).await;
    let (cluster, service) = (attack.lab.laid_out.cluster.clone(), attack.lab.service("Ingester").to_owned());
    attack.lab.world().set_exit_after_sigterm(&service, 120_000);
    // As CloudFormation does it: the new one under another name, and then the old one goes.
    let described = attack.console("DescribeServices", json!({"cluster": cluster, "services": [service]}));
    let mut other =
        json!({"cluster": cluster, "serviceName": format!("{}-N3wN4m3", service.rsplit_once('-').unwrap().0)});
    for field in ["taskDefinition", "desiredCount", "capacityProviderStrategy", "networkConfiguration"] {
        other[field] = described["services"][0][field].clone();
    }
    for part in ["portal", "Indexer"] {
        attack.lab.kick(attack.lab.service(part)).unwrap();
    }
    attack.console("CreateService", other);
    assert_eq!(attack.verdict().await, Verdict::Held, "two services fit the row");
    attack.lab.wait(Span::minutes(15)).await;
    attack.console("DeleteService", json!({"cluster": cluster, "service": service, "force": true}));
    assert_eq!(attack.verdict().await, Verdict::Converged);
    assert_eq!(attack.world().runs.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_task_that_cannot_be_pulled_is_given_up_after_its_attempts() {
    let attack = Attack::new(112).await;
    let family = attack.family();
    let mut other = attack.registrable(&family);
    let image = other["containerDefinitions"][0]["image"].as_str().unwrap().replace(":latest", ":gone");
    other["containerDefinitions"][0]["image"] = json!(image);
    attack.console("RegisterTaskDefinition", other);
    let text =
        include_str!("../../specs/cgap.yaml").replace("  image: { repository: cgap-devtest, tag: latest }\n", "");
    let attack = attack.under(evenkeel::table::read("specs/cgap.yaml", text.as_bytes()).unwrap());
    attack.kick_all();
    assert_eq!(attack.verdict().await, Verdict::Failed);
    assert_eq!(attack.world().runs.len(), 3);
    assert!(attack.world().runs.iter().all(|run| !run.reached_running));
}

#[tokio::test(start_paused = true)]
async fn a_deployment_task_of_somebody_else_is_waited_for() {
    let attack = Attack::new(113).await;
    attack.lab.world().set_app(&attack.family(), App::ExitsAfter { ms: 1_800_000, exit_code: 0 });
    attack.kick_all();
    attack.until(Phase::Rolling).await;
    let cluster = attack.lab.laid_out.cluster.clone();
    let service = attack.lab.service("portal").to_owned();
    let described = attack.console("DescribeServices", json!({"cluster": cluster, "services": [service]}));
    let network = described["services"][0]["networkConfiguration"].clone();
    attack.console(
        "RunTask",
        json!({"cluster": cluster, "taskDefinition": attack.family(), "networkConfiguration":
        network, "launchType": "FARGATE"}),
    );
    assert_eq!(attack.verdict().await, Verdict::Converged);
    assert_eq!(attack.world().runs.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_request_during_the_task_is_kicked_before_the_requester_is_let_go() {
    let attack = Attack::new(114).await;
    attack.kick_all();
    attack.until_launched().await;
    accept(&attack.lab.aws(), &attack.lab.table, &Default::default(), attack.lab.now()).await.unwrap();
    attack.lab.settle(Until::Kicked, |_| {}).await;
    assert_eq!(attack.count("UpdateService"), 3);
    assert_eq!(attack.verdict().await, Verdict::Converged);
    assert_eq!(attack.world().runs.len(), 2);
}

/// Whether the rollout was ever written down as failed.
fn was_given_up(attack: &Attack) -> bool {
    let journal = attack.lab.journal();
    journal.iter().any(|line| line["operation"] == "TagResource" && line["input"].to_string().contains("state=failed"))
}

/// All of one pass's tries and some of the next one's; an answer that makes no sense ends a run, and the next goes on.
#[tokio::test(start_paused = true)]
async fn a_launch_that_aws_does_not_take_for_a_while_is_made_later_and_not_given_up() {
    let server_error = |side| Effect::ServerError { side, status: 500 };
    let before_and_after = [(server_error(Side::Before), 7), (server_error(Side::After), 7)];
    let effects = [(Effect::Throttle, 7), (Effect::Garbled, 1)].into_iter().chain(before_and_after);
    for (seed, (effect, count)) in (130..).zip(effects) {
        let attack = Attack::new(seed).await;
        attack.kick_all();
        let when = Match { count: Some(count), ..Match::operation("RunTask") };
        attack.lab.world().faults_mut().add(Rule { when, then: effect.clone() });
        if effect == Effect::Garbled {
            attack.ended().await;
        }
        assert_eq!(attack.verdict().await, Verdict::Converged, "{}", effect.name());
        assert_eq!((attack.world().runs.len(), was_given_up(&attack)), (1, false), "{}", effect.name());
    }
}

/// The answer was lost, the lists are late, and the family has a newer revision by now.
#[tokio::test(start_paused = true)]
async fn a_task_that_the_token_made_before_is_taken_up_though_the_call_differs_now() {
    let attack = Attack::new(135).await;
    attack.kick_all();
    let when = Match { count: Some(5), ..Match::operation("RunTask") };
    attack.lab.world().faults_mut().add(Rule { when, then: Effect::LostAnswer });
    let mut launched = false;
    let ended = attack.lab.settle(Until::Settled, |report| {
        let lost = |outcome: &Outcome| matches!(&outcome.result, StepResult::Failed(e) if e.operation == "ecs:RunTask");
        if !launched && report.outcomes.iter().any(lost) {
            launched = true;
            attack.console("RegisterTaskDefinition", attack.registrable(&attack.family()));
            let when = Match { until: Some(Moment::Later(120_000)), ..Match::operation("ListTasks") };
            attack.lab.world().faults_mut().add(Rule { when, then: Effect::Stale { ms: 120_000 } });
        }
    });
    assert_eq!(ended.await.end, End::Reached(Verdict::Converged));
    let conflicts = attack.lab.journal().iter().filter(|line| line["error"] == "ConflictException").count();
    assert_eq!((conflicts, attack.world().runs.len(), was_given_up(&attack)), (1, 1, false));
}
