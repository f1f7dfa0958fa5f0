//! What steps can come to, for the tests of those who report it and may not name `aws`.

use crate::aws::{AwsError, Class, RunAnswer};

use super::execute::{Done, StepResult};

/// AWS refused a step for good.
pub(crate) fn denied() -> StepResult {
    StepResult::Failed(AwsError {
        operation: "ecs:UpdateService",
        class: Class::Denied,
        code: "AccessDeniedException".into(),
        message: "not allowed".into(),
        request_id: "r-1".into(),
    })
}

/// RunTask made a task.
pub(crate) fn ran_task(id: &str) -> StepResult {
    StepResult::Done(Done::Ran(RunAnswer::Task(id.into())))
}

/// RunTask started nothing.
pub(crate) fn not_started(reason: &str) -> StepResult {
    StepResult::Done(Done::Ran(RunAnswer::NotStarted(reason.into())))
}
