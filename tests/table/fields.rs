//! One broken field at a time, above the rows.

use super::{check, with};

#[test]
fn names_the_nearest_field_for_a_misspelt_one() {
    check(with("metadata:", "metdata:"), "3:1", "unknown field `metdata`", "did you mean `metadata`?");
    check(with("      count: 2", "      cuont: 2"), "12:7", "unknown field `cuont`", "did you mean `count`?");
    check(
        with("      count: 2", "      desiredCount: 2"),
        "12:7",
        "unknown field `desiredCount`",
        "did you mean `count`?",
    );
    check(with("      count: 2", "      Mem: 512"), "12:7", "unknown field `Mem`", "did you mean `memory`?");
    check(with("service:", "servcie:"), "11:7", "unknown field `servcie`", "did you mean `service`?");
    check(with("cluster: { name", "cluster: { nmae"), "8:14", "unknown field `nmae`", "did you mean `name`?");
}

#[test]
fn lists_the_known_fields_where_none_is_near() {
    check(with("  name: web", "  name: web\n  zebra: 1"), "5:3", "unknown field `zebra`", "the fields here are `name`");
}

#[test]
fn says_which_field_is_missing_and_how_it_is_written() {
    check(with("kind: ServiceTable\n", ""), "1:1", "missing field `kind`", "add `kind: ServiceTable`");
    check(
        with("  account: \"123456789012\"\n", ""),
        "5:1",
        "missing field `account`",
        "add `account: \"123456789012\"`",
    );
    check(with("- name: web\n      service", "- service"), "10:7", "missing field `name`", "add `name: portal`");
    check(
        with("cluster: { name: main }", "cluster: { tag: { key: a } }"),
        "8:14",
        "missing field `value`",
        "add `value: CGAPportalService`",
    );
}

#[test]
fn says_that_a_field_is_empty() {
    check(with("count: 2", "count:"), "12:7", "`count` is empty", "give it a value, as `count: 4`, or remove it");
    check(with("region: us-east-1", "region: ~"), "7:3", "`region` is empty", "as `region: us-east-1`");
    check(with("cluster: { name: main }", "cluster:"), "8:3", "`cluster` is empty", "glob");
}

#[test]
fn tells_numbers_from_texts() {
    check(with("count: 2", "count: \"4\""), "12:14", "found the text \"4\"", "remove the quotes: `count: 4`");
    check(with("count: 2", "count: four"), "12:14", "found the text `four`", "write a number, as `count: 4`");
    check(with("count: 2", "count: 1_000"), "12:14", "found the text `1_000`", "`count: 1000`");
    check(with("count: 2", "count: true"), "12:14", "found true", "write a number");
    check(with("count: 2", "memory: 0.5 GB"), "12:15", "found the text `0.5 GB`", "`memory: 512`");
    check(with("count: 2", "vcpu: 256m"), "12:13", "expected a number, found the text `256m`", "`vcpu: 0.256`");
    check(with("\"123456789012\"", "012345678901"), "6:12", "found the number 012345678901", "a leading 0 gets lost");
    check(with("name: web", "name: 7"), "4:9", "expected a text, found the number 7", "`name: \"7\"`");
    check(with("name: web", "name: true"), "4:9", "expected a text, found true", "`name: \"true\"`");
}

#[test]
fn refuses_numbers_that_no_service_has() {
    let bounds = "expected a whole number from 0 to 5000, found ";
    for count in ["-1", "1e9", "1000000000", "2.5", ".nan", ".inf", "-.inf", "1e999", "99999999999999999999"] {
        check(with("count: 2", &format!("count: {count}")), "12:14", &format!("{bounds}{count}"), "at most 5000 tasks");
    }
    check(with("count: 2", "vcpu: .nan"), "12:13", "expected a number, found .nan", "0.25, 0.5");
    check(with("count: 2", "vcpu: -1"), "12:13", "-1 vCPU is not a Fargate size", "the nearest is 0.25");
    check(with("count: 2", "memory: 0"), "12:15", "from 1 to 122880, found 0", "MiB");
}

#[test]
fn keeps_the_policy_safe() {
    let rollout = |rollout: &str| with("  rows:", &format!("  rollout: {{ {rollout} }}\n  rows:"));
    check(
        rollout("settleSeconds: 14"),
        "9:29",
        "from 15 to 600, found 14",
        "below 15 the gate could open on a stale one",
    );
    check(rollout("settleSeconds: 601"), "9:29", "from 15 to 600", "");
    check(rollout("quietSeconds: 9"), "9:28", "from 10 to 3600, found 9", "service by service");
}

#[test]
fn wants_true_or_false_and_nothing_like_it() {
    check(with("count: 2", "spot: yes"), "12:13", "found the text `yes`", "write true or false: `spot: true`");
    check(with("count: 2", "spot: Off"), "12:13", "found the text `Off`", "`spot: false`");
    check(with("count: 2", "spot: 1"), "12:13", "found the number 1", "`spot: true`");
    check(with("count: 2", "spot: \"true\""), "12:13", "found the text \"true\"", "`spot: true`");
}

#[test]
fn names_the_only_version_and_kind() {
    check(
        with("evenkeel.dev/v1", "evenkeel.dev/v2"),
        "1:13",
        "found `evenkeel.dev/v2`",
        "`apiVersion: evenkeel.dev/v1`",
    );
    check(with("ServiceTable", "Servicetable"), "2:7", "found `Servicetable`", "`kind: ServiceTable`");
}

#[test]
fn checks_names_account_and_region() {
    check(with("name: web", "name: Web"), "4:9", "`Web` is not a table name", "lowercase");
    check(with("name: web", "name: \"\""), "4:9", "`` is not a table name", "lowercase");
    check(with("123456789012", "12345678901"), "6:12", "not an AWS account id", "twelve digits");
    check(with("us-east-1", "us-east-1a"), "7:11", "not an AWS region", "its region is us-east-1");
}

#[test]
fn checks_the_image() {
    let image = |image: &str| with("  rows:", &format!("  image: {image}\n  rows:"));
    check(image("{ repository: CGAP, tag: latest }"), "9:24", "`CGAP` is not an ECR repository name", "lowercase");
    check(image("{ repository: \"cgap:latest\", tag: latest }"), "9:24", "has a tag in it", "tag: latest");
    check(image("{ repository: cgap, tag: -x }"), "9:35", "`-x` is not an image tag", "`latest`");
    check(image("{ repository: cgap, tag: 1.0 }"), "9:35", "found the number 1.0", "`tag: \"1.0\"`");
    check(image("{ repository: cgap }"), "9:3", "missing field `tag`", "add `tag: latest`");
    check(image("cgap:latest"), "9:10", "expected fields, found the text `cgap:latest`", "image: { repository");
}

#[test]
fn wants_exactly_one_way_to_select() {
    let cluster = |cluster: &str| with("{ name: main }", cluster);
    check(
        cluster("{ name: main, glob: \"main-*\" }"),
        "8:26",
        "a selector has only one of `name`, `glob` and `tag`",
        "keep",
    );
    check(cluster("{}"), "8:3", "a selector needs one of `name`, `glob` and `tag`", "glob");
    check(cluster("main"), "8:12", "expected a selector, found the text `main`", "`cluster: { name: main }`");
    check(cluster("\"main-*\""), "8:12", "expected a selector", "`cluster: { glob: \"main-*\" }`");
    check(cluster("[main]"), "8:3", "expected a selector, found a list", "remove the dash");
    check(cluster("{ name: \"main-*\" }"), "8:20", "is not a name", "patterns go under `glob: \"main-*\"`");
    check(cluster("{ glob: \"*\" }"), "8:20", "would match everything", "name at least a part");
    check(cluster("{ tag: { key: \"\", value: x } }"), "8:26", "is not a tag's key", "aws:cloudformation:logical-id");
    check(cluster("{ tag: { key: a, value: \"b*\" } }"), "8:36", "`b*` is not a tag's value", "letters");
}

#[test]
fn tells_arns_apart() {
    let cluster = |arn: &str| with("{ name: main }", &format!("{{ name: \"{arn}\" }}"));
    let ecs = "arn:aws:ecs:us-east-1:123456789012";
    check(cluster(&format!("{ecs}:cluster/main")), "8:20", "is an ARN, where a name belongs", "write `name: main`");
    check(
        cluster(&format!("{ecs}:service/main/web")),
        "8:20",
        "the ARN of a service, where a cluster belongs",
        "a cluster",
    );
    check(cluster("arn:aws:iam::123456789012:role/x"), "8:20", "the ARN of another kind of resource", "a cluster");
    check(cluster("arn:aws:ecs"), "8:20", "`arn:aws:ecs` is not a whole ARN", "the name of a cluster");
    let bare = with("{ name: main }", &format!("{ecs}:cluster/main"));
    check(bare, "8:12", "expected a selector", "`cluster: { name: main }`");
}
