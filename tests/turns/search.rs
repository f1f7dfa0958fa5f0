//! Every order in which two processes can make their calls around the launch, each tried on a world of its own.
//!
//! An order is left where it comes to a state that another has come to: the same world at the same moment, and two
//! processes that have heard the same. What follows is then the same too.

use std::collections::BTreeSet;

use super::play::{Next, Play, before_the_launch, kicked};

/// How far the search goes.
#[derive(Clone, Copy, Debug)]
struct Bound {
    /// How often the turn may go over while the other could have gone on; `None` is as often as it can.
    switches: Option<usize>,
    /// How often the first process may die.
    deaths: usize,
}

/// What was searched.
#[derive(Default, Debug)]
struct Found {
    /// Orders that were followed, to the end or to a state that was known.
    orders: usize,
    /// Orders that were followed to the end.
    ends: usize,
    /// States in which somebody had to be chosen.
    states: BTreeSet<(u64, Option<usize>, usize)>,
    /// The most choices in one order.
    deepest: usize,
}

fn switches(path: &[Next]) -> usize {
    path.windows(2).filter(|pair| pair[0] != pair[1]).count()
}

/// What may happen next, where these are held.
fn choices(open: &[usize], play: &Play<'_>, path: &[Next], bound: Bound) -> Vec<Next> {
    let mut choices: Vec<Next> = open.iter().map(|who| Next::Call(*who)).collect();
    if let (Some(most), Some(last)) = (bound.switches, path.last())
        && switches(path) >= most
        && choices.contains(last)
    {
        choices = vec![*last];
    }
    if open.contains(&0) && play.deaths < bound.deaths {
        choices.push(Next::Death);
    }
    choices
}

/// Follows an order, and then the first choice everywhere. The orders that branch off from it.
async fn follow(order: &[Next], bound: Bound, before: std::time::Duration, found: &mut Found) -> Vec<Vec<Next>> {
    let (lab, begun) = kicked().await;
    let mut play = Play::new(&lab, before);
    let (mut path, mut branches): (Vec<Next>, Vec<Vec<Next>>) = (Vec::new(), Vec::new());
    found.orders += 1;
    loop {
        let open = play.decision().await;
        if open.is_empty() {
            break;
        }
        let choices = choices(&open, &play, &path, bound);
        let next = match order.get(path.len()) {
            Some(next) => *next,
            None => {
                let spent = bound.switches.map(|_| switches(&path));
                let last = path.last().map_or(2, |last| match last {
                    Next::Call(who) => *who,
                    Next::Death => 3,
                });
                let turn = bound.switches.map_or(0, |_| last);
                if !found.states.insert((play.state(), spent, turn)) {
                    return branches;
                }
                branches.extend(choices[1..].iter().map(|other| [path.as_slice(), &[*other]].concat()));
                choices[0]
            }
        };
        path.push(next);
        play.take(next);
    }
    found.ends += 1;
    found.deepest = found.deepest.max(path.len());
    play.end(&begun, &path).await;
    branches
}

#[expect(clippy::print_stdout, reason = "numbers for docs/testing.md; nobody fails by them")]
async fn every_order(bound: Bound) {
    let before = before_the_launch().await;
    let mut found = Found::default();
    let mut open = vec![Vec::new()];
    while let Some(order) = open.pop() {
        open.extend(follow(&order, bound, before, &mut found).await);
    }
    let Found { orders, ends, states, deepest } = found;
    println!("{bound:?}: {orders} orders, {ends} to the end, {} states, {deepest} choices at most", states.len());
    // Two processes with some calls each: fewer states would mean that nobody was held.
    assert!(states.len() > 5, "only {} states", states.len());
}

/// Without optimization the turn goes over only where it must; with it, three times besides.
#[tokio::test(start_paused = true)]
async fn two_processes_run_the_task_once_in_every_order_of_their_calls() {
    let switches = if cfg!(debug_assertions) { Some(0) } else { Some(3) };
    every_order(Bound { switches, deaths: 0 }).await;
}

/// The same where one of the two may die before any of its calls, and another takes its place.
#[tokio::test(start_paused = true)]
async fn two_processes_run_the_task_once_in_every_order_though_one_dies() {
    let switches = if cfg!(debug_assertions) { 0 } else { 1 };
    every_order(Bound { switches: Some(switches), deaths: 1 }).await;
}
