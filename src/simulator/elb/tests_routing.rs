//! Claims about listeners, rules and target groups: what forwards to a group decides whether it is checked.

use fastrand::Rng;
use serde_json::{Value, json};

use crate::simulator::ec2::Ec2;
use crate::simulator::ecs::Ecs;
use crate::simulator::elb::Elb;
use crate::simulator::error::ApiError;
use crate::simulator::time::Time;

const CERTIFICATE: &str = "arn:aws:acm:us-east-1:123456789012:certificate/1";

/// A load balancer with a listener on port 80 that answers by itself, and an instance.
struct Bench {
    elb: Elb,
    ec2: Ec2,
    rng: Rng,
    now: Time,
    balancer: String,
    listener: String,
    instance: String,
}

impl Bench {
    fn new() -> Self {
        let (elb, ec2) = (Elb::new("123456789012", "us-east-1", 1), Ec2::new("123456789012", "us-east-1", 1));
        let (rng, now) = (Rng::with_seed(1), Time(0));
        let none = String::new();
        let mut bench = Bench { elb, ec2, rng, now, balancer: none.clone(), listener: none.clone(), instance: none };
        let made =
            bench.call("CreateLoadBalancer", json!({"Name": "web", "Subnets": ["subnet-1", "subnet-2"]})).unwrap();
        bench.balancer = text(&made, "/LoadBalancers/0/LoadBalancerArn");
        let input =
            json!({"LoadBalancerArn": bench.balancer, "Protocol": "HTTP", "Port": "80", "DefaultActions": [answer()]});
        bench.listener = text(&bench.call("CreateListener", input).unwrap(), "/Listeners/0/ListenerArn");
        let run = json!({"ImageId": "ami-1", "MinCount": "1", "MaxCount": "1"});
        bench.instance = text(&bench.ec2("RunInstances", run), "/instancesSet/0/instanceId");
        bench
    }

    fn call(&mut self, operation: &str, input: Value) -> Result<Value, ApiError> {
        self.elb.handle(operation, &input, self.now, &mut self.rng, &self.ec2)
    }

    fn ec2(&mut self, operation: &str, input: Value) -> Value {
        self.ec2.handle(operation, &input, self.now, &Ecs::default(), &mut self.elb).unwrap()
    }

    /// A target group with the instance in it.
    fn group(&mut self, name: &str) -> String {
        let input = json!({"Name": name, "Protocol": "HTTP", "Port": "80", "VpcId": "vpc-1"});
        let group = text(&self.call("CreateTargetGroup", input).unwrap(), "/TargetGroups/0/TargetGroupArn");
        let targets = json!({"TargetGroupArn": group, "Targets": [{"Id": self.instance}]});
        self.call("RegisterTargets", targets).unwrap();
        group
    }

    fn rule(&mut self, priority: u32, action: Value) -> Result<String, ApiError> {
        let condition = json!({"Field": "path-pattern", "Values": ["/a"]});
        let input = json!({
            "ListenerArn": self.listener, "Priority": priority.to_string(), "Conditions": [condition], "Actions": [action],
        });
        Ok(text(&self.call("CreateRule", input)?, "/Rules/0/RuleArn"))
    }

    /// State of the group's first target, after ten seconds.
    fn state(&mut self, group: &str) -> String {
        self.now = self.now.plus_millis(10_000);
        self.elb.advance_to(self.now);
        let health = self.call("DescribeTargetHealth", json!({"TargetGroupArn": group})).unwrap();
        let health = &health["TargetHealthDescriptions"][0]["TargetHealth"];
        format!("{} {}", health["State"].as_str().unwrap_or("gone"), health["Reason"].as_str().unwrap_or("-"))
    }
}

fn text(answer: &Value, pointer: &str) -> String {
    answer.pointer(pointer).and_then(Value::as_str).unwrap().to_owned()
}

fn answer() -> Value {
    json!({"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}})
}

fn forward(group: &str) -> Value {
    json!({"Type": "forward", "TargetGroupArn": group})
}

#[test]
fn a_rule_puts_a_group_to_use_and_the_last_one_to_go_ends_it() {
    let mut bench = Bench::new();
    let group = bench.group("one");
    assert_eq!(bench.state(&group), "unused Target.NotInUse");
    let first = bench.rule(1, forward(&group)).unwrap();
    let second = bench.rule(2, forward(&group)).unwrap();
    assert_eq!(bench.state(&group), "healthy -");
    bench.call("DeleteRule", json!({"RuleArn": first})).unwrap();
    assert_eq!(bench.state(&group), "healthy -");
    bench.call("ModifyRule", json!({"RuleArn": second, "Actions": [answer()]})).unwrap();
    assert_eq!(bench.state(&group), "unused Target.NotInUse");
}

#[test]
fn a_group_with_a_weight_of_nothing_is_in_use_as_well() {
    let mut bench = Bench::new();
    let groups = ["one", "two"].map(|name| bench.group(name));
    let weights = [("5", &groups[0]), ("0", &groups[1])]
        .map(|(weight, group)| json!({"TargetGroupArn": group, "Weight": weight}));
    let action = json!({"Type": "forward", "ForwardConfig": {"TargetGroups": weights}});
    let input = json!({"ListenerArn": bench.listener, "DefaultActions": [action]});
    bench.call("ModifyListener", input).unwrap();
    assert_eq!(groups.each_ref().map(|group| bench.state(group)), ["healthy -", "healthy -"]);
    let used = bench.call("DeleteTargetGroup", json!({"TargetGroupArn": groups[1]})).unwrap_err();
    assert_eq!(used.code, "ResourceInUse");
    bench.call("DeleteListener", json!({"ListenerArn": bench.listener})).unwrap();
    assert_eq!(groups.each_ref().map(|group| bench.state(group)), ["unused Target.NotInUse", "unused Target.NotInUse"]);
    bench.call("DeleteTargetGroup", json!({"TargetGroupArn": groups[1]})).unwrap();
    assert!(!bench.elb.has_target_group(&groups[1]));
    assert_eq!(bench.elb.next_event(), None, "nothing is checked that is not there");
}

#[test]
fn a_listener_that_moves_on_to_the_same_group_never_stops_checking_it() {
    let mut bench = Bench::new();
    let group = bench.group("one");
    let to_group = json!({"ListenerArn": bench.listener, "DefaultActions": [forward(&group)]});
    bench.call("ModifyListener", to_group.clone()).unwrap();
    assert_eq!(bench.state(&group), "healthy -");
    bench.call("ModifyListener", to_group).unwrap();
    let health = bench.call("DescribeTargetHealth", json!({"TargetGroupArn": group})).unwrap();
    assert_eq!(health["TargetHealthDescriptions"][0]["TargetHealth"]["State"], "healthy");
}

#[test]
fn deletion_protection_keeps_a_load_balancer_and_everything_else_goes_with_it() {
    let mut bench = Bench::new();
    let group = bench.group("one");
    bench.rule(1, forward(&group)).unwrap();
    let protect = |value: &str| json!([{"Key": "deletion_protection.enabled", "Value": value}]);
    let target = json!({"LoadBalancerArn": bench.balancer});
    let change = |on: &str| json!({"LoadBalancerArn": target["LoadBalancerArn"], "Attributes": protect(on)});
    bench.call("ModifyLoadBalancerAttributes", change("true")).unwrap();
    let kept = bench.call("DeleteLoadBalancer", target.clone()).unwrap_err();
    assert_eq!(kept.code, "OperationNotPermitted");
    bench.call("ModifyLoadBalancerAttributes", change("false")).unwrap();
    bench.call("DeleteLoadBalancer", target).unwrap();
    assert!(bench.elb.listeners.is_empty() && bench.elb.rules.is_empty());
    assert!(bench.elb.has_target_group(&group) && !bench.elb.has_load_balancer(&group));
}

#[test]
fn a_priority_is_taken_once_and_two_rules_can_swap_theirs() {
    let mut bench = Bench::new();
    let rules = [1, 2].map(|priority| bench.rule(priority, answer()).unwrap());
    assert_eq!(bench.rule(2, answer()).unwrap_err().code, "PriorityInUse");
    let pairs = |first: &str, second: &str| {
        json!({"RulePriorities": [
            {"RuleArn": rules[0], "Priority": first}, {"RuleArn": rules[1], "Priority": second},
        ]})
    };
    assert_eq!(bench.call("SetRulePriorities", pairs("7", "7")).unwrap_err().code, "PriorityInUse");
    bench.call("SetRulePriorities", pairs("2", "1")).unwrap();
    let shown = bench.call("DescribeRules", json!({"ListenerArn": bench.listener})).unwrap();
    let order: Vec<&str> =
        shown["Rules"].as_array().unwrap().iter().map(|it| it["Priority"].as_str().unwrap()).collect();
    assert_eq!(order, ["1", "2", "default"]);
    assert_eq!(shown["Rules"][0]["RuleArn"], rules[1]);
}

#[test]
fn a_default_rule_is_not_deleted_and_a_hundred_others_are_enough() {
    let mut bench = Bench::new();
    for priority in 1..=100 {
        bench.rule(priority, answer()).unwrap();
    }
    assert_eq!(bench.rule(101, answer()).unwrap_err().code, "TooManyRules");
    let shown = bench.call("DescribeRules", json!({"ListenerArn": bench.listener})).unwrap();
    let default = json!({"RuleArn": shown["Rules"][100]["RuleArn"]});
    assert_eq!(bench.call("DeleteRule", default).unwrap_err().code, "OperationNotPermitted");
}

#[test]
fn https_needs_a_certificate_and_the_default_one_stays() {
    let mut bench = Bench::new();
    let mut input =
        json!({"LoadBalancerArn": bench.balancer, "Protocol": "HTTPS", "Port": "443", "DefaultActions": [answer()]});
    assert_eq!(bench.call("CreateListener", input.clone()).unwrap_err().code, "InvalidConfigurationRequest");
    input["Certificates"] = json!([{"CertificateArn": CERTIFICATE}]);
    let made = bench.call("CreateListener", input).unwrap();
    assert_eq!(made["Listeners"][0]["SslPolicy"], "ELBSecurityPolicy-2016-08");
    let gone = json!({
        "ListenerArn": made["Listeners"][0]["ListenerArn"], "Certificates": [{"CertificateArn": CERTIFICATE}],
    });
    assert_eq!(bench.call("RemoveListenerCertificates", gone).unwrap_err().code, "OperationNotPermitted");
}

#[test]
fn a_stopped_instance_is_not_checked_and_an_ended_one_drains() {
    let mut bench = Bench::new();
    let group = bench.group("one");
    bench.rule(1, forward(&group)).unwrap();
    assert_eq!(bench.state(&group), "healthy -");
    let instance = json!({"InstanceId": [bench.instance]});
    bench.ec2("StopInstances", instance.clone());
    assert_eq!(bench.state(&group), "unused Target.InvalidState");
    let again = json!({"TargetGroupArn": group, "Targets": [{"Id": bench.instance, "Port": "81"}]});
    assert_eq!(bench.call("RegisterTargets", again).unwrap_err().code, "InvalidTarget");
    bench.ec2("StartInstances", instance.clone());
    assert_eq!(bench.state(&group), "healthy -");
    bench.ec2("TerminateInstances", instance);
    assert_eq!(bench.state(&group), "draining Target.DeregistrationInProgress");
}

#[test]
fn a_function_is_checked_only_once_its_checks_are_switched_on() {
    let mut bench = Bench::new();
    let made = bench.call("CreateTargetGroup", json!({"Name": "fn", "TargetType": "lambda"})).unwrap();
    let group = text(&made, "/TargetGroups/0/TargetGroupArn");
    let function = "arn:aws:lambda:us-east-1:123456789012:function:f";
    let targets = json!({"TargetGroupArn": group, "Targets": [{"Id": function}]});
    bench.call("RegisterTargets", targets).unwrap();
    bench.rule(1, forward(&group)).unwrap();
    assert_eq!(bench.state(&group), "unavailable Target.HealthCheckDisabled");
    bench.call("ModifyTargetGroup", json!({"TargetGroupArn": group, "HealthCheckEnabled": "true"})).unwrap();
    assert_eq!(bench.state(&group), "healthy -");
}

#[test]
fn asking_twice_for_the_same_makes_it_once() {
    let mut bench = Bench::new();
    let input = json!({"Name": "one", "Protocol": "HTTP", "Port": "80", "VpcId": "vpc-1"});
    let first = bench.call("CreateTargetGroup", input.clone()).unwrap();
    assert_eq!(bench.call("CreateTargetGroup", input.clone()).unwrap(), first);
    let mut other = input;
    other["Port"] = json!("81");
    assert_eq!(bench.call("CreateTargetGroup", other).unwrap_err().code, "DuplicateTargetGroupName");
}
