//! Rollouts of a table: the one in hand, and those that ended.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use axum::response::Response;
use http::StatusCode;

use crate::model::ids::{RequestId, TableName};
use crate::model::rollout::Record;
use crate::plan::command::About;
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
        // The look that shows it comes in a moment.
        None if api.asked.has(table, id) => {
            Ok(json(StatusCode::OK, &RolloutEntryJson::requested(&subject(&view)?, id)))
        }
        None => Err(Reason::NoSuchRollout.into()),
    }
}

/// What a command about this id is about: the newest rollout, or the request that waits for its kicks.
///
/// # Errors
/// Another rollout is the newest, or there is none of this id.
pub(super) fn meant(api: &Api, table: &TableName, id: &str) -> Result<About, Problem> {
    let view = view(api, table)?;
    let subject = subject(&view)?;
    let is = |record: &&Record| {
        record.id.to_string() == id || record.request.as_ref().is_some_and(|request| request.as_str() == id)
    };
    if let Some(record) = subject.plan.rollout.record.as_ref().filter(is) {
        return Ok(About::Rollout(record.id.clone()));
    }
    let report = &subject.plan.rollout;
    let waits = report.request.as_ref().is_some_and(|request| request.id.as_str() == id) && report.is_unanswered();
    let is_known = RolloutEntryJson::of(&subject, id).is_some();
    // One that was granted here a moment ago no look may show yet.
    if waits || (!is_known && api.asked.has(table, id)) {
        return Ok(About::Request(RequestId::told(id)));
    }
    Err(if is_known { Reason::NotTheNewest } else { Reason::NoSuchRollout }.into())
}

/// Requests that were granted here and that no look shows yet.
#[derive(Debug, Default)]
pub(super) struct Asked(Mutex<BTreeMap<TableName, VecDeque<String>>>);

/// Requests of one table that are remembered. The next pass shows the newest.
const REMEMBERED: usize = 8;

impl Asked {
    /// Remembers a request.
    pub(super) fn remember(&self, table: &TableName, id: String) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = all.entry(table.clone()).or_default();
        own.push_front(id);
        own.truncate(REMEMBERED);
    }

    fn has(&self, table: &TableName, id: &str) -> bool {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(table).is_some_and(|own| own.iter().any(|asked| asked == id))
    }
}
