//! What the checker is to find: nothing in the protocol as it is.
use stateright::{Checker, HasDiscoveries, Model};

use super::guards::Without;
use super::protocol::{Budget, Protocol, Scenario};

pub(crate) fn base() -> Scenario {
    Scenario {
        rows: 1,
        controllers: 2,
        budget: Budget { kicks: 1, requests: 0, faults: 1, short: 0, by_hand: 0, waits: 4 },
        waits: &[61, 3300],
        first_contact: false,
        initial: false,
        without: Without::new(),
    }
}

pub(crate) fn explore(name: &str, scenario: Scenario) -> usize {
    let started = std::time::Instant::now();
    let model = Protocol::new(scenario);
    let checker = model.checker().threads(2).finish_when(HasDiscoveries::AnyFailures).spawn_bfs().join();
    println!("{name}: {} states, depth {}, {:?}", checker.unique_state_count(), checker.max_depth(), started.elapsed());
    for (property, path) in checker.discoveries() {
        println!("  {property}: {:?}", path.last_state().harm);
        for (state, action) in path.into_vec() {
            println!("    at {} {:?}  record {:?}", state.aws.now, action, state.aws.tags.get("rollout"));
        }
    }
    checker.unique_state_count()
}

#[test]
fn tmp() {
    let mut s = base();
    s.controllers = std::env::var("C").map_or(1, |t| t.parse().unwrap());
    s.budget.faults = std::env::var("F").map_or(1, |t| t.parse().unwrap());
    s.budget.waits = std::env::var("W").map_or(4, |t| t.parse().unwrap());
    s.budget.requests = std::env::var("R").map_or(0, |t| t.parse().unwrap());
    s.budget.kicks = std::env::var("K").map_or(0, |t| t.parse().unwrap());
    s.rows = std::env::var("N").map_or(1, |t| t.parse().unwrap());
    s.first_contact = std::env::var("FC").is_ok();
    explore("tmp", s);
}
