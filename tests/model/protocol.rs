//! The launch protocol as a model for the checker: who may move next, and what comes of it.
//!
//! The controllers' decisions are the real ones (`process`); AWS is `aws`; what must not happen is `harm`. Everything
//! that costs is counted in a budget, so that the states come to an end.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use evenkeel::model::rollout::{Record, RecordState, TagKeys};
use evenkeel::model::row::ServiceTable;
use evenkeel::plan::action::{Action, Plan, Step};
use evenkeel::plan::command::Want;
use stateright::{Model, Property};

use super::aws::{Aws, KEPT, LAG, Life, Ran, Stage};
use super::guards::{Guard, Without};
use super::harm::{self, Harm};
use super::look::{Look, row_by_name, row_of, second, short_key};
use super::people::{Giving, WANTS};
use super::process::{Acting, Answered, Decision, Memory, Process, hash_of, wanted};

/// A step that is not sent within so many seconds of its look is not sent at all.
pub(crate) const FRESH: i64 = 4 * 60;
/// Decisions that are kept, so that the same look need not be planned twice.
const KEPT_DECISIONS: usize = 4000;

/// What a model begins with, and how much may happen in it.
#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    pub(crate) rows: usize,
    pub(crate) controllers: usize,
    pub(crate) budget: Budget,
    /// How time may pass, in seconds.
    pub(crate) waits: &'static [i64],
    pub(crate) start: Start,
    /// Whether the task row names an initial deployment.
    pub(crate) initial: bool,
    pub(crate) without: Without,
    /// The harm that is looked for when guards are taken away.
    pub(crate) expected: Option<Harm>,
}

/// Where a model begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// The cluster carries no record yet.
    FirstContact,
    /// Every row was kicked just now, and nobody has looked.
    Kicked,
    /// The record is open, the new deployments are COMPLETED, and old tasks drain since a minute.
    Draining,
    /// The record is open, the services have rolled, and every controller has seen the gate clear for long enough.
    Clear,
    /// As `Clear`, and then every row was kicked again, which is recorded and has only begun.
    Overtaken,
    /// As `Clear`, and the intent is written, by somebody who is gone.
    Launching,
    /// As `Launching`, and RunTask was taken; nobody heard its answer.
    Lost,
    /// As `Lost`, and the task has ended with exit code 3, which is written down.
    Failed,
    /// As `Failed`; every controller saw it, the first has said so, a person has said retry, and the first has written that
    /// launch down. The others have yet to say what they saw.
    Retried,
    /// As `Launching`, three minutes ago; the first controller is about to send RunTask, and then a person gave an abort
    /// that was judged before.
    Met,
    /// As `Launching`, and an hour later it is written down that nobody knows.
    Unknown,
}

/// How often something may still happen.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
pub(crate) struct Budget {
    /// New deployments of a row by others.
    pub(crate) kicks: u8,
    /// Requests by people.
    pub(crate) requests: u8,
    /// Commands by people.
    pub(crate) commands: u8,
    /// Deployments that ECS undoes, and tasks that end with exit code 3.
    pub(crate) bad: u8,
    /// Late looks, lost answers, steps that are not sent, crashes, tasks that do not start.
    pub(crate) faults: u8,
    /// Looks that leave out tasks on their way out; each is a fault too.
    pub(crate) short: u8,
    /// Tasks of the family that somebody runs by hand.
    pub(crate) by_hand: u8,
    /// Steps of time.
    pub(crate) waits: u8,
}

/// One state of everything.
#[derive(Clone, Debug, Hash, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) aws: Aws,
    /// Sorted: which controller is which makes no difference.
    pub(crate) processes: Vec<Process>,
    pub(crate) budget: Budget,
    /// Attempts that were written down as unknown, by their `startedBy`.
    pub(crate) given_up: Vec<Arc<str>>,
    /// Ends that were written down: of which rollout, and of which attempt; 0 if none was made.
    pub(crate) over: Vec<(Arc<str>, u32)>,
    /// A command that a person is about to give.
    pub(crate) giving: Option<Giving>,
    /// Commands that were acknowledged, by their tags.
    pub(crate) said: Vec<Arc<str>>,
    /// Requests that were acknowledged: the frontier after which they want kicks.
    pub(crate) requests: Vec<i64>,
    /// The frontier of the first record ever: what was kicked before is nobody's business.
    pub(crate) contact: Option<i64>,
    pub(crate) harm: Option<Harm>,
}

/// What may happen next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Move {
    /// A controller looks and decides.
    Look(usize, Sight),
    /// AWS gets a controller's next step.
    Take(usize, How),
    /// A controller dies; another starts in its place.
    Crash(usize),
    /// Somebody forces a new deployment of a row.
    Kick(usize),
    /// A person asks for a rollout, and is told that it is written down.
    Request,
    /// A person looks whether a command can be given.
    Say(Want),
    /// It is written down, and the person told so.
    Give,
    /// The person dies over it.
    Drop,
    /// ECS undoes a deployment that does not get up.
    Undo(usize),
    /// A one-off task ends with exit code 3.
    Fail(usize),
    /// A deployment gets further.
    Roll(usize),
    /// A one-off task ends by itself.
    End(usize),
    /// A one-off task stops before it ran.
    NeverStart(usize),
    /// Somebody runs the task by hand.
    ByHand,
    /// Time goes by.
    Wait(i64),
}

/// How late a look is; each kind of fact by itself, since each has replicas of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sight {
    /// Which older value of the tags; 0 is the newest.
    pub(crate) tags: usize,
    /// The services before their newest change.
    pub(crate) rows: bool,
    /// Tasks that RunTask has just made are not listed yet.
    pub(crate) tasks: bool,
    /// Tasks on their way out are not listed.
    pub(crate) short: bool,
}

/// What becomes of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// It is done and answered.
    Done,
    /// It is done, and the answer never comes.
    AnswerLost,
    /// It never reaches AWS.
    NotSent,
    /// RunTask finds no capacity.
    Failures,
}

impl Sight {
    pub(crate) const FRESH: Self = Self { tags: 0, rows: false, tasks: false, short: false };
}

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
    pub(crate) table: ServiceTable,
    pub(crate) keys: TagKeys,
    decisions: Mutex<BTreeMap<(u64, u64), Arc<Decision>>>,
    pub(crate) ends: Mutex<std::collections::BTreeSet<u64>>,
}

impl Protocol {
    pub(crate) fn new(scenario: Scenario) -> Self {
        let table = wanted(scenario.rows, &scenario.without);
        let keys = TagKeys::of(&table.name);
        Self { scenario, table, keys, decisions: Mutex::default(), ends: Mutex::default() }
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
        let decision = || Arc::new(Decision::of(&self.table, look, memory, &self.scenario.without));
        decisions.entry(key).or_insert_with(decision).clone()
    }

    pub(crate) fn sight(&self, state: &State, sight: Sight) -> Look {
        let aws = &state.aws;
        let tags = sight.tags.checked_sub(1).map_or(&aws.tags, |index| &aws.tags_before[index].0);
        let before = aws.rows_before.as_ref().filter(|_| sight.rows).map(|(rows, _)| rows);
        let hidden = |created: i64| sight.tasks && aws.now - created < LAG;
        Look {
            at: aws.now,
            tags: tags.clone(),
            rows: before.unwrap_or(&aws.rows).clone(),
            tasks: aws.tasks.iter().filter(|task| task.is_kept(aws.now) && !hidden(task.created)).cloned().collect(),
            short: sight.short,
            initial: self.scenario.initial,
        }
    }

    /// A controller looks. If nothing follows from it, only its memory changes.
    pub(crate) fn look(&self, state: &mut State, who: usize, sight: Sight) {
        let look = self.sight(state, sight);
        let process = &mut state.processes[who];
        let decision = self.decide(&look, &process.memory);
        if decision.plan.steps.is_empty() {
            process.memory = decision.remembered(&process.memory, &[]);
        } else {
            process.acting = Some(Acting { decision, answers: Vec::new() });
        }
    }

    /// A pass of a controller that comes and goes, and time after it.
    fn alone(&self, state: &mut State, wait: i64) {
        self.look(state, 0, Sight::FRESH);
        self.take(state, 0, How::Done);
        state.processes[0] = Process::fresh();
        state.aws.wait(wait);
    }

    /// The task of a start after the launch has ended, or nobody knows of it.
    fn ended(&self, state: &mut State, start: Start) {
        match start {
            Start::Failed => {
                state.aws.tasks[0].life = Life::Failed(state.aws.now);
                self.alone(state, 0);
                (0..state.processes.len()).for_each(|who| self.look(state, who, Sight::FRESH));
            }
            Start::Retried => {
                state.aws.tasks[0].life = Life::Failed(state.aws.now);
                (0..state.processes.len()).for_each(|who| self.look(state, who, Sight::FRESH));
                self.take(state, 0, How::Done);
                self.say(state, Want::Retry);
                self.give(state);
                self.look(state, 0, Sight::FRESH);
                state.aws.wait(61);
                self.look(state, 0, Sight::FRESH);
                self.take(state, 0, How::Done);
            }
            Start::Met => {
                (0..state.processes.len()).for_each(|who| self.look(state, who, Sight::FRESH));
                state.processes[1..].iter_mut().for_each(|process| *process = Process::fresh());
                self.give(state);
            }
            Start::Unknown => {
                state.aws.wait(KEPT);
                self.alone(state, 0);
                (0..state.processes.len()).for_each(|who| self.look(state, who, Sight::FRESH));
            }
            Start::FirstContact
            | Start::Kicked
            | Start::Draining
            | Start::Clear
            | Start::Overtaken
            | Start::Launching
            | Start::Lost => {}
        }
    }

    /// What the first controller would do about a fresh look.
    pub(crate) fn plan_of(&self, state: &State) -> Plan {
        let look = self.sight(state, Sight::FRESH);
        Decision::of(&self.table, &look, &state.processes[0].memory, &self.scenario.without).plan.clone()
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
                self.write(state, record, acting.decision.plan.launch.as_deref());
                Answered::Written
            }
            Action::Change(change) => {
                state.aws.tag(&[(short_key(&self.keys.change), change.tag().into())]);
                Answered::Written
            }
            Action::Update(update) => {
                let row = row_of(&update.service);
                state.harm = state.harm.or(harm::of_kick(&state.aws, look));
                state.aws.kick(row);
                Answered::Kicked(row, state.aws.rows[row].serial, state.aws.now)
            }
            Action::RollBack(back) => {
                let row = row_by_name(&back.name);
                state.aws.undo(row);
                Answered::Written
            }
            Action::Register(_) => Answered::Written,
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
                        let harm = harm::of_run(&before, look, &started_by);
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

    pub(crate) fn write(&self, state: &mut State, record: &Record, launch: Option<&str>) {
        let keys = [Some(self.keys.rollout.as_str()), launch];
        let tag: Arc<str> = record.tag().into();
        state.contact.get_or_insert(second(record.frontier));
        let tags: Vec<(String, Arc<str>)> =
            keys.into_iter().flatten().map(|key| (short_key(key), tag.clone())).collect();
        state.aws.tag(&tags);
        if is_over(&record.state) {
            let end = (record.id.as_str().into(), record.state.attempt().unwrap_or(0));
            if !state.over.contains(&end) {
                state.over.push(end);
            }
        }
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
        for tags in 0..=state.aws.tags_before.len() {
            for rows in [false, true].into_iter().take(1 + usize::from(state.aws.rows_before.is_some())) {
                for tasks in [false, true].into_iter().take(1 + usize::from(hidden)) {
                    found.push(Sight { tags, rows, tasks, short: false });
                }
            }
        }
        let draining = state.aws.rows.iter().any(|row| row.stage == Stage::Draining);
        if draining && state.budget.short > 0 {
            found.push(Sight { short: true, ..Sight::FRESH });
        }
        found.dedup();
    }

    fn moves_of(&self, state: &State, who: usize, moves: &mut Vec<Move>) {
        let process = &state.processes[who];
        let faults = state.budget.faults > 0;
        match &process.acting {
            None => {
                let mut sights = Vec::new();
                self.sights(state, &mut sights);
                moves.extend(sights.into_iter().map(|sight| Move::Look(who, sight)));
            }
            Some(acting) => {
                moves.push(Move::Take(who, How::Done));
                let runs = acting.step().is_some_and(|step| matches!(step.action, Action::Run(_)));
                let how = [How::AnswerLost, How::NotSent, How::Failures].into_iter().take(if runs { 3 } else { 2 });
                moves.extend(how.filter(|_| faults).map(|how| Move::Take(who, how)));
            }
        }
        if faults && *process != Process::fresh() {
            moves.push(Move::Crash(who));
        }
    }
}

impl Model for Protocol {
    type State = State;
    type Action = Move;

    fn init_states(&self) -> Vec<State> {
        let Scenario { rows, controllers, budget, start, .. } = self.scenario;
        let mut state = State {
            aws: Aws::settled(rows),
            processes: vec![Process::fresh(); controllers],
            budget,
            given_up: Vec::new(),
            over: Vec::new(),
            giving: None,
            said: Vec::new(),
            requests: Vec::new(),
            contact: None,
            harm: None,
        };
        if start == Start::FirstContact {
            return vec![state];
        }
        self.alone(&mut state, LAG + 1);
        (0..rows).for_each(|row| state.aws.kick(row));
        let rolls = match start {
            Start::FirstContact | Start::Kicked => 0,
            Start::Draining => 1,
            Start::Clear
            | Start::Overtaken
            | Start::Launching
            | Start::Lost
            | Start::Failed
            | Start::Retried
            | Start::Met
            | Start::Unknown => 2,
        };
        (0..rows).for_each(|row| (0..rolls).for_each(|_| state.aws.roll(row)));
        if start != Start::Kicked {
            self.alone(&mut state, 61);
        }
        if rolls == 2 {
            (0..controllers).for_each(|who| self.look(&mut state, who, Sight::FRESH));
            state.aws.wait(61);
        }
        let passes = match start {
            Start::Launching | Start::Met | Start::Unknown => 1,
            Start::Lost => 2,
            // `launched` is written too.
            Start::Failed | Start::Retried => 3,
            Start::FirstContact | Start::Kicked | Start::Draining | Start::Clear | Start::Overtaken => 0,
        };
        if start == Start::Met {
            self.say(&mut state, Want::Abort);
        }
        if passes > 0 {
            (0..passes).for_each(|_| self.alone(&mut state, if start == Start::Met { 179 } else { 0 }));
            state.processes = vec![Process::fresh(); controllers];
        }
        self.ended(&mut state, start);
        if start == Start::Overtaken {
            (0..rows).for_each(|row| state.aws.kick(row));
            self.alone(&mut state, 0);
        }
        vec![state]
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
                state.processes[who] = Process::fresh();
                state.budget.faults -= 1;
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
