//! Rollouts whose processes are killed, one after the other, on one account each.
//!
//! Which call a process is killed at follows from the seed; the rest is the machine's. Nothing here looks at a clock.

use std::process::Child;

use fastrand::Rng;
use serde_json::Value;

use super::command::SMALL;
use super::sim::{LONG, Sim};
use crate::world::World;

/// How often processes are killed in all.
const KILLS: usize = if cfg!(debug_assertions) { 4 } else { 200 };
/// Most kills in one rollout.
const MOST: usize = 6;
/// Rollouts of one account, after which it has a journal that is long to read.
const ROLLOUTS: usize = 5;
/// An undisturbed process makes about 80 calls in a rollout; one that comes later makes fewer.
const CALLS: usize = 60;

/// Where a process is to be killed, counted in what the journal shows of this program since the process began.
#[derive(Clone, Copy, Debug)]
enum At {
    /// After so many calls.
    Calls(usize),
    /// So many calls after the first of this operation.
    After(&'static str, usize),
}

fn at(rng: &mut Rng) -> At {
    match rng.usize(..4) {
        0 => At::After("RunTask", rng.usize(..3)),
        1 => At::After("TagResource", rng.usize(..3)),
        _ => At::Calls(rng.usize(..CALLS)),
    }
}

/// Whether it is time.
fn is_time(sim: &Sim, from: usize, at: At) -> bool {
    let journal = sim.journal(from);
    let calls = journal.calls();
    match at {
        At::Calls(count) => calls.len() >= count,
        At::After(operation, more) => {
            calls.iter().position(|call| *call == operation).is_some_and(|found| calls.len() > found + more)
        }
    }
}

/// Kills a process there. False if it ended by itself before.
fn killed(sim: &Sim, mut child: Child, at: At) -> bool {
    let from = sim.journal(0).end();
    loop {
        if child.try_wait().expect("a child can be asked").is_some() {
            return false;
        }
        if is_time(sim, from, at) {
            child.kill().expect("SIGKILL is sent");
            let status = child.wait().expect("a child can be waited for");
            return status.code().is_none();
        }
    }
}

fn process(sim: &Sim, arguments: &[&str]) -> Child {
    sim.command(arguments).spawn().expect("the binary that cargo built starts")
}

/// Requests that were written down.
fn requests(entries: &[Value]) -> usize {
    let is = |entry: &&Value| entry["operation"] == "TagResource" && entry["input"].to_string().contains(":request\"");
    entries.iter().filter(is).count()
}

/// One rollout: kicked by others, or asked for by a process that is killed as well. How many kills, and how many runs
/// there must be.
fn rollout(sim: &Sim, rng: &mut Rng, most: usize) -> (usize, usize) {
    let from = sim.journal(0).end();
    let (asked, kills) = (rng.bool(), rng.usize(1..=most));
    let mut done = 0;
    if asked {
        let start = process(sim, &["rollout", "start", "--wait", "--timeout", LONG, sim.table.as_str()]);
        done += usize::from(killed(sim, start, At::Calls(rng.usize(..CALLS))));
    } else {
        sim.kick(&["web", "worker"]);
    }
    while done < kills {
        let reconcile = process(sim, &["reconcile", "--once", "--timeout", LONG, sim.table.as_str()]);
        if !killed(sim, reconcile, at(rng)) {
            break;
        }
        done += 1;
    }
    sim.reconcile().ended_with(0);
    let promised = !asked || requests(sim.journal(from).entries()) > 0;
    (done, usize::from(promised))
}

/// An account, and so many rollouts of it. How often a process was killed.
fn account(seed: u64, kills: usize) -> usize {
    let mut rng = Rng::with_seed(seed);
    let sim = Sim::with(&format!("killed-{seed}"), SMALL);
    let (_, begun) = sim.http("GET", "/_sim/world", "", "");
    let begun: Value = serde_json::from_str(&begun).expect("the simulator answers in JSON");
    sim.settled();
    let before = World::told(sim.journal(0).entries(), &begun, "").runs.len();
    let (mut done, mut promised) = (0, before);
    for _ in 0..ROLLOUTS {
        if done >= kills {
            break;
        }
        let most = MOST.min(kills - done);
        let (killed, runs) = rollout(&sim, &mut rng, most);
        done += killed;
        promised += runs;
        let world = World::told(sim.journal(0).entries(), &begun, "");
        assert_eq!(world.harms, Vec::<String>::new(), "seed {seed}");
        assert_eq!(world.runs.len(), promised, "seed {seed}: {:?}", world.runs);
        let quiet = sim.journal(0).end();
        sim.reconcile().ended_with(0);
        sim.journal(quiet).has_no_write();
    }
    done
}

#[test]
#[expect(clippy::print_stdout, reason = "the seeds, for whoever runs it with --nocapture")]
fn processes_that_are_killed_at_any_call_run_the_task_once_for_each_rollout() {
    let mut done = 0;
    for seed in 1.. {
        let killed = account(seed, KILLS - done);
        done += killed;
        println!("seed {seed}: {killed} processes killed, {done} of {KILLS}");
        if done >= KILLS {
            return;
        }
        assert!(seed < 200, "only {done} of {KILLS} processes were killed before they ended");
    }
}
