//! Bad tables and bad usage: exit code 2, every problem on stderr, and no call to AWS.

use super::command::{CGAP, SMALL, changed, evenkeel, file, run};
use super::sim::Sim;

#[test]
fn a_bad_table_stops_every_command_before_any_call() {
    let sim = Sim::still(CGAP);
    let text = changed(&changed(SMALL, "count: 2, vcpu: .25", "cont: 2, vcpu: .24"), "123456789012", "1234");
    let table = file("bad", "bad.yaml", text);
    let commands: [&[&str]; 7] = [
        &["check"],
        &["plan"],
        &["reconcile", "--once"],
        &["status"],
        &["rollout", "start"],
        &["rollout", "status"],
        &["simulate", "--listen", "127.0.0.1:0"],
    ];
    for command in commands {
        let ran = sim.run(&[command, &[table.as_str()]].concat()).ended_with(2);
        assert_eq!(ran.stdout, "", "{command:?}");
        ran.says("unknown field `cont`").says("did you mean `count`?").says("0.24 vCPU").says("1234");
        ran.says(&format!("{table}:10:"));
    }
    assert!(sim.journal(0).calls().is_empty(), "AWS was asked about a bad table");
}

#[test]
fn problems_as_json_have_places_and_hints() {
    let table = file(
        "bad-json",
        "bad.yaml",
        changed(
            SMALL,
            "vcpu: .25, memory: 512 }\n    - { name: worker",
            "vcpu: .24, memory: 512 }\n    - { name: worker",
        ),
    );
    let ran = run(evenkeel(&["plan", "--output", "json", &table])).ended_with(2);
    let document = ran.json();
    assert_eq!(document["kind"], "Problems");
    let problem = &document["problems"][0];
    assert_eq!((problem["line"].as_u64(), problem["text"].as_str()), (Some(10), Some(".24")), "{document}");
    assert!(problem["hint"].as_str().is_some_and(|hint| hint.contains("0.25")), "{document}");
}

#[test]
fn one_bad_table_among_good_ones_stops_all() {
    let sim = Sim::still(CGAP);
    let bad = file("among", "bad.yaml", "kind: Nothing\n");
    sim.run(&["reconcile", "--once", CGAP, &bad]).ended_with(2).says(&bad);
    assert!(sim.journal(0).calls().is_empty());
}

#[test]
fn bad_usage_is_bad_input() {
    let missing = concat!(env!("CARGO_TARGET_TMPDIR"), "/no-such-table.yaml");
    let cases: [(&[&str], &str); 8] = [
        (&[], "subcommand"),
        (&["plan"], "<TABLE>"),
        (&["plan", missing], "No such file"),
        (&["reconcile", "--no-wait", CGAP], "--once"),
        (&["reconcile", "--once", "--timeout", "0s", CGAP], "longer than nothing"),
        (&["reconcile", "--once", "--timeout", "soon", CGAP], "30m"),
        (&["plan", "--output", "yaml", CGAP], "[possible values: text, json]"),
        (&["simulate", "--listen", "0.0.0.0:0"], "not a loopback address"),
    ];
    for (arguments, words) in cases {
        let ran = run(evenkeel(arguments)).ended_with(2);
        assert_eq!(ran.stdout, "", "{arguments:?}");
        ran.says(words);
    }
}

#[test]
fn a_good_table_is_checked_without_aws() {
    run(evenkeel(&["check", CGAP])).ended_with(0).tells("cgap-devtest: 4 rows (portal, indexer, ingester, deployment)");
    let schema = run(evenkeel(&["schema"])).ended_with(0);
    assert_eq!(schema.stdout.trim_end(), include_str!("../../specs/service-table.schema.json").trim_end());
}
