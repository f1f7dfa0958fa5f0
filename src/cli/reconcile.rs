//! `evenkeel reconcile --once`: passes until the tables are settled or cannot go on.

use crate::aws::Aws;
use crate::controller::settle::{End, Ended, Until, settle_from};
use crate::model::row::ServiceTable;
use crate::model::time::Span;
use crate::plan::history::History;
use crate::plan::hold::Urgency;
use crate::reconcile::pass::Mode;
use crate::report::json::PassReportJson;
use crate::report::style::Role;
use crate::report::{holds_text, pass_text};

use super::args::{Format, Reconcile};
use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;
use super::plan;
use super::watch::Watch;

/// Reconciles tables, all at the same time.
pub(super) async fn reconcile(context: &Context<'_>, args: &Reconcile, tables: &[ServiceTable]) -> Exit {
    if args.dry_run {
        return plan::plan(context, tables).await;
    }
    let until = if args.no_wait { Until::OnePass } else { Until::Settled };
    let begun = async |table| {
        let aws = context.aws(table).await;
        to_its_end(context, (&aws, table), History::default(), (until, args.timeout.timeout), tables.len()).await
    };
    let runs = tables.iter().map(begun);
    let ended = futures_util::future::join_all(runs).await;
    let mut exit = Exit::Done;
    let mut documents = Vec::new();
    for (table, (ended, document)) in tables.iter().zip(ended) {
        exit = exit.or_worse(Exit::from(ended.end));
        conclude(context, table, &ended);
        say_unseen(context, ended.end);
        documents.push(document);
    }
    match (context.output.format, documents.as_slice()) {
        (Format::Text, _) | (Format::Json, []) => {}
        (Format::Json, [only]) => context.output.json(only),
        (Format::Json, many) => context.output.json(&many),
    }
    exit
}

/// Says, whatever the output's format, that AWS never answered; which calls did not is in the holds.
pub(super) fn say_unseen(context: &Context<'_>, end: End) {
    if end == End::Unseen {
        let failure = Failure::input("AWS did not answer");
        context.output.failure(&failure.hint("look at AWS_ENDPOINT_URL, AWS_PROFILE and the network"));
    }
}

/// One table to its end, with everything that its passes did.
pub(super) async fn to_its_end(
    context: &Context<'_>,
    (aws, table): (&Aws, &ServiceTable),
    history: History,
    (until, timeout): (Until, Span),
    tables: usize,
) -> (Ended, PassReportJson) {
    let mut watch = Watch::new(*context, table.name.as_str(), tables);
    let mut document = PassReportJson::new(table);
    let ended = settle_from(history, aws, table, Mode::Act, until, context.pacing(timeout), |report| {
        watch.pass(report);
        document.add(report);
    })
    .await;
    (ended, document)
}

/// The last words: the verdict, and what a person has to do.
pub(super) fn conclude(context: &Context<'_>, table: &ServiceTable, ended: &Ended) {
    if context.output.format == Format::Json {
        return;
    }
    let style = context.output.data;
    let said = match ended.end {
        End::Reached(verdict) => pass_text::last_line(Some(verdict), ended.passes, style),
        End::TimedOut => pass_text::last_line(None, ended.passes, style),
        End::Unseen => style.paint(Role::Bad, "not seen"),
    };
    // What only time mends is worth a word only to those whose time was up.
    let late = matches!(ended.end, End::TimedOut | End::Unseen);
    let mut holds = ended.last.plan.holds.clone();
    holds.retain(|hold| late || hold.cause.urgency() != Urgency::Wait);
    let holds = holds_text::section(&holds, style);
    context.output.text(&format!("{}: {said}\n{holds}", table.name));
}
