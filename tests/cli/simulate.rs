//! `evenkeel simulate`: an account behind a port, for any AWS client.

use serde_json::{Value, json};

use super::command::{CGAP, SMALL, ended, evenkeel, file, run, signal};
use super::sim::Sim;

#[test]
fn prints_what_to_paste_into_a_shell_and_nothing_else() {
    let sim = Sim::start(CGAP, &[CGAP, "--speed", "2"]);
    let endpoint = format!("AWS_ENDPOINT_URL=http://{}", sim.address());
    let expected = ["AWS_REGION=us-east-1", "AWS_DEFAULT_REGION=us-east-1", "EVENKEEL_SPEED=2", endpoint.as_str()];
    let words: Vec<&str> = sim.export().split(' ').collect();
    assert_eq!(words[0], "export");
    for setting in expected {
        assert!(words.contains(&setting), "no {setting}: {words:?}");
    }
    assert!(words[1..].iter().all(|word| word.contains('=')), "{words:?}");
}

#[test]
fn without_a_table_it_is_the_users_account() {
    let sim = Sim::start(CGAP, &["--speed", "0.01"]);
    assert_eq!(sim.described("CGAPportalService")["desiredCount"], 2);
    sim.about(&["plan"]).ended_with(3);
}

#[test]
fn an_account_can_begin_as_the_table_states_it() {
    let sim = Sim::start(CGAP, &[CGAP, "--start", "stated", "--speed", "0.01"]);
    assert_eq!(sim.described("CGAPportalService")["desiredCount"], 4);
    sim.about(&["plan"]).ended_with(3).tells("Plan: only the record changes.");
}

#[test]
fn one_seed_gives_one_account() {
    let cluster = |seed: &str| Sim::start(CGAP, &[CGAP, "--seed", seed, "--speed", "0.01"]).cluster();
    assert_eq!(cluster("7"), cluster("7"));
    assert_ne!(cluster("7"), cluster("8"));
}

#[test]
fn a_scenario_begins_with_the_simulator_and_is_told_on_stderr_only() {
    let sim = Sim::start(CGAP, &[CGAP, "--scenario", "specs/scenarios/half-kick.json", "--speed", "0.01"]);
    assert!(sim.export().starts_with("export "));
    sim.advance(3);
    let states = |part: &str| sim.described(part)["deployments"].as_array().expect("a list").len();
    assert_eq!((states("portal"), states("Indexer"), states("Ingester")), (2, 2, 1));
}

#[test]
fn a_bad_scenario_is_refused_with_the_place() {
    let bad = file("bad-scenario", "bad.json", r#"{"story": "x", "expect": {"verdict": "Held"}, "actions": []}"#);
    run(evenkeel(&["simulate", "--scenario", &bad])).ended_with(2).says("bad.json.expect: has no `runs`");
    run(evenkeel(&["simulate", "--scenario", "nowhere.json"])).ended_with(2).says("nowhere.json");
}

#[test]
fn calls_are_limited_where_that_is_asked_for() {
    let refused = |arguments: &[&str]| {
        let sim = Sim::start(CGAP, &[&[CGAP, "--speed", "0.01"], arguments].concat());
        let service = "AmazonEC2ContainerServiceV20141113";
        let calls = (0..60).filter_map(|_| sim.attempt(service, "ListClusters", &json!({})).err());
        calls.map(|error| error["__type"].to_string()).collect::<Vec<_>>()
    };
    assert_eq!(refused(&[]), Vec::<String>::new());
    let throttled = refused(&["--throttle"]);
    assert!(
        !throttled.is_empty() && throttled.iter().all(|code| code.contains("ThrottlingException")),
        "{throttled:?}"
    );
}

#[test]
fn a_port_that_is_taken_is_said_to_be() {
    let sim = Sim::still(CGAP);
    let ran = run(evenkeel(&["simulate", "--listen", sim.address()])).ended_with(1);
    ran.says("--listen");
    assert_eq!(ran.stdout, "");
}

#[test]
fn interrupting_is_its_proper_end() {
    let table = file("proper-end", "table.yaml", SMALL);
    let mut command = evenkeel(&["simulate", &table, "--listen", "127.0.0.1:0"]);
    let mut child = command.spawn().expect("the binary that cargo built starts");
    let mut first = [0_u8; 6];
    let stdout = child.stdout.as_mut().expect("stdout is kept");
    std::io::Read::read_exact(stdout, &mut first).expect("the simulator tells its address");
    assert_eq!(&first, b"export");
    signal(&child, "INT");
    ended(child).ended_with(0);
}

#[test]
fn a_scenario_can_be_watched_as_a_demo_and_ends_as_it_says() {
    let told = run(evenkeel(&["demo", "--fast", "--scenario", "specs/scenarios/half-kick.json"])).ended_with(0);
    told.says("Foursight").says("It ended as the scenario says: Held, held: PartialKick");
}

#[test]
fn an_account_can_begin_with_nothing_and_go_back_to_it() {
    let sim = Sim::start(CGAP, &[CGAP, "--start", "empty", "--speed", "0.01"]);
    assert!(sim.journal(0).entries().is_empty());
    sim.ecs("CreateCluster", json!({"clusterName": "c"}));
    let clusters = |sim: &Sim| {
        let world: Value = serde_json::from_str(&sim.http("GET", "/_sim/world", "", "").1).expect("JSON");
        world["clusters"].as_array().expect("a list").len()
    };
    assert_eq!(clusters(&sim), 1);
    assert_eq!(sim.http("POST", "/_sim/reset", "", "").0, 200);
    assert_eq!(clusters(&sim), 0);
}
