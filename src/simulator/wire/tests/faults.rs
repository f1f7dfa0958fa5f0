//! Faults as the real SDK meets them: every effect in process, and what becomes of a connection over TCP.

use std::sync::{Arc, Mutex};

use aws_sdk_ecs::error::{ProvideErrorMetadata, SdkError};
use http::Request;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

use crate::simulator::call::{Call, Service};
use crate::simulator::fault::{Effect, Match, Moment, Rule, Side};
use crate::simulator::knobs::Throttling;
use crate::simulator::wire::inspect::inspect;
use crate::simulator::wire::tests::bench::{Bench, START, new_simulator, sdk};
use crate::simulator::wire::{SpeedClock, serve};
use crate::simulator::world::Simulator;

fn ecs(bench: &Bench) -> aws_sdk_ecs::Client {
    let config = sdk!(aws_sdk_ecs, bench.http()).config().to_builder();
    aws_sdk_ecs::Client::from_conf(config.retry_config(aws_sdk_ecs::config::retry::RetryConfig::disabled()).build())
}

fn add(bench: &Bench, when: Match, then: Effect) -> u64 {
    bench.simulator.lock().unwrap().faults_mut().add(Rule { when, then })
}

/// Whether there is a cluster in the world, whatever a client was told.
fn has_cluster(simulator: &Simulator) -> bool {
    simulator.world_json()["clusters"].as_array().is_some_and(|clusters| !clusters.is_empty())
}

/// What a client is told that makes a cluster under a rule, and whether there is one then.
async fn made(then: Effect) -> (Result<String, String>, bool) {
    let bench = Bench::new();
    add(&bench, Match::operation("CreateCluster"), then);
    let told = match ecs(&bench).create_cluster().cluster_name("c").send().await {
        Ok(made) => Ok(made.cluster().unwrap().cluster_name().unwrap().to_owned()),
        Err(SdkError::DispatchFailure(failure)) if failure.is_timeout() => Err("timeout".to_owned()),
        Err(SdkError::DispatchFailure(failure)) if failure.is_io() => Err("io".to_owned()),
        Err(SdkError::TimeoutError(_)) => Err("timeout".to_owned()),
        Err(SdkError::ResponseError(_)) => Err("unreadable".to_owned()),
        Err(error) => {
            let status = error.raw_response().unwrap().status().as_u16();
            Err(format!("{status} {}: {}", error.code().unwrap(), error.message().unwrap()))
        }
    };
    let simulator = bench.simulator.lock().unwrap();
    let line = simulator.journal().lines().find(|entry| entry.kind() == "fault").unwrap().line();
    assert_eq!((&line["rule"], &line["operation"]), (&json!(1), &json!("CreateCluster")));
    (told, has_cluster(&simulator))
}

#[tokio::test(start_paused = true)]
async fn a_caller_sees_what_the_rule_says_and_the_world_too() {
    let refused = |words: &str| Err(words.to_owned());
    let down = "Service Unavailable. Please try again later.";
    let denied = "400 AccessDeniedException: User: arn:aws:iam::123456789012:user/simulator is not authorized to \
                  perform: ecs:CreateCluster on resource: * because no identity-based policy allows the \
                  ecs:CreateCluster action";
    let server_error = |side, status| Effect::ServerError { side, status };
    for (effect, told, applied) in [
        (Effect::LostRequest, refused("timeout"), false),
        (Effect::LostAnswer, refused("timeout"), true),
        (server_error(Side::Before, 500), Err(format!("500 ServerException: {down}")), false),
        (server_error(Side::After, 503), Err(format!("503 ServiceUnavailable: {down}")), true),
        (Effect::Throttle, refused("400 ThrottlingException: Rate exceeded"), false),
        (Effect::Cut, refused("io"), true),
        (Effect::Denied, refused(denied), false),
        (
            Effect::Expired,
            refused("400 ExpiredTokenException: The security token included in the request is expired"),
            false,
        ),
        (Effect::LateRequest { ms: 3_000 }, refused("timeout"), false),
        (Effect::Garbled, refused("unreadable"), true),
        (Effect::Duplicate, Ok("c".to_owned()), true),
        (Effect::NewMembers, Ok("c".to_owned()), true),
        (Effect::Slow { ms: 3_000 }, Ok("c".to_owned()), true),
        (Effect::Skew { ms: 3_000 }, Ok("c".to_owned()), true),
    ] {
        assert_eq!(made(effect.clone()).await, (told, applied), "{effect:?}");
    }
}

#[tokio::test]
async fn a_late_request_is_applied_when_it_arrives_and_not_before() {
    let bench = Bench::new();
    let ecs = ecs(&bench);
    let late = Match { count: Some(1), ..Match::operation("CreateCluster") };
    add(&bench, late, Effect::LateRequest { ms: 30_000 });
    ecs.create_cluster().cluster_name("first").send().await.unwrap_err();
    ecs.create_cluster().cluster_name("second").send().await.unwrap();
    let listed = async || ecs.list_clusters().send().await.unwrap().cluster_arns().len();
    bench.pass(29);
    assert_eq!(listed().await, 1);
    bench.pass(1);
    assert_eq!(listed().await, 2);
}

#[tokio::test]
async fn a_duplicate_is_applied_twice_and_answered_once() {
    let bench = Bench::new();
    let ecs = ecs(&bench);
    add(&bench, Match::operation("RegisterTaskDefinition"), Effect::Duplicate);
    let container = aws_sdk_ecs::types::ContainerDefinition::builder().name("web").image("web:1").build();
    let register = ecs.register_task_definition().family("web").container_definitions(container);
    let made = register.cpu("256").memory("512").send().await.unwrap();
    assert_eq!(made.task_definition().unwrap().revision(), 1);
    let listed = ecs.list_task_definitions().send().await.unwrap();
    assert_eq!(listed.task_definition_arns().len(), 2);
}

#[tokio::test]
async fn a_partial_answer_leaves_the_last_one_out_and_says_so() {
    let bench = Bench::new();
    let ecs = ecs(&bench);
    for name in ["a", "b"] {
        ecs.create_cluster().cluster_name(name).send().await.unwrap();
    }
    add(&bench, Match::default(), Effect::Partial);
    let described = ecs.describe_clusters().clusters("a").clusters("b").send().await.unwrap();
    assert_eq!(described.clusters().len(), 1);
    let [failure] = described.failures() else { panic!("{described:?}") };
    assert_eq!(failure.reason(), Some("MISSING"));
    assert_eq!(failure.arn(), Some("arn:aws:ecs:us-east-1:123456789012:cluster/b"));
}

#[tokio::test(start_paused = true)]
async fn a_slow_answer_takes_its_time() {
    let bench = Bench::new();
    add(&bench, Match::default(), Effect::Slow { ms: 3_000 });
    let began = Instant::now();
    ecs(&bench).list_clusters().send().await.unwrap();
    assert_eq!(began.elapsed().as_secs(), 3);
}

#[tokio::test]
async fn a_skewed_answer_has_another_date() {
    let bench = Bench::new();
    add(&bench, Match::default(), Effect::Skew { ms: -60_000 });
    let error = ecs(&bench).describe_tasks().cluster("nope").tasks("x").send().await.unwrap_err();
    assert_eq!(error.raw_response().unwrap().headers().get("date"), Some("Sun, 22 Nov 2026 20:34:00 GMT"));
}

#[tokio::test]
async fn a_stale_read_shows_the_past_as_a_whole() {
    let bench = Bench::new();
    let ecs = ecs(&bench);
    ecs.create_cluster().cluster_name("old").send().await.unwrap();
    let rule = add(&bench, Match::operation("ListClusters"), Effect::Stale { ms: 10_000 });
    bench.pass(60);
    ecs.create_cluster().cluster_name("new").send().await.unwrap();
    let listed = async || ecs.list_clusters().send().await.unwrap().cluster_arns().len();
    assert_eq!(listed().await, 1);
    bench.pass(9);
    assert_eq!(listed().await, 1);
    bench.pass(1);
    assert_eq!(listed().await, 2);
    ecs.create_cluster().cluster_name("newest").send().await.unwrap();
    assert_eq!(listed().await, 2);
    bench.simulator.lock().unwrap().faults_mut().remove(rule);
    assert_eq!(listed().await, 3);
}

#[tokio::test]
async fn reads_lag_by_the_callers_own_amount_within_the_bound() {
    let bench = Bench::new();
    bench.simulator.lock().unwrap().knobs_mut().read_lag_ms = 20_000;
    let ecs = ecs(&bench);
    bench.pass(60);
    ecs.list_clusters().send().await.unwrap();
    ecs.create_cluster().cluster_name("c").send().await.unwrap();
    let mut seen = Vec::new();
    for _ in 0..=20 {
        seen.push(ecs.list_clusters().send().await.unwrap().cluster_arns().len());
        bench.pass(1);
    }
    assert_eq!((seen.first(), seen.last()), (Some(&0), Some(&1)));
    assert!(seen.is_sorted(), "time ran backwards: {seen:?}");
}

#[tokio::test]
async fn a_wrong_page_token_is_refused_as_aws_does() {
    let bench = Bench::new();
    let ecs = ecs(&bench);
    for name in ["a", "b", "c"] {
        ecs.create_cluster().cluster_name(name).send().await.unwrap();
    }
    add(&bench, Match::default(), Effect::WrongPageToken);
    let first = ecs.list_clusters().max_results(2).send().await.unwrap();
    let second = ecs.list_clusters().max_results(2).next_token(first.next_token().unwrap()).send().await;
    assert!(second.unwrap_err().into_service_error().is_invalid_parameter_exception());
}

#[tokio::test]
async fn a_burst_over_the_wire_is_throttled_and_let_in_again() {
    let bench = Bench::new();
    bench.simulator.lock().unwrap().knobs_mut().throttling = Throttling::Published;
    let ecs = ecs(&bench);
    for n in 0..20 {
        ecs.create_cluster().cluster_name(format!("c{n}")).send().await.unwrap();
    }
    let refused = ecs.create_cluster().cluster_name("more").send().await.unwrap_err();
    assert_eq!(refused.raw_response().unwrap().status().as_u16(), 400);
    assert_eq!((refused.code(), refused.message()), (Some("ThrottlingException"), Some("Rate exceeded")));
    bench.pass(1);
    ecs.create_cluster().cluster_name("more").send().await.unwrap();
}

/// Which of `calls` calls, a second apart, a rule does something to.
fn fires(when: Match, calls: usize) -> Vec<usize> {
    let mut simulator = new_simulator();
    simulator.faults_mut().add(Rule { when, then: Effect::LostRequest });
    let call = |operation: &str, client: &str| Call::home(Service::Ecs, operation, json!({}), client);
    let mut fired = Vec::new();
    for n in 0..calls {
        let now = START.plus_millis(i64::try_from(n).unwrap() * 1000);
        simulator.deliver(now, &call("DescribeClusters", "somebody-else"));
        let before = simulator.journal().len();
        simulator.deliver(now, &call("ListClusters", "app/one"));
        if simulator.journal().lines().skip(before).any(|entry| entry.kind() == "fault") {
            fired.push(n);
        }
    }
    fired
}

#[test]
fn a_rule_counts_only_what_it_is_about() {
    let listing = || Match { client: Some("one".to_owned()), ..Match::operation("ListClusters") };
    assert_eq!(fires(listing(), 3), [0, 1, 2]);
    assert_eq!(fires(Match { nth: Some(3), ..listing() }, 9), [2]);
    assert_eq!(fires(Match { after: 2, count: Some(2), ..listing() }, 9), [2, 3]);
    assert_eq!(fires(Match { service: Some(Service::Elb), ..listing() }, 3), [0_usize; 0]);
    assert_eq!(fires(Match { client: Some("two".to_owned()), ..listing() }, 3), [0_usize; 0]);
    let window = Match { from: Some(Moment::Later(2_000)), until: Some(Moment::Later(4_000)), ..listing() };
    assert_eq!(fires(window, 9), [2, 3]);
    let absolute = Match { from: Some(Moment::At(START.plus_millis(5_000))), ..listing() };
    assert_eq!(fires(absolute, 7), [5, 6]);
    let chance = fires(Match { probability: Some(0.25), ..listing() }, 400);
    assert!((60..=140).contains(&chance.len()), "{}", chance.len());
    assert_eq!(fires(Match { probability: Some(0.25), ..listing() }, 400), chance);
}

#[test]
fn a_rule_that_never_fires_changes_nothing_of_the_world() {
    let story = |rules: usize| {
        let mut simulator = new_simulator();
        for _ in 0..rules {
            let when = Match { probability: Some(0.5), ..Match::operation("DeleteService") };
            simulator.faults_mut().add(Rule { when, then: Effect::Cut });
        }
        for n in 0..5 {
            let input = json!({"clusterName": format!("c{n}")});
            let call = Call::home(Service::Ecs, "CreateCluster", input, "x");
            simulator.deliver(START, &call);
        }
        (simulator.journal().to_json_lines(0), simulator.rng_mut().u64(..))
    };
    assert_eq!(story(0), story(3));
}

/// One request to `/_sim`; the status and the JSON of the answer.
fn sim(simulator: &mut Simulator, method: &str, path: &str, body: &str) -> (u16, Value) {
    let request = Request::builder().method(method).uri(path).body(body.as_bytes().to_vec()).unwrap();
    let response = inspect(simulator, &SpeedClock::new(START, 0.0), &request);
    (response.status().as_u16(), serde_json::from_slice(response.body()).unwrap())
}

#[tokio::test]
async fn rules_can_be_added_shown_and_ended_by_tools() {
    let mut simulator = new_simulator();
    let rules = r#"[{"when": {"operation": "RunTask", "nth": 2, "until": 60000}, "then": "lostAnswer"},
        {"when": {"service": "ecs", "client": "boto", "from": "2026-11-22T20:40:00.000Z", "after": 1, "count": 3,
          "probability": 0.5}, "then": {"serverError": {"effect": "after", "status": 503}}},
        {"then": {"slow": {"ms": 500}}}]"#;
    assert_eq!(sim(&mut simulator, "POST", "/_sim/faults", rules), (200, json!({"ids": [1, 2, 3]})));
    let (_, shown) = sim(&mut simulator, "GET", "/_sim/faults", "");
    let mut given: Value = serde_json::from_str(rules).unwrap();
    given[2]["when"] = json!({});
    for at in 0..3 {
        assert_eq!(shown[at]["rule"], given[at]);
        assert_eq!((&shown[at]["seen"], &shown[at]["fired"]), (&json!(0), &json!(0)));
    }
    assert_eq!(sim(&mut simulator, "DELETE", "/_sim/faults/2", "").0, 200);
    assert_eq!(sim(&mut simulator, "DELETE", "/_sim/faults/2", "").0, 404);
    assert_eq!(sim(&mut simulator, "DELETE", "/_sim/faults", "").0, 200);
    assert_eq!(sim(&mut simulator, "GET", "/_sim/faults", "").1, json!([]));
    for (body, words) in [
        (r#"{"then": "explode"}"#, "rule.then: has no effect `explode`"),
        (r#"[{"then": "cut"}, {"then": {"slow": {}}}]"#, "rule[1].then.slow: has no `ms`, which it needs"),
        (r#"{"when": {"probability": 2}, "then": "cut"}"#, "rule.when.probability: is not a number from 0 to 1"),
        (r#"{"when": {}}"#, "rule: has no `then`, which it needs"),
    ] {
        assert_eq!(sim(&mut simulator, "POST", "/_sim/faults", body), (400, json!({"error": words})));
    }
    assert_eq!(simulator.faults().iter().count(), 0);
    assert_eq!(sim(&mut simulator, "PUT", "/_sim/faults", "").0, 405);
}

/// The bytes that come back over TCP for one call, until the connection is closed.
async fn bytes_under(then: Effect) -> (Vec<u8>, bool) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let simulator = Arc::new(Mutex::new(new_simulator()));
    simulator.lock().unwrap().faults_mut().add(Rule { when: Match::default(), then });
    let clock = Arc::new(SpeedClock::new(START, 0.0));
    let server = tokio::spawn(serve(listener, Arc::clone(&simulator), clock));
    let body = r#"{"clusterName": "c"}"#;
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "POST / HTTP/1.1\r\nhost: x\r\nx-amz-target: AmazonEC2ContainerServiceV20141113.CreateCluster\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    // A connection that is reset has ended too.
    let _ = stream.read_to_end(&mut bytes).await;
    server.abort();
    let applied = has_cluster(&simulator.lock().unwrap());
    (bytes, applied)
}

#[tokio::test]
async fn over_tcp_a_call_without_an_answer_ends_with_its_connection() {
    assert_eq!(bytes_under(Effect::LostRequest).await, (Vec::new(), false));
    assert_eq!(bytes_under(Effect::LostAnswer).await, (Vec::new(), true));
}

#[tokio::test]
async fn over_tcp_a_cut_answer_ends_in_the_middle_of_its_body() {
    let (bytes, applied) = bytes_under(Effect::Cut).await;
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    assert_eq!(body.len(), length.parse::<usize>().unwrap() / 2);
    assert!(applied && head.starts_with("HTTP/1.1 200 OK"));
}

#[tokio::test]
async fn over_tcp_the_sdk_sees_a_broken_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let simulator = Arc::new(Mutex::new(new_simulator()));
    let when = Match { count: Some(2), ..Match::default() };
    simulator.lock().unwrap().faults_mut().add(Rule { when, then: Effect::LostAnswer });
    let clock = Arc::new(SpeedClock::new(START, 0.0));
    let server = tokio::spawn(serve(listener, Arc::clone(&simulator), clock));
    let http = aws_smithy_http_client::Builder::new().build_http();
    let config = sdk!(aws_sdk_ecs, http).config().to_builder().endpoint_url(endpoint);
    let config = config.retry_config(aws_sdk_ecs::config::retry::RetryConfig::disabled());
    let ecs = aws_sdk_ecs::Client::from_conf(config.build());
    for _ in 0..2 {
        let error = ecs.create_cluster().cluster_name("c").send().await.unwrap_err();
        assert!(matches!(error, SdkError::DispatchFailure(_)), "{error:?}");
    }
    ecs.create_cluster().cluster_name("c").send().await.unwrap();
    server.abort();
}
