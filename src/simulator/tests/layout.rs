//! Accounts that are laid out: what a newcomer finds.

use serde_json::{Value, json};

use crate::simulator::call::{Call, Service};
use crate::simulator::layout::{AccountLayout, LaidOut, ServiceLayout, TargetGroupLayout, TaskLayout, cgap};
use crate::simulator::world::{Config, Simulator};

fn stack(part: &str) -> String {
    format!("c4-ecs-cgap-supertest-stack-{part}-*")
}

fn task(family: &str, container: &str, application_type: &str, cpu: u32, memory: u32) -> TaskLayout {
    TaskLayout {
        family: stack(family),
        container: container.into(),
        application_type: application_type.into(),
        cpu,
        memory,
        initial: family.contains("Initial"),
    }
}

fn account() -> AccountLayout {
    let spot = vec![("FARGATE".to_owned(), 0, 0), ("FARGATE_SPOT".to_owned(), 2, 1)];
    let portal = ServiceLayout {
        name: stack("CGAPportalService"),
        task: task("CGAPportal", "portal", "portal", 4096, 8192),
        desired: 2,
        strategy: spot.clone(),
        target_group: Some(TargetGroupLayout {
            name: "TargetGroupPortal".into(),
            port: 8000,
            health_path: "/health?format=json".into(),
            interval_s: 60,
            deregistration_delay_s: 300,
        }),
    };
    let indexer = ServiceLayout {
        name: stack("CGAPIndexerService"),
        task: task("CGAPIndexer", "Indexer", "indexer", 256, 512),
        desired: 4,
        strategy: spot,
        target_group: None,
    };
    AccountLayout {
        cluster: stack("CGAPDockerClusterForCgapSupertest"),
        env: "cgap-supertest".into(),
        services: vec![portal, indexer],
        task_only: vec![
            task("CGAPDeployment", "DeploymentAction", "deployment", 1024, 2048),
            task("CGAPInitialDeployment", "DeploymentAction", "deployment", 1024, 2048),
        ],
        repository: "main".into(),
        tag: "latest".into(),
        foreign_service: true,
    }
}

fn live() -> (Simulator, LaidOut) {
    let mut sim = Simulator::new(Config::default());
    let laid_out = cgap(&mut sim, &account()).unwrap();
    (sim, laid_out)
}

fn ecs(sim: &mut Simulator, operation: &str, input: Value) -> Value {
    let call = Call::home(Service::Ecs, operation, input, "test");
    sim.call(sim.now(), &call).unwrap()
}

#[test]
fn is_settled_for_days_with_nothing_written_down() {
    let (mut sim, laid_out) = live();
    assert_eq!(sim.now(), Config::default().start);
    assert!(sim.journal().is_empty());
    let names: Vec<&String> = laid_out.services.values().collect();
    let described = ecs(&mut sim, "DescribeServices", json!({"cluster": laid_out.cluster, "services": names}));
    for service in described["services"].as_array().unwrap() {
        assert_eq!(service["runningCount"], service["desiredCount"]);
        assert_eq!(service["deployments"][0]["rolloutState"], json!("COMPLETED"));
        let age = sim.now().epoch_seconds() - service["createdAt"].as_f64().unwrap();
        assert!(age > 3.0 * 86_400.0);
    }
    let targets = sim.elb().targets(&laid_out.target_groups["TargetGroupPortal"]);
    assert_eq!(
        targets.iter().map(|(_, port, state)| (*port, state.name())).collect::<Vec<_>>(),
        [(8000, "healthy"); 2]
    );
}

#[test]
fn has_names_with_random_suffixes_and_a_stranger() {
    let (mut sim, laid_out) = live();
    let listed = ecs(&mut sim, "ListServices", json!({ "cluster": laid_out.cluster }));
    assert_eq!(listed["serviceArns"].as_array().unwrap().len(), 3);
    assert_eq!(laid_out.foreign_service.as_deref(), Some("c4-ecs-cgap-supertest-qualys-private"));
    let portal = &laid_out.services[&stack("CGAPportalService")];
    let suffix = portal.rsplit('-').next().unwrap();
    assert!((12..=13).contains(&suffix.len()) && suffix.chars().all(|c| c.is_ascii_alphanumeric()), "{portal}");
}

#[test]
fn marks_the_initial_deployment_as_such() {
    let (mut sim, laid_out) = live();
    let arn = &laid_out.task_definitions[&stack("CGAPInitialDeployment")];
    let described = ecs(&mut sim, "DescribeTaskDefinition", json!({ "taskDefinition": arn }));
    let environment = &described["taskDefinition"]["containerDefinitions"][0]["environment"];
    assert!(environment.as_array().unwrap().contains(&json!({"name": "INITIAL_DEPLOYMENT", "value": "TRUE"})));
}

#[test]
fn stays_quiet_when_left_alone() {
    let (mut sim, _) = live();
    let start = sim.now();
    sim.advance_to(start.plus_millis(3_600_000));
    let kinds: Vec<Value> = sim.journal().lines().map(|entry| entry.line()["message"].clone()).collect();
    assert!(kinds.iter().all(|message| message.to_string().contains("steady state")), "{kinds:?}");
}

#[test]
fn shows_the_true_world() {
    let (sim, laid_out) = live();
    let world = sim.world_json();
    assert_eq!(world["clusters"][0]["cluster"], json!(laid_out.cluster));
    assert_eq!(world["tasks"].as_array().unwrap().len(), 7);
    let on_spot = world["tasks"].as_array().unwrap().iter().filter(|task| task["provider"] == json!("FARGATE_SPOT"));
    assert_eq!(on_spot.count(), 6);
    assert_eq!(world["images"][0]["repository"], json!("main"));
    assert_eq!(world["targetGroups"][0]["targets"].as_array().unwrap().len(), 2);
}
