//! Rollouts of a table: the one in hand, and those that ended.

use axum::response::Response;
use http::StatusCode;

use crate::controller::handle::View;
use crate::model::ids::{RequestId, TableName};
use crate::plan::command::About;
use crate::plan::request::Stands;
use crate::report::json::{HistoryJson, RolloutEntryJson};
use crate::report::subject::Subject;

use super::limits;
use super::problem::{Problem, Reason};
use super::router::json;
use super::state::Api;
use super::tables::{subject, view};

/// `GET /v1/tables/{table}/rollouts`.
pub(super) fn all(api: &Api, table: &TableName) -> Result<Response, Problem> {
    let view = view(api, table)?;
    let subject = subject(&view)?;
    if !subject.shows_durable_facts() {
        return Err(unseen());
    }
    Ok(json(StatusCode::OK, &HistoryJson::of(&subject)))
}

/// `GET /v1/tables/{table}/rollouts/{rollout}`, by the id of a rollout or of a request.
pub(super) fn one(api: &Api, table: &TableName, id: &str) -> Result<Response, Problem> {
    let view = view(api, table)?;
    let subject = subject(&view)?;
    match RolloutEntryJson::of(&subject, id) {
        Some(entry) => Ok(json(StatusCode::OK, &entry)),
        // The look that shows it comes in a moment.
        None if is_unseen(&view, id) => Ok(json(StatusCode::OK, &RolloutEntryJson::requested(&subject, id))),
        None => Err(unknown(&subject)),
    }
}

/// What a command about this id is about: the newest rollout, or the request that waits for its kicks.
///
/// # Errors
/// Another rollout is the newest, or there is none of this id.
pub(super) fn meant(api: &Api, table: &TableName, id: &str) -> Result<About, Problem> {
    let view = view(api, table)?;
    let subject = subject(&view)?;
    let record = subject.plan.rollout.record.as_ref();
    if let Some(record) = record.filter(|record| record.id.as_str() == id) {
        return Ok(About::Rollout(record.id.clone()));
    }
    let request = RequestId::told(id);
    match subject.stands(&request) {
        Some(Stands::Pending) => Ok(About::Request(request)),
        Some(Stands::InHand(rollout) | Stands::Ended(rollout, _))
            if record.is_some_and(|record| record.id == rollout) =>
        {
            Ok(About::Rollout(rollout))
        }
        Some(Stands::InHand(_) | Stands::Ended(..) | Stands::Over | Stands::Withdrawn) => {
            Err(Reason::NotTheNewest.into())
        }
        // Whoever judges it finds out whether a rollout has taken it up meanwhile.
        None if is_unseen(&view, id) => Ok(About::Request(request)),
        None if RolloutEntryJson::of(&subject, id).is_some() => Err(Reason::NotTheNewest.into()),
        None => Err(unknown(&subject)),
    }
}

/// Whether a request was granted here that no look has shown yet.
fn is_unseen(view: &View, id: &str) -> bool {
    view.unseen.iter().any(|unseen| unseen.as_str() == id)
}

/// Nobody knows of a rollout where the tags that would tell were not seen.
fn unknown(subject: &Subject<'_>) -> Problem {
    if subject.shows_durable_facts() {
        return Reason::NoSuchRollout.into();
    }
    unseen()
}

/// No tags are not the same as tags that say nothing.
fn unseen() -> Problem {
    let detail = "the newest look did not show what the cluster's tags say".to_owned();
    Problem::of(Reason::NotSeenYet).detail(detail).retry_after(limits::COME_BACK)
}
