//! A simulated AWS in a process of its own, and a client that speaks its protocols with nothing but a socket.
//!
//! Owns the process and ends it. The client is written from AWS's protocol, not from this crate, so that a mistake in
//! the crate's own wire code cannot hide by being made on both sides.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command};

use serde_json::{Value, json};

use super::command::{Ran, evenkeel, file, run};
use super::journal::Journal;

/// A whole rollout takes seconds, and a process would have to stand still for twelve seconds to lose a virtual hour,
/// which is how long ECS remembers a stopped task.
const SPEED: &str = "300";

/// Time that hardly passes by itself: for tests that push it.
const STILL: &str = "0.01";

/// Longer than any rollout, in the world's time; a real hang ends all the same.
pub(super) const LONG: &str = "48h";

/// One simulated account.
pub(super) struct Sim {
    child: Child,
    address: String,
    export: String,
    /// The table that it was laid out for.
    pub(super) table: String,
}

impl Drop for Sim {
    fn drop(&mut self) {
        // It may have ended by itself; either way nothing is left behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Sim {
    /// An account laid out for a table file, in which time passes.
    pub(super) fn of(table: &str) -> Self {
        Self::start(table, &[table, "--speed", SPEED])
    }

    /// An account laid out for a table's text.
    pub(super) fn with(test: &str, table: &str) -> Self {
        Self::of(&file(test, "table.yaml", table))
    }

    /// An account in which time stands, but for `advance`.
    pub(super) fn still(table: &str) -> Self {
        Self::start(table, &[table, "--speed", STILL])
    }

    /// `evenkeel simulate` with arguments; `table` is what commands are then about.
    pub(super) fn start(table: &str, arguments: &[&str]) -> Self {
        let mut command = evenkeel(&["simulate", "--listen", "127.0.0.1:0"]);
        let mut child = command.args(arguments).spawn().expect("the binary that cargo built starts");
        let stdout = child.stdout.as_mut().expect("stdout is kept");
        let mut export = String::new();
        BufReader::new(stdout).read_line(&mut export).expect("the simulator tells its address");
        let address = setting(&export, "AWS_ENDPOINT_URL").trim_start_matches("http://").to_owned();
        Self { child, address, export: export.trim_end().to_owned(), table: table.to_owned() }
    }

    /// The line that a user would paste into a shell.
    pub(super) fn export(&self) -> &str {
        &self.export
    }

    /// Host and port.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// A command about this account, with the environment of the export line.
    pub(super) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = evenkeel(arguments);
        for pair in self.export.trim_start_matches("export ").split(' ') {
            let (key, value) = pair.split_once('=').expect("the export line has pairs");
            command.env(key, value);
        }
        // Where time stands, waiting for it must not.
        command.env("EVENKEEL_SPEED", SPEED);
        command
    }

    /// Runs a command about this account.
    pub(super) fn run(&self, arguments: &[&str]) -> Ran {
        run(self.command(arguments))
    }

    /// Runs a command about this account's table.
    pub(super) fn about(&self, arguments: &[&str]) -> Ran {
        self.run(&[arguments, &[self.table.as_str()]].concat())
    }

    /// Reconciles this account's table, with all the time in the world.
    pub(super) fn reconcile(&self) -> Ran {
        self.about(&["reconcile", "--once", "--timeout", LONG])
    }

    /// Reconciles this account's table until it is settled, and gives the journal's place.
    #[track_caller]
    pub(super) fn settled(&self) -> usize {
        self.reconcile().ended_with(0);
        self.journal(0).end()
    }

    /// One call of an AWS operation that speaks JSON.
    #[track_caller]
    pub(super) fn call(&self, service: &str, operation: &str, input: Value) -> Value {
        match self.attempt(service, operation, &input) {
            Ok(answer) => answer,
            Err(error) => panic!("{operation} {input}: {error}"),
        }
    }

    /// One call of ECS.
    #[track_caller]
    pub(super) fn ecs(&self, operation: &str, input: Value) -> Value {
        self.call("AmazonEC2ContainerServiceV20141113", operation, input)
    }

    /// One call of an AWS operation that speaks JSON, which AWS may refuse.
    pub(super) fn attempt(&self, service: &str, operation: &str, input: &Value) -> Result<Value, Value> {
        let headers = format!("content-type: application/x-amz-json-1.1\r\nx-amz-target: {service}.{operation}\r\n");
        let (status, body) = self.http("POST", "/", &headers, &input.to_string());
        let answer = serde_json::from_str(&body).expect("AWS answers in JSON");
        if status == 200 { Ok(answer) } else { Err(answer) }
    }

    /// One call of an AWS operation that speaks the Query protocol; answers in XML.
    #[track_caller]
    pub(super) fn query(&self, form: &str) -> String {
        let (status, body) = self.http("POST", "/", "content-type: application/x-www-form-urlencoded\r\n", form);
        assert_eq!(status, 200, "{form}: {body}");
        body
    }

    /// Pushes time ahead.
    #[track_caller]
    pub(super) fn advance(&self, seconds: u32) {
        let (status, body) = self.http("POST", "/_sim/advance", "", &json!({"seconds": seconds}).to_string());
        assert_eq!(status, 200, "{body}");
    }

    /// Pushes a new image to a tag.
    #[track_caller]
    pub(super) fn push(&self, repository: &str, tag: &str) -> String {
        let image = json!({"repository": repository, "tag": tag}).to_string();
        let (status, body) = self.http("POST", "/_sim/images", "", &image);
        assert_eq!(status, 200, "{body}");
        let answer: Value = serde_json::from_str(&body).expect("the simulator answers in JSON");
        answer["digest"].as_str().expect("a push gives a digest").to_owned()
    }

    /// Containers of a family exit with this code, twenty seconds after they started.
    #[track_caller]
    pub(super) fn exits(&self, family: &str, exit_code: i32) {
        let app = json!({"exitsAfter": {"ms": 20_000, "exitCode": exit_code}});
        self.perform(json!([{"app": {"of": family, "app": app}}]));
    }

    /// Does what a scenario can do, at once.
    #[track_caller]
    pub(super) fn perform(&self, actions: Value) {
        let (status, body) = self.http("POST", "/_sim/do", "", &actions.to_string());
        assert_eq!(status, 200, "{body}");
    }

    /// The journal from an entry on.
    pub(super) fn journal(&self, from: usize) -> Journal {
        let (status, body) = self.http("GET", &format!("/_sim/journal?from={from}"), "", "");
        assert_eq!(status, 200, "{body}");
        Journal::read(&body, from)
    }

    /// The ARN of the cluster, which the account has only one of.
    pub(super) fn cluster(&self) -> String {
        text(&self.ecs("ListClusters", json!({}))["clusterArns"][0])
    }

    /// The ARN of the service whose name contains this.
    pub(super) fn service(&self, part: &str) -> String {
        let answer = self.ecs("ListServices", json!({"cluster": self.cluster()}));
        let all = answer["serviceArns"].as_array().expect("a list").iter().map(text);
        all.into_iter().find(|arn| arn.contains(part)).expect("the service is there")
    }

    /// A service, as DescribeServices shows it.
    pub(super) fn described(&self, part: &str) -> Value {
        let input = json!({"cluster": self.cluster(), "services": [self.service(part)]});
        self.ecs("DescribeServices", input)["services"][0].clone()
    }

    /// Changes a service by hand.
    #[track_caller]
    pub(super) fn update(&self, part: &str, change: Value) {
        let mut input = json!({"cluster": self.cluster(), "service": self.service(part)});
        let members = change.as_object().expect("a change is an object").clone();
        input.as_object_mut().expect("it is an object").extend(members);
        self.ecs("UpdateService", input);
    }

    /// Kicks services one by one, as a script with boto3 does.
    #[track_caller]
    pub(super) fn kick(&self, parts: &[&str]) {
        for part in parts {
            self.update(part, json!({"forceNewDeployment": true}));
        }
    }

    /// One request of any kind, to the keeper's paths too: the status, and the body.
    pub(super) fn http(&self, method: &str, path: &str, headers: &str, body: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).expect("the simulator listens");
        let host = &self.address;
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\nuser-agent: a-stranger/1\r\nconnection: close\r\n\
             content-length: {length}\r\n{headers}\r\n{body}"
        );
        stream.write_all(request.as_bytes()).expect("the simulator reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("the simulator answers");
        let (head, body) = answer.split_once("\r\n\r\n").expect("an HTTP response has a head");
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("it has a status");
        (status, body.to_owned())
    }
}

/// A JSON string as a string.
#[track_caller]
pub(super) fn text(value: &Value) -> String {
    match value.as_str() {
        Some(text) => text.to_owned(),
        None => panic!("{value} is no text"),
    }
}

fn setting<'a>(export: &'a str, key: &str) -> &'a str {
    let pair = export.split_whitespace().find_map(|pair| pair.strip_prefix(key)?.strip_prefix('='));
    pair.unwrap_or_else(|| panic!("the simulator tells no {key}: {export}"))
}
