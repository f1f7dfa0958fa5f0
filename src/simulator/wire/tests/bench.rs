//! A world, its clock, and the real SDK's clients of it, in process.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use aws_sdk_elasticloadbalancingv2::types::{Action, ActionTypeEnum, ProtocolEnum, TargetTypeEnum};

use crate::simulator::time::Time;
use crate::simulator::wire::InProcess;
use crate::simulator::world::{Config, Simulator};

pub(super) const START: Time = Time(1_795_379_700_250);

/// A world, its clock, and the ways to its services.
pub(super) struct Bench {
    pub(super) simulator: Arc<Mutex<Simulator>>,
    now: Arc<AtomicI64>,
}

/// The configuration of one SDK crate; they have nothing in common but their shape.
macro_rules! sdk {
    ($krate:ident, $http:expr) => {
        $krate::Client::from_conf(
            $krate::Config::builder()
                .behavior_version(aws_sdk_ecr::config::BehaviorVersion::latest())
                .region(aws_sdk_ecr::config::Region::new("us-east-1"))
                .credentials_provider(aws_sdk_ecr::config::Credentials::for_tests())
                .app_name($krate::config::AppName::new("bench").unwrap())
                .http_client($http)
                .build(),
        )
    };
}

impl Bench {
    pub(super) fn new() -> Self {
        Self { simulator: Arc::new(Mutex::new(new_simulator())), now: Arc::new(AtomicI64::new(START.0)) }
    }

    pub(super) fn http(&self) -> InProcess {
        let now = Arc::clone(&self.now);
        InProcess::new(Arc::clone(&self.simulator), move || Time(now.load(Ordering::SeqCst)))
    }

    pub(super) fn elb(&self) -> aws_sdk_elasticloadbalancingv2::Client {
        sdk!(aws_sdk_elasticloadbalancingv2, self.http())
    }

    pub(super) fn ecr(&self) -> aws_sdk_ecr::Client {
        sdk!(aws_sdk_ecr, self.http())
    }

    pub(super) fn pass(&self, seconds: i64) {
        self.now.fetch_add(seconds * 1000, Ordering::SeqCst);
    }

    /// A target group behind a listener of a load balancer; returns its ARN.
    pub(super) async fn target_group(&self) -> String {
        let elb = self.elb();
        let made = elb.create_load_balancer().name("alb").subnets("subnet-1").subnets("subnet-2").send().await.unwrap();
        let load_balancer = made.load_balancers()[0].load_balancer_arn().unwrap();
        let made = elb.create_target_group().name("web").protocol(ProtocolEnum::Http).port(8000).vpc_id("vpc-1");
        let made = made.target_type(TargetTypeEnum::Ip).health_check_path("/h?a=<b>&c").send().await;
        let group = made.unwrap().target_groups()[0].target_group_arn().unwrap().to_owned();
        let action = Action::builder().r#type(ActionTypeEnum::Forward).target_group_arn(&group).build();
        let listener = elb
            .create_listener()
            .load_balancer_arn(load_balancer)
            .protocol(ProtocolEnum::Http)
            .port(80)
            .default_actions(action);
        listener.send().await.unwrap();
        group
    }
}

pub(super) fn new_simulator() -> Simulator {
    Simulator::new(Config {
        account: "123456789012".into(),
        region: "us-east-1".into(),
        seed: 1,
        start: START,
        ..Config::default()
    })
}

pub(super) use sdk;
