//! Rollouts that are asked for over HTTP, by tokens that `evenkeel token` made.

use std::process::{Command, Stdio};

use serde_json::Value;

use super::command::{SMALL, ended, evenkeel, file, run};
use super::served::{Answer, Served};
use super::sim::{Sim, text};

const ROLLOUTS: &str = "/v1/tables/small/rollouts";
const BUTTON: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/examples/foursight_button.py");

/// A token and its line, as a person gets them.
pub(super) fn token(name: &str, role: &str) -> (String, String) {
    let made = run(evenkeel(&["token", "--name", name, "--role", role, "--output", "json"])).ended_with(0).json();
    (text(&made["token"]), text(&made["line"]))
}

fn bearer(token: &str) -> String {
    format!("authorization: Bearer {token}\r\n")
}

fn post(served: &Served, path: &str, token: &str, headers: &str, body: &str) -> Answer {
    let headers = format!("{}content-type: application/json\r\n{headers}", bearer(token));
    served.ask("POST", path, &headers, body)
}

/// Asks again and again until this status comes. Between two answers nothing waits but the server itself.
fn until(served: &Served, path: &str, token: &str, status: u16) {
    while served.ask("GET", path, &bearer(token), "").status != status {}
}

#[test]
fn a_rollout_is_asked_for_followed_and_done_once_however_often_its_key_is_sent() {
    let sim = Sim::with("operate", SMALL);
    let settled = sim.settled();
    let (secret, line) = token("ada", "operate");
    let tokens = file("operate", "tokens", format!("{line}\n"));
    let served = Served::of(&sim, &["--tokens", &tokens]);
    let mut events = served.events(&bearer(&secret));
    events.until("table", |table| table["verdict"].is_string());
    let key = "idempotency-key: 1d5f0b1e-button\r\n";
    let body = r#"{"reason": "a new image"}"#;
    let first = post(&served, ROLLOUTS, &secret, key, body).json(202);
    let again = post(&served, ROLLOUTS, &secret, key, body).json(202);
    assert_eq!((&first["known"], &again["known"]), (&false.into(), &true.into()), "{first} {again}");
    assert_eq!(first["id"], again["id"]);
    let location = format!("{ROLLOUTS}/{}", text(&first["id"]));
    events.until("table", |table| table["inHand"] == true);
    events.until("table", |table| table["phase"] == "Settled" && table["inHand"] == false);
    let late = post(&served, ROLLOUTS, &secret, key, body).json(202);
    assert_eq!((&late["known"], &late["stands"]), (&true.into(), &"Ended".into()), "{late}");
    let ended = served.ask("GET", &location, &bearer(&secret), "").json(200);
    assert_eq!((&ended["stage"], &ended["ended"]["state"]), (&"Ended".into(), &"succeeded".into()), "{ended}");
    assert_eq!(sim.journal(settled).one_off_tasks().len(), 1);
    let (code, said) = served.terminated();
    assert_eq!(code, Some(0));
    assert_eq!(said.matches("rollout by ada over the API").count(), 1, "{said}");
    assert!(!said.contains(&secret), "a token is in what was said");
}

#[test]
fn a_key_is_known_to_the_controller_that_comes_after_one_that_was_killed() {
    let sim = Sim::with("operate-killed", SMALL);
    let settled = sim.settled();
    let (secret, line) = token("ada", "operate");
    let tokens = file("operate-killed", "tokens", format!("{line}\n"));
    let key = "idempotency-key: 7c1e-button\r\n";
    let asked = |served: &Served| post(served, ROLLOUTS, &secret, key, r#"{"reason": "a new image"}"#).json(202);
    let served = Served::of(&sim, &["--tokens", &tokens]);
    let first = asked(&served);
    // Killed by SIGKILL, as everything is that is dropped here.
    drop(served);
    let served = Served::of(&sim, &["--tokens", &tokens]);
    let mut events = served.events(&bearer(&secret));
    let again = asked(&served);
    assert_eq!((&first["known"], &again["known"]), (&false.into(), &true.into()), "{first} {again}");
    assert_eq!(first["id"], again["id"]);
    events.until("table", |table| table["inHand"] == true);
    events.until("table", |table| table["phase"] == "Settled" && table["inHand"] == false);
    drop((events, served));
    let late = asked(&Served::of(&sim, &["--tokens", &tokens]));
    assert_eq!((&late["id"], &late["stands"]), (&first["id"], &"Ended".into()), "{late}");
    assert_eq!(sim.journal(settled).one_off_tasks().len(), 1);
}

#[test]
fn tokens_are_followed_and_a_broken_file_keeps_what_was() {
    let sim = Sim::with("operate-tokens", SMALL);
    let ((ada, ada_line), (bob, bob_line)) = (token("ada", "read"), token("bob", "read"));
    let tokens = file("operate-tokens", "tokens", &ada_line);
    let served = Served::of(&sim, &["--tokens", &tokens]);
    until(&served, "/v1/whoami", &ada, 200);
    until(&served, "/v1/whoami", &bob, 401);
    let mut stream = served.events(&bearer(&ada));
    stream.until("synced", |_| true);
    file("operate-tokens", "tokens", format!("{ada_line}\nbob owner\n"));
    while !served.said().contains("the tokens that were read before stay in force") {
        assert_eq!(served.get("/livez").status, 200);
    }
    until(&served, "/v1/whoami", &ada, 200);
    file("operate-tokens", "tokens", &bob_line);
    until(&served, "/v1/whoami", &bob, 200);
    until(&served, "/v1/whoami", &ada, 401);
    // What was opened by the token that is gone ends with it.
    while stream.next().is_some() {}
    let said = served.said();
    assert!(said.contains("line 2: 2 words instead of 3"), "{said}");
    let hashes = [&ada_line, &bob_line].map(|line| line.split("sha256:").nth(1).expect("a line has a hash"));
    for secret in [ada.as_str(), bob.as_str(), hashes[0], hashes[1]] {
        assert!(!said.contains(secret), "{said}");
    }
}

#[test]
fn a_controller_without_usable_tokens_does_not_begin() {
    let sim = Sim::with("operate-none", SMALL);
    let (secret, _) = token("ada", "read");
    for (content, says) in [("", "the file has no token"), (secret.as_str(), "a token itself stands there")] {
        let tokens = file("operate-none", "tokens", content);
        let arguments = ["reconcile", "--listen", "127.0.0.1:0", "--tokens", &tokens, sim.table.as_str()];
        let ran = run(sim.command(&arguments)).ended_with(2);
        ran.says(says);
        assert!(!ran.stderr.contains(&secret), "{}", ran.stderr);
    }
    let arguments = ["reconcile", "--listen", "127.0.0.1:0", "--tokens", "nowhere", sim.table.as_str()];
    run(sim.command(&arguments)).ended_with(2).says("nowhere cannot be read");
    assert_eq!(sim.journal(0).calls(), Vec::<&str>::new());
}

#[test]
fn every_token_is_another_and_a_name_is_kept_to_what_a_tag_holds() {
    let made = run(evenkeel(&["token", "--name", "ada", "--role", "read"])).ended_with(0);
    let lines: Vec<&str> = made.stdout.lines().collect();
    assert!(lines[0].starts_with("evk_") && lines[1].starts_with("ada read sha256:"), "{lines:?}");
    assert_ne!(token("ada", "read"), token("ada", "read"));
    run(evenkeel(&["token", "--name", "a b", "--role", "read"])).ended_with(2).says("nobody can have this name");
    run(evenkeel(&["token", "--name", "ada", "--role", "admin"])).ended_with(2);
}

/// Presses the button of the example; what it printed.
fn press(served: &Served, token: &str, key: &str) -> Result<Value, String> {
    let mut command = Command::new("python3");
    command
        .arg(BUTTON)
        .args(["by the example", key])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command.env("EVENKEEL_URL", format!("http://{}", served.address)).env("EVENKEEL_TOKEN", token);
    command.env("EVENKEEL_TABLE", "small").env("no_proxy", "*");
    let ran = ended(command.spawn().expect("there is a python3"));
    if ran.code == 0 { Ok(ran.json()) } else { Err(ran.stderr) }
}

#[test]
fn the_button_of_the_example_asks_once_and_says_why_not() {
    let sim = Sim::with("operate-button", SMALL);
    let settled = sim.settled();
    let ((ada, ada_line), (bob, bob_line)) = (token("ada", "operate"), token("bob", "read"));
    let tokens = file("operate-button", "tokens", format!("{ada_line}\n{bob_line}\n"));
    let served = Served::of(&sim, &["--tokens", &tokens]);
    let mut events = served.events(&bearer(&bob));
    events.until("table", |table| table["verdict"].is_string());
    let refused = press(&served, &bob, "button-1").expect_err("bob may only read");
    assert!(refused.contains("the token's role does not do"), "{refused}");
    let accepted = press(&served, &ada, "button-1").expect("ada may");
    let again = press(&served, &ada, "button-1").expect("ada may");
    assert_eq!((&accepted["id"], &again["known"]), (&again["id"], &true.into()));
    events.until("table", |table| table["inHand"] == true);
    events.until("table", |table| table["phase"] == "Settled" && table["inHand"] == false);
    assert_eq!(sim.journal(settled).one_off_tasks().len(), 1);
}
