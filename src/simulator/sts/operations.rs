//! The operations of STS.
//!
//! Owns their answers. Credentials are made from the world's chance in the shapes of AWS's and kept nowhere.

use fastrand::Rng;
use serde_json::{Map, Value, json};

use super::inputs;
use crate::simulator::error::ApiError;
use crate::simulator::model::{Leaves, members_of, together, violations};
use crate::simulator::time::Time;

/// API version of the Query protocol.
pub const VERSION: &str = "2011-06-15";

/// XML namespace of its answers.
pub const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

/// The unique id of the one user.
const USER_ID: &str = "AIDASIMULATORSIMULATOR";

/// Seconds for which credentials are good unless the caller says otherwise.
const ROLE_S: i64 = 3_600;
const USER_S: i64 = 43_200;

/// The letters of access key ids and unique ids.
const KEY_LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// The letters of secrets and tokens.
const SECRET_LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

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
    /// `InvalidAction` for what is not simulated; `ValidationError` and `MalformedPolicyDocument` for bad inputs.
    pub fn handle(&self, operation: &str, input: &Value, now: Time, rng: &mut Rng) -> Result<Value, ApiError> {
        let members =
            members_of(inputs::OPERATIONS, operation).ok_or_else(|| ApiError::invalid_action(operation, VERSION))?;
        let found = violations(members, input, Leaves::Strings)?;
        if !found.is_empty() {
            return Err(invalid(together(&found)));
        }
        check_policy(input)?;
        match operation {
            "AssumeRole" | "AssumeRoleWithWebIdentity" => self.assume_role(operation, input, now, rng),
            "GetAccessKeyInfo" => Ok(json!({"Account": self.account})),
            "GetFederationToken" => Ok(self.federation_token(input, now, rng)),
            "GetSessionToken" => Ok(json!({"Credentials": credentials(input, USER_S, now, rng)})),
            _ => Ok(json!({
                "Arn": format!("arn:aws:iam::{}:user/simulator", self.account),
                "UserId": USER_ID,
                "Account": self.account,
            })),
        }
    }

    fn assume_role(&self, operation: &str, input: &Value, now: Time, rng: &mut Rng) -> Result<Value, ApiError> {
        let (arn, session) = (text(input, "RoleArn"), text(input, "RoleSessionName"));
        let role = Role::parse(arn).ok_or_else(|| invalid(format!("{arn} is invalid")))?;
        let id = format!("AROA{}", letters(rng, KEY_LETTERS, 17));
        let Role { partition, account, name } = role;
        let mut answer = json!({
            "Credentials": credentials(input, ROLE_S, now, rng),
            "AssumedRoleUser": {
                "AssumedRoleId": format!("{id}:{session}"),
                "Arn": format!("arn:{partition}:sts::{account}:assumed-role/{name}/{session}"),
            },
        });
        if input.get("Policy").is_some() {
            answer["PackedPolicySize"] = json!(6);
        }
        if let Some(identity) = input.get("SourceIdentity") {
            answer["SourceIdentity"] = identity.clone();
        }
        if operation == "AssumeRoleWithWebIdentity" {
            let provider = input.get("ProviderId").cloned().unwrap_or_else(|| json!("accounts.google.com"));
            answer["Provider"] = provider;
            answer["SubjectFromWebIdentityToken"] = json!(format!("subject-of-{session}"));
            answer["Audience"] = json!("sts.amazonaws.com");
        }
        Ok(answer)
    }

    fn federation_token(&self, input: &Value, now: Time, rng: &mut Rng) -> Value {
        let (account, name) = (&self.account, text(input, "Name"));
        json!({
            "Credentials": credentials(input, USER_S, now, rng),
            "FederatedUser": {
                "FederatedUserId": format!("{account}:{name}"),
                "Arn": format!("arn:aws:sts::{account}:federated-user/{name}"),
            },
            "PackedPolicySize": if input.get("Policy").is_some() { 6 } else { 0 },
        })
    }
}

/// The parts of `arn:aws:iam::123456789012:role/path/name` that an assumed role keeps.
struct Role<'a> {
    partition: &'a str,
    account: &'a str,
    name: &'a str,
}

impl<'a> Role<'a> {
    fn parse(arn: &'a str) -> Option<Self> {
        let mut parts = arn.splitn(6, ':');
        let head: Vec<&str> = parts.by_ref().take(5).collect();
        let ["arn", partition, "iam", "", account] = head[..] else { return None };
        let path = parts.next()?.strip_prefix("role/")?;
        let name = path.rsplit('/').next()?;
        let digits = account.len() == 12 && account.bytes().all(|digit| digit.is_ascii_digit());
        let named =
            !name.is_empty() && name.chars().all(|letter| letter.is_alphanumeric() || "_+=,.@-".contains(letter));
        (digits && named).then_some(Role { partition, account, name })
    }
}

fn credentials(input: &Value, default_s: i64, now: Time, rng: &mut Rng) -> Value {
    let seconds = input.get("DurationSeconds").and_then(Value::as_str).and_then(|text| text.parse().ok());
    let expires = now.plus_millis(seconds.unwrap_or(default_s).saturating_mul(1000));
    Value::Object(Map::from_iter([
        ("AccessKeyId".to_owned(), json!(format!("ASIA{}", letters(rng, KEY_LETTERS, 16)))),
        ("SecretAccessKey".to_owned(), json!(letters(rng, SECRET_LETTERS, 40))),
        ("SessionToken".to_owned(), json!(format!("FQoGZXIvYXdzE{}", letters(rng, SECRET_LETTERS, 343)))),
        ("Expiration".to_owned(), json!(expires.rfc3339())),
    ]))
}

fn letters(rng: &mut Rng, alphabet: &[u8], count: usize) -> String {
    (0..count).map(|_| char::from(alphabet[rng.usize(0..alphabet.len())])).collect()
}

/// A policy for the session must be a JSON object; what it says is not looked at.
fn check_policy(input: &Value) -> Result<(), ApiError> {
    let policy = input.get("Policy").and_then(Value::as_str);
    match policy.map(serde_json::from_str::<Map<String, Value>>) {
        None | Some(Ok(_)) => Ok(()),
        Some(Err(_)) => Err(ApiError::client("MalformedPolicyDocument", "This policy contains invalid Json")),
    }
}

/// A member that the model has already asked for.
fn text<'a>(input: &'a Value, key: &str) -> &'a str {
    input.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::client("ValidationError", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(operation: &str, input: Value) -> Result<Value, ApiError> {
        Sts::new("123456789012").handle(operation, &input, Time(0), &mut Rng::with_seed(1))
    }

    #[test]
    fn an_assumed_role_is_named_after_role_and_session() {
        let input = json!({"RoleArn": "arn:aws:iam::210987654321:role/team/deploy", "RoleSessionName": "ci",
            "DurationSeconds": "900"});
        let answer = call("AssumeRole", input).unwrap();
        assert_eq!(answer["AssumedRoleUser"]["Arn"], "arn:aws:sts::210987654321:assumed-role/deploy/ci");
        let id = answer["AssumedRoleUser"]["AssumedRoleId"].as_str().unwrap();
        assert!(id.starts_with("AROA") && id.ends_with(":ci") && id.len() == 24, "{id}");
        assert_eq!(answer["Credentials"]["Expiration"], "1970-01-01T00:15:00.000Z");
        let key = answer["Credentials"]["AccessKeyId"].as_str().unwrap();
        assert!(key.starts_with("ASIA") && key.len() == 20, "{key}");
    }

    #[test]
    fn refuses_what_is_no_role() {
        for arn in
            ["arn:aws:iam::123456789012:user/somebody", "not-an-arn-but-long-enough", "arn:aws:iam::1:role/short-id"]
        {
            let refusal = call("AssumeRole", json!({"RoleArn": arn, "RoleSessionName": "ci"})).unwrap_err();
            assert_eq!(refusal, invalid(format!("{arn} is invalid")));
        }
        let long = "a".repeat(65);
        let input = json!({"RoleArn": "arn:aws:iam::123456789012:role/deploy", "RoleSessionName": long});
        assert_eq!(
            call("AssumeRole", input).unwrap_err().message,
            format!(
                "1 validation error detected: Value '{long}' at 'roleSessionName' failed to satisfy constraint: Member \
                 must have length less than or equal to 64"
            )
        );
        assert_eq!(call("AssumeRoot", json!({})).unwrap_err().code, "InvalidAction");
    }

    #[test]
    fn a_federated_user_carries_its_name() {
        let answer = call("GetFederationToken", json!({"Name": "Bob"})).unwrap();
        assert_eq!(answer["FederatedUser"]["Arn"], "arn:aws:sts::123456789012:federated-user/Bob");
        assert_eq!(answer["Credentials"]["Expiration"], "1970-01-01T12:00:00.000Z");
    }
}
