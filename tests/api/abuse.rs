//! Whoever asks too much is sent away, and nobody else notices.

use std::time::Duration;

use axum::body::Body;
use evenkeel::api::{Limits, Rate};
use evenkeel::model::time::Span;
use futures_util::StreamExt as _;

use super::bench::{Bench, Client, OPERATOR, READER};

const ROLLOUTS: &str = "/v1/tables/cgap-devtest/rollouts";

fn few() -> Limits {
    Limits {
        streams: 5,
        streams_per_reader: 3,
        requests: Rate { burst: 20, every: Duration::from_secs(1) },
        wishes: Rate { burst: 2, every: Duration::from_secs(60) },
        ..Limits::default()
    }
}

async fn stream(client: &Client) -> Result<Body, u16> {
    let response = client.open("GET", "/v1/events", &[], "").await;
    let status = response.status().as_u16();
    if status == 200 { Ok(response.into_body()) } else { Err(status) }
}

/// The stream's text until it has nothing to say for a second.
async fn said(stream: &mut axum::body::BodyDataStream) -> String {
    let mut said = String::new();
    while let Ok(Some(frame)) = tokio::time::timeout(Duration::from_secs(1), stream.next()).await {
        said.push_str(std::str::from_utf8(&frame.unwrap()).unwrap());
    }
    said
}

#[tokio::test(start_paused = true)]
async fn streams_are_bounded_in_all_and_for_each_reader_and_one_that_is_closed_makes_room() {
    let bench = &Bench::settled(431).await;
    bench
        .served(true, few(), |client| async move {
            let (reader, operator) = (client.with(READER), client.with(OPERATOR));
            let mut open = Vec::new();
            for _ in 0..3 {
                open.push(stream(&reader).await.unwrap());
            }
            let refused = reader.ask("GET", "/v1/events", &[], "").await;
            refused.problem(503, "streams-taken");
            assert_eq!(refused.header("retry-after"), "5");
            // From another address it is the same reader.
            assert_eq!(stream(&reader.at(7)).await.err(), Some(503));
            open.push(stream(&operator).await.unwrap());
            open.push(stream(&operator).await.unwrap());
            assert_eq!(stream(&operator).await.err(), Some(503));
            drop(open.remove(0));
            assert!(stream(&operator).await.is_ok());
        })
        .await;
}

#[tokio::test(start_paused = true)]
async fn who_asks_too_often_waits_and_nobody_else_does() {
    let bench = &Bench::settled(432).await;
    bench
        .served(true, few(), |client| async move {
            let reader = client.with(READER);
            for _ in 0..20 {
                assert_eq!(reader.get("/v1/whoami").await.status, 200);
            }
            let refused = reader.get("/v1/whoami").await;
            refused.problem(429, "too-often");
            assert_eq!(refused.header("retry-after"), "1");
            assert_eq!(client.with(OPERATOR).get("/v1/whoami").await.status, 200);
            // Guessing tokens counts for the address, not for those whose tokens are good.
            for _ in 0..20 {
                client.with_token("evk_guess").get("/v1/whoami").await.problem(401, "token-unknown");
            }
            client.with_token("evk_guess").get("/v1/whoami").await.problem(429, "too-often");
            client.at(9).get("/v1/whoami").await.problem(401, "token-needed");
            for _ in 0..50 {
                assert_eq!(client.get("/livez").await.status, 200);
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
            assert_eq!(reader.get("/v1/whoami").await.status, 200);
        })
        .await;
}

#[tokio::test(start_paused = true)]
async fn wishes_are_counted_by_themselves() {
    let bench = &Bench::settled(433).await;
    bench
        .served(true, few(), |client| async move {
            let operator = client.with(OPERATOR);
            for _ in 0..2 {
                operator.post(&format!("{ROLLOUTS}/retry"), "{}").await.problem(409, "held");
            }
            let refused = operator.post(&format!("{ROLLOUTS}/retry"), "{}").await;
            refused.problem(429, "too-often");
            let wait: u64 = refused.header("retry-after").parse().unwrap();
            assert!((50..=60).contains(&wait), "{wait}");
            assert_eq!(operator.get("/v1/whoami").await.status, 200);
        })
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_stream_tells_everything_first_and_a_reader_that_fell_behind_everything_anew() {
    let bench = &Bench::settled(434).await;
    bench
        .served(true, Limits::default(), |client| async move {
            let mut quick = stream(&client.with(READER)).await.unwrap().into_data_stream();
            let mut slow = stream(&client.with(READER)).await.unwrap().into_data_stream();
            let first = said(&mut quick).await;
            let names: Vec<&str> = first.lines().filter_map(|line| line.strip_prefix("event: ")).collect();
            assert_eq!(names[..3], ["reset", "table", "synced"], "{first}");
            assert!(first.contains(r#""reason":"Connected""#) && first.starts_with("retry: "), "{first}");
            // More looks than are kept for anybody, and nobody takes them from the slow one.
            bench.lab.wait(Span::minutes(9 * 60)).await;
            let late = said(&mut slow).await;
            let names: Vec<&str> = late.lines().filter_map(|line| line.strip_prefix("event: ")).collect();
            assert_eq!(names[..6], ["reset", "table", "synced", "reset", "table", "synced"], "{late}");
            assert!(late.contains(r#""reason":"Behind""#), "{late}");
            assert!(late.len() < 8000, "{} bytes were kept for it", late.len());
        })
        .await;
}

#[tokio::test(start_paused = true)]
async fn streams_end_with_the_server_and_stay_alive_until_then() {
    let bench = &Bench::settled(435).await;
    bench
        .served(true, Limits::default(), |client| async move {
            let mut events = stream(&client.with(READER)).await.unwrap().into_data_stream();
            said(&mut events).await;
            let next = tokio::time::timeout(Duration::from_secs(31), events.next()).await.unwrap().unwrap().unwrap();
            assert!(next.starts_with(b": ") || next.starts_with(b"event: table"), "{next:?}");
            client.end();
            while let Some(frame) = events.next().await {
                frame.unwrap();
            }
        })
        .await;
}
