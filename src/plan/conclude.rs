//! The end of a rollout: whether it can be ended by time, by the launch, or only by a person; and what is said of it.

use crate::model::observed::Seen;
use crate::model::rollout::{Durable, Record, RecordState};
use crate::model::time::Span;

use super::action::{Action, Step};
use super::command;
use super::draft::Draft;
use super::ending;
use super::gate::{self, Gate};
use super::hold::{Hold, HoldCause};
use super::launch::{self, Ground, LaunchInput};
use super::pace::NextLook;
use super::planner::PlanInput;
use super::progress;
use super::rollout::{self, Phase, RowStand, Stand};

/// 7. The deployment task, once nothing else is to be written.
///
/// Without every row nothing is launched; but what became of a launch is written down whatever else is not found.
pub(super) fn end_rollout(draft: &mut Draft<'_>, stand: Option<&Stand<'_>>, durable: &Durable) {
    let Some(record) = &durable.record else { return };
    if let Some(left) = launch::confirmed_in(durable, draft.input.observed.at) {
        draft.next_look = draft.next_look.or_sooner(NextLook::After(left));
    }
    if let Some(stand) = stand {
        say_the_outcome(draft, record, durable);
        say_the_kicks(draft, stand, durable, record);
        say_what_cannot_be_read(draft, stand);
    }
    let taken_back = record.state == RecordState::Open && command::aborted(durable, record).is_some();
    let due = stand.is_some_and(|stand| is_due(stand, durable, record));
    let blocked = !draft.steps.is_empty() || draft.needs_a_person() || taken_back || due;
    let in_hand = matches!(record.state, RecordState::Launching(_) | RecordState::Launched(_));
    if blocked && !in_hand {
        return;
    }
    let PlanInput { table, observed, history } = *draft.input;
    let record = &command::in_view(durable, record);
    let gate = stand.map(|stand| gate::judge(stand, record, durable.change.as_ref(), history));
    let ground = stand.zip(gate.as_ref()).map(|(stand, gate)| Ground { stand, gate });
    let row = table.task_row().map(|(row, _)| row);
    match launch::decide(&LaunchInput { table, observed, durable, record, history, ground }) {
        None => {}
        // What has happened is written down whatever else is held, and first: ECS forgets a task within the hour.
        Some(Ok((action, why))) if !blocked || has_happened(&action) => {
            let step = Step { row: row.map(|row| row.name.clone()), action, because: vec![why] };
            draft.steps.insert(0, step);
        }
        Some(Ok(_)) => {}
        // Waiting for the gate would hide what only a person can mend, and what it waits for too.
        Some(Err((HoldCause::GateShut { .. }, _))) if draft.needs_a_person() => {}
        Some(Err((cause, look))) => {
            draft.hold(row, cause);
            draft.next_look = draft.next_look.or_sooner(look);
        }
    }
}

/// Whether a move only writes down what became of a launch, and causes nothing.
fn has_happened(action: &Action) -> bool {
    match action {
        Action::Record(record) => match &record.state {
            RecordState::Launched(_)
            | RecordState::Succeeded(_)
            | RecordState::Failed(_)
            | RecordState::Unknown(_)
            | RecordState::Resolved(_)
            | RecordState::Open => true,
            RecordState::Launching(_) | RecordState::Baseline | RecordState::Skipped => false,
        },
        Action::Change(_) | Action::Update(_) | Action::Register(_) | Action::RollBack(_) | Action::Run(_) => false,
    }
}

/// A rollout that ended badly is said as long as it is the newest and nobody asked for another.
fn say_the_outcome(draft: &mut Draft<'_>, record: &Record, durable: &Durable) {
    let goes_on = draft.steps.iter().any(|step| is_in_hand(&step.action));
    if goes_on || rollout::active_request(durable, record).is_some() || command::again(durable, record).is_some() {
        return;
    }
    let how = match &record.state {
        RecordState::Failed(failure) => ending::failed(draft.input, durable, record, failure),
        RecordState::Unknown(lost) => ending::unknown(draft.input, record, lost),
        RecordState::Baseline
        | RecordState::Open
        | RecordState::Launching(_)
        | RecordState::Launched(_)
        | RecordState::Succeeded(_)
        | RecordState::Resolved(_)
        | RecordState::Skipped => return,
    };
    draft.hold(None, how);
}

/// Whether a step writes down that a rollout goes on.
fn is_in_hand(action: &Action) -> bool {
    match action {
        Action::Record(record) => record.state.is_in_hand(),
        Action::Change(_) | Action::Update(_) | Action::Register(_) | Action::RollBack(_) | Action::Run(_) => false,
    }
}

/// What time does not mend about the kicks of the rollout in hand, once no more of them are to be expected.
fn say_the_kicks(draft: &mut Draft<'_>, stand: &Stand<'_>, durable: &Durable, record: &Record) {
    let table = draft.input.table;
    // The record may know of kicks that this look is too old to show.
    let newest = stand.frontier.max(record.frontier);
    let young = table.policy.quiet.minus(stand.observed.at.since(newest));
    let waits = rollout::is_open(durable, record) && command::aborted(durable, record).is_none();
    if !waits || young > Span::ZERO || draft.steps.iter().any(|step| step.action.kicks()) {
        return;
    }
    let record = &command::in_view(durable, record);
    let missing = gate::unkicked(stand, record, durable.change.as_ref());
    if !missing.is_empty() {
        draft.hold(None, HoldCause::PartialKick { kicked: stand.kicked(record), missing });
    }
    if stand.rows.iter().all(RowStand::is_empty) {
        draft.hold(None, HoldCause::AllEmpty);
    }
    let (digests, _) = gate::digests(stand);
    if let Some((image, mixed)) = digests.iter().find(|(_, digests)| digests.len() > 1) {
        let mixed = mixed.iter().copied().collect::<Vec<_>>().join(" and ");
        draft.hold(None, HoldCause::MixedDigests { digests: format!("{image} runs as {mixed}") });
    }
}

/// What could not be read and that a table without it is not known to be converged. A permission that is missing is a
/// person's matter; a passing outage is waited for.
fn say_what_cannot_be_read(draft: &mut Draft<'_>, stand: &Stand<'_>) {
    let mut unseen = Vec::new();
    unseen.extend(stand.observed.tasks.unknown().map(|why| (None, "the tasks".to_owned(), why.clone())));
    for row in &stand.rows {
        let history = row.view.history.unknown();
        let what = || "what became of its deployments".to_owned();
        unseen.extend(history.map(|why| (Some(row.row), what(), why.clone())));
        for group in &row.view.target_groups {
            let what = || format!("the targets of {}", group.arn.name());
            unseen.extend(group.targets.unknown().map(|why| (Some(row.row), what(), why.clone())));
        }
    }
    for (row, what, why) in unseen {
        draft.hold(row, HoldCause::Unknown { what, why });
    }
}

/// Whether a row is still to be kicked for a request: that its kick is held is no reason to go on without it.
fn is_due(stand: &Stand<'_>, durable: &Durable, record: &Record) -> bool {
    let request = rollout::active_request(durable, record);
    request.is_some_and(|request| stand.rows.iter().any(|row| rollout::is_due(request, record, row.primary)))
}

/// What people are told of the rollout.
pub(super) fn report_rollout(
    draft: &mut Draft<'_>,
    stand: Option<&Stand<'_>>,
    durable: &Durable,
    record: Option<&Record>,
) {
    draft.rollout.record = durable.record.clone();
    draft.rollout.request = durable.wanted().or(durable.request.as_ref()).cloned();
    draft.rollout.command = durable.command.clone();
    draft.rollout.withdrawn = durable.withdrawn.clone();
    let Some(stand) = stand else { return };
    draft.rollout.id = Some(record.map_or(&stand.id, |record| &record.id).clone());
    draft.rollout.deployed = Some(stand.id.clone());
    draft.rollout.rows = stand.rows.iter().map(|row| progress::of_row(stand, row)).collect();
    say_newer_images(draft, stand);
    let Some(record) = record else { return };
    let requested = is_due(stand, durable, record);
    let in_view = command::in_view(durable, record);
    let gate = gate::judge(stand, &in_view, durable.change.as_ref(), draft.input.history);
    draft.rollout.phase = phase(record, durable, requested, &gate, draft);
    let launched = matches!(record.state, RecordState::Launching(_) | RecordState::Launched(_));
    draft.rollout.gate = (launched || rollout::is_open(durable, record)).then_some(gate);
}

/// A digest behind the tag that no task runs yet is worth a notice: ECS takes it up only at the next kick.
fn say_newer_images(draft: &mut Draft<'_>, stand: &Stand<'_>) {
    let table = draft.input.table;
    let (Some(image), Seen::Present(digest)) = (&table.image, &draft.input.observed.image) else { return };
    let address = image.address(&table.account, &table.region);
    let (digests, _) = gate::digests(stand);
    if let Some(running) = digests.get(address.as_str()).filter(|running| !running.contains(digest.short())) {
        let running = running.iter().copied().collect::<Vec<_>>().join(" and ");
        draft.hold(None, HoldCause::NewerImage { running, tag: digest.short().to_owned() });
    }
}

fn phase(record: &Record, durable: &Durable, requested: bool, gate: &Gate, draft: &Draft<'_>) -> Phase {
    let kicking = requested || draft.steps.iter().any(|step| step.action.kicks());
    let stale = draft.holds.iter().any(|Hold { cause, .. }| *cause == HoldCause::Stale);
    let partial = draft.holds.iter().any(|Hold { cause, .. }| matches!(cause, HoldCause::PartialKick { .. }));
    let open = rollout::is_open(durable, record);
    match &record.state {
        RecordState::Launching(_) | RecordState::Launched(_) => Phase::Deploying,
        _ if kicking || stale => Phase::Requested,
        _ if open && draft.steps.iter().any(|step| passes_the_gate(&step.action)) => Phase::Clear,
        _ if open && command::aborted(durable, record).is_some() => Phase::Rolling,
        _ if open && gate.is_open() => Phase::Settling,
        // Whether the new tasks are up decides, not ECS's COMPLETED, which comes in the middle of draining.
        _ if open && gate.new_tasks_are_up() && !partial => Phase::Draining,
        _ if open => Phase::Rolling,
        RecordState::Open => Phase::Rolling,
        RecordState::Failed(_) => Phase::Failed,
        RecordState::Unknown(_) => Phase::Unknown,
        RecordState::Baseline | RecordState::Succeeded(_) | RecordState::Resolved(_) | RecordState::Skipped => {
            Phase::Settled
        }
    }
}

/// Whether a step follows from a gate that was clear for long enough.
fn passes_the_gate(action: &Action) -> bool {
    match action {
        Action::Record(record) => matches!(record.state, RecordState::Launching(_) | RecordState::Skipped),
        Action::Change(_) | Action::Update(_) | Action::Register(_) | Action::RollBack(_) | Action::Run(_) => false,
    }
}
