//! Whether faults that stop leave a way to an end: from any state, looks that are fresh and steps that are answered.
//!
//! An end is one after which no controller wants to do anything, and in which nothing that was asked for is lost: every
//! kick and every acknowledged request was followed by a run of the task, or a person is told otherwise.

use evenkeel::model::rollout::{Failure, Record, RecordState};
use evenkeel::plan::action::{Plan, Standing};

use super::aws::{Life, OneOff, Stage};
use super::harm;
use super::look::task_id;
use super::people::Said;
use super::process::hash_of;
use super::protocol::Protocol;
use super::state::{How, Sight, State};
use super::tables::Asked;

/// Enough for an attempt that is given up after 55 minutes, and for a rollout after it.
const ROUNDS: usize = 60;

/// Whether an end is reached from here.
pub(crate) fn is_reached(model: &Protocol, state: &State) -> bool {
    if state.harm.is_some() {
        return true;
    }
    let mut state = state.clone();
    let edited = state.is_edited();
    state.processes.iter_mut().for_each(|process| process.edited = edited);
    let mut passed = Vec::new();
    let mut quiet = 0;
    for round in 0..ROUNDS {
        let key = hash_of(&(
            &state.aws,
            &state.processes,
            &state.requests,
            &state.given_up,
            (&state.over, &state.said, &state.at_issue),
            quiet,
        ));
        if model.ends.lock().expect("no end panics").contains(&key) {
            return remember(model, passed);
        }
        passed.push(key);
        let acted = advance(model, &mut state);
        if state.harm.is_some() {
            return false;
        }
        quiet = if acted { 0 } else { quiet + 1 };
        if quiet >= 2 && is_end(model, &state) {
            return remember(model, passed);
        }
        state.aws.wait(if round < 20 { 61 } else { 301 });
    }
    false
}

fn remember(model: &Protocol, passed: Vec<u64>) -> bool {
    model.ends.lock().expect("no end panics").extend(passed);
    true
}

/// One round in which nothing fails: everybody looks and acts, the services roll, tasks run and end.
fn advance(model: &Protocol, state: &mut State) -> bool {
    let mut acted = false;
    for who in 0..state.processes.len() {
        if state.processes[who].acting.is_none() {
            model.look(state, who, Sight::FRESH);
        }
        while state.processes[who].acting.is_some() {
            acted = true;
            model.take(state, who, How::Done);
        }
    }
    for row in 0..state.aws.rows.len() {
        while state.aws.rows[row].stage != Stage::Done {
            acted = true;
            state.aws.roll(row);
        }
    }
    let now = state.aws.now;
    for task in &mut state.aws.tasks {
        if task.life == Life::Alive {
            task.life = Life::Ended(now);
            acted = true;
        }
    }
    state.harm = state.harm.or_else(|| harm::of_tasks(&state.aws.tasks, &state.said));
    acted
}

/// Whether everything was done, or a person knows.
fn is_end(model: &Protocol, state: &State) -> bool {
    let plan = model.plan_of(state);
    if !plan.steps.is_empty() || is_unheard(state, &plan) {
        return false;
    }
    if plan.rollout.record.as_ref().is_some_and(|record| is_mistaken(state, record)) {
        return false;
    }
    match plan.standing() {
        Standing::Progressing => false,
        Standing::Held => !model.scenario.is_only_corrected(),
        Standing::Failed => true,
        Standing::Converged => model.is_as_stated(state) && nothing_is_lost(model, state, &plan),
    }
}

/// Whether a person is told that a task could not be started which has run.
fn is_mistaken(state: &State, record: &Record) -> bool {
    let RecordState::Failed(Failure::Start(attempt) | Failure::Refused(attempt)) = record.state else { return false };
    let by = record.id.started_by(attempt);
    state.aws.tasks.iter().any(|task| *task.started_by == *by && task.has_run())
}

/// Whether the newest command that was acknowledged is lost, or still to be done and nobody says why.
fn is_unheard(state: &State, plan: &Plan) -> bool {
    let standing = state.aws.tags.get("command");
    if standing != state.said.last() {
        return true;
    }
    let (Some(record), Some(said)) = (&plan.rollout.record, standing.map(|tag| Said::of(tag))) else { return false };
    let open = match &record.state {
        RecordState::Failed(_) => said.act == "retry" || said.act == "run",
        RecordState::Unknown(_) => said.act != "abort" && said.act != "run",
        RecordState::Open => said.act == "abort" && said.aborts(record),
        RecordState::Baseline | RecordState::Succeeded(_) | RecordState::Resolved(_) | RecordState::Skipped => {
            said.act == "run"
        }
        RecordState::Launching(_) | RecordState::Launched(_) => false,
    };
    // A request takes the place of a retry and of a run.
    let pending = open
        && (said.act == "abort"
            || (said.rollout == record.id.as_str() && record.state.attempt().unwrap_or(0) == said.attempt));
    let ends = matches!(plan.standing(), Standing::Failed | Standing::Converged);
    pending && ends && !plan.rollout.is_unanswered()
}

fn nothing_is_lost(model: &Protocol, state: &State, plan: &Plan) -> bool {
    let (record, listed) = (plan.rollout.record.as_ref(), model.listed(state));
    let newest = state.newest_kick(listed);
    let rows = |asked: &Asked| state.aws.rows.iter().take(asked.rows.min(listed));
    let kicks = |asked: &Asked| rows(asked).all(|row| row.version.created > asked.after);
    let kicked = state.requests.iter().all(kicks);
    let ran = record.is_some_and(|record| match &record.state {
        RecordState::Succeeded(attempt) => {
            // Not by `startedBy`: a row that came into the table moves the record's id.
            let is_it = |task: &&OneOff| task_id(task.serial) == attempt.task;
            state.aws.tasks.iter().find(is_it).is_some_and(|task| task.has_run() && task.created >= newest)
        }
        // Nothing was kicked since first contact.
        RecordState::Baseline => state.contact.is_some_and(|contact| newest <= contact),
        // A person vouches for it.
        RecordState::Resolved(attempt) => {
            let vouched = |said: Said| (said.act.as_str(), said.attempt) == ("resolve", *attempt);
            state.said.iter().map(|tag| Said::of(tag)).any(|said| said.rollout == record.id.as_str() && vouched(said))
        }
        RecordState::Open
        | RecordState::Launching(_)
        | RecordState::Launched(_)
        | RecordState::Failed(_)
        | RecordState::Unknown(_)
        | RecordState::Skipped => false,
    });
    kicked && ran
}
