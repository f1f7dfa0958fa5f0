//! The operations of the ELBv2 API by name.
//!
//! Owns the dispatch; reading is in `describe`, writing in `change`.

use fastrand::Rng;
use serde_json::Value;

use crate::simulator::elb::state::Elb;
use crate::simulator::error::ApiError;
use crate::simulator::time::Time;

/// API version of the Query protocol.
pub const VERSION: &str = "2015-12-01";

/// XML namespace of its answers.
pub const NAMESPACE: &str = "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/";

impl Elb {
    /// Answers one call. Inputs are nested JSON whose leaves are strings, as the Query protocol gives them.
    ///
    /// # Errors
    /// AWS's own codes, for example `TargetGroupNotFound`; `InvalidAction` for what is not simulated.
    pub fn handle(
        &mut self,
        operation: &str,
        input: &Value,
        now: Time,
        rng: &mut Rng,
    ) -> Result<Value, ApiError> {
        let (_, _, _) = (input, now, rng);
        match operation {
            other => Err(ApiError::invalid_action(other, VERSION)),
        }
    }
}
