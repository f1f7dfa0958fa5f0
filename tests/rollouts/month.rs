//! A controller that is never started anew: two rollouts a day, an edited table, and calls that fail all the time.
//!
//! Three days of it in `make test`, a month in `make test-month` (EVENKEEL_DAYS), which has a process of its own and so
//! looks at its memory and its file handles too. What is allocated is counted, not what is resident: the judge of each half
//! day makes and drops half a gigabyte of lines, and an allocator keeps some of that as it likes.

use std::fs;

use evenkeel::controller::handle::Handle;
use evenkeel::model::time::Span;
use evenkeel::model::traffic::attempts;
use evenkeel::reconcile::pass::Verdict;
use evenkeel::simulator::fault::{Effect, Match, Rule, Side};

use super::controller::{Files, Said, TABLE, files, watched};
use super::story::Story;
use crate::common::world::World;

/// Calls of a day: a look each 30 s of two calls, a whole one every ten minutes, two rollouts, and what is repeated.
const A_DAY: u64 = 2880 * 2 + 144 * 16 + 2 * 120 + 1000;

/// What a controller of one table may hold in memory, in KiB, however long it has run.
const HELD: usize = 1024;

#[expect(clippy::disallowed_methods, reason = "make test-month says by the environment how long it is to be")]
fn days() -> u64 {
    std::env::var("EVENKEEL_DAYS").ok().map_or(3, |days| days.parse().unwrap())
}

/// A call in fifty is throttled, lost or late.
fn fail_now_and_then(story: &Story) {
    let when = || Match { probability: Some(0.02), ..Match::default() };
    let world = &mut story.lab.world();
    world.faults_mut().add(Rule { when: when(), then: Effect::Throttle });
    world.faults_mut().add(Rule { when: when(), then: Effect::ServerError { side: Side::After, status: 500 } });
    world.faults_mut().add(Rule { when: when(), then: Effect::Stale { ms: 20_000 } });
}

/// Twelve hours with a rollout that somebody else kicks, after an edit on every other day.
async fn half_a_day(story: &Story, table: &Files, half: u64) {
    let_go(story);
    let begun = story.lab.world().world_json();
    if half.is_multiple_of(4) {
        let count = if half.is_multiple_of(8) { "count: 3" } else { "count: 4" };
        *table.borrow_mut() = files(&[("cgap.yaml", &TABLE.replacen("count: 4", count, 1))]).take();
        story.lab.wait(Span::minutes(5)).await;
    }
    story.kick_all();
    story.lab.wait(Span::minutes(12 * 60)).await;
    let world = World::of(&story.lab, &begun);
    assert_eq!((world.runs.len(), world.harms), (1, Vec::new()), "half a day {half}");
}

fn verdict(handle: &Handle) -> Option<Verdict> {
    handle.tables().first()?.report.as_ref().map(|report| report.verdict())
}

/// Allocated memory in KiB without the journal, and how many files are open.
fn held(story: &Story) -> (usize, usize) {
    let_go(story);
    (crate::HEAP.current_usage() / 1024, fs::read_dir("/proc/self/fd").unwrap().count())
}

/// What was judged already is let go: the journal of a month would be larger than all the rest.
fn let_go(story: &Story) {
    story.lab.world().keep_journal(Some(0));
    story.lab.world().keep_journal(None);
}

#[expect(clippy::print_stdout, reason = "make test-month tells what it has counted")]
#[tokio::test(start_paused = true)]
async fn a_controller_that_runs_for_days_ends_each_rollout_with_one_run_and_grows_no_larger() {
    let story = &Story::settled(501).await;
    let table = &files(&[("cgap.yaml", TABLE)]);
    let days = days();
    let said = &Said::default();
    let at_the_end = watched(story, table, said, |handle| async move {
        fail_now_and_then(story);
        let mut every_five_days = Vec::new();
        for half in 0..days * 2 {
            half_a_day(story, table, half).await;
            if half % 10 == 9 {
                // What the test itself has written down of each pass.
                said.take();
                every_five_days.push(held(story));
            }
        }
        let calls = attempts(&handle.traffic());
        assert!(calls <= days * A_DAY, "{calls} calls in {days} days");
        story.lab.world().faults_mut().clear();
        story.lab.wait(Span::minutes(12)).await;
        assert_eq!(verdict(&handle), Some(Verdict::Converged));
        if days >= 10 {
            println!("{days} days: {calls} calls; KiB and files every five days: {every_five_days:?}");
            assert!(every_five_days.iter().all(|(_, files)| *files == every_five_days[0].1), "{every_five_days:?}");
        }
        said.take();
        held(story).0
    })
    .await;
    if days >= 10 {
        // The embedded AWS remembers its deployments; what goes with the controller was the controller's.
        let own = at_the_end.saturating_sub(held(story).0);
        println!("{own} KiB were the controller's");
        assert!(0 < own && own <= HELD, "{own} KiB");
    }
}
