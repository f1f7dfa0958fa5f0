//! StartTask: tasks on the container instances that the caller names, whether or not these take new ones.
//!
//! Owns the operation. What it says of its tasks is read as RunTask reads it.
//!
//! Divergence from AWS: none known beyond RunTask's.

use serde_json::{Value, json};

use super::capacity::LaunchMode;
use super::input::{Input, invalid};
use super::launch::Order;
use super::naming::shown_arn;
use super::state::{Ecs, Scene, at_most};
use crate::simulator::error::ApiError;

impl Ecs {
    /// StartTask: one task on each of at most ten instances.
    pub(super) fn start_task(&mut self, scene: &mut Scene<'_>, input: Input<'_>) -> Result<Value, ApiError> {
        let cluster = self.cluster(input.text("cluster")?)?.name.clone();
        let asked = input.texts("containerInstances")?;
        if asked.is_empty() {
            return Err(invalid("Container Instances cannot be empty."));
        }
        at_most(10, "containerInstances", asked.len())?;
        let mode = LaunchMode::Type("EC2".to_owned());
        let order = self.read_order(cluster.clone(), input, &mode)?;
        let (mut tasks, mut failures) = (Vec::new(), Vec::new());
        for given in asked {
            let id = self.named_in("container-instance", &cluster, given).unwrap_or_default();
            let arn = shown_arn(given, |id| scene.place.container_instance(&cluster, id));
            let Some(instance) = self.instances.get(&(cluster.clone(), id.to_owned())) else {
                failures.push(json!({"arn": arn, "reason": "MISSING"}));
                continue;
            };
            let definition = self.task_definition(&order.task_definition).expect("orders name a revision that exists");
            match self.place_on(instance, definition) {
                Ok(host) => {
                    let order = Order { provider: "EC2".to_owned(), host: Some(host), ..order.clone() };
                    tasks.push(self.launch(scene, order));
                }
                Err(lacks) => failures.push(json!({"arn": arn, "reason": lacks.reason()})),
            }
        }
        let shown: Value = tasks.iter().map(|task| self.tasks[task].show(scene.place, true)).collect();
        Ok(json!({"tasks": shown, "failures": failures}))
    }
}
