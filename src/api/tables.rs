//! Tables as the controller last saw them.

use std::sync::Arc;

use axum::response::Response;
use http::StatusCode;

use crate::controller::handle::View;
use crate::model::ids::TableName;
use crate::report::json::TablesJson;
use crate::report::subject::Subject;

use super::limits;
use super::problem::{Problem, Reason};
use super::router::json;
use super::state::Api;

/// `GET /v1/tables`.
pub(super) fn all(api: &Api) -> Response {
    let tables = api.handle.tables().iter().map(|view| api.watched.summary(view)).collect();
    json(StatusCode::OK, &TablesJson::of(tables))
}

/// `GET /v1/tables/{table}`.
pub(super) fn one(api: &Api, name: &TableName) -> Result<Response, Problem> {
    Ok(json(StatusCode::OK, &api.watched.table(&view(api, name)?)))
}

/// A table that is supervised.
pub(super) fn view(api: &Api, name: &TableName) -> Result<Arc<View>, Problem> {
    api.handle.table(name).ok_or_else(|| Reason::NoSuchTable.into())
}

/// What reports about a table are made of.
pub(super) fn subject(view: &View) -> Result<Subject<'_>, Problem> {
    let report = view.report.as_ref();
    let report = report.ok_or_else(|| Problem::of(Reason::NotSeenYet).retry_after(limits::COME_BACK))?;
    Ok(Subject { table: &view.table, observed: &report.observed, plan: &report.plan })
}
