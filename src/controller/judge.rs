//! Judges a wish: by the newest look where that allows it, by a whole one otherwise.
//!
//! Owns the order of looks, and how old one may be when a tag follows from it. What a wish needs is `plan`'s to say.

use std::pin::Pin;

use tokio::time::Instant;

use crate::aws::Aws;
use crate::model::observed::Observed;
use crate::model::row::ServiceTable;
use crate::model::time::Timestamp;
use crate::plan::glance::Latest;
use crate::plan::history::History;
use crate::plan::hold::Hold;
use crate::plan::planner::{PlanInput, plan};
use crate::reconcile::execute::Looked;
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
    /// A whole look that was made for it: the passes that follow in this process need not find everything once more.
    pub(super) seen: History,
    /// The way for what follows from it.
    pub(super) way: Aws,
}

impl<T> Allowed<T> {
    /// Whether others may have gone on by it meanwhile (docs/decisions/0014).
    pub(super) fn is_too_old(&self) -> bool {
        self.way.is_over()
    }
}

/// A look without its type: it is a deep future, and the compiler bounds how deep those are that await it.
type Look<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// Judges a wish. A quick look may allow it; only a whole one refuses it.
pub(super) async fn judge<T>(
    Asking { aws, table, known, fallback }: Asking<'_>,
    subject: Subject,
    by: impl Fn(&PlanInput<'_>) -> Result<T, Vec<Hold>>,
) -> Result<Allowed<T>, Vec<Hold>> {
    let began = Instant::now();
    let quick: Look<'_, Option<Observed>> = Box::pin(quick_look(aws, table, known, subject, fallback));
    if let Some(observed) = quick.await
        && let Ok(answer) = by(&PlanInput { table, observed: &observed, history: known })
    {
        return Ok(Allowed { answer, at: observed.at, seen: History::default(), way: way(aws, began, &observed) });
    }
    let began = Instant::now();
    let whole: Look<'_, Observed> = Box::pin(whole_look(aws, table, fallback));
    let observed = whole.await;
    let input = PlanInput { table, observed: &observed, history: known };
    let (answer, decided) = (by(&input)?, plan(&input));
    let (at, way) = (observed.at, way(aws, began, &observed));
    let seen = History::of_a_look(Latest::whole(table, observed, decided));
    Ok(Allowed { answer, at, seen, way })
}

fn way(aws: &Aws, began: Instant, observed: &Observed) -> Aws {
    Looked { began, lasted: observed.until.since(observed.at) }.way(aws)
}
