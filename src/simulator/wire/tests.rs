//! The real SDK against the simulator, in process and over TCP: every answer must parse, every refusal must be the
//! modelled error that it is on AWS.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use aws_sdk_ecr::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_elasticloadbalancingv2::types::TargetHealthStateEnum;
use aws_sdk_elasticloadbalancingv2::types::{
    Action, ActionTypeEnum, TargetDescription, TargetHealthReasonEnum,
};
use http::{Request, Response, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::simulator::time::Time;
use crate::simulator::wire::{Clock, InProcess, SpeedClock, respond, serve};
use crate::simulator::world::Simulator;

const START: Time = Time(1_795_379_700_250);

/// A world, its clock, and the ways to its services.
struct Bench {
    simulator: Arc<Mutex<Simulator>>,
    now: Arc<AtomicI64>,
}

/// The configuration of one SDK crate; they have nothing in common but their shape.
macro_rules! sdk {
    ($krate:ident, $http:expr) => {
        $krate::Client::from_conf(
            $krate::Config::builder()
                .behavior_version(BehaviorVersion::latest())
                .region(Region::new("us-east-1"))
                .credentials_provider(Credentials::for_tests())
                .app_name($krate::config::AppName::new("bench").unwrap())
                .http_client($http)
                .build(),
        )
    };
}

impl Bench {
    fn new() -> Self {
        Self {
            simulator: Arc::new(Mutex::new(new_simulator())),
            now: Arc::new(AtomicI64::new(START.0)),
        }
    }

    fn http(&self) -> InProcess {
        let now = Arc::clone(&self.now);
        InProcess::new(Arc::clone(&self.simulator), move || {
            Time(now.load(Ordering::SeqCst))
        })
    }

    fn elb(&self) -> aws_sdk_elasticloadbalancingv2::Client {
        sdk!(aws_sdk_elasticloadbalancingv2, self.http())
    }

    fn ecr(&self) -> aws_sdk_ecr::Client {
        sdk!(aws_sdk_ecr, self.http())
    }

    fn pass(&self, seconds: i64) {
        self.now.fetch_add(seconds * 1000, Ordering::SeqCst);
    }

    /// A target group behind a listener of a load balancer; returns its ARN.
    async fn target_group(&self) -> String {
        let elb = self.elb();
        let made = elb
            .create_load_balancer()
            .name("alb")
            .subnets("subnet-1")
            .subnets("subnet-2")
            .send()
            .await
            .unwrap();
        let load_balancer = made.load_balancers()[0].load_balancer_arn().unwrap();
        let made = elb
            .create_target_group()
            .name("web")
            .port(8000)
            .health_check_path("/h?a=<b>&c")
            .send()
            .await;
        let group = made.unwrap().target_groups()[0]
            .target_group_arn()
            .unwrap()
            .to_owned();
        let action = Action::builder()
            .r#type(ActionTypeEnum::Forward)
            .target_group_arn(&group)
            .build();
        let listener = elb
            .create_listener()
            .load_balancer_arn(load_balancer)
            .port(80)
            .default_actions(action);
        listener.send().await.unwrap();
        group
    }
}

fn new_simulator() -> Simulator {
    Simulator::new(crate::simulator::world::Config {
        account: "123456789012".into(),
        region: "us-east-1".into(),
        seed: 1,
        start: START,
    })
}

fn target(ip: &str) -> TargetDescription {
    TargetDescription::builder().id(ip).build()
}

#[tokio::test]
async fn target_groups_read_back_as_they_were_made() {
    let bench = Bench::new();
    let arn = bench.target_group().await;
    let found = bench
        .elb()
        .describe_target_groups()
        .names("web")
        .send()
        .await
        .unwrap();
    let [group] = found.target_groups() else {
        panic!("{found:?}")
    };
    assert_eq!(group.target_group_arn(), Some(arn.as_str()));
    assert_eq!(group.health_check_path(), Some("/h?a=<b>&c"));
    assert_eq!(
        (group.port(), group.health_check_interval_seconds()),
        (Some(8000), Some(30))
    );
    assert_eq!(
        (
            group.healthy_threshold_count(),
            group.unhealthy_threshold_count()
        ),
        (Some(5), Some(2))
    );
    assert_eq!(group.matcher().unwrap().http_code(), Some("200"));
    assert_eq!(group.load_balancer_arns().len(), 1);

    let elb = bench.elb();
    let balancers = elb.describe_load_balancers().send().await.unwrap();
    let [balancer] = balancers.load_balancers() else {
        panic!("{balancers:?}")
    };
    assert_eq!(
        balancer.created_time().unwrap().to_millis().unwrap(),
        START.0
    );
    assert_eq!(balancer.availability_zones().len(), 2);
    let arn = balancer.load_balancer_arn().unwrap();
    let listeners = elb
        .describe_listeners()
        .load_balancer_arn(arn)
        .send()
        .await
        .unwrap();
    let listener = listeners.listeners()[0].listener_arn().unwrap();
    let rules = elb
        .describe_rules()
        .listener_arn(listener)
        .send()
        .await
        .unwrap();
    assert_eq!(rules.rules()[0].is_default(), Some(true));
    let attributes = elb
        .describe_load_balancer_attributes()
        .load_balancer_arn(arn)
        .send()
        .await
        .unwrap();
    assert!(!attributes.attributes().is_empty());
    let tags = elb.describe_tags().resource_arns(arn).send().await.unwrap();
    assert_eq!(tags.tag_descriptions()[0].tags().len(), 0);
}

#[tokio::test]
async fn target_health_follows_virtual_time() {
    let bench = Bench::new();
    let (elb, group) = (bench.elb(), bench.target_group().await);
    let attribute = aws_sdk_elasticloadbalancingv2::types::TargetGroupAttribute::builder()
        .key("deregistration_delay.timeout_seconds")
        .value("30");
    let modify = elb
        .modify_target_group_attributes()
        .target_group_arn(&group)
        .attributes(attribute.build());
    modify.send().await.unwrap();
    elb.register_targets()
        .target_group_arn(&group)
        .targets(target("10.0.0.1"))
        .send()
        .await
        .unwrap();

    let health = async |asked: Option<&str>| {
        let asked = asked.map(|ip| vec![target(ip)]);
        let found = elb
            .describe_target_health()
            .target_group_arn(&group)
            .set_targets(asked)
            .send()
            .await
            .unwrap();
        let shown = found.target_health_descriptions().iter().map(|one| {
            let health = one.target_health().unwrap();
            (health.state().unwrap().clone(), health.reason().cloned())
        });
        shown.collect::<Vec<_>>()
    };
    use TargetHealthReasonEnum as Reason;
    use TargetHealthStateEnum as State;
    assert_eq!(
        health(None).await,
        [(State::Initial, Some(Reason::RegistrationInProgress))]
    );
    bench.pass(5);
    assert_eq!(
        health(None).await,
        [(State::Initial, Some(Reason::InitialHealthChecking))]
    );
    bench.pass(60);
    assert_eq!(
        health(None).await,
        [(State::Unhealthy, Some(Reason::Timeout))]
    );
    elb.deregister_targets()
        .target_group_arn(&group)
        .targets(target("10.0.0.1"))
        .send()
        .await
        .unwrap();
    bench.pass(29);
    assert_eq!(
        health(None).await,
        [(State::Draining, Some(Reason::DeregistrationInProgress))]
    );
    let back = elb
        .register_targets()
        .target_group_arn(&group)
        .targets(target("10.0.0.1"))
        .send()
        .await;
    assert!(
        back.unwrap_err()
            .into_service_error()
            .is_invalid_target_exception()
    );
    bench.pass(1);
    assert_eq!(health(None).await, []);
    assert_eq!(
        health(Some("10.0.0.1")).await,
        [(State::Unused, Some(Reason::NotRegistered))]
    );
}

#[tokio::test]
async fn refusals_are_the_modelled_errors() {
    let bench = Bench::new();
    let elb = bench.elb();
    let missing =
        "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/x/0000000000000000";
    let error = elb
        .describe_target_health()
        .target_group_arn(missing)
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    assert!(error.is_target_group_not_found_exception());
    assert_eq!(
        error.meta().message(),
        Some(format!("Target groups '{missing}' not found").as_str())
    );
    let error = elb
        .describe_target_groups()
        .names("x")
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    assert!(error.is_target_group_not_found_exception());
    let error = elb
        .describe_load_balancers()
        .names("x")
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    assert!(error.is_load_balancer_not_found_exception());

    let ecr = bench.ecr();
    let error = ecr
        .describe_images()
        .repository_name("app")
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    assert!(error.is_repository_not_found_exception());
    ecr.create_repository()
        .repository_name("app")
        .send()
        .await
        .unwrap();
    let id = aws_sdk_ecr::types::ImageIdentifier::builder()
        .image_tag("t")
        .build();
    let error = ecr
        .describe_images()
        .repository_name("app")
        .image_ids(id)
        .send()
        .await
        .unwrap_err();
    assert!(error.into_service_error().is_image_not_found_exception());

    let scaling = sdk!(aws_sdk_applicationautoscaling, bench.http());
    let register = scaling
        .register_scalable_target()
        .service_namespace(aws_sdk_applicationautoscaling::types::ServiceNamespace::Ecs)
        .scalable_dimension(
            aws_sdk_applicationautoscaling::types::ScalableDimension::EcsServiceDesiredCount,
        )
        .resource_id("service/c/s");
    let error = register
        .min_capacity(1)
        .max_capacity(2)
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    assert!(error.is_validation_exception());
    assert_eq!(
        error.meta().message(),
        Some("ECS service doesn't exist: service/c/s")
    );
    let described = scaling
        .describe_scalable_targets()
        .service_namespace("ecs".into())
        .send()
        .await
        .unwrap();
    assert_eq!(described.scalable_targets().len(), 0);
}

#[tokio::test]
async fn images_read_back_with_their_times_and_tokens_stay_out_of_the_journal() {
    let bench = Bench::new();
    let ecr = bench.ecr();
    let made = ecr
        .create_repository()
        .repository_name("app")
        .send()
        .await
        .unwrap();
    let uri = made.repository().unwrap().repository_uri().unwrap();
    assert_eq!(uri, "123456789012.dkr.ecr.us-east-1.amazonaws.com/app");
    let digest = bench
        .simulator
        .lock()
        .unwrap()
        .push_image(START, "app", "prod")
        .unwrap();
    let found = ecr
        .describe_images()
        .repository_name("app")
        .send()
        .await
        .unwrap();
    let [image] = found.image_details() else {
        panic!("{found:?}")
    };
    assert_eq!(image.image_digest(), Some(digest.as_str()));
    assert_eq!(
        image.image_pushed_at().unwrap().to_millis().unwrap(),
        START.0
    );

    let login = ecr.get_authorization_token().send().await.unwrap();
    let [token] = login.authorization_data() else {
        panic!("{login:?}")
    };
    assert_eq!(
        token.expires_at().unwrap().to_millis().unwrap(),
        START.0 + 12 * 3_600_000
    );
    let journal = bench.simulator.lock().unwrap().journal().to_json_lines(0);
    assert!(!journal.contains(token.authorization_token().unwrap()));
    assert!(journal.contains(r#""authorizationToken":"…""#));
}

#[tokio::test]
async fn callers_are_known_by_account_and_by_name() {
    let bench = Bench::new();
    let sts = sdk!(aws_sdk_sts, bench.http());
    let identity = sts.get_caller_identity().send().await.unwrap();
    assert_eq!(identity.account(), Some("123456789012"));
    assert_eq!(
        identity.arn(),
        Some("arn:aws:iam::123456789012:user/simulator")
    );
    let simulator = bench.simulator.lock().unwrap();
    assert_eq!(
        simulator.journal().lines().next().unwrap().line["client"],
        "bench"
    );
}

#[tokio::test]
async fn paginators_see_every_item_once() {
    let bench = Bench::new();
    let elb = bench.elb();
    for number in 0..7 {
        elb.create_target_group()
            .name(format!("group-{number}"))
            .send()
            .await
            .unwrap();
    }
    let pages = elb
        .describe_target_groups()
        .page_size(3)
        .into_paginator()
        .send();
    let pages: Vec<_> = pages.try_collect().await.unwrap();
    let sizes: Vec<usize> = pages
        .iter()
        .map(|page| page.target_groups().len())
        .collect();
    assert_eq!(sizes, [3, 3, 1]);
}

fn raw(headers: &[(&str, &str)], body: &str) -> Response<Vec<u8>> {
    let mut request = Request::post("/");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    respond(
        &mut new_simulator(),
        START,
        request.body(body.as_bytes().to_vec()).unwrap(),
    )
}

#[track_caller]
fn check_refusal(headers: &[(&str, &str)], body: &str, code: &str) {
    let response = raw(headers, body);
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert_eq!(response.headers()["x-amzn-errortype"], code);
    let text = String::from_utf8(response.into_body()).unwrap();
    assert!(text.contains(code), "{text}");
}

#[test]
fn says_what_is_wrong_with_requests_that_are_no_calls() {
    let form = (
        "content-type",
        "application/x-www-form-urlencoded; charset=utf-8",
    );
    let ecr = (
        "x-amz-target",
        "AmazonEC2ContainerRegistry_V20150921.DescribeImages",
    );
    check_refusal(&[], "", "UnknownOperationException");
    check_refusal(
        &[("x-amz-target", "DynamoDB_20120810.ListTables")],
        "{}",
        "UnknownOperationException",
    );
    check_refusal(
        &[("x-amz-target", "AmazonEC2ContainerRegistry_V20150921.Nope")],
        "{}",
        "UnknownOperationException",
    );
    check_refusal(&[ecr], "{", "SerializationException");
    check_refusal(&[ecr], "[]", "SerializationException");
    check_refusal(&[ecr], r#"{"repositoryName": 1}"#, "SerializationException");
    check_refusal(&[ecr], &"[".repeat(100_000), "SerializationException");
    check_refusal(&[form], "Action=Nope&Version=2015-12-01", "InvalidAction");
    check_refusal(
        &[form],
        "Action=DescribeTags&Version=1999-01-01",
        "InvalidAction",
    );
    check_refusal(&[form], "A.B=1&A=2", "MalformedQueryString");
    check_refusal(
        &[form],
        "Action=DescribeTargetGroups&Version=2015-12-01&PageSize=x",
        "ValidationError",
    );
}

#[test]
fn every_answer_has_a_date_and_an_id_that_do_not_depend_on_the_machine() {
    let answer = || {
        raw(
            &[(
                "x-amz-target",
                "AmazonEC2ContainerRegistry_V20150921.DescribeRepositories",
            )],
            "{}",
        )
    };
    let (first, second) = (answer(), answer());
    assert_eq!(first.headers()["date"], "Sun, 22 Nov 2026 20:35:00 GMT");
    assert_eq!(
        first.headers()["content-type"],
        "application/x-amz-json-1.1"
    );
    assert_eq!(
        first.headers()["x-amzn-requestid"],
        second.headers()["x-amzn-requestid"]
    );
    assert_eq!(first.body(), br#"{"repositories":[]}"#);
}

#[tokio::test]
async fn answers_the_sdk_over_tcp() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let clock = Arc::new(SpeedClock::new(START, 0.0));
    let server = tokio::spawn(serve(
        listener,
        Arc::new(Mutex::new(new_simulator())),
        clock.clone(),
    ));
    let http = aws_smithy_http_client::Builder::new().build_http();
    let config = aws_sdk_ecr::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::for_tests())
        .endpoint_url(endpoint)
        .http_client(http);
    let ecr = aws_sdk_ecr::Client::from_conf(config.build());
    ecr.create_repository()
        .repository_name("app")
        .send()
        .await
        .unwrap();
    clock.advance(60_000);
    let made = ecr
        .create_repository()
        .repository_name("later")
        .send()
        .await
        .unwrap();
    let created = made
        .repository()
        .unwrap()
        .created_at()
        .unwrap()
        .to_millis()
        .unwrap();
    assert_eq!(created, START.0 + 60_000);
    let again = ecr
        .create_repository()
        .repository_name("app")
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    assert!(again.is_repository_already_exists_exception());
    server.abort();
}

/// One request to `/_sim`; the status and the JSON of the answer.
fn sim(
    simulator: &mut Simulator,
    clock: &SpeedClock,
    method: &str,
    path: &str,
    body: &str,
) -> (u16, Value) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .body(body.as_bytes().to_vec())
        .unwrap();
    let response = super::inspect::inspect(simulator, clock, &request);
    let status = response.status().as_u16();
    (
        status,
        serde_json::from_slice(response.body()).unwrap_or(Value::Null),
    )
}

#[tokio::test]
async fn lets_tools_look_in_and_push_time_ahead() {
    let (mut simulator, clock) = (new_simulator(), SpeedClock::new(START, 0.0));
    let mut sim =
        |method: &str, path: &str, body: &str| sim(&mut simulator, &clock, method, path, body);
    assert_eq!(
        sim("POST", "/_sim/advance", r#"{"seconds": 90.5}"#),
        (200, json!({"now": "2026-11-22T20:36:30.750Z"}))
    );
    assert_eq!(sim("GET", "/_sim/world", "").0, 200);
    assert_eq!(sim("GET", "/_sim/journal?from=0", "").0, 200);
    for (method, path, body, status) in [
        ("GET", "/_sim/journal?from=x", "", 400),
        ("POST", "/_sim/advance", "", 400),
        ("POST", "/_sim/advance", r#"{"seconds": -1}"#, 400),
        ("POST", "/_sim/advance", r#"{"seconds": 1e300}"#, 400),
        (
            "POST",
            "/_sim/images",
            r#"{"repository": "nope", "tag": "t"}"#,
            400,
        ),
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
