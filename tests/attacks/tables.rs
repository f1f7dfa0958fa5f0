//! What is done to the table, its rows and their requests in the middle of a rollout.

use evenkeel::controller::request::accept;
use evenkeel::controller::settle::Until;
use evenkeel::lab::bench::Lab;
use evenkeel::lab::layout::Start;
use evenkeel::plan::request::Wanted;
use evenkeel::plan::rollout::Phase;
use evenkeel::reconcile::pass::Verdict;
use serde_json::json;

use super::attack::Attack;
use crate::common::cgap_with;

#[tokio::test(start_paused = true)]
async fn a_row_that_is_scaled_to_nothing_in_the_middle_does_not_stop_the_rollout() {
    let attack = Attack::new(110).await.under(cgap_with(&[("count: 1\n      spot: false", "spot: false")]));
    attack.lab.kick(attack.lab.service("portal")).unwrap();
    attack.lab.kick(attack.lab.service("Indexer")).unwrap();
    attack.until(Phase::Rolling).await;
    attack.update("Ingester", json!({"desiredCount": 0}));
    assert_eq!(attack.verdict().await, Verdict::Converged);
    assert_eq!(attack.world().runs.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn requests_of_two_people_in_one_rollout_end_in_one_run() {
    let attack = Attack::new(115).await;
    accept(
        &attack.lab.aws(),
        &attack.lab.table,
        &Wanted { reason: Some("one".to_owned()), ..Wanted::default() },
        attack.lab.now(),
    )
    .await
    .unwrap();
    attack.lab.settle(Until::Kicked, |_| {}).await;
    attack.until(Phase::Rolling).await;
    accept(
        &attack.lab.aws(),
        &attack.lab.table,
        &Wanted { reason: Some("other".to_owned()), ..Wanted::default() },
        attack.lab.now(),
    )
    .await
    .unwrap();
    assert_eq!(attack.verdict().await, Verdict::Converged);
    assert_eq!(attack.world().runs.len(), 1);
    let before = attack.world().writes.len();
    assert_eq!(attack.verdict().await, Verdict::Converged);
    assert_eq!(attack.world().writes_since(before), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_table_edited_in_the_middle_of_a_rollout_joins_it() {
    let attack = Attack::new(116).await;
    attack.kick_all();
    attack.until(Phase::Rolling).await;
    let attack = attack.under(cgap_with(&[
        ("vcpu: .5\n      memory: 1024", "vcpu: .5\n      memory: 2048"),
        ("spot: false", "spot: true"),
        ("count: 1\n", "count: 2\n"),
    ]));
    assert_eq!(attack.verdict().await, Verdict::Converged);
    assert_eq!(attack.world().runs.len(), 1);
    assert_eq!(attack.count("UpdateService"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_table_without_image_and_with_tags_settles_and_stays_settled() {
    let edits = [
        ("  image: { repository: cgap-devtest, tag: latest }\n", ""),
        ("{ glob: \"CGAPIndexerService-*\" }", "{ tag: { key: row, value: indexer } }"),
        ("{ glob: \"CGAPDeployment-*\" }", "{ tag: { key: row, value: deployment } }"),
    ];
    let lab = Lab::new(cgap_with(&edits), Start::Template, 117).unwrap();
    let begun = lab.world().world_json();
    let attack = Attack { lab, begun };
    assert_eq!(attack.verdict().await, Verdict::Converged);
    let before = attack.world().writes.len();
    assert_eq!(attack.verdict().await, Verdict::Converged);
    assert_eq!(attack.world().writes_since(before), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_newer_revision_that_the_service_does_not_use_is_not_taken_up() {
    let attack = Attack::new(118).await;
    let cluster = attack.lab.laid_out.cluster.clone();
    let service = attack.lab.service("Ingester").to_owned();
    let ask = json!({"cluster": cluster, "services": [service]});
    let uses = |attack: &Attack| {
        let described = attack.console("DescribeServices", ask.clone());
        described["services"][0]["taskDefinition"].as_str().unwrap().to_owned()
    };
    let mut other = attack.registrable(&uses(&attack));
    other["containerDefinitions"][0]["environment"] = json!([{"name": "STRAY", "value": "1"}]);
    attack.console("RegisterTaskDefinition", other);
    assert_eq!(attack.count("UpdateService"), 0);
    let attack = attack.under(cgap_with(&[("vcpu: .5\n      memory: 1024", "vcpu: .5\n      memory: 2048")]));
    assert_eq!(attack.verdict().await, Verdict::Converged);
    let described = attack.console("DescribeTaskDefinition", json!({"taskDefinition": uses(&attack)}));
    assert!(!described.to_string().contains("STRAY"));
    let before = attack.world().writes.len();
    assert_eq!(attack.verdict().await, Verdict::Converged);
    assert_eq!(attack.world().writes_since(before), Vec::<String>::new());
}
