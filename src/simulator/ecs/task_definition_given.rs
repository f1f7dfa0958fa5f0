//! What a new task definition says: checked, and completed with the defaults that AWS fills in.
//!
//! Owns the checks of RegisterTaskDefinition beyond types, and the defaults. Types and words are in `shape`, Fargate's
//! sizes in `fargate`.
//!
//! Divergence from AWS: members that are not understood here are kept without being checked.

use serde_json::{Map, Value, json};

use super::fargate;
use super::input::{Input, client_error};
use crate::simulator::error::ApiError;
use crate::simulator::knobs::Knobs;

/// The revision's members as AWS keeps them: those given, checked, and the defaults.
pub(super) fn complete(input: Input<'_>, knobs: &Knobs) -> Result<Map<String, Value>, ApiError> {
    let mut body = input.0.as_object().cloned().unwrap_or_default();
    body.remove("tags");
    let containers = input.items("containerDefinitions")?;
    if containers.is_empty() {
        return Err(client_error("Container list cannot be empty."));
    }
    if containers.len() > 10 {
        return Err(client_error("Too many containers: a task definition can have at most 10."));
    }
    let awsvpc = input.text("networkMode")? == Some("awsvpc");
    check_memory(input, containers)?;
    let completed: Result<Vec<Value>, ApiError> =
        containers.iter().map(|container| complete_container(container, awsvpc)).collect();
    body.insert("containerDefinitions".into(), json!(completed?));
    let compatibilities = input.texts("requiresCompatibilities")?;
    if compatibilities.contains(&"FARGATE") {
        if !awsvpc {
            return Err(client_error("Fargate only supports network mode ‘awsvpc’."));
        }
        let member = |key: &str| input.get(key).cloned().unwrap_or(Value::Null);
        let (cpu, memory) = fargate::check(&member("cpu"), &member("memory"), knobs.fargate_32_vcpu)?;
        body.insert("cpu".into(), json!(cpu));
        body.insert("memory".into(), json!(memory));
        if input.text("pidMode")? == Some("host") {
            return Err(client_error(
                "Tasks using the Fargate launch type do not support pidMode 'host'. The supported value for pidMode is \
                 'task'.",
            ));
        }
    }
    if let Some(volumes) = body.get_mut("volumes").and_then(Value::as_array_mut) {
        volumes.iter_mut().for_each(complete_volume);
    }
    body.entry("networkMode").or_insert(json!("bridge"));
    for key in ["volumes", "placementConstraints", "requiresAttributes"] {
        body.entry(key).or_insert_with(|| json!([]));
    }
    body.insert("compatibilities".into(), if awsvpc { json!(["EC2", "FARGATE"]) } else { json!(["EXTERNAL", "EC2"]) });
    Ok(body)
}

/// On an instance, every container needs a limit of its own unless the task has one.
fn check_memory(input: Input<'_>, containers: &[Value]) -> Result<(), ApiError> {
    if input.get("memory").is_some() || input.texts("requiresCompatibilities")?.contains(&"FARGATE") {
        return Ok(());
    }
    let named = |container: &&Value| container["name"].is_string() && container["image"].is_string();
    let unlimited = |container: &&Value| container["memory"].is_null() && container["memoryReservation"].is_null();
    match containers.iter().filter(named).find(unlimited) {
        Some(container) => Err(client_error(format!(
            "Invalid setting for container '{}'. At least one of 'memory' or 'memoryReservation' must be specified.",
            container["name"].as_str().unwrap_or_default()
        ))),
        None => Ok(()),
    }
}

fn complete_volume(volume: &mut Value) {
    if let Some(shared) = volume.get_mut("efsVolumeConfiguration").and_then(Value::as_object_mut) {
        shared.entry("rootDirectory").or_insert(json!("/"));
    }
}

fn complete_container(given: &Value, awsvpc: bool) -> Result<Value, ApiError> {
    let input = Input(given);
    let name = input.text("name")?.filter(|name| !name.is_empty());
    name.ok_or_else(|| client_error("Container.name should not be null or empty."))?;
    let image = input.text("image")?.filter(|image| !image.is_empty());
    image.ok_or_else(|| client_error("Container.image should not be null or empty."))?;
    let mut container = given.as_object().cloned().unwrap_or_default();
    container.entry("cpu").or_insert(json!(0));
    container.entry("essential").or_insert(json!(true));
    for key in ["environment", "mountPoints", "volumesFrom", "portMappings", "systemControls"] {
        container.entry(key).or_insert_with(|| json!([]));
    }
    if let Some(ports) = container.get_mut("portMappings").and_then(Value::as_array_mut) {
        for port in ports {
            complete_port(port, awsvpc);
        }
    }
    Ok(Value::Object(container))
}

fn complete_port(port: &mut Value, awsvpc: bool) {
    let container_port = port["containerPort"].clone();
    if let Some(port) = port.as_object_mut() {
        port.entry("hostPort").or_insert(if awsvpc { container_port } else { json!(0) });
        port.entry("protocol").or_insert(json!("tcp"));
    }
}
