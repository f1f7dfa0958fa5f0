//! ExecuteCommand, which is always refused: for the reason that AWS would have.
//!
//! Owns the order of refusals. A task without the agent has none to talk to; a task with it has one, but there is no
//! Session Manager here that could carry a session, which is how AWS answers when it cannot reach the agent.
//!
//! Divergence from AWS: no session is ever opened; the texts about containers are assumed.

use serde_json::Value;

use super::input::{Input, invalid};
use super::state::Ecs;
use super::task::LastStatus;
use crate::simulator::error::ApiError;

impl Ecs {
    /// ExecuteCommand.
    pub(super) fn execute_command(&self, input: Input<'_>) -> Result<Value, ApiError> {
        let cluster = &self.cluster(input.text("cluster")?)?.name;
        input.required("command")?;
        input.must_have("interactive")?;
        if !input.flag("interactive")? {
            return Err(invalid("Interactive is the only mode supported currently."));
        }
        let id = self.named_in("task", cluster, input.required("task")?).unwrap_or_default();
        let task = self.tasks.get(id).filter(|task| task.cluster == *cluster);
        let task = task.ok_or_else(|| invalid("The referenced task was not found."))?;
        if !task.exec || task.last_status != LastStatus::Running {
            return Err(invalid(
                "The execute command failed because execute command was not enabled when the task was run or the execute \
                 command agent isn't running. Wait and try again or run a new task with execute command enabled and try \
                 again.",
            ));
        }
        match input.text("container")? {
            Some(name) if !task.containers.iter().any(|container| container.name == name) => {
                Err(invalid(format!("The container {name} was not found in the task.")))
            }
            None if task.containers.len() > 1 => {
                Err(invalid("The container name must be given for a task with more than one container."))
            }
            Some(_) | None => {
                let message = "The execute command failed due to an internal error. Try again later.";
                Err(ApiError::client("TargetNotConnectedException", message))
            }
        }
    }
}
