//! Whether a forced rollout can be asked for, and what must be written down for it.
//!
//! A request says "after this frontier", in AWS's time: rows whose PRIMARY deployment is not newer get a new one.
//! So a repeated request, or a second controller, does not kick twice.

use crate::model::ids::{ClusterArn, RequestId};
use crate::model::rollout::{Record, Request, TagKeys};

use super::draft::Draft;
use super::guard;
use super::hold::{Hold, HoldCause, Urgency};
use super::planner::PlanInput;
use super::rollout::{self, RowStand, Stand};

/// A request that can be written down.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// The cluster that carries it.
    pub cluster: ClusterArn,
    /// Under which keys.
    pub keys: TagKeys,
    /// The baseline to write first, where the cluster carries no record yet.
    pub baseline: Option<Record>,
    /// The request.
    pub request: Request,
}

/// Judges a request by one look.
///
/// # Errors
/// What stands against it, as holds: the account, the cluster, a tag, or a row that was not found.
pub fn request(input: &PlanInput<'_>, reason: Option<String>) -> Result<Accepted, Vec<Hold>> {
    let mut draft = Draft::new(input);
    let Some((cluster, durable)) = guard::find_table(&mut draft) else { return Err(draft.holds) };
    guard::hold_missing_rows(&mut draft);
    let against = draft.holds.iter().any(|hold| hold.cause.urgency() >= Urgency::Wait);
    let stand = Stand::of(input.table, cluster, input.observed).filter(|_| !against);
    let Some(stand) = stand else { return Err(draft.holds) };
    if stand.rows.iter().all(RowStand::is_empty) {
        draft.hold(None, HoldCause::AllEmpty);
        return Err(draft.holds);
    }
    let baseline = match &durable.record {
        Some(_) => None,
        None => rollout::next_record(&stand, &durable).map(|(record, _)| record),
    };
    // A look may be older than what the record knows, as after a rollback or from a stale read.
    let after = durable.record.as_ref().map_or(stand.frontier, |record| stand.frontier.max(record.frontier));
    let at = input.observed.at;
    let request = Request { id: RequestId::of(&input.table.name, after, at), after, at, reason };
    Ok(Accepted { cluster: cluster.arn.clone(), keys: TagKeys::of(&input.table.name), baseline, request })
}
