//! What is told where AWS does not let the controller look, or its client does not wait: unknown is not nothing.

use std::time::Duration;

use evenkeel::api::Limits;
use evenkeel::model::time::Span;
use evenkeel::simulator::fault::{Effect, Match, Rule};
use tokio::time::timeout;

use super::bench::{Bench, OPERATOR};

const ROLLOUTS: &str = "/v1/tables/cgap-devtest/rollouts";

#[tokio::test(start_paused = true)]
async fn a_controller_whose_credentials_are_refused_is_not_ready_and_tells_of_no_rollouts() {
    for operation in ["GetCallerIdentity", "DescribeClusters"] {
        let bench = &Bench::settled(431).await;
        let when = Match { client: Some("evenkeel".to_owned()), ..Match::operation(operation) };
        let denied = bench.lab.world().faults_mut().add(Rule { when, then: Effect::Denied });
        bench
            .served(true, Limits::default(), |client| async move {
                let client = client.with(OPERATOR);
                let reasons = client.get("/readyz").await.json(503)["reasons"].to_string();
                assert!(reasons.contains("AWS has not been seen yet"), "{operation}: {reasons}");
                client.get(ROLLOUTS).await.problem(503, "not-seen-yet");
                let table = client.get("/v1/tables/cgap-devtest").await.json(200);
                assert!(table["secondsAgo"].is_null(), "{table}");
                assert!(bench.lab.world().faults_mut().remove(denied));
                bench.lab.wait(Span::minutes(10)).await;
                client.get("/readyz").await.json(200);
                client.get(ROLLOUTS).await.json(200);
            })
            .await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_wish_whose_client_has_gone_is_done_and_said_with_its_name() {
    let bench = &Bench::settled(432).await;
    bench
        .served(true, Limits::default(), |client| async move {
            let when = Match { client: Some("evenkeel".to_owned()), count: Some(1), ..Match::operation("TagResource") };
            bench.lab.world().faults_mut().add(Rule { when, then: Effect::Slow { ms: 5_000 } });
            let operator = client.with(OPERATOR);
            let gone = timeout(Duration::from_secs(1), operator.post(ROLLOUTS, r#"{"reason": "a new image"}"#)).await;
            assert!(gone.is_err(), "nobody waits for the answer");
            bench.lab.wait(Span::minutes(1)).await;
            let said = client.said.lock().unwrap().join("\n");
            assert!(said.contains("cgap-devtest: rollout by operator over the API"), "{said}");
            bench.lab.wait(Span::minutes(45)).await;
            assert_eq!(bench.world().runs.len(), 1);
        })
        .await;
}
