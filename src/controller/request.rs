//! Accepts a request for a forced rollout: durable first, acknowledged after.
//!
//! Only writes down that it is wanted; the next pass of any controller does the rest. Where this process has a good look at
//! the table, that is three calls: the services, the tags, and the tag that is written. Nothing is weaker for it: the frontier
//! that the request compares with, and the tags in which it may stand already, are read anew and in that order, and
//! whatever the older part of the look would let pass is looked at again before anything is kicked.

use crate::aws::{Aws, AwsError};
use crate::model::ids::RequestId;
use crate::model::rollout::Request;
use crate::model::row::ServiceTable;
use crate::model::time::Timestamp;
use crate::plan::history::History;
use crate::plan::hold::Hold;
use crate::plan::request::{Accepted, Judged, Stands, Wanted, request};
use crate::reconcile::wish::Subject;

use super::judge::{Asking, judge};

/// Why a request was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The table cannot be rolled out as it is.
    #[error("the rollout cannot be requested")]
    Held(Vec<Hold>),
    /// The look by which it was judged took too long: others may have gone on by it.
    #[error("the look behind the request is too old")]
    TooLate,
    /// AWS did not take the tag.
    #[error("the request could not be written down")]
    NotWritten(#[source] AwsError),
}

/// A request that is durable.
#[derive(Clone, Debug)]
pub struct Acknowledged {
    /// The request.
    pub request: Requested,
    /// What the passes that follow in this process should know: a read that does not show the request yet is behind.
    pub history: History,
}

/// A request that stands on the cluster, or stood there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Requested {
    /// It was written down just now.
    New(Request),
    /// It was there already, and nothing was written.
    Known(RequestId, Stands),
}

impl Requested {
    /// The request's id.
    pub fn id(&self) -> &RequestId {
        match self {
            Self::New(request) => &request.id,
            Self::Known(id, _) => id,
        }
    }
}

/// Writes a request down, by a process that knows nothing of the table yet.
///
/// # Errors
/// As `accept_knowing`.
pub async fn accept(
    aws: &Aws,
    table: &ServiceTable,
    wanted: &Wanted,
    fallback: Timestamp,
) -> Result<Acknowledged, Refused> {
    accept_knowing(&History::default(), aws, table, wanted, fallback).await
}

/// Writes a request down, unless it is there already. When this returns it survives any crash.
///
/// # Errors
/// The account, the cluster or a row is not as it must be; looking at it took three minutes or more; or the tag could not be
/// written. Nothing was begun then, but `NotWritten` leaves open whether AWS has the tag all the same.
pub async fn accept_knowing(
    known: &History,
    aws: &Aws,
    table: &ServiceTable,
    wanted: &Wanted,
    fallback: Timestamp,
) -> Result<Acknowledged, Refused> {
    let asking = Asking { aws, table, known, fallback };
    let allowed = judge(asking, Subject::Services, |input| request(input, wanted)).await.map_err(Refused::Held)?;
    let too_old = allowed.is_too_old();
    match allowed.answer {
        Judged::Known(id, stands) => {
            tracing::info!(table = %table.name, request = %id, stands = stands.name(), "rollout was requested before");
            Ok(Acknowledged { request: Requested::Known(id, stands), history: allowed.seen })
        }
        Judged::New(_) if too_old => Err(Refused::TooLate),
        Judged::New(accepted) => write(&allowed.way, table, *accepted, (allowed.at, allowed.seen)).await,
    }
}

async fn write(
    aws: &Aws,
    table: &ServiceTable,
    accepted: Accepted,
    (at, mut history): (Timestamp, History),
) -> Result<Acknowledged, Refused> {
    let tags = accepted.tags();
    let tags: Vec<(&str, &str)> = tags.iter().map(|(key, value)| (*key, value.as_str())).collect();
    aws.tags(&accepted.cluster, &tags).await.map_err(Refused::NotWritten)?;
    let Accepted { cluster: _, keys: _, baseline, request, kickoff: _ } = accepted;
    tracing::info!(table = %table.name, request = %request.id, "rollout requested");
    history.written.record = baseline.map(|record| (record, at));
    history.written.request = Some((request.clone(), at));
    Ok(Acknowledged { request: Requested::New(request), history })
}
