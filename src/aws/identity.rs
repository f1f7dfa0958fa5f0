//! Who we are: the account guard's fact, out of STS.

use crate::model::ids::AccountId;

use super::client::Aws;
use super::error::AwsError;

impl Aws {
    /// The account that the credentials belong to.
    pub async fn account(&self) -> Result<AccountId, AwsError> {
        const OPERATION: &str = "sts:GetCallerIdentity";
        let answer = self
            .repeat(async || {
                self.sts.get_caller_identity().send().await.map_err(|error| AwsError::of(OPERATION, error))
            })
            .await?;
        let account = answer.account.ok_or_else(|| AwsError::strange(OPERATION, "no account in the answer"))?;
        Ok(AccountId::told(account))
    }
}
