//! A service rolls before the eyes of a client that knows only AWS's protocols; time is pushed by the test.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::command::CGAP;
use super::sim::{Sim, text};

/// What a client sees of portal at one moment.
#[derive(Debug)]
struct Seen {
    /// Status and rollout state of every deployment.
    deployments: Vec<(String, String)>,
    running: u64,
    /// Target states, one for each target.
    targets: Vec<String>,
    /// Tasks that are to run.
    alive: BTreeSet<String>,
    /// lastStatus of tasks that are to stop.
    stopping: Vec<String>,
}

fn look(sim: &Sim, group: &str) -> Seen {
    let service = sim.described("CGAPportalService");
    let deployments = service["deployments"].as_array().expect("a list");
    let deployments = deployments.iter().map(|one| (text(&one["status"]), text(&one["rolloutState"]))).collect();
    let running = service["runningCount"].as_u64().expect("a count");
    let health = sim.query(&format!("Action=DescribeTargetHealth&Version=2015-12-01&TargetGroupArn={group}"));
    let stopping = tasks(sim, "STOPPED");
    let described = if stopping.is_empty() { json!([]) } else { described(sim, &stopping) };
    let stopping = described.as_array().expect("a list").iter().map(|task| text(&task["lastStatus"])).collect();
    Seen { deployments, running, targets: elements(&health, "State"), alive: tasks(sim, "RUNNING"), stopping }
}

fn described(sim: &Sim, tasks: &BTreeSet<String>) -> Value {
    sim.ecs("DescribeTasks", json!({"cluster": sim.cluster(), "tasks": tasks}))["tasks"].clone()
}

fn tasks(sim: &Sim, desired: &str) -> BTreeSet<String> {
    let input = json!({
        "cluster": sim.cluster(), "serviceName": sim.service("CGAPportalService"), "desiredStatus": desired,
    });
    sim.ecs("ListTasks", input)["taskArns"].as_array().expect("a list").iter().map(text).collect()
}

/// The texts of all XML elements of this name.
fn elements(xml: &str, name: &str) -> Vec<String> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let ends = |rest: &str| rest.split_once(&close).map(|(text, _)| text.to_owned());
    xml.split(&open).skip(1).filter_map(ends).collect()
}

#[test]
fn a_service_rolls_as_ecs_would_show_it() {
    let sim = Sim::still(CGAP);
    let groups = sim.query("Action=DescribeTargetGroups&Version=2015-12-01&Names.member.1=TargetGroupPortal");
    let group = elements(&groups, "TargetGroupArn").remove(0);
    let before = look(&sim, &group);
    assert_eq!(before.deployments, [("PRIMARY".to_owned(), "COMPLETED".to_owned())]);
    sim.kick(&["CGAPportalService"]);

    // Twenty minutes, more than a rollout with a draining of five takes, in steps shorter than any of its phases.
    let mut story: Vec<Seen> = (0..400).map(|_| (sim.advance(3), look(&sim, &group)).1).collect();
    let last = story.pop().expect("there were looks");
    assert_eq!(last.deployments, [("PRIMARY".to_owned(), "COMPLETED".to_owned())], "one deployment is left");
    assert_eq!(last.targets, ["healthy", "healthy"]);
    assert!(last.alive.is_disjoint(&before.alive), "every task was replaced");
    assert!(last.stopping.iter().all(|status| status == "STOPPED"));

    let both = |seen: &&Seen| seen.deployments.len() == 2;
    assert!(story.iter().any(|seen| both(&seen)), "the old deployment is ACTIVE beside the new one");
    assert!(story.iter().all(|seen| seen.running >= 2), "minimumHealthyPercent is 100");
    assert!(story.iter().all(|seen| seen.alive.len() <= 4), "maximumPercent is 200");
    for state in ["initial", "healthy", "draining"] {
        assert!(story.iter().any(|seen| seen.targets.iter().any(|target| target == state)), "no target was {state}");
    }
    let draining = |seen: &Seen| seen.targets.iter().any(|target| target == "draining");
    let drained = story.iter().filter(|seen| draining(seen)).count();
    assert!((99..=130).contains(&drained), "each drains for 300 seconds, all within a minute: {drained} looks");
    let all_new = |seen: &&Seen| seen.alive.is_disjoint(&before.alive) && draining(seen);
    assert!(story.iter().filter(all_new).all(|seen| seen.running == 2), "draining tasks are no longer counted");
    for status in ["DEACTIVATING", "STOPPED"] {
        assert!(story.iter().any(|seen| seen.stopping.iter().any(|task| task == status)), "no task was {status}");
    }
}

#[test]
fn a_one_off_task_runs_ends_and_its_token_does_not_run_it_twice() {
    let sim = Sim::still(CGAP);
    let network = sim.described("CGAPportalService")["networkConfiguration"].clone();
    let families = sim.ecs("ListTaskDefinitionFamilies", json!({"status": "ACTIVE"}));
    let mut families = families["families"].as_array().expect("a list").iter().map(text);
    let family = families.find(|family| family.contains("CGAPDeployment")).expect("it is there");
    let input = json!({
        "cluster": sim.cluster(), "taskDefinition": family, "launchType": "FARGATE", "networkConfiguration": network,
        "clientToken": "once", "startedBy": "a-stranger",
    });
    let first = text(&sim.ecs("RunTask", input.clone())["tasks"][0]["taskArn"]);
    let again = text(&sim.ecs("RunTask", input.clone())["tasks"][0]["taskArn"]);
    assert_eq!(first, again);
    let mut other = input;
    other["startedBy"] = json!("another");
    let refused = sim.attempt("AmazonEC2ContainerServiceV20141113", "RunTask", &other);
    let refused = refused.expect_err("the same token for something else is a conflict");
    assert_eq!((&refused["__type"], &refused["resourceIds"]), (&json!("ConflictException"), &json!([first])));
    sim.advance(900);
    let ended = described(&sim, &BTreeSet::from([first]));
    assert_eq!(ended[0]["lastStatus"], "STOPPED");
    assert_eq!(ended[0]["stopCode"], "EssentialContainerExited");
    assert_eq!(ended[0]["containers"][0]["exitCode"], 0);
}

#[test]
fn pages_add_up_to_the_whole() {
    let sim = Sim::still(CGAP);
    let cluster = sim.cluster();
    let whole = sim.ecs("ListServices", json!({"cluster": cluster}))["serviceArns"].clone();
    let mut paged = Vec::new();
    let mut input = json!({"cluster": cluster, "maxResults": 3});
    loop {
        let page = sim.ecs("ListServices", input.clone());
        paged.extend(page["serviceArns"].as_array().expect("a list").clone());
        match page["nextToken"].as_str() {
            Some(token) => input["nextToken"] = json!(token),
            None => break,
        }
    }
    assert_eq!(json!(paged), whole);
    assert_eq!(paged.len(), 4);
}

#[test]
fn refusals_have_awss_codes_and_words() {
    let sim = Sim::still(CGAP);
    let cluster = sim.cluster();
    let indexer = sim.service("CGAPIndexerService");
    let strategy = json!([{"capacityProvider": "FARGATE", "weight": 1}]);
    let cases = [
        (
            "DescribeServices",
            json!({"cluster": "nope", "services": ["x"]}),
            "ClusterNotFoundException",
            "Cluster not found.",
        ),
        (
            "UpdateService",
            json!({"cluster": cluster, "service": "nope"}),
            "ServiceNotFoundException",
            "Service not found.",
        ),
        (
            "UpdateService",
            json!({"cluster": cluster, "service": indexer, "capacityProviderStrategy": strategy}),
            "InvalidParameterException",
            "you must force a new deployment.",
        ),
        ("NoSuchOperation", json!({}), "UnknownOperationException", ""),
    ];
    for (operation, input, code, words) in cases {
        let refused = sim.attempt("AmazonEC2ContainerServiceV20141113", operation, &input).expect_err("AWS refuses it");
        assert_eq!(refused["__type"], code, "{operation}");
        assert!(refused["message"].as_str().is_some_and(|said| said.contains(words)), "{operation}: {refused}");
    }
    let missing = sim.ecs("DescribeServices", json!({"cluster": cluster, "services": ["nope"]}));
    assert_eq!(missing["failures"][0]["reason"], "MISSING", "{missing}");
}
