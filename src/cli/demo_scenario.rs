//! `evenkeel demo --scenario`: a story of things that go wrong, told to a controller, and held to the end that it states.
//!
//! Owns the telling. What happens is in the scenario; what is done about it is the same code as everywhere.

use crate::controller::settle::{End, Ended, Until};
use crate::lab::bench::Lab;
use crate::model::time::Span;
use crate::plan::history::History;
use crate::simulator::scenario::{Expected, Scenario};

use super::context::Context;
use super::demo::proof;
use super::exit::Exit;
use super::reconcile::{conclude, to_its_end};

/// Longer than any shipped story goes without an action.
const TIMEOUT: Span = Span::minutes(120);

/// Tells a story to its end. Done if it ends as the scenario says.
pub(super) async fn tell(context: &Context<'_>, lab: &Lab, scenario: &Scenario, file: &str) -> Exit {
    let output = context.output;
    output.heading("An account as the table states it, under a controller.");
    output.say(&format!("$ evenkeel reconcile {file} --once\n"));
    conclude(context, &lab.table, &settle(context, lab).await);

    output.heading(&scenario.story);
    lab.world().play(scenario);
    let ended = loop {
        output.say(&format!("$ evenkeel reconcile {file} --once\n"));
        let ended = settle(context, lab).await;
        conclude(context, &lab.table, &ended);
        let next = lab.world().next_action();
        match next {
            Some(time) => lab.wait(Span::from_millis((time.0 - lab.now().millis()).max(0) + 1)).await,
            None => break ended,
        }
    };

    output.heading("The proof, from the embedded AWS's own journal (not from what evenkeel believes):");
    output.text(&proof(lab));
    let Expected { verdict, hold, runs } = &scenario.expect;
    let held = |name: &String| ended.last.plan.holds.iter().any(|hold| hold.cause.name() == name);
    let as_told = said(ended.end) == *verdict && hold.as_ref().is_none_or(held) && runs_of(lab) == *runs;
    let hold = hold.as_ref().map(|hold| format!(", held: {hold}")).unwrap_or_default();
    let how = if as_told { "It ended as the scenario says" } else { "It did not end as the scenario says" };
    output.say(&format!("\n{how}: {verdict}{hold}, the deployment task ran {runs} times in the story."));
    if as_told { Exit::Done } else { Exit::Failed }
}

async fn settle(context: &Context<'_>, lab: &Lab) -> Ended {
    let aws = context.aws(&lab.table).await;
    to_its_end(context, (&aws, &lab.table), History::default(), (Until::Settled, TIMEOUT), 1).await.0
}

fn said(end: End) -> String {
    match end {
        End::Reached(verdict) => format!("{verdict:?}"),
        End::TimedOut => "TimedOut".to_owned(),
        End::Unseen => "Unseen".to_owned(),
    }
}

/// How often the deployment task was made to run.
fn runs_of(lab: &Lab) -> u64 {
    let made = |line: &&serde_json::Value| {
        line["event"] == "task.status" && line["from"].is_null() && !line["group"].to_string().contains("service:")
    };
    lab.journal().iter().filter(made).count() as u64
}
