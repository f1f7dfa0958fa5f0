//! `evenkeel rollout retry`, `resolve`, `abort`, `run` and `history`: a person's way out, and what is kept of it.

use crate::controller::command::{Acknowledged, Given, Refused, accept};
use crate::controller::settle::{End, Ended, Until};
use crate::model::command::{Command, Standing};
use crate::model::rollout::Request;
use crate::model::row::ServiceTable;
use crate::model::time::Span;
use crate::plan::command::{Want, Wish};
use crate::report::history_text::history_text;
use crate::report::json::HistoryJson;
use crate::report::subject::Subject;

use super::args::Format;
use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;
use super::plan;
use super::reconcile::{conclude, say_unseen, to_its_end};
use super::rollout::{GOES_ON, refused};

/// Gives a command, and does it or begins to.
pub(super) async fn give(
    context: &Context<'_>,
    table: &ServiceTable,
    wish: &Wish,
    wait: bool,
    timeout: Span,
) -> Result<Exit, Failure> {
    let aws = context.aws(table).await;
    let Acknowledged { command, history } = match accept(&aws, table, wish, context.started).await {
        Ok(acknowledged) => acknowledged,
        Err(Refused::Held(holds)) => return Ok(refused(context, "the command cannot be given", &holds)),
        Err(error @ Refused::TooLate) => return Err(Failure::of(&error).hint("AWS answers slowly; give it again")),
        Err(error @ (Refused::NotWritten(_) | Refused::Another)) => return Err(Failure::of(&error)),
    };
    context.output.say(&match &command {
        Given::New(command) => format!("{} of rollout {} is written down", command.order, command.rollout),
        Given::Withdrawn(withdrawal) => format!("request {} is withdrawn: no row is kicked for it", withdrawal.request),
        Given::Known(stands) => format!("{} was given before under this key: {stands}", wish.want.name()),
    });
    let until = match (wait, wish.want) {
        (true, _) => Until::Settled,
        (false, Want::Resolve(_) | Want::Abort) => Until::Obeyed,
        // Its gate has to hold anew: whoever does not wait for that has only written it down.
        (false, Want::Retry | Want::Run) => Until::OnePass,
    };
    let (ended, document) = to_its_end(context, (&aws, table), history, (until, timeout), 1).await;
    if context.output.format == Format::Json {
        context.output.json(&document);
    } else {
        conclude(context, table, &ended);
    }
    say_unseen(context, ended.end);
    if let (Given::Withdrawn(_), Some(request)) = (&command, waiting(&ended)) {
        context
            .output
            .say(&format!("request {} still stands: rows are kicked for it unless it is withdrawn too", request.id));
    }
    Ok(match &command {
        Given::New(command) => judged(context, command, &ended, wait),
        Given::Withdrawn(_) if !wait => Exit::Done,
        Given::Withdrawn(_) | Given::Known(_) => Exit::from(ended.end),
    })
}

/// The request that waits after all, be it one whose place the withdrawn one had taken, or one that was made since.
fn waiting(ended: &Ended) -> Option<&Request> {
    let report = &ended.last.plan.rollout;
    report.request.as_ref().filter(|_| report.is_unanswered())
}

/// Whoever did not wait asked for the command and for nothing more: a rollout that ends as failed because somebody said
/// so is no failure of the command.
fn judged(context: &Context<'_>, command: &Command, ended: &Ended, wait: bool) -> Exit {
    let record = ended.last.plan.rollout.record.as_ref();
    // A pass that ends the command has the record from before it.
    let written = ended.last.written();
    match written.or(record).map(|record| command.against(record)) {
        Some(Standing::Void) => {
            let failure = Failure::input("the rollout has gone on meanwhile, and the command was not done");
            context.output.failure(&failure.hint("`evenkeel rollout status` shows where it stands"));
            Exit::Held
        }
        Some(Standing::Done) if !wait => Exit::Done,
        Some(Standing::Pending) if !wait && ended.end != End::Unseen => {
            if ended.end == End::TimedOut {
                return Exit::TimedOut;
            }
            context.output.say(GOES_ON);
            Exit::Done
        }
        Some(Standing::Done | Standing::Pending) | None => Exit::from(ended.end),
    }
}

/// Shows the last rollouts.
pub(super) async fn history(context: &Context<'_>, table: &ServiceTable) -> Exit {
    let report = plan::look(context, table).await;
    let subject = Subject { table, observed: &report.observed, plan: &report.plan };
    match context.output.format {
        Format::Text => context.output.text(&history_text(&subject, context.output.data)),
        Format::Json => context.output.json(&HistoryJson::of(&subject)),
    }
    super::status::seen(&report)
}
