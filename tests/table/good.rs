//! Tables that are read, and what is read out of them.

use evenkeel::model::row::{Capacity, RolloutPolicy, RowKind};
use evenkeel::model::selector::Selector;
use evenkeel::model::size::{MemoryMib, Vcpu};
use evenkeel::model::time::Span;
use evenkeel::table::{read, read_all, schema, schema_text};

use super::{with, with_rows};

const CGAP: &[u8] = include_bytes!("../../specs/cgap.yaml");

#[test]
fn reads_the_four_rows_of_the_users_document() {
    let table = read("specs/cgap.yaml", CGAP).expect("the users' table is right");
    let rows: Vec<_> = table
        .rows
        .iter()
        .map(|row| {
            let usage = row.usage.as_deref().unwrap_or_default();
            let notes = row.notes.as_deref().unwrap_or_default();
            (row.name.as_str(), usage, row.count, row.capacity, row.vcpu, row.memory, notes)
        })
        .collect();
    let (spot, on_demand) = (Some(Capacity::Spot), Some(Capacity::OnDemand));
    let (quarter, half) = (Some(Vcpu::from_units(256)), Some(Vcpu::from_units(512)));
    let mib = |mib| Some(MemoryMib::new(mib));
    let expected = [
        ("portal", "Services standard API requests", Some(4), spot, quarter, mib(512), "Needs autoscaling."),
        (
            "indexer",
            "Hits /index at 1sec intervals indefinitely.",
            Some(4),
            spot,
            quarter,
            mib(512),
            "Needs autoscaling. Could use CPU%",
        ),
        ("ingester", "Polls SQS for ingestion tasks", Some(1), on_demand, half, mib(1024), "Need API to add tasks."),
        (
            "deployment",
            "Triggers the standard deployment actions.",
            Some(0),
            spot,
            quarter,
            mib(512),
            "Run explicitly or (TODO) by API.",
        ),
    ];
    assert_eq!(rows, expected);
}

#[test]
fn finds_the_users_resources_by_their_cloudformation_names() {
    let table = read("specs/cgap.yaml", CGAP).expect("the users' table is right");
    let none = || std::iter::empty::<(&str, &str)>();
    let cluster = "c4-ecs-cgap-supertest-stack-CGAPDockerClusterForCgapSupertest-YZMGi06YOoSh";
    assert!(table.cluster.matches(cluster, none()));
    let services: Vec<&Selector> = table.rows.iter().filter_map(|row| row.service_selector()).collect();
    let found = |name: &str| services.iter().filter(|selector| selector.matches(name, none())).count();
    assert_eq!(found("c4-ecs-trial-alpha-stack-CGAPportalService-YihcMquIc354"), 1);
    assert_eq!(found("c4-ecs-trial-alpha-stack-CGAPIndexerService-YihcMquIc354"), 1);
    assert_eq!(found("c4-ecs-trial-alpha-stack-CGAPIngesterService-QRcdjlE5ZJS1"), 1);
    assert_eq!(found("c4-ecs-cgap-devtest-qualys-private"), 0, "a foreign service");
    let (_, task) = table.task_row().expect("the deployment row");
    assert!(task.definition.matches("c4-ecs-cgap-devtest-stack-CGAPDeployment-FwJgj7hSQA2p", none()));
    assert!(!task.definition.matches("c4-ecs-cgap-devtest-stack-CGAPInitialDeployment-FPYnleE9YwvH", none()));
}

#[test]
fn leaves_alone_what_a_row_leaves_out() {
    let table =
        read("web.yaml", with_rows("    - { name: web, service: { name: web } }\n").as_bytes()).expect("a table");
    let row = &table.rows[0];
    assert_eq!((row.count, row.capacity, row.vcpu, row.memory), (None, None, None, None));
    assert_eq!((&row.container, &row.usage, &row.notes), (&None, &None, &None));
    assert_eq!(table.image, None);
    assert_eq!(table.policy, RolloutPolicy::default());
    assert!(matches!(&row.kind, RowKind::Service { target_group: None, .. }));
}

#[test]
fn tries_a_task_three_times_unless_told_otherwise() {
    let attempts = |task: &str| {
        let rows = format!("    - {{ name: web, service: {{ name: web }} }}\n    - {{ name: once, task: {task} }}\n");
        let table = read("web.yaml", with_rows(&rows).as_bytes()).expect("a table");
        table.task_row().expect("a task row").1.attempts
    };
    assert_eq!(attempts("{ definition: { name: once } }"), 3);
    assert_eq!(attempts("{ definition: { name: once }, attempts: 1 }"), 1);
}

#[test]
fn takes_the_policy_of_the_table() {
    let yaml = with("  rows:", "  rollout: { settleSeconds: 30 }\n  rows:");
    let table = read("web.yaml", yaml.as_bytes()).expect("a table");
    assert_eq!(table.policy, RolloutPolicy { settle: Span::seconds(30), quiet: RolloutPolicy::QUIET });
}

#[test]
fn takes_a_tag_for_a_selector() {
    let key = "aws:cloudformation:logical-id";
    let yaml = with("cluster: { name: main }", &format!("cluster: {{ tag: {{ key: \"{key}\", value: Main }} }}"));
    let table = read("web.yaml", yaml.as_bytes()).expect("a table");
    assert_eq!(table.cluster, Selector::Tag { key: key.to_owned(), value: "Main".to_owned() });
}

#[test]
fn takes_numbers_in_every_way_that_yaml_writes_them() {
    for count in ["2", "+2", "2.0", "0x2", "0o2", "2e0"] {
        let table = read("web.yaml", with("count: 2", &format!("count: {count}")).as_bytes()).expect(count);
        assert_eq!(table.rows[0].count, Some(2), "{count}");
    }
}

#[test]
fn takes_crlf_a_byte_order_mark_and_document_markers() {
    let good = with("count: 2", "count: 2");
    let plain = read("web.yaml", good.as_bytes()).expect("a table");
    let variants = [
        good.replace('\n', "\r\n"),
        format!("\u{feff}{good}"),
        format!("---\n{good}...\n"),
        format!("---\n---\n{good}---\n"),
    ];
    for variant in variants {
        assert_eq!(read("web.yaml", variant.as_bytes()).as_ref(), Ok(&plain), "{variant:?}");
    }
}

#[test]
fn takes_an_alias_for_a_whole_value() {
    let first = "    - { name: web, service: { name: web }, count: &two 2 }\n";
    let second = "    - { name: api, service: { name: api }, count: *two }\n";
    let rows = format!("{first}{second}");
    let table = read("web.yaml", with_rows(&rows).as_bytes()).expect("a table");
    assert_eq!(table.rows[1].count, Some(2));
}

#[test]
fn reads_several_files_in_their_order() {
    let web = with("name: web", "name: web");
    let api = with("name: web", "name: api").replacen("name: main", "name: other", 1);
    let tables = read_all(&[("web.yaml", web.as_bytes()), ("api.yaml", api.as_bytes())]).expect("two tables");
    let names: Vec<&str> = tables.iter().map(|table| table.name.as_str()).collect();
    assert_eq!(names, ["web", "api"]);
}

#[test]
fn keeps_the_schema_in_specs_equal_to_the_types() {
    let file = include_str!("../../specs/service-table.schema.json");
    assert!(
        file == schema_text(),
        "specs/service-table.schema.json is not what the types say; `cargo run -- schema > specs/service-table.schema.json`"
    );
    assert_eq!(serde_json::from_str::<serde_json::Value>(file).expect("JSON"), schema());
}

#[test]
fn points_editors_at_the_schema_on_the_first_line() {
    let first = CGAP.split(|byte| *byte == b'\n').next().expect("a first line");
    assert_eq!(first, b"# yaml-language-server: $schema=service-table.schema.json");
}
