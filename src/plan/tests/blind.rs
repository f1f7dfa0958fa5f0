//! Unknown is never read as absent: what cannot be read causes no step, and is said.

use super::fixture::{World, unseen};
use super::holds;
use crate::model::observed::{Observed, Seen, Trouble};
use crate::plan::action::{Action, Standing};
use crate::plan::audit::audit;
use crate::plan::gate::Holding;

/// Makes a read of a look fail.
type Blind = fn(&mut Observed);

/// Everything of a look that can fail to be read, each by its name.
const READS: [(&str, Blind); 9] = [
    ("account", |seen| seen.account = unknown()),
    ("cluster", |seen| seen.cluster = unknown()),
    ("tasks", |seen| seen.tasks = unknown()),
    ("image", |seen| seen.image = unknown()),
    ("service", |seen| every_row(seen, |row| row.service = unknown())),
    ("definition", |seen| every_row(seen, |row| row.definition = unknown())),
    ("scaling", |seen| every_row(seen, |row| row.scaling = unknown())),
    ("history", |seen| every_row(seen, |row| row.history = unknown())),
    ("targets", |seen| every_row(seen, |row| row.target_groups.iter_mut().for_each(|group| group.targets = unknown()))),
];

fn unknown<T>() -> Seen<T> {
    Seen::Unknown(unseen(Trouble::Passing))
}

fn every_row(seen: &mut Observed, blind: impl Fn(&mut crate::model::observed::RowView)) {
    seen.rows.values_mut().for_each(blind);
}

/// Worlds in which something is to be done: drift of every kind, a request, a gate that is clear, a launch.
fn worlds() -> Vec<(&'static str, World)> {
    let mut drifted = World::settled();
    drifted.service("portal").desired = 9;
    drifted.definition("indexer").memory = Some(2048);
    let mut requested = World::settled();
    let frontier = requested.record().frontier;
    requested.request(frontier);
    vec![
        ("settled", World::settled()),
        ("drifted", drifted),
        ("requested", requested),
        ("clear", World::clear()),
        ("launching", World::launching()),
    ]
}

#[test]
fn nothing_is_done_blind_that_would_not_be_done_seeing() {
    for (name, world) in worlds() {
        let before = world.plan().steps;
        for (what, blind) in READS {
            let mut blinded = world.clone();
            blind(&mut blinded.observed);
            let plan = blinded.plan();
            let new = plan.steps.iter().filter(|step| !before.iter().any(|known| known.action == step.action));
            // What a correction leaves out of an update makes it a smaller one, never another.
            let new: Vec<_> = new.filter(|step| !matches!(step.action, Action::Update(_))).collect();
            assert!(new.is_empty(), "{name}, {what} unknown: {new:#?}");
            assert!(audit(plan, &blinded.input()).is_ok(), "{name}, {what} unknown: the audit disagrees");
        }
    }
}

#[test]
fn no_kick_is_made_while_it_is_not_known_whether_the_deployment_task_runs() {
    for (name, mut world) in worlds() {
        world.observed.tasks = unknown();
        let plan = world.plan();
        assert!(!plan.steps.iter().any(|step| step.action.kicks()), "{name}: {:#?}", plan.steps);
    }
}

#[test]
fn a_table_whose_tasks_cannot_be_read_is_not_converged() {
    let mut world = World::settled();
    world.observed.tasks = unknown();
    assert_eq!(world.plan().standing(), Standing::Progressing);
    world.observed.tasks = Seen::Unknown(unseen(Trouble::Lasting));
    let plan = world.plan();
    assert_eq!((plan.standing(), holds(&plan)), (Standing::Held, vec!["Unknown"]));
    assert!(plan.rollout.rows.iter().all(|row| row.new.is_none() && row.old.is_none()));
}

#[test]
fn no_condition_about_tasks_holds_without_having_seen_them() {
    let mut world = World::clear();
    world.observed.tasks = unknown();
    let gate = world.plan().rollout.gate.expect("a rollout is in hand");
    let holding = |number: u8| {
        gate.conditions.iter().find(|condition| condition.number == number).map(|condition| condition.holding)
    };
    for number in [4, 6, 7, 9] {
        assert_ne!(holding(number), Some(Holding::Yes), "condition {number}");
    }
}

#[test]
fn a_person_is_told_what_to_mend_only_where_time_does_not_mend_it() {
    for (trouble, told) in [(Trouble::Passing, false), (Trouble::Lasting, true)] {
        let mut world = World::settled();
        world.observed.tasks = Seen::Unknown(unseen(trouble));
        assert_eq!(super::hold(&world.plan(), "Unknown").hint().is_some(), told);
    }
}

#[test]
fn a_table_without_a_task_row_needs_not_see_tasks_to_be_corrected() {
    let mut world = World::settled();
    world.table.rows.retain(|row| row.task().is_none());
    world.definition("indexer").memory = Some(2048);
    world.observed.tasks = unknown();
    let plan = world.plan();
    assert!(plan.steps.iter().any(|step| step.action.kicks()), "{:#?}", plan.holds);
    assert!(audit(plan, &world.input()).is_ok());
}
