//! One broken row at a time, and rows that do not go together.

use super::{check, problems, with, with_rows};

/// A good service row and this task row after it, which starts on line 11.
fn with_task(task: &str) -> String {
    with_rows(&format!("    - {{ name: web, service: {{ name: web }} }}\n    - {{ name: once, {task} }}\n"))
}

#[test]
fn names_the_nearest_vcpu() {
    check(with("count: 2", "vcpu: .24"), "12:13", "0.24 vCPU is not a Fargate size", "the nearest is 0.25");
    check(with("count: 2", "vcpu: 3"), "12:13", "3 vCPU", "Fargate has 0.25, 0.5, 1, 2, 4, 8, 16");
}

#[test]
fn lists_the_memory_that_goes_with_a_vcpu() {
    let size = |vcpu: &str, memory: &str| with("count: 2", &format!("vcpu: {vcpu}\n      memory: {memory}"));
    check(size(".25", "768"), "13:15", "768 MiB of memory does not go with 0.25 vCPU", "512, 1024, 2048 MiB");
    check(size("1", "512"), "13:15", "512 MiB", "2048 to 8192 in steps of 1024 MiB");
    check(
        with("count: 2", "memory: 700"),
        "12:15",
        "700 MiB of memory is not a Fargate size",
        "512, and 1024 to 30720",
    );
    check(size(".24", "700"), "12:13", "0.24 vCPU", "0.25");
}

#[test]
fn wants_a_service_or_a_task() {
    check(with("      service: { name: web }\n", ""), "10:7", "a row needs one of `service` and `task`", "service: {");
    let both = with("count: 2", "task: { definition: { name: once } }");
    check(both, "12:7", "a row has only one of `service` and `task`", "keep either `service` or `task`");
    check(with_rows("    - web\n"), "10:7", "expected a row, found the text `web`", "- name: portal");
}

#[test]
fn refuses_a_task_row_that_would_serve() {
    let task = "task: { definition: { name: once } }";
    check(with_task(&format!("{task}, count: 1")), "11:66", "a task row with a count of 1", "write `count: 0`");
    check(
        with_task(&format!("{task}, targetGroup: {{ name: web }}")),
        "11:59",
        "a task row with a target group",
        "remove it",
    );
    check(with_task("task: { definition: { name: once }, attempts: 11 }"), "11:67", "from 1 to 10, found 11", "");
    check(with_task("task: {}"), "11:21", "missing field `definition`", "CGAPDeployment-*");
}

#[test]
fn refuses_a_log_that_asks_nothing_or_what_no_line_can_have() {
    let log = |log: &str| format!("task: {{ definition: {{ name: once }}, success: {{ log: {log} }} }}");
    check(with_task(&log("{}")), "11:68", "a log that says nothing", "mustContain");
    check(with_task(&log("{ mustContain: \"\" }")), "11:88", "an empty text", "every line has it");
    let two = log("{ mustNotContain: \"a\\nb\" }");
    check(with_task(&two), "11:91", "a text of several lines", "line by line");
}

#[test]
fn refuses_a_fallback_from_spot_in_a_row_that_is_not_on_spot() {
    let task = "task: { definition: { name: once }, spotFallback: true }";
    check(with_task(task), "11:71", "a fallback from Spot in a row that is not on Spot", "spot: true");
}

#[test]
fn never_runs_an_initial_deployment() {
    let task = "task: { definition: { glob: \"CGAPInitialDeployment-*\" } }";
    check(with_task(task), "11:49", "an initial deployment, which is never run", "it can wipe a database");
}

#[test]
fn wants_a_family_and_no_revision() {
    let task = "task: { definition: { name: \"once:3\" } }";
    check(with_task(task), "11:49", "`once:3` names one revision", "write the family, `once`");
}

#[test]
fn knows_what_fargate_has_for_windows() {
    let windows = |fields: &str| with("count: 2", &format!("os: windows\n      {fields}"));
    check(windows("spot: true"), "13:13", "a Windows row on Spot", "write `spot: false`");
    check(windows("vcpu: .5"), "13:13", "a Windows row with 0.5 vCPU", "1, 2 and 4 vCPU");
    check(windows("vcpu: 8"), "13:13", "a Windows row with 8 vCPU", "1, 2 and 4 vCPU");
    check(with("count: 2", "os: Linux"), "12:11", "expected `linux` or `windows`", "write `os: linux`");
}

#[test]
fn checks_containers_and_target_groups() {
    check(with("count: 2", "container: my app"), "12:18", "`my app` is not a container name", "task definition");
    let group = |name: &str| with("count: 2", &format!("targetGroup: {{ name: {name} }}"));
    check(group(&"g".repeat(33)), "12:28", "is not a target group's name", "at most 32");
    let arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/TargetGroupPortal/0123456789abcdef";
    check(group(arn), "12:28", "is an ARN, where a name belongs", "write `name: TargetGroupPortal`");
}

#[test]
fn finds_rows_that_are_stated_twice() {
    let rows = "    - { name: web, service: { name: web } }\n    - { name: web, service: { name: api } }\n";
    check(with_rows(rows), "11:15", "row `web` is stated twice", "on line 10 already");
    let rows = "    - { name: web, service: { name: web } }\n    - { name: api, service: { name: web } }\n";
    check(with_rows(rows), "11:37", "two rows find their service by name web", "row `web` on line 10");
    let twice = with_task("task: { definition: { name: once }, service: { name: web } }");
    check(twice, "11:74", "two rows find their service by name web", "row `web` on line 10");
}

#[test]
fn finds_the_same_service_in_rows_that_are_broken_otherwise() {
    let rows =
        "    - { name: web, service: { name: web }, vcpu: 3 }\n    - { name: api, service: { name: web }, vcpu: 3 }\n";
    let said: Vec<String> = problems(with_rows(rows)).list.into_iter().map(|problem| problem.problem).collect();
    let vcpu = "3 vCPU is not a Fargate size";
    assert_eq!(said, [vcpu, "two rows find their service by name web", vcpu]);
}

#[test]
fn wants_one_task_at_most_and_one_service_at_least() {
    let task = "task: { definition: { name: once } }";
    let second = with_task(&format!("{task} }}\n    - {{ name: twice, {task}"));
    check(second, "12:22", "a second task row", "line 11 has one already");
    check(with_rows(&format!("    - {{ name: once, {task} }}\n")), "10:21", "a task row and no service", "add a row");
    check(with_rows("").replace("rows:", "rows: []"), "9:3", "`rows` is empty", "state at least one");
    check(with_rows(""), "9:3", "`rows` is empty", "- name: portal");
}
