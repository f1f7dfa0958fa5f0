//! Who we are: the account guard's fact, out of STS.

use crate::model::ids::AccountId;

use super::client::Aws;
use super::error::AwsError;

impl Aws {
    /// The account that the credentials belong to: asked once, since a process keeps its credentials' account.
    pub async fn account(&self) -> Result<AccountId, AwsError> {
        const OPERATION: &str = "sts:GetCallerIdentity";
        if let Some(known) = self.account.get() {
            return Ok(known.clone());
        }
        let answer = self
            .repeat(OPERATION, async || {
                self.sts.get_caller_identity().send().await.map_err(|error| AwsError::of(OPERATION, error))
            })
            .await?;
        let account = answer.account.ok_or_else(|| AwsError::strange(OPERATION, "no account in the answer"))?;
        Ok(self.account.get_or_init(|| AccountId::told(account)).clone())
    }
}
