//! Security Token Service: who the caller is.
//!
//! Owns one answer and no state. Every caller is the same user of the simulated account.
//! Divergence from AWS: no roles can be assumed, and credentials are not looked at.

use serde_json::{Value, json};

use crate::simulator::error::ApiError;

/// API version of the Query protocol.
pub const VERSION: &str = "2011-06-15";

/// XML namespace of its answers.
pub const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

/// The simulated STS of one account.
#[derive(Debug)]
pub struct Sts {
    account: String,
}

impl Sts {
    /// STS of the 12-digit `account`.
    pub fn new(account: &str) -> Self {
        Self { account: account.to_owned() }
    }

    /// Answers one call.
    ///
    /// # Errors
    /// `InvalidAction` for everything but GetCallerIdentity.
    pub fn handle(&self, operation: &str) -> Result<Value, ApiError> {
        match operation {
            "GetCallerIdentity" => Ok(json!({
                "Arn": format!("arn:aws:iam::{}:user/simulator", self.account),
                "UserId": "AIDASIMULATORSIMULATOR",
                "Account": self.account,
            })),
            other => Err(ApiError::invalid_action(other, VERSION)),
        }
    }
}
