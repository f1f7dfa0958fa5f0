//! The looks by which somebody's wish is judged: a quick one on top of the newest, and a whole one.
//!
//! Reads only. Both end with the cluster's tags, so that whatever the tags do not show yet was not followed by a kick that
//! the services show (`plan/request`). What a wish asks for follows from the services and the tags alone; the rest of a
//! look can only stand against it, and is believed from the newest look for as long as a glance believes it. A refusal is
//! told on a whole look alone.

use crate::aws::Aws;
use crate::model::observed::{Observed, Seen};
use crate::model::row::ServiceTable;
use crate::model::time::Timestamp;
use crate::plan::glance::{Glance, for_a_wish};
use crate::plan::history::History;

use super::glance::renew;
use super::observe::observe;

/// What a wish is judged by, beside the account and the rows being there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The services and the tags: two calls, for ten services at most.
    Services,
    /// The tags alone: one call.
    Tags,
}

/// The newest look with what counts renewed; `None` if there is none that is good for it.
pub async fn quick_look(
    aws: &Aws,
    table: &ServiceTable,
    history: &History,
    subject: Subject,
    fallback: Timestamp,
) -> Option<Observed> {
    let latest = for_a_wish(table, history, aws.clock().now().unwrap_or(fallback))?;
    let services = subject == Subject::Services;
    renew(aws, &latest.observed, &Glance { cluster: true, services, ..Glance::default() }, None, fallback).await
}

/// A whole look, with the tags read last.
pub async fn whole_look(aws: &Aws, table: &ServiceTable, fallback: Timestamp) -> Observed {
    let observed = observe(aws, table, fallback).await;
    if observed.one_cluster().is_none() {
        return observed;
    }
    let tags = Glance { cluster: true, ..Glance::default() };
    match renew(aws, &observed, &tags, None, fallback).await {
        Some(renewed) => renewed,
        // Another cluster has come into its place meanwhile.
        None => Observed { cluster: Seen::Absent, ..observed },
    }
}
