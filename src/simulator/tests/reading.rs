//! Calls that read, calls that are refused, and the limits of both.

use serde_json::{Value, json};

use super::bench::{Bench, definition, network};

#[test]
fn reads_a_fresh_service_back_with_the_defaults_of_aws() {
    let mut bench = Bench::new(0);
    let service = bench.create_service(0, false, json!({}))["service"].clone();
    assert_eq!(
        service["deploymentConfiguration"],
        json!({
            "strategy": "ROLLING", "bakeTimeInMinutes": 0, "maximumPercent": 200, "minimumHealthyPercent": 100,
            "alarms": {"alarmNames": [], "enable": false, "rollback": false},
            "deploymentCircuitBreaker": {
                "enable": false, "rollback": false, "resetOnHealthyTask": true,
                "thresholdConfiguration": {"type": "BOUNDED_PERCENT", "value": 50}
            },
        })
    );
    assert_eq!(service["deploymentController"], json!({"type": "ECS"}));
    assert_eq!((&service["launchType"], service.get("capacityProviderStrategy")), (&json!("FARGATE"), None));
    assert_eq!(service["availabilityZoneRebalancing"], json!("ENABLED"));
    let network = &service["networkConfiguration"]["awsvpcConfiguration"];
    assert_eq!(network["assignPublicIp"], json!("DISABLED"));
    let deployment = &service["deployments"][0];
    assert_eq!((&deployment["status"], &deployment["rolloutState"]), (&json!("PRIMARY"), &json!("IN_PROGRESS")));
    let reason = format!("ECS deployment {} in progress.", deployment["id"].as_str().unwrap());
    assert_eq!(deployment["rolloutStateReason"], json!(reason));
}

#[test]
fn starts_a_deployment_for_some_changes_only() {
    let mut bench = Bench::new(0);
    bench.steady_service(1, false);
    let mut check = |change: Value, redeploys: bool| {
        let before = bench.service()["deployments"][0]["id"].clone();
        let after = bench.update(change.clone())["service"]["deployments"][0]["id"].clone();
        assert_eq!(before != after, redeploys, "{change}");
    };
    check(json!({"desiredCount": 2}), false);
    check(json!({"healthCheckGracePeriodSeconds": 5}), false);
    check(json!({"deploymentConfiguration": {"maximumPercent": 150}}), false);
    check(json!({"enableExecuteCommand": true, "propagateTags": "SERVICE"}), false);
    check(json!({"taskDefinition": "web"}), false);
    check(json!({"networkConfiguration": network()}), false);
    check(json!({"forceNewDeployment": true}), true);
    check(json!({"platformVersion": "1.4.0"}), true);
    let other = json!({"awsvpcConfiguration": {"subnets": ["subnet-c"], "securityGroups": ["sg-1"]}});
    check(json!({"networkConfiguration": other}), true);
    let spot = json!([{"capacityProvider": "FARGATE_SPOT", "weight": 1}]);
    check(json!({"capacityProviderStrategy": spot, "forceNewDeployment": true}), true);
    check(json!({"capacityProviderStrategy": spot}), false);
}

#[test]
fn refuses_a_new_strategy_without_force() {
    let mut bench = Bench::new(0);
    bench.steady_service(1, false);
    let spot = json!([{"capacityProvider": "FARGATE_SPOT", "weight": 1}]);
    let refusal =
        bench.refusal("UpdateService", json!({"cluster": "c", "service": "s", "capacityProviderStrategy": spot}));
    assert_eq!(refusal.code, "InvalidParameterException");
    assert_eq!(
        refusal.message,
        "When switching from launch type to capacity provider strategy on an existing service, or making a change to a \
         capacity provider strategy on a service that is already using one, you must force a new deployment."
    );
    assert_eq!(bench.service()["launchType"], json!("FARGATE"));
}

#[test]
fn refuses_eleven_services_and_pages_through_them() {
    let mut bench = Bench::new(0);
    let names: Vec<String> = (0..25).map(|n| format!("s{n:02}")).collect();
    for name in &names {
        bench.create_service(0, false, json!({ "serviceName": name }));
    }
    let refusal = bench.refusal("DescribeServices", json!({"cluster": "c", "services": names[..11]}));
    assert_eq!(refusal.code, "InvalidParameterException");
    let (mut found, mut token, mut pages) = (Vec::new(), Value::Null, 0);
    loop {
        let page = bench.ecs("ListServices", json!({"cluster": "c", "nextToken": token}));
        found.extend(page["serviceArns"].as_array().unwrap().clone());
        token = page["nextToken"].clone();
        pages += 1;
        if token.is_null() {
            break;
        }
    }
    assert_eq!((found.len(), pages), (25, 3));
    let described = bench.ecs("DescribeServices", json!({"cluster": "c", "services": ["s00", "nobody"]}));
    assert_eq!(described["services"].as_array().unwrap().len(), 1);
    assert_eq!(described["failures"][0]["reason"], json!("MISSING"));
}

#[test]
fn refuses_what_aws_refuses_in_its_words() {
    let mut bench = Bench::new(0);
    bench.steady_service(1, false);
    let mut check = |operation: &str, input: Value, code: &str, message: &str| {
        let refusal = bench.refusal(operation, input);
        assert_eq!((refusal.code.as_str(), refusal.message.as_str()), (code, message));
    };
    let unknown = json!({"cluster": "nobody", "services": ["s"]});
    check("DescribeServices", unknown, "ClusterNotFoundException", "Cluster not found.");
    let unknown = json!({"cluster": "c", "service": "nobody"});
    check("UpdateService", unknown, "ServiceNotFoundException", "Service not found.");
    let again = json!({"cluster": "c", "serviceName": "s", "taskDefinition": "web", "networkConfiguration": network()});
    check("CreateService", again, "InvalidParameterException", "Creation of service was not idempotent.");
    let scaled = json!({"cluster": "c", "service": "s"});
    let message = "The service cannot be stopped while it is scaled above 0.";
    check("DeleteService", scaled, "InvalidParameterException", message);
    let mut size = definition("web", "x");
    size["cpu"] = json!(".24 vCPU");
    check("RegisterTaskDefinition", size, "ClientException", "No Fargate configuration exists for given values.");
}

#[test]
fn deletes_a_service_in_two_steps() {
    let mut bench = Bench::new(30);
    bench.steady_service(1, true);
    bench.ecs("DeleteService", json!({"cluster": "c", "service": "s", "force": true}));
    assert_eq!(bench.service()["status"], json!("DRAINING"));
    assert_eq!(bench.ecs("ListServices", json!({"cluster": "c"}))["serviceArns"], json!([]));
    let input = json!({"cluster": "c", "service": "s", "desiredCount": 1});
    let refusal = bench.refusal("UpdateService", input);
    assert_eq!(
        (refusal.code.as_str(), refusal.message.as_str()),
        ("ServiceNotActiveException", "Service was not ACTIVE.")
    );
    bench.wait_for("INACTIVE", |bench| bench.service()["status"] == json!("INACTIVE"));
    let input = json!({"cluster": "c", "service": "s", "desiredCount": 1});
    assert_eq!(bench.refusal("UpdateService", input).code, "ServiceNotActiveException");
    bench.pass(60);
    assert_eq!(bench.tasks("STOPPED")[0]["lastStatus"], json!("STOPPED"));
    bench.steady_service(1, true);
}

#[test]
fn keeps_task_definitions_as_they_were_given() {
    let mut bench = Bench::new(0);
    let mut given = definition("full", "nginx:1");
    given["ephemeralStorage"] = json!({"sizeInGiB": 21});
    given["tags"] = json!([{"key": "team", "value": "web"}]);
    given["containerDefinitions"][0]["logConfiguration"] = json!({"logDriver": "awslogs", "options": {"a": "b"}});
    bench.ecs("RegisterTaskDefinition", given.clone());
    bench.ecs("RegisterTaskDefinition", given);
    let described = bench.ecs("DescribeTaskDefinition", json!({"taskDefinition": "full", "include": ["TAGS"]}));
    let shown = &described["taskDefinition"];
    assert_eq!((&shown["revision"], &shown["status"]), (&json!(2), &json!("ACTIVE")));
    assert_eq!(shown["ephemeralStorage"], json!({"sizeInGiB": 21}));
    assert_eq!(shown["containerDefinitions"][0]["logConfiguration"]["options"], json!({"a": "b"}));
    assert_eq!(shown["containerDefinitions"][0]["portMappings"][0]["hostPort"], json!(80));
    assert_eq!(described["tags"], json!([{"key": "team", "value": "web"}]));
    bench.ecs("DeregisterTaskDefinition", json!({"taskDefinition": "full:2"}));
    let latest = bench.ecs("DescribeTaskDefinition", json!({"taskDefinition": "full"}));
    assert_eq!(latest["taskDefinition"]["revision"], json!(1));
    let families = bench.ecs("ListTaskDefinitionFamilies", json!({"familyPrefix": "f", "status": "ACTIVE"}));
    assert_eq!(families["families"], json!(["full"]));
    let arns = bench.ecs("ListTaskDefinitions", json!({"familyPrefix": "full"}))["taskDefinitionArns"].clone();
    assert_eq!(arns, json!(["arn:aws:ecs:us-east-1:123456789012:task-definition/full:1"]));
}

#[test]
fn tags_clusters_services_and_definitions() {
    let mut bench = Bench::new(0);
    bench.steady_service(1, false);
    let task = bench.tasks("RUNNING")[0]["taskArn"].as_str().unwrap().to_owned();
    let arn = |rest: &str| format!("arn:aws:ecs:us-east-1:123456789012:{rest}");
    for resource in [arn("cluster/c"), arn("service/c/s"), arn("task-definition/web:1"), task] {
        let tags = json!([{"key": "evenkeel:cgap:rollout", "value": "id=1"}, {"key": "b", "value": ""}]);
        bench.ecs("TagResource", json!({"resourceArn": resource, "tags": tags}));
        bench.ecs("UntagResource", json!({"resourceArn": resource, "tagKeys": ["b", "nobody"]}));
        let listed = bench.ecs("ListTagsForResource", json!({ "resourceArn": resource }));
        assert_eq!(listed["tags"], json!([{"key": "evenkeel:cgap:rollout", "value": "id=1"}]));
    }
    let clusters = bench.ecs("DescribeClusters", json!({"clusters": ["c", "nobody"], "include": ["TAGS"]}));
    assert_eq!(clusters["clusters"][0]["tags"][0]["value"], json!("id=1"));
    assert_eq!(clusters["clusters"][0]["runningTasksCount"], json!(1));
    assert_eq!(clusters["failures"][0]["reason"], json!("MISSING"));
}

#[test]
fn lists_tasks_by_each_filter() {
    let mut bench = Bench::new(0);
    bench.steady_service(2, false);
    bench.register("job", "busybox");
    bench.ecs("RunTask", json!({
        "cluster": "c", "taskDefinition": "job", "launchType": "FARGATE", "networkConfiguration": network(), "startedBy": "me",
    }));
    bench.pass(5);
    let mut check = |filter: Value, count: usize| {
        let mut input = filter.clone();
        input["cluster"] = json!("c");
        let listed = bench.ecs("ListTasks", input);
        assert_eq!(listed["taskArns"].as_array().unwrap().len(), count, "{filter}");
    };
    check(json!({}), 3);
    check(json!({"family": "job"}), 1);
    check(json!({"serviceName": "s"}), 2);
    check(json!({"startedBy": "me"}), 1);
    check(json!({"desiredStatus": "STOPPED"}), 0);
    check(json!({"maxResults": 2}), 2);
    let both = json!({"cluster": "c", "startedBy": "me", "desiredStatus": "STOPPED"});
    assert_eq!(bench.refusal("ListTasks", both).code, "InvalidParameterException");
    let unknown = json!({"cluster": "c", "serviceName": "nobody"});
    assert_eq!(bench.refusal("ListTasks", unknown).code, "ServiceNotFoundException");
}

#[test]
fn knows_the_digests_of_a_revision() {
    let mut bench = Bench::new(0);
    bench.steady_service(1, false);
    let revision = bench.service()["currentServiceRevisions"][0]["arn"].clone();
    let described = bench.ecs("DescribeServiceRevisions", json!({"serviceRevisionArns": [revision]}));
    let digest = described["serviceRevisions"][0]["containerImages"][0]["imageDigest"].clone();
    assert_eq!(digest, bench.tasks("RUNNING")[0]["containers"][0]["imageDigest"]);
}

#[test]
fn refuses_words_that_aws_does_not_have_and_lists_that_are_missing() {
    let mut bench = Bench::new(0);
    bench.steady_service(1, false);
    for (operation, input) in [
        ("DescribeClusters", json!({"include": ["MOON"]})),
        ("DescribeServices", json!({"cluster": "c", "services": ["s"], "include": ["SETTINGS"]})),
        ("ListServiceDeployments", json!({"cluster": "c", "service": "s", "status": ["MOON"]})),
        ("DescribeServiceDeployments", json!({})),
        ("DescribeServiceRevisions", json!({"serviceRevisionArns": []})),
        ("PutClusterCapacityProviders", json!({"cluster": "c", "capacityProviders": ["FARGATE"]})),
        ("UpdateService", json!({"cluster": "c", "service": "s", "propagateTags": "MOON"})),
    ] {
        assert_eq!(bench.refusal(operation, input).code, "InvalidParameterException", "{operation}");
    }
}

#[test]
fn lists_the_revision_of_a_service_deployment_where_a_description_has_its_counts() {
    let mut bench = Bench::new(0);
    bench.steady_service(1, false);
    let listed =
        bench.ecs("ListServiceDeployments", json!({"cluster": "c", "service": "s"}))["serviceDeployments"][0].clone();
    let arns = json!([listed["serviceDeploymentArn"]]);
    let described = bench.ecs("DescribeServiceDeployments", json!({ "serviceDeploymentArns": arns }));
    let described = &described["serviceDeployments"][0];
    assert_eq!(described["targetServiceRevision"]["arn"], listed["targetServiceRevisionArn"]);
    assert_eq!(described.get("targetServiceRevisionArn"), None);
}
