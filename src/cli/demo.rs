//! `evenkeel demo`: the whole job on the embedded AWS, told with the commands that one would type.
//!
//! Runs the same code as those commands; only AWS is embedded and time is virtual.

use std::io::IsTerminal as _;
use std::time::Duration;

use serde_json::Value;

use crate::aws::{Budgets, Meter};
use crate::controller::settle::RELOAD;
use crate::lab::bench::Lab;
use crate::lab::layout::Start;
use crate::model::row::ServiceTable;
use crate::model::time::Span;

use super::args::{Asked, Demo, Listen, Reconcile, Rollout, Table, Tables, Timeout};
use super::context::{Context, Place};
use super::exit::Exit;
use super::failure::Failure;
use super::output::Output;
use super::watch::WATCHED;
use super::window::Window;
use super::{demo_scenario, plan, reconcile, rollout, simulate, status};

/// After each pass at least: long enough to read a line.
const PAUSE: Duration = Duration::from_millis(90);

/// Tells the story of the job, or one of a scenario.
pub(super) async fn demo(output: Output, args: &Demo, table: ServiceTable) -> Result<Exit, Failure> {
    let scenario = args.scenario.as_deref().map(simulate::scenario).transpose()?;
    let start = if scenario.is_some() { Start::Stated } else { Start::Template };
    let lab = Lab::new(table.clone(), start, args.seed)
        .map_err(|error| Failure::input(format!("the table cannot be laid out: {}", error.message)))?;
    let pause = if args.fast { Duration::ZERO } else { PAUSE };
    let (meter, budgets) = (Meter::default(), Budgets::default());
    let place = Place::Lab(&lab);
    let context = Context {
        output,
        place,
        meter: &meter,
        budgets: &budgets,
        speed: 1.0,
        started: lab.now(),
        pause,
        window: None,
    };
    // Whoever is in a hurry does not watch.
    let window = if args.fast { None } else { Window::open(&Context { speed: WATCHED, ..context }, &table) };
    let context = Context { window: window.as_ref(), ..context };
    let file = args.table.as_ref().map_or("specs/cgap.yaml".to_owned(), |path| path.display().to_string());
    let watched = output.terminal && window.is_some() && std::io::stdin().is_terminal();
    if watched {
        until_enter(output, "That is the dashboard: open it in a browser to watch. Press Enter to begin.");
    }
    let exit = match scenario {
        Some(scenario) => demo_scenario::tell(&context, &lab, &scenario, &file).await,
        None => job(&context, &lab, &table, &file).await?,
    };
    if watched {
        until_enter(output, "\nThe dashboard stays until you press Enter.");
    }
    Ok(exit)
}

/// Waits for somebody at a terminal. Virtual time stands meanwhile.
fn until_enter(output: Output, text: &str) {
    output.say(text);
    // At the end of input, or if it cannot be read, nobody is there to be waited for.
    let _ = std::io::stdin().read_line(&mut String::new());
}

/// The whole job: drift, a forced rollout, and nothing left to do.
async fn job(context: &Context<'_>, lab: &Lab, table: &ServiceTable, file: &str) -> Result<Exit, Failure> {
    let output = context.output;
    let tables = std::slice::from_ref(table);
    let timeout = Timeout { timeout: Span::minutes(60) };
    let tell = |text: &str| output.heading(text);
    let type_ = |command: &str| output.say(&format!("$ evenkeel {command}\n"));

    tell("An account as CloudFormation left it, on an embedded AWS. What would the table change?");
    type_(&format!("plan {file}"));
    plan::plan(context, tables).await;

    tell("Correct it. New deployments drain the old tasks, and the deployment task runs when the last is gone.");
    type_(&format!("reconcile {file} --once"));
    let listen = Listen::default();
    let args = Reconcile {
        tables: Tables { tables: Vec::new() },
        once: true,
        no_wait: false,
        dry_run: false,
        timeout,
        reload: RELOAD,
        listen,
    };
    let first = reconcile::reconcile(context, &args, tables).await;

    let digest = lab.push().map_err(|error| Failure::input(error.message))?;
    tell(&format!(
        "Somebody pushes an image: the tag means {} now. Roll it out by force.",
        digest.get(..19).unwrap_or(&digest)
    ));
    type_(&format!("rollout start {file} --reason \"new image\" --wait"));
    let file_arg = Table { table: file.into() };
    let command = Rollout::Start {
        table: file_arg,
        asked: Asked { reason: "new image".to_owned(), ..Asked::default() },
        wait: true,
        timeout,
    };
    let second = rollout::rollout(context, &command, table).await?;

    tell("How does it stand, and is anything left to do?");
    type_(&format!("status {file}"));
    status::status(context, table).await;
    type_(&format!("reconcile {file} --once"));
    let third = reconcile::reconcile(context, &args, tables).await;

    tell("The proof, from the embedded AWS's own journal (not from what evenkeel believes):");
    output.text(&proof(lab));
    Ok(first.or_worse(second).or_worse(third))
}

/// When the last old task was gone and when the deployment task was made, for each time that it ran.
pub(super) fn proof(lab: &Lab) -> String {
    let journal = lab.journal();
    let text = |line: &Value, key: &str| line.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let clock = |line: &Value| text(line, "time").get(11..19).unwrap_or_default().to_owned();
    let mut said = Vec::new();
    let mut last_stop: Option<String> = None;
    for line in &journal {
        match (text(line, "event").as_str(), text(line, "operation").as_str()) {
            ("task.status", _) if text(line, "to") == "STOPPED" && text(line, "group").starts_with("service:") => {
                last_stop = Some(clock(line));
            }
            ("task.status", _) if text(line, "to") == "STOPPED" => {
                let exit = line.get("exitCodes").map(Value::to_string).unwrap_or_default();
                said.push(format!("{}  deployment task STOPPED, exit codes {exit}", clock(line)));
            }
            (_, "RunTask") => {
                let before = last_stop.take().unwrap_or_else(|| "no old task".to_owned());
                said.push(format!("{before}  last old task STOPPED"));
                said.push(format!("{}  RunTask", clock(line)));
            }
            _ => {}
        }
    }
    said.join("\n")
}
