//! Claims about target health, told by the events of a target group.

use std::net::Ipv4Addr;

use fastrand::Rng;
use serde_json::json;

use crate::simulator::ec2::Ec2;
use crate::simulator::elb::{Answer, Elb, ElbEvent, ListenerSpec, LoadBalancerSpec, TargetGroupSpec, TargetState};
use crate::simulator::time::Time;

const IP: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
const START: Time = Time(0);

fn network() -> Ec2 {
    Ec2::new("123456789012", "us-east-1", 1)
}

/// A target group behind a load balancer, checked every 10 s, draining for 30 s.
struct Bench {
    elb: Elb,
    group: String,
}

impl Bench {
    fn new() -> Self {
        let mut bench = Self::without_listener();
        bench.listen();
        bench
    }

    fn without_listener() -> Self {
        let mut elb = Elb::new("123456789012", "us-east-1", 1);
        let spec = TargetGroupSpec {
            interval_s: 10,
            timeout_s: 5,
            deregistration_delay_s: 30,
            healthy: 3,
            ..TargetGroupSpec::default()
        };
        let group = elb.create_target_group(spec, &mut Rng::with_seed(1));
        Self { elb, group }
    }

    fn listen(&mut self) {
        let spec = LoadBalancerSpec {
            name: "alb".into(),
            scheme: "internet-facing".into(),
            vpc: "vpc-1".into(),
            subnets: vec!["subnet-1".into()],
            security_groups: vec![],
        };
        let mut rng = Rng::with_seed(2);
        let load_balancer = self.elb.create_load_balancer(spec, START, &mut rng);
        let spec = ListenerSpec { load_balancer, port: 80, target_group: self.group.clone() };
        self.elb.create_listener(spec, START, &mut rng);
    }

    fn register(&mut self, now: Time) {
        self.elb.register(&self.group, IP, 80, now).unwrap();
    }

    fn state(&self) -> TargetState {
        self.elb.state(&self.group, IP, 80)
    }

    /// What happened until `now`, as `second from>to`.
    fn story(&mut self, now: Time) -> Vec<String> {
        let told = |event: ElbEvent| format!("{} {}>{}", event.time.0 / 1000, event.from, event.to);
        self.elb.advance_to(now).into_iter().map(told).collect()
    }
}

#[test]
fn becomes_healthy_with_the_first_check_that_passes() {
    let mut bench = Bench::new();
    bench.elb.set_answer(IP, Answer::Serving);
    bench.register(START);
    assert_eq!(bench.state(), TargetState::Initial);
    assert_eq!(bench.story(Time(1_999)), ["0 unused>initial"]);
    assert_eq!(bench.story(Time(3_000)), ["2 initial>healthy"]);
}

#[test]
fn becomes_unhealthy_after_the_threshold_and_healthy_again_after_the_other() {
    let mut bench = Bench::new();
    bench.elb.set_answer(IP, Answer::Serving);
    bench.register(START);
    bench.story(Time(10_000));
    bench.elb.set_answer(IP, Answer::Status(503));
    assert_eq!(bench.story(Time(21_900)), [""; 0], "one failure is not enough");
    assert_eq!(bench.story(Time(23_000)), ["22 healthy>unhealthy"]);
    let description = "Health checks failed with these codes: [503]".to_owned();
    assert_eq!(bench.state(), TargetState::Unhealthy { reason: "Target.ResponseCodeMismatch", description });
    bench.elb.set_answer(IP, Answer::Serving);
    assert_eq!(bench.story(Time(51_900)), [""; 0], "two passes are not enough");
    assert_eq!(bench.story(Time(53_000)), ["52 unhealthy>healthy"]);
}

#[test]
fn gives_up_on_a_silent_target_a_timeout_after_each_check_began() {
    let mut bench = Bench::new();
    bench.register(START);
    bench.story(START);
    assert_eq!(bench.story(Time(60_000)), ["17 initial>unhealthy"], "checks at 2 s and 12 s, 5 s each");
    assert_eq!(
        bench.state(),
        TargetState::Unhealthy { reason: "Target.Timeout", description: "Request timed out".into() }
    );
}

#[test]
fn one_pass_forgets_earlier_failures() {
    let mut bench = Bench::new();
    bench.elb.set_answer(IP, Answer::Serving);
    bench.register(START);
    bench.story(Time(10_000));
    for round in 0..5 {
        bench.elb.set_answer(IP, Answer::Refusing);
        assert_eq!(bench.story(Time(20_000 + round * 20_000)), [""; 0]);
        bench.elb.set_answer(IP, Answer::Serving);
        assert_eq!(bench.story(Time(30_000 + round * 20_000)), [""; 0]);
    }
    assert_eq!(bench.state(), TargetState::Healthy);
}

#[test]
fn drains_for_exactly_the_delay_and_is_then_gone() {
    let mut bench = Bench::new();
    bench.elb.set_answer(IP, Answer::Serving);
    bench.register(START);
    bench.story(Time(5_000));
    bench.elb.deregister(&bench.group.clone(), IP, 80, Time(5_000));
    assert_eq!(bench.story(Time(34_999)), ["5 healthy>draining"]);
    assert_eq!(bench.state(), TargetState::Draining);
    assert_eq!(bench.story(Time(35_000)), ["35 draining>unused"]);
    assert_eq!(bench.elb.targets(&bench.group), []);
    assert_eq!(bench.elb.next_event(), None, "nothing is checked any more");
}

#[test]
fn refuses_an_address_that_is_still_draining() {
    let mut bench = Bench::new();
    bench.register(START);
    bench.elb.deregister(&bench.group.clone(), IP, 80, Time(1_000));
    bench.elb.advance_to(Time(30_999));
    let refusal = bench.elb.register(&bench.group, IP, 80, Time(30_999)).unwrap_err();
    assert_eq!(refusal.code, "InvalidTarget");
    bench.elb.advance_to(Time(31_000));
    bench.register(Time(31_000));
    assert_eq!(bench.state(), TargetState::Initial);
}

#[test]
fn checks_nothing_until_a_listener_uses_the_group() {
    let mut bench = Bench::without_listener();
    bench.elb.set_answer(IP, Answer::Serving);
    bench.register(START);
    assert!(!bench.elb.has_load_balancer(&bench.group));
    assert_eq!(bench.story(Time(3_600_000)), [""; 0]);
    let input = json!({"TargetGroupArn": bench.group});
    let health = bench.elb.handle("DescribeTargetHealth", &input, START, &mut Rng::with_seed(1), &network()).unwrap();
    assert_eq!(health["TargetHealthDescriptions"][0]["TargetHealth"]["Reason"], "Target.NotInUse");

    bench.listen();
    assert!(bench.elb.has_load_balancer(&bench.group));
    assert_eq!(bench.story(Time(3_000)), ["0 unused>initial", "2 initial>healthy"]);
}

#[test]
fn registering_and_deregistering_twice_changes_nothing() {
    let mut bench = Bench::new();
    bench.elb.set_answer(IP, Answer::Serving);
    bench.register(START);
    bench.story(Time(3_000));
    bench.register(Time(4_000));
    assert_eq!(bench.state(), TargetState::Healthy);
    bench.elb.deregister(&bench.group.clone(), IP, 80, Time(5_000));
    bench.elb.deregister(&bench.group.clone(), IP, 80, Time(20_000));
    assert_eq!(bench.story(Time(35_000)), ["5 healthy>draining", "35 draining>unused"]);
}

#[test]
fn tells_changes_of_many_targets_in_the_order_of_time() {
    let mut bench = Bench::new();
    for last in 1..=50 {
        let ip = Ipv4Addr::new(10, 0, 1, last);
        bench.elb.set_answer(ip, Answer::Serving);
        bench.elb.register(&bench.group.clone(), ip, 80, Time(i64::from(last) * 100)).unwrap();
    }
    let times: Vec<Time> = bench.elb.advance_to(Time(60_000)).into_iter().map(|event| event.time).collect();
    assert_eq!(times.len(), 100);
    assert!(times[50..].is_sorted() && times[..50].is_sorted());
}

#[test]
fn tags_are_added_described_and_removed() {
    let mut bench = Bench::new();
    let mut rng = Rng::with_seed(1);
    let add = json!({"ResourceArns": [bench.group], "Tags": [{"Key": "row", "Value": "portal"}, {"Key": "env", "Value": "x"}]});
    bench.elb.handle("AddTags", &add, START, &mut rng, &network()).unwrap();
    let remove = json!({"ResourceArns": [bench.group], "TagKeys": ["env"]});
    bench.elb.handle("RemoveTags", &remove, START, &mut rng, &network()).unwrap();
    let tags =
        bench.elb.handle("DescribeTags", &json!({"ResourceArns": [bench.group]}), START, &mut rng, &network()).unwrap();
    assert_eq!(tags["TagDescriptions"][0]["Tags"], json!([{"Key": "row", "Value": "portal"}]));
}

#[test]
fn refuses_tags_that_are_missing_twice_there_or_too_long() {
    let mut bench = Bench::new();
    for (tags, code) in [
        (json!(""), "ValidationError"),
        (json!([{"Key": "k".repeat(129), "Value": ""}]), "ValidationError"),
        (json!([{"Key": "a", "Value": "b"}, {"Key": "a", "Value": "c"}]), "DuplicateTagKeys"),
    ] {
        let add = json!({"ResourceArns": [bench.group], "Tags": tags});
        assert_eq!(
            bench.elb.handle("AddTags", &add, START, &mut Rng::with_seed(1), &network()).unwrap_err().code,
            code
        );
    }
}
