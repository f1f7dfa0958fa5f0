//! Why the HTTP API did not do what it was asked: a problem in the sense of RFC 9457.

use schemars::JsonSchema;
use serde::Serialize;

use super::common::HoldJson;

/// `application/problem+json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProblemDetailsJson {
    /// Which problem: a reference that stays as it is (docs/api.md lists them).
    #[serde(rename = "type")]
    pub kind: String,
    /// The problem in general, for people; the same for each of its type.
    pub title: &'static str,
    /// The HTTP status, once more.
    pub status: u16,
    /// This occurrence of it, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// What a person can do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<&'static str>,
    /// What stands against a wish that was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holds: Option<Vec<HoldJson>>,
}
