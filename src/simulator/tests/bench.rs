//! A small account on a bench: one cluster, one image, one target group, and short words for calls.
//!
//! Owns nothing but convenience. Every call goes through `Simulator::call`, as it would from outside.

use serde_json::{Value, json};

use crate::simulator::call::{Call, Service};
use crate::simulator::elb::{ListenerSpec, LoadBalancerSpec, TargetGroupSpec};
use crate::simulator::error::ApiError;
use crate::simulator::knobs::Knobs;
use crate::simulator::time::Time;
use crate::simulator::world::{Config, Simulator};

pub(super) const IMAGE: &str = "123456789012.dkr.ecr.us-east-1.amazonaws.com/main:latest";

/// A simulator with a past: what the tests ask it.
pub(super) struct Bench {
    pub(super) sim: Simulator,
    pub(super) target_group: String,
}

impl Bench {
    /// An account with cluster `c`, image `main:latest`, family `web` (one container `app` on port 80) and a target group
    /// that checks every five seconds and drains for `delay_s`.
    pub(super) fn new(delay_s: i64) -> Bench {
        Bench::with(delay_s, Knobs::default(), 1)
    }

    pub(super) fn with(delay_s: i64, knobs: Knobs, seed: u64) -> Bench {
        Bench::checked(delay_s, 5, knobs, seed)
    }

    /// The same with a target group that checks every `interval_s`.
    pub(super) fn checked(delay_s: i64, interval_s: i64, knobs: Knobs, seed: u64) -> Bench {
        let config = Config { knobs, seed, ..Config::default() };
        let start = config.start;
        let mut sim = Simulator::new(config);
        sim.ecr_mut().create_repository("main", false, start);
        sim.push_image(start, "main", "latest").unwrap();
        let target_group = balance(&mut sim, "web", delay_s, interval_s);
        let mut bench = Bench { sim, target_group };
        bench.ecs("CreateCluster", json!({"clusterName": "c", "capacityProviders": ["FARGATE", "FARGATE_SPOT"]}));
        bench.register("web", IMAGE);
        bench
    }

    /// One more target group behind a balancer of its own; its ARN.
    pub(super) fn add_target_group(&mut self, name: &str) -> String {
        balance(&mut self.sim, name, 0, 5)
    }

    /// Addresses of the running tasks of a deployment, in the order of their task ids.
    pub(super) fn addresses(&mut self, deployment: &str) -> Vec<std::net::Ipv4Addr> {
        let running = self.tasks("RUNNING").into_iter().filter(|task| task["lastStatus"] == json!("RUNNING"));
        let own = running.filter(|task| task["startedBy"] == json!(deployment));
        let address = |task: Value| task["containers"][0]["networkInterfaces"][0]["privateIpv4Address"].clone();
        own.map(address).map(|address| address.as_str().unwrap().parse().unwrap()).collect()
    }

    /// Stops a task as a user does.
    pub(super) fn stop(&mut self, task: &Value) {
        self.ecs("StopTask", json!({"cluster": "c", "task": task["taskArn"]}));
    }

    /// How many messages of the service contain a text.
    pub(super) fn said(&mut self, text: &str) -> usize {
        self.messages().iter().filter(|message| message.contains(text)).count()
    }

    /// A call that must succeed.
    #[track_caller]
    pub(super) fn ecs(&mut self, operation: &str, input: Value) -> Value {
        self.try_ecs(operation, input).unwrap_or_else(|refusal| panic!("{operation}: {refusal}"))
    }

    /// A call that must be refused.
    #[track_caller]
    pub(super) fn refusal(&mut self, operation: &str, input: Value) -> ApiError {
        match self.try_ecs(operation, input) {
            Ok(answer) => panic!("{operation} was not refused: {answer}"),
            Err(refusal) => refusal,
        }
    }

    pub(super) fn try_ecs(&mut self, operation: &str, input: Value) -> Result<Value, ApiError> {
        let call = Call::home(Service::Ecs, operation, input, "test");
        self.sim.call(self.sim.now(), &call)
    }

    pub(super) fn register(&mut self, family: &str, image: &str) -> Value {
        self.ecs("RegisterTaskDefinition", definition(family, image))
    }

    /// Makes service `s` and waits until it is steady.
    pub(super) fn steady_service(&mut self, desired: i64, balanced: bool) {
        self.create_service(desired, balanced, json!({}));
        self.wait_until_steady();
    }

    pub(super) fn create_service(&mut self, desired: i64, balanced: bool, more: Value) -> Value {
        let mut input = json!({
            "cluster": "c", "serviceName": "s", "taskDefinition": "web", "desiredCount": desired, "launchType": "FARGATE",
            "networkConfiguration": network(),
        });
        if balanced {
            let group = &self.target_group;
            input["loadBalancers"] = json!([{"targetGroupArn": group, "containerName": "app", "containerPort": 80}]);
        }
        merge(&mut input, more);
        self.ecs("CreateService", input)
    }

    pub(super) fn update(&mut self, more: Value) -> Value {
        let mut input = json!({"cluster": "c", "service": "s"});
        merge(&mut input, more);
        self.ecs("UpdateService", input)
    }

    pub(super) fn kick(&mut self) -> String {
        let answer = self.update(json!({"forceNewDeployment": true}));
        answer["service"]["deployments"][0]["id"].as_str().unwrap().to_owned()
    }

    pub(super) fn service(&mut self) -> Value {
        self.ecs("DescribeServices", json!({"cluster": "c", "services": ["s"]}))["services"][0].clone()
    }

    pub(super) fn tasks(&mut self, desired_status: &str) -> Vec<Value> {
        let listed = self.ecs("ListTasks", json!({"cluster": "c", "desiredStatus": desired_status}));
        let arns = listed["taskArns"].clone();
        if arns == json!([]) {
            return Vec::new();
        }
        let described = self.ecs("DescribeTasks", json!({"cluster": "c", "tasks": arns}));
        described["tasks"].as_array().unwrap().clone()
    }

    pub(super) fn pass(&mut self, seconds: i64) {
        self.sim.advance_to(self.sim.now().plus_millis(seconds * 1000));
    }

    /// Lets time pass until `condition` holds, an hour at most.
    #[track_caller]
    pub(super) fn wait_for(&mut self, what: &str, condition: impl Fn(&mut Bench) -> bool) {
        let limit = self.sim.now().plus_millis(3_600_000);
        while !condition(self) {
            assert!(self.sim.now() < limit, "{what} did not come: {:#}", self.sim.world_json());
            self.pass(1);
        }
    }

    #[track_caller]
    pub(super) fn wait_until_steady(&mut self) {
        self.wait_for("steady state", |bench| bench.service()["deployments"][0]["rolloutState"] == json!("COMPLETED"));
    }

    /// Messages of the service's events, oldest first.
    pub(super) fn messages(&mut self) -> Vec<String> {
        let events = self.service()["events"].clone();
        let text = |event: &Value| event["message"].as_str().unwrap().to_owned();
        events.as_array().unwrap().iter().rev().map(text).collect()
    }

    /// When the first event of the journal came that holds all of these texts, in seconds since `from`.
    #[track_caller]
    pub(super) fn moment(&self, from: Time, texts: &[&str]) -> f64 {
        let mut entries = self.sim.journal().lines().filter(|entry| entry.time >= from && entry.kind() == "event");
        let found = entries.find(|entry| texts.iter().all(|text| entry.line().to_string().contains(text)));
        let found = found.unwrap_or_else(|| panic!("nothing in the journal holds {texts:?}"));
        found.time.since(from) as f64 / 1000.0
    }
}

pub(super) fn network() -> Value {
    json!({"awsvpcConfiguration": {"subnets": ["subnet-a", "subnet-b"], "securityGroups": ["sg-1"]}})
}

pub(super) fn definition(family: &str, image: &str) -> Value {
    json!({
        "family": family, "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512",
        "containerDefinitions": [{"name": "app", "image": image, "portMappings": [{"containerPort": 80}]}],
    })
}

fn merge(input: &mut Value, more: Value) {
    let members = input.as_object_mut().unwrap();
    members.extend(more.as_object().unwrap().clone());
}

fn balance(sim: &mut Simulator, name: &str, delay_s: i64, interval_s: i64) -> String {
    let mut rng = fastrand::Rng::with_seed(7);
    let now = sim.now();
    let spec = TargetGroupSpec {
        name: name.into(),
        port: 80,
        interval_s,
        timeout_s: 2,
        deregistration_delay_s: delay_s,
        ..TargetGroupSpec::default()
    };
    let target_group = sim.elb_mut().create_target_group(spec, &mut rng);
    let balancer = LoadBalancerSpec {
        name: name.into(),
        scheme: "internal".into(),
        vpc: "vpc-1".into(),
        subnets: vec!["subnet-a".into(), "subnet-b".into()],
        security_groups: vec!["sg-1".into()],
    };
    let load_balancer = sim.elb_mut().create_load_balancer(balancer, now, &mut rng);
    let listener = ListenerSpec { load_balancer, port: 80, target_group: target_group.clone() };
    sim.elb_mut().create_listener(listener, now, &mut rng);
    target_group
}
