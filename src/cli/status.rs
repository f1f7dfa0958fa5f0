//! `evenkeel status`: how a table stands.

use crate::model::row::ServiceTable;
use crate::plan::rollout::Phase;
use crate::reconcile::pass::PassReport;
use crate::report::json::StatusJson;
use crate::report::status_text::status_text;
use crate::report::subject::Subject;

use super::args::Format;
use super::context::Context;
use super::exit::Exit;
use super::plan;

/// Shows a table.
pub(super) async fn status(context: &Context<'_>, table: &ServiceTable) -> Exit {
    let report = plan::look(context, table).await;
    let subject = Subject { table, observed: &report.observed, plan: &report.plan };
    match context.output.format {
        Format::Text => context.output.text(&status_text(&subject, context.output.data)),
        Format::Json => context.output.json(&StatusJson::of(&subject)),
    }
    seen(&report)
}

/// A question that was answered is no failure, whatever the answer; one that was not is.
pub(super) fn seen(report: &PassReport) -> Exit {
    let unseen = report.plan.rollout.phase == Phase::Unseen && report.plan.cluster.is_none();
    if unseen { Exit::Failed } else { Exit::Done }
}
