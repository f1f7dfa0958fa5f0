//! The TCP door, and `/_sim` behind it.

use std::sync::{Arc, Mutex};

use aws_sdk_ecr::config::{BehaviorVersion, Credentials, Region};
use http::Request;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::simulator::wire::inspect::inspect;
use crate::simulator::wire::tests::bench::{START, new_simulator};
use crate::simulator::wire::{Clock, SpeedClock, serve};
use crate::simulator::world::Simulator;

#[tokio::test]
async fn answers_the_sdk_over_tcp() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let clock = Arc::new(SpeedClock::new(START, 0.0));
    let server = tokio::spawn(serve(listener, Arc::new(Mutex::new(new_simulator())), clock.clone()));
    let http = aws_smithy_http_client::Builder::new().build_http();
    let config = aws_sdk_ecr::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::for_tests())
        .endpoint_url(endpoint)
        .http_client(http);
    let ecr = aws_sdk_ecr::Client::from_conf(config.build());
    ecr.create_repository().repository_name("app").send().await.unwrap();
    clock.advance(60_000);
    let made = ecr.create_repository().repository_name("later").send().await.unwrap();
    let created = made.repository().unwrap().created_at().unwrap().to_millis().unwrap();
    assert_eq!(created, START.0 + 60_000);
    let again = ecr.create_repository().repository_name("app").send().await.unwrap_err().into_service_error();
    assert!(again.is_repository_already_exists_exception());
    server.abort();
}

/// One request to `/_sim`; the status and the JSON of the answer.
fn sim(simulator: &mut Simulator, clock: &SpeedClock, method: &str, path: &str, body: &str) -> (u16, Value) {
    let request = Request::builder().method(method).uri(path).body(body.as_bytes().to_vec()).unwrap();
    let response = inspect(simulator, clock, &request);
    let status = response.status().as_u16();
    (status, serde_json::from_slice(response.body()).unwrap_or(Value::Null))
}

#[tokio::test]
async fn lets_tools_do_what_a_scenario_does() {
    let (mut simulator, clock) = (new_simulator(), SpeedClock::new(START, 0.0));
    let mut sim = |method: &str, path: &str, body: &str| sim(&mut simulator, &clock, method, path, body);
    let turned = sim("POST", "/_sim/do", r#"[{"knob": {"name": "pull_ms", "value": 60000}}, {"spotCapacity": false}]"#);
    let done = json!([{"action": "knob", "found": "pull_ms"}, {"action": "spotCapacity", "found": false}]);
    assert_eq!(turned, (200, json!({ "done": done })));
    let (_, knobs) = sim("GET", "/_sim/knobs", "");
    let shown = knobs["knobs"].as_array().unwrap().iter().find(|knob| knob["name"] == "pull_ms").unwrap();
    assert_eq!(shown["value"], 60_000);
    for body in [r#"{"knob": {"name": "pull_ms", "value": 1}}"#, r#"{"knob": {"name": "x", "value": 1}}"#, r#""nope""#]
    {
        assert_eq!(sim("POST", "/_sim/do", body).0, 400, "{body}");
    }
}

#[tokio::test]
async fn lets_tools_look_in_and_push_time_ahead() {
    let (mut simulator, clock) = (new_simulator(), SpeedClock::new(START, 0.0));
    let mut sim = |method: &str, path: &str, body: &str| sim(&mut simulator, &clock, method, path, body);
    assert_eq!(sim("POST", "/_sim/advance", r#"{"seconds": 90.5}"#), (200, json!({"now": "2026-11-22T20:36:30.750Z"})));
    assert_eq!(sim("GET", "/_sim/world", "").0, 200);
    assert_eq!(sim("GET", "/_sim/journal?from=0", "").0, 200);
    for (method, path, body, status) in [
        ("GET", "/_sim/journal?from=x", "", 400),
        ("POST", "/_sim/advance", "", 400),
        ("POST", "/_sim/advance", r#"{"seconds": -1}"#, 400),
        ("POST", "/_sim/advance", r#"{"seconds": 1e300}"#, 400),
        ("POST", "/_sim/images", r#"{"repository": "nope", "tag": "t"}"#, 400),
        ("POST", "/_sim/images", r#"{"repository": "nope"}"#, 400),
        ("POST", "/_sim/world", "", 405),
        ("GET", "/_sim/advance", "", 405),
        ("GET", "/_sim/nope", "", 404),
    ] {
        let (found, answer) = sim(method, path, body);
        assert_eq!(found, status, "{method} {path} {body}");
        assert!(answer["error"].is_string(), "{method} {path} {body}");
    }
}
