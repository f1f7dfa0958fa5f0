//! What a scrape tells of the API itself: everything is counted, and clients cannot make it grow.

use std::time::Duration;

use evenkeel::api::Limits;
use evenkeel::model::time::Span;
use evenkeel::simulator::fault::{Effect, Match, Rule};

use super::bench::Bench;
use super::schema::validate;
use super::wire::{ALIVE, Wire, hear, short};

const METRICS: &str = "GET /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

/// The value of a series of this server; nothing if there is none.
async fn value(wire: &Wire, series: &str) -> Option<f64> {
    let scrape = wire.ask(9, METRICS).await;
    scrape.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok())
}

fn problems(kind: &str) -> String {
    format!("evenkeel_api_problems_total{{problem=\"{kind}\"}}")
}

#[tokio::test]
async fn each_request_counts_by_its_path_and_each_refusal_by_its_reason() {
    let wire = Wire::of(short());
    for _ in 0..3 {
        wire.ask(2, ALIVE).await;
    }
    wire.ask(2, &ALIVE.replace("localhost", "evil.example")).await;
    wire.ask(2, &ALIVE.replace("/livez", "/nothing")).await;
    wire.ask(2, &ALIVE.replace("GET", "BREW")).await;
    wire.ask(2, "no http\r\n\r\n").await;
    let requests = |path: &str, method: &str, status: &str| {
        format!("evenkeel_api_requests_total{{path=\"{path}\",method=\"{method}\",status=\"{status}\"}}")
    };
    for (series, count) in [
        (requests("/livez", "GET", "2xx"), 3.0),
        // Where a request was refused before its path was looked at, and where there is none.
        (requests("other", "GET", "4xx"), 2.0),
        (requests("other", "other", "4xx"), 1.0),
        ("evenkeel_api_request_seconds_count{method=\"other\"}".to_owned(), 1.0),
        (problems("wrong-host"), 1.0),
        (problems("no-such-path"), 1.0),
        (problems("method-not-allowed"), 1.0),
        (problems("not-http"), 1.0),
        (problems("connections-taken"), 0.0),
    ] {
        assert_eq!(value(&wire, &series).await, Some(count), "{series}");
    }
}

#[tokio::test]
async fn what_is_open_is_told_and_what_was_too_much_too() {
    let wire = Wire::of(Limits { streams: 10, head: Duration::from_secs(600), ..short() });
    let mut open = Vec::new();
    for _ in 0..10 {
        open.push(wire.stream(2).await);
    }
    hear(&wire.connect(2).await);
    wire.ask(3, "GET /v1/events HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await;
    for (series, count) in [
        ("evenkeel_api_streams{}", 10.0),
        // The scrape's own, too.
        ("evenkeel_api_connections{}", 11.0),
        (problems("streams-taken").as_str(), 1.0),
        (problems("connections-taken").as_str(), 1.0),
    ] {
        while value(&wire, series).await != Some(count) {}
    }
    drop(open);
    while value(&wire, "evenkeel_api_streams{}").await != Some(0.0) {}
    while value(&wire, "evenkeel_api_connections{}").await != Some(1.0) {}
}

#[tokio::test]
async fn made_up_paths_and_methods_make_no_series() {
    let wire = Wire::of(short());
    let mut sizes = Vec::new();
    for round in 0..3 {
        for at in 0..50 {
            let path = format!("/v1/tables/made-up-{round}-{at}");
            wire.ask(2, &ALIVE.replace("/livez", &path)).await;
            wire.ask(2, &ALIVE.replace("GET", &format!("M{round}X{at}"))).await;
        }
        sizes.push(wire.ask(9, METRICS).await.lines().count());
    }
    assert_eq!(sizes[1], sizes[2]);
}

#[tokio::test(start_paused = true)]
async fn a_controller_that_aws_throttles_says_so_until_it_is_over() {
    let bench = &Bench::settled(441).await;
    bench
        .served(false, Limits::default(), |client| async move {
            let description = client.get("/openapi.json").await.json(200);
            let schema =
                &description["paths"]["/readyz"]["get"]["responses"]["200"]["content"]["application/json"]["schema"];
            let before = client.get("/readyz").await.json(200);
            assert_eq!((&before["awsPace"], &before["remarks"]), (&1.0.into(), &serde_json::json!([])));
            bench.lab.world().faults_mut().add(Rule { when: Match::default(), then: Effect::Throttle });
            bench.lab.wait(Span::minutes(2)).await;
            // Nothing comes through, so it is not ready either; that is another reason.
            let slow: serde_json::Value = serde_json::from_str(&client.get("/readyz").await.body).unwrap();
            assert!(slow["awsPace"].as_f64().unwrap() < 1.0, "{slow}");
            validate(&description, schema, &slow);
            assert!(slow["remarks"][0].as_str().unwrap().contains("AWS throttles the account"), "{slow}");
            bench.lab.world().faults_mut().clear();
            bench.lab.wait(Span::minutes(20)).await;
            assert_eq!(client.get("/readyz").await.json(200)["awsPace"], 1.0);
        })
        .await;
}
