//! Tables as the controller last saw them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::response::Response;
use http::StatusCode;

use crate::controller::handle::View;
use crate::model::ids::TableName;
use crate::report::json::{StatusJson, TableEntryJson, TablesJson};
use crate::report::subject::Subject;

use super::limits;
use super::problem::{Problem, Reason};
use super::router::json;
use super::state::Api;

/// Summaries that were written once, for all event streams together.
#[derive(Debug, Default)]
pub(super) struct Rendered(Mutex<BTreeMap<TableName, (Arc<View>, Arc<str>)>>);

/// `GET /v1/tables`.
pub(super) fn all(api: &Api) -> Response {
    let tables = api.handle.tables().iter().map(|view| entry(view)).collect();
    json(StatusCode::OK, &TablesJson::of(tables))
}

/// `GET /v1/tables/{table}`.
pub(super) fn one(api: &Api, name: &TableName) -> Result<Response, Problem> {
    let view = view(api, name)?;
    Ok(json(StatusCode::OK, &StatusJson::of(&subject(&view)?)))
}

/// A table that is supervised.
pub(super) fn view(api: &Api, name: &TableName) -> Result<Arc<View>, Problem> {
    api.handle.table(name).ok_or_else(|| Reason::NoSuchTable.into())
}

/// What reports about a table are made of.
pub(super) fn subject(view: &View) -> Result<Subject<'_>, Problem> {
    seen(view).ok_or_else(|| Problem::of(Reason::NotSeenYet).retry_after(limits::COME_BACK))
}

fn seen(view: &View) -> Option<Subject<'_>> {
    let report = view.report.as_ref()?;
    Some(Subject { table: &view.table, observed: &report.observed, plan: &report.plan })
}

fn entry(view: &View) -> TableEntryJson {
    match seen(view) {
        Some(subject) => TableEntryJson::of(&subject),
        None => TableEntryJson::unseen(&view.table),
    }
}

impl Rendered {
    /// The summary of a view, as one line of JSON.
    pub(super) fn summary(&self, view: &Arc<View>) -> Arc<str> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((rendered, summary)) = all.get(&view.table.name)
            && Arc::ptr_eq(rendered, view)
        {
            return Arc::clone(summary);
        }
        let summary: Arc<str> = serde_json::to_string(&entry(view)).unwrap_or_default().into();
        all.insert(view.table.name.clone(), (Arc::clone(view), Arc::clone(&summary)));
        summary
    }

    /// Forgets a table that is gone.
    pub(super) fn forget(&self, name: &TableName) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }
}
