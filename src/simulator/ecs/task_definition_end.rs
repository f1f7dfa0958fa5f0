//! DeregisterTaskDefinition and DeleteTaskDefinitions: how revisions end.
//!
//! Owns the way from ACTIVE through INACTIVE to DELETE_IN_PROGRESS. What runs from a revision runs on; nothing new can
//! be started from it.
//!
//! Divergence from AWS: a revision stays DELETE_IN_PROGRESS for ever, as on AWS while a task or a service needs it.

use serde_json::{Value, json};

use super::input::{Input, client_error, invalid};
use super::state::{Ecs, Scene, at_most};
use super::task_definition::Standing;
use crate::simulator::arn;
use crate::simulator::error::ApiError;

impl Ecs {
    /// DeregisterTaskDefinition: the revision becomes INACTIVE; what runs from it runs on.
    pub(super) fn deregister_task_definition(
        &mut self,
        scene: &mut Scene<'_>,
        input: Input<'_>,
    ) -> Result<Value, ApiError> {
        let given = input.required("taskDefinition")?;
        let Some((_, revision)) = arn::last_part(given).split_once(':') else {
            return Err(client_error("Revision is missing."));
        };
        if revision.parse::<u32>().is_err() {
            return Err(client_error(format!("Invalid revision number. Number: {revision}")));
        }
        let found = self.task_definition_mut(given);
        let definition = found.ok_or_else(|| client_error("Unable to describe task definition."))?;
        match definition.standing {
            Standing::Active => {
                definition.standing = Standing::Inactive;
                definition.deregistered_at = Some(scene.now);
            }
            Standing::Inactive => {}
            Standing::DeleteInProgress => {
                return Err(client_error("The specified task definition is in DELETE_IN_PROGRESS status."));
            }
        }
        Ok(json!({ "taskDefinition": definition.show() }))
    }

    /// DeleteTaskDefinitions: at most ten revisions, which have to be INACTIVE.
    pub(super) fn delete_task_definitions(
        &mut self,
        scene: &mut Scene<'_>,
        input: Input<'_>,
    ) -> Result<Value, ApiError> {
        input.must_have("taskDefinitions")?;
        let asked = input.texts("taskDefinitions")?;
        if asked.is_empty() {
            return Err(invalid("Task definitions cannot be empty."));
        }
        at_most(10, "taskDefinitions", asked.len())?;
        let (mut deleted, mut failures) = (Vec::new(), Vec::new());
        for given in asked {
            match self.delete_revision(scene, given) {
                Ok(shown) => deleted.push(shown),
                Err(reason) => failures.push(json!({"arn": given, "reason": reason})),
            }
        }
        Ok(json!({"taskDefinitions": deleted, "failures": failures}))
    }

    fn delete_revision(&mut self, scene: &Scene<'_>, given: &str) -> Result<Value, &'static str> {
        let named = arn::last_part(given).split_once(':');
        if named.is_none_or(|(_, revision)| revision.parse::<u32>().is_err()) {
            return Err(
                "The specified task definition identifier is invalid. Specify a valid name or ARN and try again.",
            );
        }
        let Some(definition) = self.task_definition_mut(given) else {
            return Err(
                "The specified task definition does not exist. Specify a valid account, family, revision and try again.",
            );
        };
        match definition.standing {
            Standing::Active => {
                return Err(
                    "The specified task definition is still in ACTIVE status. Please deregister the target and try again.",
                );
            }
            Standing::Inactive => {
                definition.standing = Standing::DeleteInProgress;
                definition.delete_requested_at = Some(scene.now);
            }
            Standing::DeleteInProgress => {}
        }
        Ok(definition.show())
    }
}
