//! Rollouts of a table: the one in hand, and those that ended.

use axum::response::Response;
use http::StatusCode;

use crate::model::ids::TableName;
use crate::report::json::{HistoryJson, RolloutEntryJson};

use super::problem::{Problem, Reason};
use super::router::json;
use super::state::Api;
use super::tables::{subject, view};

/// `GET /v1/tables/{table}/rollouts`.
pub(super) fn all(api: &Api, table: &TableName) -> Result<Response, Problem> {
    let view = view(api, table)?;
    Ok(json(StatusCode::OK, &HistoryJson::of(&subject(&view)?)))
}

/// `GET /v1/tables/{table}/rollouts/{rollout}`, by the id of a rollout or of a request.
pub(super) fn one(api: &Api, table: &TableName, id: &str) -> Result<Response, Problem> {
    let view = view(api, table)?;
    match RolloutEntryJson::of(&subject(&view)?, id) {
        Some(entry) => Ok(json(StatusCode::OK, &entry)),
        None => Err(Reason::NoSuchRollout.into()),
    }
}
