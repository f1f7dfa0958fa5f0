//! `evenkeel plan`: what would change and why.

use crate::controller::settle::{Until, settle};
use crate::model::row::ServiceTable;
use crate::model::time::Span;
use crate::plan::action::Standing;
use crate::plan::hold::HoldCause;
use crate::reconcile::pass::{Mode, PassReport};
use crate::report::json::PlanJson;
use crate::report::plan_text::plan_text;
use crate::report::subject::Subject;

use super::args::Format;
use super::context::Context;
use super::exit::Exit;
use super::reconcile::say_unseen;

/// Shows the plans of tables.
pub(super) async fn plan(context: &Context<'_>, tables: &[ServiceTable]) -> Exit {
    let mut exit = Exit::Done;
    let mut documents = Vec::new();
    for table in tables {
        let report = look(context, table).await;
        let subject = Subject { table, observed: &report.observed, plan: &report.plan };
        match context.output.format {
            Format::Text => context.output.text(&plan_text(&subject, context.output.data)),
            Format::Json => documents.push(PlanJson::of(&subject)),
        }
        exit = exit.or_worse(judged(&report));
    }
    match documents.as_slice() {
        [] => {}
        [only] => context.output.json(only),
        many => context.output.json(&many),
    }
    exit
}

/// One look at a table, which changes nothing.
pub(super) async fn look(context: &Context<'_>, table: &ServiceTable) -> PassReport {
    let aws = context.aws(table).await;
    let pacing = context.pacing(Span::minutes(5));
    let ended = settle(&aws, table, Mode::DryRun, Until::OnePass, pacing, |_| {}).await;
    say_unseen(context, ended.end);
    ended.last
}

/// A plan that could not see everything is a failure, whatever it found.
fn judged(report: &PassReport) -> Exit {
    let plan = &report.plan;
    let blind = plan.holds.iter().any(|hold| matches!(hold.cause, HoldCause::Unknown { .. }));
    match plan.standing() {
        _ if blind || !report.violations.is_empty() => Exit::Failed,
        Standing::Failed => Exit::Failed,
        Standing::Held => Exit::Held,
        Standing::Progressing if plan.needs_a_person() => Exit::Held,
        Standing::Progressing if !plan.steps.is_empty() => Exit::Changes,
        Standing::Progressing | Standing::Converged => Exit::Done,
    }
}
