//! The controller's HTTP API as others have it: over TCP, with the real binary.

use std::io::{BufRead as _, BufReader};

use super::command::{SMALL, evenkeel, run, signal};
use super::served::Served;
use super::sim::Sim;

#[test]
fn a_rollout_of_others_is_seen_by_the_event_stream_from_its_first_kick_to_its_end() {
    let sim = Sim::with("listen-events", SMALL);
    let settled = sim.settled();
    let served = Served::of(&sim, &[]);
    let mut events = served.events("");
    assert_eq!(events.next().expect("it goes on").0, "reset");
    events.until("synced", |_| true);
    sim.kick(&["web", "worker"]);
    events.until("table", |table| table["inHand"] == true);
    events.until("table", |table| table["phase"] == "Settled" && table["verdict"] == "Converged");
    assert_eq!(sim.journal(settled).one_off_tasks().len(), 1);
    let rollouts = served.get("/v1/tables/small/rollouts").json(200);
    let id = rollouts["ended"][0]["id"].as_str().expect("it has ended");
    let rollout = served.get(&format!("/v1/tables/small/rollouts/{id}")).json(200);
    assert_eq!((&rollout["stage"], &rollout["ended"]["state"]), (&"Ended".into(), &"succeeded".into()), "{rollout}");
}

#[test]
fn what_is_not_there_is_a_problem() {
    let sim = Sim::with("listen-problems", SMALL);
    let served = Served::of(&sim, &[]);
    served.events("").until("table", |table| table["verdict"].is_string());
    served.get("/v1/tables/other").problem(404, "no-such-table");
    served.get("/v1/tables/small/rollouts/0123456789abcdef").problem(404, "no-such-rollout");
    served.get("/v1/nothing").problem(404, "no-such-path");
    let refused = served.ask("DELETE", "/v1/tables/small", "", "");
    refused.problem(405, "method-not-allowed");
    assert!(refused.head.contains("allow: get"), "{}", refused.head);
    let rebound = served.ask("GET", "/v1/tables", "host: evil.example\r\n", "");
    rebound.problem(421, "wrong-host");
    let long = format!("x-long: {}\r\n", "x".repeat(20_000));
    served.ask("GET", "/v1/tables", &long, "").problem(431, "head-too-large");
}

#[test]
fn it_is_ready_once_every_table_was_looked_at_and_the_page_is_there() {
    let sim = Sim::with("listen-ready", SMALL);
    let served = Served::of(&sim, &[]);
    served.events("").until("table", |table| table["verdict"].is_string());
    assert_eq!(served.get("/readyz").json(200)["ready"], true);
    assert_eq!(served.get("/livez").status, 200);
    let page = served.get("/");
    assert!(page.head.contains("content-security-policy: default-src 'none'"), "{}", page.head);
    let etag = page.head.lines().find_map(|line| line.strip_prefix("etag: ")).map(str::to_owned);
    assert!(etag.is_some(), "{}", page.head);
}

#[test]
fn it_ends_at_once_on_sigterm_whatever_is_connected() {
    let sim = Sim::with("listen-term", SMALL);
    let served = Served::of(&sim, &[]);
    let mut streams: Vec<_> = (0..20).map(|_| served.events("")).collect();
    for stream in &mut streams {
        stream.until("synced", |_| true);
    }
    // Connections that say nothing, or half of something.
    let silent: Vec<_> = (0..20).map(|_| served.connect()).collect();
    let (code, said) = served.terminated();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("what was begun stands on AWS"), "{said}");
    for mut stream in streams {
        while stream.next().is_some() {}
    }
    drop(silent);
}

#[test]
fn what_is_meant_for_a_server_is_refused_without_one_and_said_to_be_of_no_use_where_the_environment_has_it() {
    let sim = Sim::with("listen-none", SMALL);
    for option in ["--tokens", "--tls-cert", "--tls-key"] {
        let both = ["--tls-cert", "a", "--tls-key", "b"];
        let pair = if option == "--tokens" { &[option, "somewhere"][..] } else { &both };
        let ran = run(sim.command(&[&["reconcile"], pair, &[sim.table.as_str()]].concat())).ended_with(2);
        ran.says("is of no use without --listen");
    }
    run(sim.command(&["reconcile", "--once", "--tokens", "somewhere", &sim.table])).ended_with(2).says("--listen");
    for ends in ["--once", "--dry-run"] {
        let arguments = ["reconcile", ends, "--listen", "127.0.0.1:0", sim.table.as_str()];
        run(sim.command(&arguments)).ended_with(2).says("--listen is of no use with --once or --dry-run");
    }
    assert_eq!(sim.journal(0).calls(), Vec::<&str>::new());
    // In the environment it may be meant for the controller that runs beside.
    let mut dry = sim.command(&["reconcile", "--dry-run", &sim.table]);
    dry.env("EVENKEEL_LISTEN", "127.0.0.1:0");
    assert!(run(dry).stdout.contains("small on cluster"));
    let mut command = sim.command(&["reconcile", &sim.table]);
    let mut child = command.env("EVENKEEL_TOKENS", "somewhere").spawn().expect("the binary that cargo built starts");
    let mut said = BufReader::new(child.stderr.take().expect("stderr is kept")).lines().map_while(Result::ok);
    assert!(said.any(|line| line.contains("nothing is served: tokens and certificates are of use with --listen")));
    signal(&child, "TERM");
    assert_eq!(child.wait().expect("a child can be waited for").code(), Some(0));
}

#[test]
fn files_are_read_again_neither_all_the_time_nor_hardly_ever() {
    for span in ["1ms", "2h", "often"] {
        run(evenkeel(&["reconcile", "--reload", span, "table.yaml"])).ended_with(2).says("--reload");
    }
}

#[test]
fn a_scrape_tells_what_the_api_was_asked() {
    let sim = Sim::with("listen-metrics", SMALL);
    let served = Served::of(&sim, &[]);
    served.events("").until("table", |table| table["verdict"].is_string());
    served.get("/v1/tables/other").problem(404, "no-such-table");
    let scrape = served.get("/metrics").body;
    for series in [
        "evenkeel_api_requests_total{path=\"/v1/tables/{table}\",method=\"GET\",status=\"4xx\"} 1",
        "evenkeel_api_problems_total{problem=\"no-such-table\"} 1",
    ] {
        assert!(scrape.lines().any(|line| line == series), "{series}\n{scrape}");
    }
}

#[test]
fn an_address_that_others_can_reach_is_refused_before_aws_is_asked() {
    let sim = Sim::with("listen-open", SMALL);
    let ran = run(sim.command(&["reconcile", "--listen", "0.0.0.0:0", sim.table.as_str()])).ended_with(2);
    ran.says("0.0.0.0:0 is not a loopback address, and there are no tokens");
    assert_eq!(sim.journal(0).calls(), Vec::<&str>::new());
    run(evenkeel(&["reconcile", "--listen", "here", sim.table.as_str()])).ended_with(2);
}
