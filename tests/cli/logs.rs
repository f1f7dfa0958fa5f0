//! A controller whose log is read by machines: on stderr, and by an OpenTelemetry collector.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::Value;

use super::command::{Ran, SMALL, ended, signal};
use super::sim::Sim;

/// What a collector was sent: for each request its path and its body, protobuf's strings readable in it.
type Sent = Arc<Mutex<Vec<(String, String)>>>;

/// A collector that takes everything.
fn collector() -> (String, Sent) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let address = format!("http://{}", listener.local_addr().expect("it is bound"));
    let sent = Sent::default();
    let taken = Arc::clone(&sent);
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let taken = Arc::clone(&taken);
            thread::spawn(move || take(&stream, &taken));
        }
    });
    (address, sent)
}

fn take(stream: &TcpStream, sent: &Sent) {
    let mut reader = BufReader::new(stream.try_clone().expect("a socket has a second handle"));
    loop {
        let head: Vec<String> =
            reader.by_ref().lines().map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
        let Some(first) = head.first() else { return };
        let length = head.iter().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        reader.read_exact(&mut body).expect("the body is as long as its head says");
        let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
        sent.lock().expect("nobody panics with it").push((path, String::from_utf8_lossy(&body).into_owned()));
        write!(&mut &*stream, "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").expect("it waits for the answer");
    }
}

/// A controller that ends a kicked rollout and is told to end then.
fn rollout(test: &str, options: &[&str]) -> Ran {
    let sim = Sim::with(test, SMALL);
    let settled = sim.settled();
    let mut child = sim
        .command(&[&["reconcile", sim.table.as_str()], options].concat())
        .spawn()
        .expect("the binary that cargo built starts");
    sim.kick(&["web", "worker"]);
    let over = |sim: &Sim| {
        let journal = sim.journal(settled);
        journal.writes().into_iter().any(|entry| entry["input"]["tags"].to_string().contains("state=succeeded"))
    };
    while !over(&sim) {
        assert!(child.try_wait().expect("a child can be asked").is_none(), "it ended by itself");
    }
    signal(&child, "TERM");
    ended(child).ended_with(0)
}

#[test]
fn a_controller_that_logs_json_says_nothing_else_and_a_line_for_each_step_and_each_phase() {
    let ran = rollout("logs-json", &["--log-format", "json"]);
    let lines: Vec<Value> = ran.stderr.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let said =
        |message: &str| -> Vec<&Value> { lines.iter().filter(|line| line["fields"]["message"] == message).collect() };
    let field = |message: &str, name: &str| -> Vec<String> {
        said(message).iter().map(|line| line["fields"][name].as_str().expect("it has the field").to_owned()).collect()
    };
    let mut steps = field("step done", "step");
    steps.dedup();
    assert_eq!(steps, ["Record", "Run", "Record"]);
    let phases = field("table stands", "phase");
    assert!(["Draining", "Deploying"].iter().all(|phase| phases.iter().any(|seen| seen == phase)), "{phases:?}");
    assert!(field("step done", "table").iter().all(|table| table == "small"));
}

#[test]
fn a_collector_gets_the_lines_of_a_rollout_and_the_last_before_the_end() {
    let (address, sent) = collector();
    rollout("logs-otlp", &["--log", "evenkeel=info", "--otlp", &address]);
    let sent = sent.lock().expect("nobody panics with it");
    assert!(sent.iter().all(|(path, _)| path == "/v1/logs"), "{sent:?}");
    let all: String = sent.iter().map(|(_, body)| body.as_str()).collect();
    for words in ["service.name", "step done", "small", "Run"] {
        assert!(all.contains(words), "no `{words}` in {all:?}");
    }
}

#[test]
fn a_collector_that_is_gone_hinders_no_rollout() {
    // Bound and dropped: nobody listens there.
    let address =
        TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("there is a free port");
    rollout("logs-gone", &["--log", "evenkeel=info", "--otlp", &format!("http://{address}")]);
}

#[test]
fn an_address_that_is_none_is_told_before_anything_begins() {
    let sim = Sim::with("logs-address", SMALL);
    let ran = super::command::run(sim.command(&["reconcile", "--otlp", "not an address", sim.table.as_str()]));
    let ran = ran.ended_with(2);
    ran.says("the collector's address cannot be used").says("OTEL_EXPORTER_OTLP_ENDPOINT");
}
