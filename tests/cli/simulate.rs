//! `evenkeel simulate`: an account behind a port, for any AWS client.

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
