//! `evenkeel rollout`: begins forced rollouts, and shows where they stand.

use std::path::Path;

use crate::controller::request::{Acknowledged, Refused, Requested, accept};
use crate::controller::settle::{End, Until, settle};
use crate::model::command::Told;
use crate::model::ids::RequestId;
use crate::model::kickoff::Build;
use crate::model::row::ServiceTable;
use crate::model::time::Span;
use crate::plan::command::{Want, Wish};
use crate::plan::hold::{Hold, Urgency};
use crate::plan::request::Wanted;
use crate::plan::rollout::RolloutReport;
use crate::reconcile::pass::{Mode, Verdict};
use crate::report::json::{HoldJson, RolloutJson};
use crate::report::rollout_text::rollout_text;
use crate::report::subject::Subject;

use super::args::{Asked, BuiltFrom, EndTold, Format, Given, Rollout, Signed};
use super::command;
use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;
use super::reconcile::{conclude, say_unseen, to_its_end};
use super::watch::Watch;

/// What to do about a rollout that was begun and not waited for.
pub(super) const GOES_ON: &str =
    "hint: `evenkeel reconcile --once` supervises it to its end; `evenkeel rollout status` shows where it stands";

/// The table that a rollout command is about.
pub(super) fn table_of(command: &Rollout) -> &Path {
    match command {
        Rollout::Start { table, .. }
        | Rollout::Retry { table, .. }
        | Rollout::Resolve { table, .. }
        | Rollout::Abort { table, .. }
        | Rollout::Run { table, .. }
        | Rollout::History { table }
        | Rollout::Status { table, .. } => &table.table,
    }
}

/// Runs a rollout command.
pub(super) async fn rollout(context: &Context<'_>, command: &Rollout, table: &ServiceTable) -> Result<Exit, Failure> {
    match command {
        Rollout::Start { table: _, asked, wait, timeout } => {
            let until = if *wait { Until::Settled } else { Until::Kicked };
            start(context, table, &wanted(asked), until, timeout.timeout).await
        }
        Rollout::Retry { table: _, given: Given { by, reason }, wait, timeout } => {
            let wish = Wish { want: Want::Retry, by: by.clone(), reason: reason.clone(), key: None };
            command::give(context, table, &wish, *wait, timeout.timeout).await
        }
        Rollout::Resolve { table: _, told, given, wait, timeout } => {
            let told = match told {
                EndTold::Succeeded => Told::Succeeded,
                EndTold::Failed => Told::Failed,
            };
            command::give(context, table, &wish(Want::Resolve(told), given), *wait, timeout.timeout).await
        }
        Rollout::Abort { table: _, given, wait, timeout } => {
            command::give(context, table, &wish(Want::Abort, given), *wait, timeout.timeout).await
        }
        Rollout::Run { table: _, row, given, idempotency_key, wait, timeout } => {
            is_the_task_row(table, row.as_deref())?;
            let wish = Wish { key: idempotency_key.clone(), ..wish(Want::Run, given) };
            command::give(context, table, &wish, *wait, timeout.timeout).await
        }
        Rollout::History { table: _ } => Ok(command::history(context, table).await),
        Rollout::Status { table: _, watch, timeout } => Ok(status(context, table, *watch, timeout.timeout).await),
    }
}

/// Whoever names a row means that one.
fn is_the_task_row(table: &ServiceTable, row: Option<&str>) -> Result<(), Failure> {
    let task = table.task_row().map(|(row, _)| row.name.as_str());
    match row {
        Some(row) if task != Some(row) => {
            let failure = Failure::input(format!("{row} is not the task row of {}", table.name));
            Err(match task {
                Some(task) => failure.hint(format!("it is {task}")),
                None => failure.hint("the table has none"),
            })
        }
        Some(_) | None => Ok(()),
    }
}

fn wanted(Asked { by, reason, idempotency_key, build }: &Asked) -> Wanted {
    let BuiltFrom { repo, commit, branch } = build.clone();
    let reason = Some(reason.trim().to_owned()).filter(|reason| !reason.is_empty());
    Wanted { key: idempotency_key.clone(), by: by.clone(), reason, build: Build { repo, commit, branch } }
}

fn wish(want: Want, Signed { by, reason }: &Signed) -> Wish {
    Wish { want, by: Some(by.clone()), reason: Some(reason.clone()), key: None }
}

async fn start(
    context: &Context<'_>,
    table: &ServiceTable,
    wanted: &Wanted,
    until: Until,
    timeout: Span,
) -> Result<Exit, Failure> {
    let aws = context.aws(table).await;
    let Acknowledged { request, history } = match accept(&aws, table, wanted, context.started).await {
        Ok(acknowledged) => acknowledged,
        Err(Refused::Held(holds)) => return Ok(refused(context, "the rollout cannot be requested", &holds)),
        Err(error @ Refused::TooLate) => return Err(Failure::of(&error).hint("AWS answers slowly; give it again")),
        Err(error @ Refused::NotWritten(_)) => return Err(Failure::of(&error)),
    };
    context.output.say(&said(&request, table));
    let (ended, document) = to_its_end(context, (&aws, table), history, (until, timeout), 1).await;
    if context.output.format == Format::Json {
        context.output.json(&document);
    } else {
        conclude(context, table, &ended);
        if until == Until::Kicked && ended.end == End::Reached(Verdict::Progressing) {
            context.output.say(GOES_ON);
        }
    }
    say_unseen(context, ended.end);
    let exit = Exit::from(ended.end);
    match withdrawn(&ended.last.plan.rollout, request.id()) {
        Some(word) => {
            context.output.say(&word);
            Ok(exit.or_worse(Exit::Held))
        }
        None => Ok(exit),
    }
}

/// That somebody has withdrawn the request, in words: whoever asked for it must not take a table that stands for its end.
fn withdrawn(rollout: &RolloutReport, id: &RequestId) -> Option<String> {
    let word = rollout.withdrawn.as_ref().filter(|word| word.covers(id))?;
    let taken_up = rollout.record.as_ref().is_some_and(|record| record.request.as_ref() == Some(id));
    let by = word.by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
    let why = word.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    (!taken_up).then(|| format!("rollout request {id} was withdrawn{by}, and no row was kicked for it{why}"))
}

/// What became of the asking, in words.
fn said(request: &Requested, table: &ServiceTable) -> String {
    let name = &table.name;
    match request {
        Requested::New(request) => format!("rollout request {} of {name} is written down", request.id),
        Requested::Known(id, stands) => format!("rollout request {id} of {name} was there already: {stands}"),
    }
}

/// A request or a command that nothing was written for.
pub(super) fn refused(context: &Context<'_>, what: &str, holds: &[Hold]) -> Exit {
    if context.output.format == Format::Json {
        let holds: Vec<HoldJson> = holds.iter().map(HoldJson::from).collect();
        context.output.json(&serde_json::json!({
            "apiVersion": "evenkeel.dev/v1", "kind": "Refused", "holds": holds,
        }));
    }
    for hold in holds {
        let row = hold.row.as_ref().map(|row| format!("{row}: ")).unwrap_or_default();
        let failure = Failure::input(format!("{what}: {row}{}", hold.cause));
        context.output.failure(&match hold.cause.hint() {
            Some(hint) => failure.hint(hint),
            None => failure,
        });
    }
    // What only time or the network can mend asks nobody for a decision: it just did not work.
    let for_a_person = holds.iter().any(|hold| hold.cause.urgency() >= Urgency::Person);
    if for_a_person { Exit::Held } else { Exit::Failed }
}

async fn status(context: &Context<'_>, table: &ServiceTable, watch: bool, timeout: Span) -> Exit {
    let aws = context.aws(table).await;
    let until = if watch { Until::RolloutEnded } else { Until::OnePass };
    let mut watching = watch.then(|| Watch::new(*context, table.name.as_str(), 1));
    let ended = settle(&aws, table, Mode::DryRun, until, context.pacing(timeout), |report| {
        if let Some(watch) = &mut watching {
            watch.pass(report);
        }
    })
    .await;
    drop(watching);
    let subject = Subject { table, observed: &ended.last.observed, plan: &ended.last.plan };
    match context.output.format {
        Format::Text => context.output.text(&rollout_text(&subject, context.output.data)),
        Format::Json => context.output.json(&RolloutJson::of(&subject)),
    }
    say_unseen(context, ended.end);
    if watch { Exit::from(ended.end) } else { super::status::seen(&ended.last) }
}
