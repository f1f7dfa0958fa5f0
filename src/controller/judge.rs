//! Judges a wish: by the newest look where that allows it, by a whole one otherwise.
//!
//! Owns the order of looks, and how old one may be when a tag follows from it. What a wish needs is `plan`'s to say.

use tokio::time::Instant;

use crate::aws::Aws;
use crate::model::row::ServiceTable;
use crate::model::time::Timestamp;
use crate::plan::history::History;
use crate::plan::hold::Hold;
use crate::plan::planner::PlanInput;
use crate::reconcile::execute::FRESH;
use crate::reconcile::wish::{Subject, quick_look, whole_look};

/// Whose wish, and what is known of its table.
#[derive(Clone, Copy)]
pub(super) struct Asking<'a> {
    pub(super) aws: &'a Aws,
    pub(super) table: &'a ServiceTable,
    /// What this process knows of the table; nothing is no harm, and costs a whole look.
    pub(super) known: &'a History,
    /// The time that stands until AWS tells its own.
    pub(super) fallback: Timestamp,
}

/// What a look allows.
pub(super) struct Allowed<T> {
    pub(super) answer: T,
    /// When AWS was looked at, in its time.
    pub(super) at: Timestamp,
    began: Instant,
}

impl<T> Allowed<T> {
    /// Whether others may have gone on by it meanwhile (docs/decisions/0014).
    pub(super) fn is_too_old(&self) -> bool {
        self.began.elapsed() >= FRESH
    }
}

/// Judges a wish. A quick look may allow it; only a whole one refuses it.
pub(super) async fn judge<T>(
    Asking { aws, table, known, fallback }: Asking<'_>,
    subject: Subject,
    by: impl Fn(&PlanInput<'_>) -> Result<T, Vec<Hold>>,
) -> Result<Allowed<T>, Vec<Hold>> {
    let began = Instant::now();
    if let Some(observed) = quick_look(aws, table, known, subject, fallback).await
        && let Ok(answer) = by(&PlanInput { table, observed: &observed, history: known })
    {
        return Ok(Allowed { answer, at: observed.at, began });
    }
    let began = Instant::now();
    let observed = whole_look(aws, table, fallback).await;
    let answer = by(&PlanInput { table, observed: &observed, history: known })?;
    Ok(Allowed { answer, at: observed.at, began })
}
