//! The launch protocol as a model for the checker: who may move next, and what comes of it.
//!
//! The controllers' decisions are the real ones (`process`); AWS is `aws`; what must not happen is `harm`. Everything
//! that costs is counted in a budget, so that the states come to an end.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use evenkeel::model::past::Past;
use evenkeel::model::rollout::{Failure, Record, RecordState, TagKeys};
use evenkeel::model::row::ServiceTable;
use evenkeel::plan::action::{Action, Plan, Step};
use stateright::{Model, Property};

use super::aws::{LAG, Life, Ran, Stage};
use super::guards::Guard;
use super::harm::{self, Harm};
use super::look::{Look, Taken, row_by_name, row_of, second, short_key};
use super::people::WANTS;
use super::process::{Acting, Answered, Decision, Memory, Process, hash_of, wanted};
use super::state::{Fact, How, Move, Over, Scenario, Sight, State};

/// A step that is not sent within so many seconds of its look is not sent at all.
pub(crate) const FRESH: i64 = 4 * 60;
/// Decisions that are kept, so that the same look need not be planned twice.
const KEPT_DECISIONS: usize = 4000;

/// Whether a record's state is an end, after which only a retry leads to another attempt. After `unknown`, somebody may
/// know better who heard that the attempt did not start.
fn is_over(state: &RecordState) -> bool {
    match state {
        RecordState::Baseline
        | RecordState::Open
        | RecordState::Launching(_)
        | RecordState::Launched(_)
        | RecordState::Unknown(_) => false,
        RecordState::Succeeded(_) | RecordState::Failed(_) | RecordState::Resolved(_) | RecordState::Skipped => true,
    }
}

/// The model.
pub(crate) struct Protocol {
    pub(crate) scenario: Scenario,
    /// As it is at first, and as it is after its edit.
    pub(crate) tables: [ServiceTable; 2],
    pub(crate) keys: TagKeys,
    decisions: Mutex<BTreeMap<(u64, u64), Arc<Decision>>>,
    pub(crate) ends: Mutex<std::collections::BTreeSet<u64>>,
}

impl Protocol {
    pub(crate) fn new(scenario: Scenario) -> Self {
        let tables = [false, true].map(|edited| wanted(&scenario, edited));
        let keys = TagKeys::of(&tables[0].name);
        Self { scenario, tables, keys, decisions: Mutex::default(), ends: Mutex::default() }
    }

    fn is_without(&self, guard: Guard) -> bool {
        self.scenario.without.contains(&guard)
    }

    fn decide(&self, look: &Look, memory: &Memory) -> Arc<Decision> {
        let key = (hash_of(look), memory.key());
        let mut decisions = self.decisions.lock().expect("no decision panics");
        if decisions.len() > KEPT_DECISIONS {
            decisions.clear();
        }
        let decision = || Arc::new(Decision::of(self.table(look.edited), look, memory, &self.scenario.without));
        decisions.entry(key).or_insert_with(decision).clone()
    }

    /// What a look shows whoever has the table from before its edit, or after it.
    pub(crate) fn sight(&self, state: &State, edited: bool, sight: Sight) -> Look {
        let (aws, listed) = (&state.aws, self.scenario.listed(edited));
        let tags = sight.tags.checked_sub(1).map_or(&aws.tags, |index| &aws.tags_before[index].0);
        let before = aws.rows_before.as_ref().filter(|_| sight.rows).map(|(rows, _)| rows);
        let hidden = |created: i64| sight.tasks && aws.now - created < LAG;
        Look {
            at: aws.now,
            tags: tags.clone(),
            edited,
            rows: before.unwrap_or(&aws.rows)[..listed].to_vec(),
            tasks: aws.tasks.iter().filter(|task| task.is_kept(aws.now) && !hidden(task.created)).cloned().collect(),
            short: sight.short,
            unread: sight.unread.iter().map(|fact| (*fact, Taken::Unknown)).collect(),
            initial: self.scenario.initial,
        }
    }

    /// A controller looks. If nothing follows from it, only its memory changes.
    pub(crate) fn look(&self, state: &mut State, who: usize, sight: Sight) {
        let look = self.sight(state, state.processes[who].edited, sight);
        let process = &mut state.processes[who];
        let decision = self.decide(&look, &process.memory);
        let fresh = sight == Sight::FRESH && state.at_issue.is_some();
        if decision.plan.steps.is_empty() {
            process.memory = decision.remembered(&process.memory, &[]);
            if fresh && decision.plan.rollout.id.is_some() {
                state.knows(&decision.look);
            }
        } else {
            process.acting = Some(Acting { decision, answers: Vec::new(), fresh });
        }
    }

    /// A pass of a controller that comes and goes, and time after it.
    /// What the first controller would do about a fresh look.
    pub(crate) fn plan_of(&self, state: &State) -> Plan {
        let process = &state.processes[0];
        let look = self.sight(state, process.edited, Sight::FRESH);
        Decision::of(self.table(process.edited), &look, &process.memory, &self.scenario.without).plan.clone()
    }

    /// AWS gets the next step of a controller, or does not.
    pub(crate) fn take(&self, state: &mut State, who: usize, how: How) {
        let Some(mut acting) = state.processes[who].acting.take() else { return };
        let late = state.aws.now - acting.decision.look.at > FRESH && !self.is_without(Guard::OldPlan);
        let step = acting.step().cloned();
        let answered = match step {
            Some(step) if !late => self.send(state, &acting, &step, how),
            Some(_) | None => None,
        };
        let done = answered.is_some();
        acting.answers.extend(answered);
        let process = &mut state.processes[who];
        if done && acting.step().is_some() {
            process.acting = Some(acting);
        } else {
            process.memory = acting.decision.remembered(&process.memory, &acting.answers);
            // Of a pass that runs the task, what it writes down after that is the next one's here.
            if done && acting.fresh && !acting.runs() {
                state.knows(&acting.decision.look);
            }
        }
    }

    fn send(&self, state: &mut State, acting: &Acting, step: &Step, how: How) -> Option<Answered> {
        if how == How::NotSent {
            // Without the read-back a launch follows whether or not its intent was written.
            let goes_on = self.is_without(Guard::ReadBack) && matches!(step.action, Action::Record(_));
            return goes_on.then_some(Answered::Written);
        }
        let look = &acting.decision.look;
        let answered = match &step.action {
            Action::Record(record) => {
                let Plan { launch, past, .. } = &acting.decision.plan;
                self.write(state, record, launch.as_deref(), past.as_ref());
                Answered::Written
            }
            Action::Change(change) => {
                state.aws.tag(&[(short_key(&self.keys.change), change.tag().into())]);
                Answered::Written
            }
            Action::Update(update) => {
                let row = row_of(&update.service);
                state.harm = state.harm.or(harm::of_kick(&state.aws, look, update));
                match update.revision {
                    Some(_) => state.aws.grow(row),
                    None => state.aws.kick(row),
                }
                Answered::Kicked(row, state.aws.rows[row].version.serial, state.aws.now)
            }
            Action::RollBack(back) => {
                let row = row_by_name(&back.name);
                state.aws.undo(row);
                Answered::Written
            }
            Action::Register(_) => Answered::Written,
            Action::Run(_) if how == How::Refused => Answered::Refused,
            Action::Run(launch) => {
                let token = if self.is_without(Guard::Token) {
                    state.aws.tasks.len().to_string()
                } else {
                    launch.client_token.clone()
                };
                let started_by: Arc<str> = launch.started_by.as_str().into();
                let before = state.clone();
                match state.aws.run(&token.into(), &started_by, how != How::Failures) {
                    Ran::New(serial) => {
                        let harm = harm::of_run(&before, self.listed(state), look, &started_by);
                        let harm = harm.or_else(|| harm::of_tasks(&state.aws.tasks, &state.said));
                        let harm = harm.or_else(|| harm::of_an_edit(&before, &started_by));
                        state.ran_on(look);
                        state.harm = state.harm.or(harm);
                        Answered::Task(serial)
                    }
                    Ran::Before(serial) => Answered::Task(serial),
                    Ran::Failures => Answered::NotStarted,
                }
            }
        };
        (how != How::AnswerLost).then_some(answered)
    }

    pub(crate) fn write(
        &self,
        state: &mut State,
        record: &Record,
        launch: Option<&str>,
        past: Option<&(String, Past)>,
    ) {
        let keys = [Some(self.keys.rollout.as_str()), launch];
        let tag: Arc<str> = record.tag().into();
        state.contact.get_or_insert(second(record.frontier));
        if is_over(&record.state) {
            let (rollout, attempt) = (record.id.as_str().into(), record.state.attempt().unwrap_or(0));
            let at_start = matches!(record.state, RecordState::Failed(Failure::Start(_) | Failure::Refused(_)));
            let over = Over { rollout, attempt, at_start };
            if !state.over.contains(&over) {
                state.over.push(over);
            }
        }
        let records = keys.into_iter().flatten().map(|key| (short_key(key), tag.clone()));
        let past = past.map(|(key, past)| (short_key(key), past.tag().into()));
        let ends = (!state.over.is_empty()).then(|| (harm::ENDS.to_owned(), state.over.len().to_string().into()));
        state.aws.tag(&records.chain(past).chain(ends).collect::<Vec<_>>());
        if let RecordState::Unknown(lost) = &record.state {
            state.given_up.push(record.id.started_by(lost.attempt).into());
        }
    }

    fn sights(&self, state: &State, found: &mut Vec<Sight>) {
        found.push(Sight::FRESH);
        if state.budget.faults == 0 {
            return;
        }
        let hidden = state.aws.tasks.iter().any(|task| state.aws.now - task.created < LAG);
        let either = |late| [false, true].into_iter().take(1 + usize::from(late));
        for unread in Fact::UNREAD {
            let lost = |fact| unread.contains(&fact);
            let rows = either(state.aws.rows_before.is_some() && !lost(Fact::Services));
            let tasks = either(hidden && !lost(Fact::Tasks));
            let late =
                rows.flat_map(|rows| tasks.clone().map(move |tasks| Sight { rows, tasks, unread, ..Sight::FRESH }));
            let tags = 0..=state.aws.tags_before.len();
            found.extend(late.flat_map(|sight| tags.clone().map(move |tags| Sight { tags, ..sight })));
        }
        // Without the cluster nothing else is asked for, so nothing else is late.
        found.push(Sight { unread: &[Fact::Cluster], ..Sight::FRESH });
        let draining = state.aws.rows.iter().any(|row| row.stage == Stage::Draining);
        if draining && state.budget.short > 0 {
            found.push(Sight { short: true, ..Sight::FRESH });
        }
        found.dedup();
    }

    fn moves_of(&self, state: &State, who: usize, moves: &mut Vec<Move>) {
        let process = &state.processes[who];
        let budget = &state.budget;
        let faults = budget.faults > 0;
        match &process.acting {
            None => {
                let mut sights = Vec::new();
                self.sights(state, &mut sights);
                moves.extend(sights.into_iter().map(|sight| Move::Look(who, sight)));
            }
            Some(acting) => {
                moves.push(Move::Take(who, How::Done));
                let runs = acting.step().is_some_and(|step| matches!(step.action, Action::Run(_)));
                let how = [How::AnswerLost, How::NotSent, How::Failures, How::Refused];
                let how = how.into_iter().take(if runs { 4 } else { 2 });
                moves.extend(how.filter(|_| faults).map(|how| Move::Take(who, how)));
            }
        }
        if budget.edits > 0 && !process.edited && process.acting.is_none() {
            moves.push(Move::Read(who));
        }
        if faults && *process != Process::fresh(process.edited) {
            moves.push(Move::Crash(who));
        }
    }
}

impl Model for Protocol {
    type State = State;
    type Action = Move;

    fn init_states(&self) -> Vec<State> {
        vec![self.beginning()]
    }

    fn actions(&self, state: &State, moves: &mut Vec<Move>) {
        if state.harm.is_some() {
            return;
        }
        for who in 0..state.processes.len() {
            // Two controllers that are alike do alike.
            if who == 0 || state.processes[who] != state.processes[who - 1] {
                self.moves_of(state, who, moves);
            }
        }
        let budget = &state.budget;
        let rows = 0..self.scenario.rows;
        moves.extend(rows.clone().filter(|_| budget.kicks > 0).map(Move::Kick));
        moves.extend((budget.requests > 0).then_some(Move::Request));
        match &state.giving {
            Some(_) => {
                moves.push(Move::Give);
                moves.extend((budget.faults > 0).then_some(Move::Drop));
            }
            None => moves.extend(WANTS.into_iter().filter(|_| budget.commands > 0).map(Move::Say)),
        }
        let going = |row: &usize| budget.bad > 0 && state.aws.rows[*row].stage == Stage::Rolling;
        moves.extend(rows.clone().filter(going).map(Move::Undo));
        moves.extend(rows.filter(|row| state.aws.rows[*row].stage != Stage::Done).map(Move::Roll));
        for (index, task) in state.aws.tasks.iter().enumerate() {
            match task.life {
                Life::Alive => {
                    moves.push(Move::End(index));
                    moves.extend((budget.bad > 0).then_some(Move::Fail(index)));
                    moves.extend((budget.faults > 0).then_some(Move::NeverStart(index)));
                }
                Life::Ended(_) | Life::Failed(_) | Life::NeverStarted(_) => {}
            }
        }
        moves.extend((budget.by_hand > 0).then_some(Move::ByHand));
        moves.extend(self.scenario.waits.iter().filter(|_| budget.waits > 0).map(|seconds| Move::Wait(*seconds)));
    }

    fn next_state(&self, last: &State, action: Move) -> Option<State> {
        let mut state = last.clone();
        let now = state.aws.now;
        match action {
            Move::Look(who, sight) => {
                self.look(&mut state, who, sight);
                state.budget.faults -= u8::from(sight != Sight::FRESH);
                state.budget.short -= u8::from(sight.short);
            }
            Move::Take(who, how) => {
                self.take(&mut state, who, how);
                state.budget.faults -= u8::from(how != How::Done);
            }
            Move::Crash(who) => {
                state.processes[who] = Process::fresh(state.processes[who].edited);
                state.budget.faults -= 1;
            }
            Move::Read(who) => {
                state.processes[who].edited = true;
                state.budget.edits -= 1;
            }
            Move::Kick(row) => {
                state.aws.kick(row);
                state.budget.kicks -= 1;
            }
            Move::Request => {
                self.request(&mut state)?;
                state.budget.requests -= 1;
            }
            Move::Say(want) => {
                self.say(&mut state, want)?;
                state.budget.commands -= 1;
            }
            Move::Give => self.give(&mut state),
            Move::Drop => {
                state.giving = None;
                state.budget.faults -= 1;
            }
            Move::Undo(row) => {
                state.aws.undo(row);
                state.budget.bad -= 1;
            }
            Move::Fail(index) => {
                state.aws.tasks[index].life = Life::Failed(now);
                state.budget.bad -= 1;
            }
            Move::Roll(row) => state.aws.roll(row),
            Move::End(index) => state.aws.tasks[index].life = Life::Ended(now),
            Move::NeverStart(index) => {
                state.aws.tasks[index].life = Life::NeverStarted(now);
                state.budget.faults -= 1;
            }
            Move::ByHand => {
                let hand: Arc<str> = format!("{}{}", harm::BY_HAND, state.aws.tasks.len()).into();
                state.aws.run(&hand, &hand, true);
                state.budget.by_hand -= 1;
            }
            Move::Wait(seconds) => {
                state.aws.wait(seconds);
                state.budget.waits -= 1;
            }
        }
        state.harm = state.harm.or_else(|| harm::of_tasks(&state.aws.tasks, &state.said));
        state.processes.sort();
        if state.budget.faults == 0 {
            state.aws.forget_the_past();
        }
        (state != *last).then_some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let mut properties = vec![Property::<Self>::always("no harm", |_, state| state.harm.is_none())];
        let harmful = self.scenario.expected.is_some_and(|harm| harm != Harm::NoEnd);
        if !harmful {
            properties.push(Property::always("an end", super::end::is_reached));
        }
        properties
    }
}
