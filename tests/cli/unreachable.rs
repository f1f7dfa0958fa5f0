//! An AWS that does not answer: a clear word and a failing exit code, and never a hang.

use std::net::TcpListener;
use std::process::Command;

use super::command::{CGAP, Ran, ended, evenkeel, run};

fn at(arguments: &[&str], endpoint: &str) -> Command {
    let mut command = evenkeel(arguments);
    command.env("AWS_ENDPOINT_URL", endpoint).env("AWS_EC2_METADATA_DISABLED", "true").env("EVENKEEL_SPEED", "1000");
    command
}

/// Runs commands against an address at which nobody listens; at the same time, because each tries for seconds.
fn alone<const N: usize>(commands: [&[&str]; N]) -> [Ran; N] {
    let free = TcpListener::bind("127.0.0.1:0").expect("there is a free port").local_addr().expect("it has an address");
    let children = commands.map(|arguments| {
        let mut command = at(arguments, &format!("http://{free}"));
        command.env("AWS_ACCESS_KEY_ID", "x").env("AWS_SECRET_ACCESS_KEY", "x");
        command.spawn().expect("the binary that cargo built starts")
    });
    children.map(ended)
}

#[test]
fn every_command_fails_names_the_call_and_says_where_to_look() {
    let [plan, pass, start, status, forever] = alone([
        &["plan", CGAP],
        &["reconcile", "--once", "--no-wait", "--output", "json", CGAP],
        &["rollout", "start", CGAP],
        &["status", CGAP],
        // Gives up long before its timeout, which would be weeks of the wall clock.
        &["reconcile", "--once", "--timeout", "1000000h", CGAP],
    ]);
    const CALL: &str = "the account could not be read: sts:GetCallerIdentity";
    let plan = plan.ended_with(1);
    plan.tells(CALL).tells("Connection refused").says("AWS did not answer").says("AWS_ENDPOINT_URL");
    let pass = pass.ended_with(1);
    assert_eq!(pass.json()["rollout"]["phase"], "Unseen");
    assert_eq!(pass.json()["holds"][0]["cause"], "Unknown");
    pass.says("AWS did not answer");
    start.ended_with(1).says("the rollout cannot be requested").says(CALL);
    status.ended_with(1).tells(CALL).says("AWS did not answer");
    forever.ended_with(1).tells(CALL).says("AWS did not answer");
}

#[test]
fn missing_credentials_are_for_a_person_to_mend() {
    let ran = run(at(&["reconcile", "--once", "--timeout", "1000000h", CGAP], "http://127.0.0.1:1")).ended_with(5);
    ran.tells("credentials").tells("hint:");
}
