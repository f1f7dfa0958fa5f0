//! The operations of the ECR API by name.
use fastrand::Rng;
use serde_json::Value;

use crate::simulator::ecr::registry::Ecr;
use crate::simulator::error::ApiError;
use crate::simulator::time::Time;

impl Ecr {
    /// Answers one call.
    ///
    /// # Errors
    /// AWS's own codes, for example `ImageNotFoundException`; `UnknownOperationException` for what is not simulated.
    pub fn handle(
        &mut self,
        operation: &str,
        input: &Value,
        now: Time,
        rng: &mut Rng,
    ) -> Result<Value, ApiError> {
        let _ = (operation, input, now, rng);
        Err(ApiError::unknown_operation())
    }
}
