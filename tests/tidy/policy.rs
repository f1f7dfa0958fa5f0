//! The IAM policy of the docs allows what the code calls, and nothing else.

use std::collections::BTreeSet;

use serde_json::Value;

use super::tree::{file, rust};

/// Beside the calls: what AWS asks of whoever runs a task, and of whoever registers a definition with tags.
const IMPLIED: [&str; 1] = ["iam:PassRole"];

/// What the code calls, by the names that it gives its calls.
fn called() -> BTreeSet<String> {
    let services = ["application-autoscaling", "ecr", "ecs", "elasticloadbalancing", "logs", "sts"];
    let mut called = BTreeSet::new();
    for file in rust(&["src/aws"]) {
        let literals = file.text.split('"').skip(1).step_by(2);
        let operations = literals.filter(|literal| {
            let parts = literal.split_once(':');
            parts.is_some_and(|(service, name)| {
                let named =
                    |name: &str| name.starts_with(char::is_uppercase) && name.chars().all(char::is_alphanumeric);
                services.contains(&service) && named(name)
            })
        });
        called.extend(operations.map(str::to_owned));
    }
    // A parameter of RunTask that the code names like an operation.
    called.remove("ecs:CapacityProviderStrategy");
    called
}

fn allowed(policy: &Value) -> BTreeSet<String> {
    let statements = policy["Statement"].as_array().expect("a policy has statements");
    let actions = statements.iter().flat_map(|statement| match &statement["Action"] {
        Value::String(one) => vec![one.clone()],
        many => {
            let all = many.as_array().expect("actions are one or a list").iter();
            all.map(|action| action.as_str().expect("an action is text").to_owned()).collect()
        }
    });
    actions.collect()
}

#[test]
fn the_policy_of_the_docs_allows_what_the_code_calls_and_nothing_else() {
    let policy: Value = serde_json::from_str(&file("docs/deploy/policy.json").text).unwrap();
    let mut called = called();
    assert!(called.contains("ecs:RunTask") && called.len() > 15, "{called:?}");
    called.extend(IMPLIED.map(str::to_owned));
    assert_eq!(allowed(&policy), called);
}
