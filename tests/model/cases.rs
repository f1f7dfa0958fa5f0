//! For each guard the smallest world in which it is needed.
//!
//! Only bounds; what is found in them is claimed in `claims`.

use super::guards::{Guard, Without};
use super::harm::Harm;
use super::start::Start;
use super::state::{Budget, Scenario};
use super::tables::{Deployed, Edit};

/// Guards that are taken away together, where, and what comes of it.
pub(crate) struct Case {
    pub(crate) guards: &'static [Guard],
    pub(crate) world: Scenario,
    pub(crate) harm: Harm,
}

/// Nothing may happen.
const NOTHING: Budget =
    Budget { kicks: 0, requests: 0, commands: 0, bad: 0, faults: 0, short: 0, by_hand: 0, edits: 0, waits: 0 };

/// One row, one controller, a gate that is clear, and an hour or two.
pub(crate) fn clear(faults: u8, waits: u8) -> Scenario {
    Scenario {
        rows: 1,
        edit: Edit::Never,
        controllers: 1,
        budget: Budget { faults, waits, ..NOTHING },
        waits: &[3300],
        start: Start::Clear,
        initial: false,
        without: Without::new(),
        expected: None,
    }
}

/// Every guard.
pub(crate) fn all() -> Vec<Case> {
    let case = |guards, world, harm| Case { guards, world, harm };
    vec![
        case(&[Guard::ReadBack], clear(1, 2), Harm::RanTwice),
        case(&[Guard::Frontier, Guard::LaunchTag], clear(0, 2), Harm::RanAfterUnknown),
        case(&[Guard::TokenLife], launching(clear(1, 2)), Harm::RanTwice),
        case(&[Guard::SecondLook], draining_unseen(clear(2, 1)), Harm::RanTooEarly),
        case(&[Guard::Token], launching(clear(2, 0)), Harm::TwoAtOnce),
        case(&[Guard::StartedBy], kicked_and_requested(clear(0, 1)), Harm::KickedUnderTask),
        case(&[Guard::OtherTask], run_by_hand(clear(0, 0)), Harm::TwoAtOnce),
        case(&[Guard::StaleTags], first_contact(clear(1, 2)), Harm::NoEnd),
        case(&[Guard::Gate, Guard::Audit], draining(clear(0, 1)), Harm::RanTooEarly),
        case(&[Guard::UnreadTags], draining(clear(1, 1)), Harm::NoEnd),
        case(&[Guard::UnreadTasks], draining(clear(3, 1)), Harm::RanTooEarly),
        case(&[Guard::OldPlan], two(launching(clear(0, 2))), Harm::RanAfterUnknown),
        case(&[Guard::LaunchTag], clear(2, 2), Harm::RanTwice),
        case(&[Guard::StaleFrontier], overtaken(clear(3, 1)), Harm::StaleFrontier),
        case(&[Guard::RetryTag], two(retried(clear(0, 1))), Harm::RanTwice),
        case(&[Guard::NextAttempt], told(failed(clear(0, 2))), Harm::RanAfterEnd),
        case(&[Guard::NamedRollout], kicked_and_failing(told(failed(clear(0, 1)))), Harm::RanAfterEnd),
        case(&[Guard::AbortBase], kicked_while_told(clear(0, 1)), Harm::RanAborted),
        case(&[Guard::Ended], two(clear(1, 0)), Harm::RanAfterEnd),
        case(&[Guard::StartedAfterAll], two(clear(1, 0)), Harm::NoEnd),
        case(&[Guard::TakenBackLate], met(clear(0, 1)), Harm::RanAfterEnd),
        case(&[Guard::Withdrawn], told(asked(succeeded(clear(0, 0)))), Harm::KickedUnwanted),
        case(&[Guard::Confirmed], two(launching(clear(1, 2))), Harm::NoEnd),
        case(&[Guard::OpenedOver], opened_over(clear(0, 1)), Harm::TwoAtOnce),
        case(&[Guard::CountedRows], adding(Deployed::Older, kicked(succeeded(clear(0, 1)))), Harm::NoEnd),
        case(&[Guard::Change], growing(succeeded(clear(0, 1))), Harm::NoEnd),
    ]
}

fn two(world: Scenario) -> Scenario {
    Scenario { controllers: 2, ..world }
}

fn launching(world: Scenario) -> Scenario {
    Scenario { start: Start::Launching, ..world }
}

fn draining(world: Scenario) -> Scenario {
    Scenario { start: Start::Draining, waits: &[61], ..world }
}

fn draining_unseen(world: Scenario) -> Scenario {
    let budget = Budget { short: 2, ..world.budget };
    Scenario { budget, ..draining(world) }
}

fn run_by_hand(world: Scenario) -> Scenario {
    let budget = Budget { by_hand: 1, ..world.budget };
    Scenario { budget, ..world }
}

fn overtaken(world: Scenario) -> Scenario {
    Scenario { start: Start::Overtaken, waits: &[61], ..world }
}

fn kicked(world: Scenario) -> Scenario {
    let budget = Budget { kicks: 1, ..world.budget };
    Scenario { budget, waits: &[61], ..world }
}

fn kicked_and_requested(world: Scenario) -> Scenario {
    let budget = Budget { kicks: 1, requests: 1, ..world.budget };
    Scenario { budget, start: Start::Lost, waits: &[841], ..world }
}

fn first_contact(world: Scenario) -> Scenario {
    let budget = Budget { kicks: 1, ..world.budget };
    Scenario { start: Start::FirstContact, budget, waits: &[61], ..world }
}

/// Worlds in which nothing is taken away: name and bounds. Small enough for every build.
pub(crate) fn small() -> Vec<(&'static str, Scenario)> {
    vec![
        ("two controllers, two hours", two(clear(0, 2))),
        ("two controllers, an intent, one fault", two(launching(clear(1, 1)))),
        ("one controller, a kick, one fault, an hour", from_kick(clear(1, 2))),
        ("two rows kicked", Scenario { rows: 2, ..from_kick(clear(0, 2)) }),
        ("first contact, a request, one fault", asked(first_contact(clear(1, 1)))),
        ("nobody knows, a command, one fault", told(unknown(clear(1, 2)))),
        ("an abort, a kick, a rollback", rolled_back(kicked_while_told(clear(0, 1)))),
        ("a run after a success, one fault", told(succeeded(clear(1, 1)))),
        ("a run, two controllers", two(told(succeeded(clear(0, 2))))),
        ("a run at the baseline, a kick", told(at_baseline(clear(0, 1)))),
        ("a request and its withdrawal, one fault", told(asked(succeeded(clear(1, 0))))),
        ("a request while the task runs, and its withdrawal", told(asked(launching(clear(1, 1))))),
        ("two requests while the task runs, and a withdrawal", asked_twice(told(launching(clear(0, 1))))),
        ("a run at the baseline, one fault", told(Scenario { start: Start::Baseline, ..clear(1, 2) })),
    ]
}

/// The same with more of everything: minutes, as `make model`.
pub(crate) fn large() -> Vec<(&'static str, Scenario)> {
    vec![
        ("two controllers, one fault, two hours", two(clear(1, 2))),
        ("two controllers, a kick in between", two(kicked(clear(0, 2)))),
        ("a rollout opened over an intent, one fault", opened_over(clear(1, 2))),
        ("two controllers from the kick on", two(from_kick(clear(0, 3)))),
        ("one controller, three faults", clear(3, 3)),
        ("one controller from the kick on, two faults", from_kick(clear(2, 3))),
        ("one controller, a kick and a request, one fault", asked(kicked(clear(1, 2)))),
        ("two controllers, a failure, a command, hours", two(told(failed(clear(0, 3))))),
        ("two controllers, an abort meets a launch", two(told(clear(0, 2)))),
        ("an abort, a kick, one fault", kicked_while_told(clear(1, 2))),
        ("two controllers, a success, a run, one fault", two(told(succeeded(clear(1, 2))))),
        (
            "two controllers, a run at the baseline, one fault",
            two(told(Scenario { start: Start::Baseline, ..clear(1, 2) })),
        ),
        ("two rows kicked, one fault", Scenario { rows: 2, ..from_kick(clear(1, 2)) }),
        ("a row grows, a request and its withdrawal", growing(told(asked(succeeded(clear(0, 1)))))),
        ("two controllers, a row grows for one of them first, and time", growing(two(succeeded(clear(0, 2))))),
    ]
}

/// Worlds in which a row comes new into the table, and every controller reads that at its moment, or never.
pub(crate) fn edited() -> Vec<(&'static str, Scenario)> {
    vec![
        ("an older row comes at rest, one fault", adding(Deployed::Older, succeeded(clear(1, 1)))),
        ("a newer row comes at rest, one fault", adding(Deployed::Newer, succeeded(clear(1, 1)))),
        ("an older row comes at rest, a kick", adding(Deployed::Older, kicked(succeeded(clear(0, 2))))),
        ("a newer row comes at rest, a kick", adding(Deployed::Newer, kicked(succeeded(clear(0, 2))))),
        ("an older row comes at the baseline, a kick, one fault", adding(Deployed::Older, at_baseline(clear(1, 2)))),
        ("a newer row comes at the baseline, a kick, one fault", adding(Deployed::Newer, at_baseline(clear(1, 2)))),
        ("an older row comes while rows roll", adding(Deployed::Older, from_kick(clear(0, 2)))),
        ("a row deployed since the base comes while rows roll", adding(Deployed::Between, from_kick(clear(0, 2)))),
        ("a newer row comes while rows roll", adding(Deployed::Newer, from_kick(clear(0, 2)))),
        (
            "two controllers, an older row comes to one of them, a kick",
            adding(Deployed::Older, two(kicked(succeeded(clear(0, 1))))),
        ),
    ]
}

/// Worlds in which the last of two rows goes out of the table.
pub(crate) fn shortened() -> Vec<(&'static str, Scenario)> {
    vec![
        ("a row goes at rest, one fault", leaving(succeeded(clear(1, 1)))),
        ("a row goes at rest, a kick", leaving(kicked(succeeded(clear(0, 2))))),
        ("a row goes at the baseline, a kick, one fault", leaving(at_baseline(clear(1, 1)))),
        ("a row goes while rows roll", leaving(from_kick(clear(0, 2)))),
        ("a row goes while the task is launched, one fault", leaving(launching(clear(1, 1)))),
        ("two controllers, a row goes from one of them, a kick", leaving(two(kicked(succeeded(clear(0, 1)))))),
    ]
}

/// Worlds in which the first of two rows comes to state more vCPU, and is corrected.
pub(crate) fn corrected() -> Vec<(&'static str, Scenario)> {
    vec![
        ("a row grows at rest, one fault", growing(succeeded(clear(1, 2)))),
        ("a row grows at rest, a kick", growing(kicked(succeeded(clear(0, 2))))),
        ("a row grows at the baseline, a kick, one fault", growing(at_baseline(clear(1, 1)))),
        ("a row grows at rest, and ECS undoes it", rolled_back(growing(kicked(succeeded(clear(0, 1)))))),
        ("a row grows while rows roll", growing(from_kick(clear(0, 2)))),
        ("a row grows while the task is launched, one fault", growing(launching(clear(1, 1)))),
        ("a row grows, and a request", growing(asked(succeeded(clear(0, 1))))),
        ("a row grows after a failure, a command", growing(told(failed(clear(0, 1))))),
        ("two controllers, a row grows for one of them first", growing(two(succeeded(clear(0, 0))))),
    ]
}

/// The same while a task is in hand, and a kick of that row.
pub(crate) fn edited_in_hand() -> Vec<(&'static str, Scenario)> {
    vec![
        (
            "an older row comes while the task is launched, a kick",
            adding(Deployed::Older, kicked(launching(clear(0, 0)))),
        ),
        ("a row comes while rows drain, a kick", adding(Deployed::Between, kicked(draining(clear(0, 1))))),
    ]
}

/// A row comes into the table, and one controller may read that.
fn adding(when: Deployed, world: Scenario) -> Scenario {
    let budget = Budget { edits: 1, ..world.budget };
    Scenario { rows: world.rows + 1, edit: Edit::Comes(when), budget, ..world }
}

/// The last of two rows goes, and one controller may read that.
fn leaving(world: Scenario) -> Scenario {
    let budget = Budget { edits: 1, ..world.budget };
    Scenario { rows: 2, edit: Edit::Goes, budget, ..world }
}

/// The first of two rows states more vCPU, and each controller may read that.
fn growing(world: Scenario) -> Scenario {
    let budget = Budget { edits: 2, ..world.budget };
    Scenario { rows: 2, edit: Edit::Grows, budget, ..world }
}

/// What docs/rollout.md names as a limit, and what comes of it.
pub(crate) fn limits() -> Vec<(&'static str, Scenario, Harm)> {
    vec![
        ("a second process reads late on first contact", two(first_contact(clear(1, 1))), Harm::NoEnd),
        (
            "a newer row comes while the task is launched, a kick",
            adding(Deployed::Newer, kicked(launching(clear(0, 0)))),
            Harm::NoEnd,
        ),
    ]
}

/// The same, where it takes a larger world to find it, as `make model`.
pub(crate) fn large_limits() -> Vec<(&'static str, Scenario, Harm)> {
    let world = two(told(asked(succeeded(clear(1, 0)))));
    let kicks = two(kicked(succeeded(clear(0, 1))));
    let budget = Budget { kicks: 2, ..kicks.budget };
    let early = adding(Deployed::Older, Scenario { budget, expected: Some(Harm::RanTooEarly), ..kicks });
    vec![
        ("two processes kick for one request, one of them reads the abort of both late", world, Harm::NoEnd),
        ("an older row comes to one of two, every row is kicked", early, Harm::RanTooEarly),
    ]
}

/// An initial deployment in the task row.
pub(crate) fn initial() -> Scenario {
    Scenario { initial: true, ..clear(1, 1) }
}

/// Somebody may give a command.
fn told(world: Scenario) -> Scenario {
    let budget = Budget { commands: 1, ..world.budget };
    Scenario { budget, ..world }
}

fn failed(world: Scenario) -> Scenario {
    Scenario { start: Start::Failed, waits: &[61, 3661], ..world }
}

fn succeeded(world: Scenario) -> Scenario {
    Scenario { start: Start::Succeeded, ..failed(world) }
}

/// Nothing was ever rolled out, and somebody may kick.
fn at_baseline(world: Scenario) -> Scenario {
    Scenario { start: Start::Baseline, ..kicked(world) }
}

fn retried(world: Scenario) -> Scenario {
    Scenario { start: Start::Retried, waits: &[3661], ..world }
}

fn unknown(world: Scenario) -> Scenario {
    Scenario { start: Start::Unknown, ..failed(world) }
}

fn kicked_and_failing(world: Scenario) -> Scenario {
    let budget = Budget { kicks: 1, bad: 1, ..world.budget };
    Scenario { budget, waits: &[61], ..world }
}

/// The rollout is open, and a kick joins it.
fn kicked_while_told(world: Scenario) -> Scenario {
    told(Scenario { start: Start::Draining, ..kicked(world) })
}

/// And ECS may undo it.
fn rolled_back(world: Scenario) -> Scenario {
    let budget = Budget { bad: 1, ..world.budget };
    Scenario { budget, ..world }
}

/// An intent, and an abort that was judged before; as late as each may be.
fn met(world: Scenario) -> Scenario {
    two(Scenario { start: Start::Met, waits: &[179], ..world })
}

/// An intent that is not sent yet, and a kick that somebody with late tags has seen.
fn opened_over(world: Scenario) -> Scenario {
    two(Scenario { start: Start::OpenedOver, waits: &[61], ..world })
}

fn from_kick(world: Scenario) -> Scenario {
    Scenario { start: Start::Kicked, waits: &[61, 3300], ..world }
}

/// Two people ask, one after the other.
fn asked_twice(world: Scenario) -> Scenario {
    let budget = Budget { requests: 2, ..world.budget };
    Scenario { budget, ..world }
}

fn asked(world: Scenario) -> Scenario {
    let budget = Budget { requests: 1, kicks: 0, ..world.budget };
    Scenario { budget, ..world }
}
