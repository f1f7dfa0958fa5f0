//! The real SDK, in process: load balancing, images, scaling and identity.

use aws_sdk_elasticloadbalancingv2::Client as ElbClient;
use aws_sdk_elasticloadbalancingv2::types::{
    ProtocolEnum, TargetDescription, TargetHealthReasonEnum as Reason, TargetHealthStateEnum as State,
};

use crate::simulator::wire::tests::bench::{Bench, START, sdk};

#[tokio::test]
async fn target_groups_read_back_as_they_were_made() {
    let bench = Bench::new();
    let arn = bench.target_group().await;
    let found = bench.elb().describe_target_groups().names("web").send().await.unwrap();
    let [group] = found.target_groups() else { panic!("{found:?}") };
    assert_eq!(group.target_group_arn(), Some(arn.as_str()));
    assert_eq!(group.health_check_path(), Some("/h?a=<b>&c"));
    assert_eq!((group.port(), group.health_check_interval_seconds()), (Some(8000), Some(30)));
    assert_eq!((group.healthy_threshold_count(), group.unhealthy_threshold_count()), (Some(5), Some(2)));
    assert_eq!(group.matcher().unwrap().http_code(), Some("200"));
    assert_eq!(group.load_balancer_arns().len(), 1);

    let elb = bench.elb();
    let balancers = elb.describe_load_balancers().send().await.unwrap();
    let [balancer] = balancers.load_balancers() else { panic!("{balancers:?}") };
    assert_eq!(balancer.created_time().unwrap().to_millis().unwrap(), START.0);
    assert_eq!(balancer.availability_zones().len(), 2);
    let arn = balancer.load_balancer_arn().unwrap();
    let listeners = elb.describe_listeners().load_balancer_arn(arn).send().await.unwrap();
    let listener = listeners.listeners()[0].listener_arn().unwrap();
    let rules = elb.describe_rules().listener_arn(listener).send().await.unwrap();
    assert_eq!(rules.rules()[0].is_default(), Some(true));
    let attributes = elb.describe_load_balancer_attributes().load_balancer_arn(arn).send().await.unwrap();
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
    let modify = elb.modify_target_group_attributes().target_group_arn(&group).attributes(attribute.build());
    modify.send().await.unwrap();
    elb.register_targets().target_group_arn(&group).targets(target("10.0.0.1")).send().await.unwrap();

    assert_eq!(health(&elb, &group, None).await, [(State::Initial, Some(Reason::RegistrationInProgress))]);
    bench.pass(5);
    assert_eq!(health(&elb, &group, None).await, [(State::Initial, Some(Reason::InitialHealthChecking))]);
    bench.pass(60);
    assert_eq!(health(&elb, &group, None).await, [(State::Unhealthy, Some(Reason::Timeout))]);
    elb.deregister_targets().target_group_arn(&group).targets(target("10.0.0.1")).send().await.unwrap();
    bench.pass(29);
    assert_eq!(health(&elb, &group, None).await, [(State::Draining, Some(Reason::DeregistrationInProgress))]);
    let back = elb.register_targets().target_group_arn(&group).targets(target("10.0.0.1")).send().await;
    assert!(back.unwrap_err().into_service_error().is_invalid_target_exception());
    bench.pass(1);
    assert_eq!(health(&elb, &group, None).await, []);
    assert_eq!(health(&elb, &group, Some("10.0.0.1")).await, [(State::Unused, Some(Reason::NotRegistered))]);
}

#[tokio::test]
async fn refusals_of_load_balancing_are_the_modelled_errors() {
    let bench = Bench::new();
    let elb = bench.elb();
    let missing = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/x/0000000000000000";
    let error = elb.describe_target_health().target_group_arn(missing).send().await.unwrap_err().into_service_error();
    assert!(error.is_target_group_not_found_exception());
    assert_eq!(error.meta().message(), Some(format!("Target groups '{missing}' not found").as_str()));
    let error = elb.describe_target_groups().names("x").send().await.unwrap_err().into_service_error();
    assert!(error.is_target_group_not_found_exception());
    let error = elb.describe_load_balancers().names("x").send().await.unwrap_err().into_service_error();
    assert!(error.is_load_balancer_not_found_exception());
}

#[tokio::test]
async fn refusals_of_ecr_are_the_modelled_errors() {
    let bench = Bench::new();
    let ecr = bench.ecr();
    let error = ecr.describe_images().repository_name("app").send().await.unwrap_err().into_service_error();
    assert!(error.is_repository_not_found_exception());
    ecr.create_repository().repository_name("app").send().await.unwrap();
    let id = aws_sdk_ecr::types::ImageIdentifier::builder().image_tag("t").build();
    let error = ecr.describe_images().repository_name("app").image_ids(id).send().await.unwrap_err();
    assert!(error.into_service_error().is_image_not_found_exception());
}

#[tokio::test]
async fn refusals_of_scaling_are_the_modelled_errors() {
    let bench = Bench::new();
    let scaling = sdk!(aws_sdk_applicationautoscaling, bench.http());
    let register = scaling
        .register_scalable_target()
        .service_namespace(aws_sdk_applicationautoscaling::types::ServiceNamespace::Ecs)
        .scalable_dimension(aws_sdk_applicationautoscaling::types::ScalableDimension::EcsServiceDesiredCount)
        .resource_id("service/c/s");
    let error = register.min_capacity(1).max_capacity(2).send().await.unwrap_err().into_service_error();
    assert!(error.is_validation_exception());
    assert_eq!(error.meta().message(), Some("ECS service doesn't exist: service/c/s"));
    let described = scaling.describe_scalable_targets().service_namespace("ecs".into()).send().await.unwrap();
    assert_eq!(described.scalable_targets().len(), 0);
}

#[tokio::test]
async fn images_read_back_with_their_times_and_tokens_stay_out_of_the_journal() {
    let bench = Bench::new();
    let ecr = bench.ecr();
    let made = ecr.create_repository().repository_name("app").send().await.unwrap();
    let uri = made.repository().unwrap().repository_uri().unwrap();
    assert_eq!(uri, "123456789012.dkr.ecr.us-east-1.amazonaws.com/app");
    let digest = bench.simulator.lock().unwrap().push_image(START, "app", "prod").unwrap();
    let found = ecr.describe_images().repository_name("app").send().await.unwrap();
    let [image] = found.image_details() else { panic!("{found:?}") };
    assert_eq!(image.image_digest(), Some(digest.as_str()));
    assert_eq!(image.image_pushed_at().unwrap().to_millis().unwrap(), START.0);

    let login = ecr.get_authorization_token().send().await.unwrap();
    let [token] = login.authorization_data() else { panic!("{login:?}") };
    assert_eq!(token.expires_at().unwrap().to_millis().unwrap(), START.0 + 12 * 3_600_000);
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
    assert_eq!(identity.arn(), Some("arn:aws:iam::123456789012:user/simulator"));
    let simulator = bench.simulator.lock().unwrap();
    assert_eq!(simulator.journal().lines().next().unwrap().line()["client"], "bench");
}

#[tokio::test]
async fn paginators_see_every_item_once() {
    let bench = Bench::new();
    let elb = bench.elb();
    for number in 0..7 {
        let group = elb.create_target_group().name(format!("group-{number}")).protocol(ProtocolEnum::Http);
        group.port(80).vpc_id("vpc-1").send().await.unwrap();
    }
    let pages = elb.describe_target_groups().page_size(3).into_paginator().send();
    let pages: Vec<_> = pages.try_collect().await.unwrap();
    let sizes: Vec<usize> = pages.iter().map(|page| page.target_groups().len()).collect();
    assert_eq!(sizes, [3, 3, 1]);
}

fn target(ip: &str) -> TargetDescription {
    TargetDescription::builder().id(ip).build()
}

/// States and reasons of the targets that are asked for, or of all.
async fn health(elb: &ElbClient, group: &str, asked: Option<&str>) -> Vec<(State, Option<Reason>)> {
    let asked = asked.map(|ip| vec![target(ip)]);
    let describe = elb.describe_target_health().target_group_arn(group).set_targets(asked);
    let found = describe.send().await.unwrap();
    let shown = found.target_health_descriptions().iter().map(|one| {
        let health = one.target_health().unwrap();
        (health.state().unwrap().clone(), health.reason().cloned())
    });
    shown.collect()
}
