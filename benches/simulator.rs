//! What the embedded AWS costs: calls a second, a rollout without any controller, and an hour of a large estate.
//!
//! In process means: one HTTP request in, one response out, without an SDK and without a socket. Over TCP: the same on
//! one connection. Both as a client sees them that does nothing else.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};

use divan::Bencher;
use divan::counter::ItemsCount;
use evenkeel::simulator::call::{Call, Service};
use evenkeel::simulator::time::Time;
use evenkeel::simulator::wire::{Reply, SpeedClock, respond, serve};
use evenkeel::simulator::world::{Config, Simulator};
use serde_json::{Value, json};

const MINUTE: i64 = 60_000;

/// Operations whose calls are counted, each with what it is asked.
const CALLS: [&str; 4] = ["DescribeServices", "ListTasks", "DescribeTasks", "UpdateService"];

fn main() {
    divan::main();
}

/// Calls in process.
#[divan::bench(args = CALLS)]
fn call_in_process(bencher: Bencher<'_, '_>, operation: &str) {
    let mut estate = Estate::new(1, 4, 2);
    let now = estate.simulator.now();
    let request = estate.request(operation).body(estate.body(operation)).expect("a request");
    bencher.counter(ItemsCount::new(1u32)).bench_local(|| match respond(&mut estate.simulator, now, &request) {
        Reply::Response(response, _) => response.into_body().len(),
        Reply::Nothing => 0,
    });
}

/// Calls over TCP, one after the other on one connection.
#[divan::bench(args = CALLS)]
fn call_over_tcp(bencher: Bencher<'_, '_>, operation: &str) {
    let estate = Estate::new(1, 4, 2);
    let body = estate.body(operation);
    let address = served(estate.simulator);
    let stream = TcpStream::connect(address).expect("the simulator listens");
    stream.set_nodelay(true).expect("a socket option");
    let mut reader = BufReader::new(stream.try_clone().expect("a second handle"));
    let mut writer = stream;
    let head = format!(
        "POST / HTTP/1.1\r\nhost: {address}\r\nx-amz-target: {TARGET}.{operation}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let request = [head.as_bytes(), &body].concat();
    bencher.counter(ItemsCount::new(1u32)).bench_local(|| {
        writer.write_all(&request).expect("the simulator reads");
        answer_length(&mut reader)
    });
}

/// A forced deployment of four services and all that follows in twelve virtual minutes; nobody looks.
#[divan::bench]
fn rollout_alone(bencher: Bencher<'_, '_>) {
    bencher.with_inputs(|| Estate::new(1, 4, 2)).bench_local_values(|mut estate| {
        for service in 0..4 {
            estate.kick(0, service);
        }
        estate.pass(12 * MINUTE);
        estate.simulator.journal().len()
    });
}

/// 500 clusters, 5,000 services and 20,000 tasks: an hour in which one service in a hundred gets a deployment.
#[divan::bench(sample_count = 3, sample_size = 1)]
fn hour_of_5000_services(bencher: Bencher<'_, '_>) {
    bencher.with_inputs(|| Estate::new(500, 10, 4)).bench_local_values(|mut estate| {
        for cluster in (0..500).step_by(10) {
            estate.kick(cluster, 0);
        }
        estate.pass(60 * MINUTE);
        estate.simulator.journal().len()
    });
}

const TARGET: &str = "AmazonEC2ContainerServiceV20141113";

/// Clusters of like services, all steady; the first service of each has a load balancer.
struct Estate {
    simulator: Simulator,
}

impl Estate {
    fn new(clusters: usize, services: usize, tasks: usize) -> Self {
        let mut estate = Estate { simulator: Simulator::new(Config::default()) };
        estate.simulator.keep_journal(Some(1_000));
        estate.call(
            "RegisterTaskDefinition",
            json!({
                "family": "web", "requiresCompatibilities": ["FARGATE"], "networkMode": "awsvpc",
                "cpu": "256", "memory": "512", "executionRoleArn": "arn:aws:iam::123456789012:role/ecs",
                "containerDefinitions": [{"name": "web", "image": "public.ecr.aws/web:1", "portMappings": [{"containerPort": 80}]}],
            }),
        );
        for cluster in 0..clusters {
            estate.call("CreateCluster", json!({"clusterName": format!("c{cluster}")}));
            let target_group = estate.target_group(cluster);
            for service in 0..services {
                let balancers = match service {
                    0 => json!([{"targetGroupArn": target_group, "containerName": "web", "containerPort": 80}]),
                    _ => json!([]),
                };
                estate.call(
                    "CreateService",
                    json!({
                        "loadBalancers": balancers,
                        "cluster": format!("c{cluster}"), "serviceName": format!("s{service}"), "taskDefinition": "web",
                        "desiredCount": tasks, "launchType": "FARGATE",
                        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
                    }),
                );
            }
        }
        estate.pass(10 * MINUTE);
        estate
    }

    /// A target group behind a load balancer of its own.
    fn target_group(&mut self, cluster: usize) -> Value {
        let group = json!({"Name": format!("g{cluster}"), "Protocol": "HTTP", "Port": "80", "VpcId": "vpc-1", "TargetType": "ip"});
        let group = self.balance("CreateTargetGroup", group)["TargetGroups"][0]["TargetGroupArn"].clone();
        let balancer = json!({"Name": format!("b{cluster}"), "Subnets": ["subnet-1", "subnet-2"]});
        let balancer = self.balance("CreateLoadBalancer", balancer)["LoadBalancers"][0]["LoadBalancerArn"].clone();
        let forward = json!([{"Type": "forward", "TargetGroupArn": group}]);
        let listener =
            json!({"LoadBalancerArn": balancer, "Protocol": "HTTP", "Port": "80", "DefaultActions": forward});
        self.balance("CreateListener", listener);
        group
    }

    fn balance(&mut self, operation: &str, input: Value) -> Value {
        let now = self.simulator.now();
        let call = Call::home(Service::Elb, operation, input, "bench");
        self.simulator.call(now, &call).unwrap_or_else(|error| panic!("{operation}: {error}"))
    }

    fn kick(&mut self, cluster: usize, service: usize) {
        let names =
            json!({"cluster": format!("c{cluster}"), "service": format!("s{service}"), "forceNewDeployment": true});
        self.call("UpdateService", names);
    }

    fn pass(&mut self, ms: i64) {
        let Time(now) = self.simulator.now();
        self.simulator.advance_to(Time(now + ms));
    }

    fn call(&mut self, operation: &str, input: Value) -> Value {
        let now = self.simulator.now();
        let call = Call::home(Service::Ecs, operation, input, "bench");
        self.simulator.call(now, &call).unwrap_or_else(|error| panic!("{operation}: {error}"))
    }

    fn request(&self, operation: &str) -> http::request::Builder {
        http::Request::post("/").header("x-amz-target", format!("{TARGET}.{operation}"))
    }

    fn body(&self, operation: &str) -> Vec<u8> {
        let world = self.simulator.world_json();
        let arns = |list: &Value, name: &str| -> Vec<Value> {
            list.as_array().into_iter().flatten().map(|item| item[name].clone()).collect()
        };
        let input = match operation {
            "DescribeServices" => json!({"cluster": "c0", "services": ["s0", "s1", "s2", "s3"]}),
            "DescribeTasks" => json!({"cluster": "c0", "tasks": arns(&world["tasks"], "taskArn")}),
            "UpdateService" => json!({"cluster": "c0", "service": "s0", "healthCheckGracePeriodSeconds": 0}),
            _ => json!({"cluster": "c0"}),
        };
        input.to_string().into_bytes()
    }
}

/// Serves a world on a thread of its own, at a standstill, for as long as the process lives.
fn served(simulator: Simulator) -> SocketAddr {
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            tell.send(listener.local_addr().expect("an address")).expect("the bench waits for it");
            let clock = SpeedClock::new(simulator.now(), 0.0);
            serve(listener, Arc::new(Mutex::new(simulator)), Arc::new(clock)).await
        })
    });
    told.recv().expect("the server says where it listens")
}

/// Reads one response; the length of its body.
fn answer_length(reader: &mut BufReader<TcpStream>) -> usize {
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).expect("the simulator answers");
        if line == "\r\n" {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().expect("a length");
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).expect("a whole body");
    length
}
