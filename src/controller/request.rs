//! Accepts a request for a forced rollout: durable first, acknowledged after.
//!
//! Only writes down that it is wanted; the next pass of any controller does the rest.

use crate::aws::{Aws, AwsError};
use crate::model::rollout::Request;
use crate::model::row::ServiceTable;
use crate::model::time::Timestamp;
use crate::plan::history::History;
use crate::plan::hold::Hold;
use crate::plan::planner::PlanInput;
use crate::plan::request::request;
use crate::reconcile::observe::observe;

/// Why a request was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The table cannot be rolled out as it is.
    #[error("the rollout cannot be requested")]
    Held(Vec<Hold>),
    /// AWS did not take the tag.
    #[error("the request could not be written down")]
    NotWritten(#[source] AwsError),
}

/// A request that is durable.
#[derive(Clone, Debug)]
pub struct Acknowledged {
    /// The request.
    pub request: Request,
    /// What the passes that follow in this process should know: a read that does not show the request yet is behind.
    pub history: History,
}

/// Writes the request down. When this returns it survives any crash.
///
/// # Errors
/// The account, the cluster or a row is not as it must be; or the tag could not be written. Nothing was begun then,
/// but for a baseline where the cluster had none.
pub async fn accept(
    aws: &Aws,
    table: &ServiceTable,
    reason: Option<String>,
    fallback: Timestamp,
) -> Result<Acknowledged, Refused> {
    let observed = observe(aws, table, fallback).await;
    let history = History::default();
    let accepted =
        request(&PlanInput { table, observed: &observed, history: &history }, reason).map_err(Refused::Held)?;
    if let Some(record) = &accepted.baseline {
        aws.tag(&accepted.cluster, &accepted.keys.rollout, &record.tag()).await.map_err(Refused::NotWritten)?;
    }
    let tag = accepted.request.tag();
    aws.tag(&accepted.cluster, &accepted.keys.request, &tag).await.map_err(Refused::NotWritten)?;
    tracing::info!(table = %table.name, request = %accepted.request.id, "rollout requested");
    let mut history = History::default();
    history.written.record = accepted.baseline.map(|record| (record, observed.at));
    history.written.request = Some((accepted.request.clone(), observed.at));
    Ok(Acknowledged { request: accepted.request, history })
}
