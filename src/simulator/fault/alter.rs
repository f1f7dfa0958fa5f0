//! Answers that are not as they were: what a rule does to the value of a good answer. The journal keeps the good one.

use serde_json::{Value, json};

/// Members by which ECS names what it describes.
const NAMES: [&str; 5] = ["clusterArn", "serviceArn", "taskArn", "serviceDeploymentArn", "serviceRevisionArn"];

/// A member that no model has.
const NEW: &str = "memberOfTheFuture";

/// Without the last of what is described, which is MISSING instead.
pub(super) fn partial(mut answer: Value) -> Value {
    let Some(members) = answer.as_object_mut() else { return answer };
    let described = members.iter_mut().find(|(name, value)| *name != "failures" && value.is_array());
    let Some(last) = described.and_then(|(_, items)| items.as_array_mut()?.pop()) else { return answer };
    let name = NAMES.iter().find_map(|name| last.get(name));
    let failure = json!({"arn": name, "reason": "MISSING"});
    if let Some(failures) = members.get_mut("failures").and_then(Value::as_array_mut) {
        failures.push(failure);
    }
    answer
}

/// With one more member, at the top and in each of the things that it lists. Deeper down there are maps, whose keys
/// belong to their owners.
pub(super) fn with_new_members(mut answer: Value) -> Value {
    if let Some(members) = answer.as_object_mut() {
        for item in members.values_mut().filter_map(Value::as_array_mut).flatten() {
            if let Some(item) = item.as_object_mut() {
                item.insert(NEW.to_owned(), json!("a value of the future"));
            }
        }
        members.insert(NEW.to_owned(), json!("a value of the future"));
    }
    answer
}
