//! Whatever call a process dies at, the next one finishes what was begun: one run, or a person is asked.
//!
//! A process dies before or after the effect of each of its calls. Two deaths at the same moment after the same writes
//! leave the same world behind (`reads`), and a process leaves nothing else; so one of them stands for all.

use std::collections::BTreeMap;

use evenkeel::model::time::Span;
use tokio::time::Instant;

use super::dying::{Death, Made, Moment};
use super::story::Story;
use super::variant::{Size, Variant};

/// For how long nobody is there.
pub(super) const AWAY: [Span; 4] = [Span::ZERO, Span::minutes(10), Span::minutes(120), Span::minutes(2 * 24 * 60)];

/// Where one process may die.
pub(super) struct Points {
    /// The deaths that differ; but for the release profile those at writes alone.
    pub(super) deaths: Vec<Death>,
    /// How many calls it makes.
    pub(super) calls: usize,
}

/// What a process that nobody disturbs does, and where it may die. A death stands for all of the same moment after the
/// same writes.
pub(super) async fn points(variant: Variant, size: Size) -> Points {
    let story = Story::new(variant, size).await;
    let client = story.client(None);
    let ended = tokio::select! {
        ended = story.process(client.clone()) => ended,
        never = story.meanwhile() => match never {},
    };
    story.judge(&ended, Span::ZERO, &format!("{variant:?}, nobody dies")).await;
    let calls = client.made();
    let mut first: BTreeMap<(Instant, usize), Death> = BTreeMap::new();
    let mut writes = 0;
    for (call, made) in calls.iter().enumerate() {
        let Made { at, .. } = *made;
        if cfg!(debug_assertions) && !made.is_write() {
            continue;
        }
        first.entry((at, writes)).or_insert(Death { call, moment: Moment::Before });
        writes += usize::from(made.is_write());
        first.entry((at, writes)).or_insert(Death { call, moment: Moment::After });
    }
    // The outcome: nothing is a rollout with less.
    assert!(writes >= 1, "{variant:?} writes nothing");
    Points { deaths: first.into_values().collect(), calls: calls.len() }
}

/// One death, and the next process after it.
async fn dies_and_is_followed(variant: Variant, size: Size, death: Death, away: Span) {
    let story = Story::new(variant, size).await;
    let case = format!("{variant:?} of {size:?}, {death:?}, away for {away}");
    let ended = async {
        assert!(story.dies(death).await, "{case}: it did not die");
        story.lab.wait(away).await;
        story.process(story.client(None)).await
    };
    let ended = tokio::select! {
        ended = ended => ended,
        never = story.meanwhile() => match never {},
    };
    story.judge(&ended, away, &case).await;
}

/// Every death that differs, followed after every time away: in the release profile on the users' table, else at writes
/// alone and on a small table.
#[expect(clippy::print_stdout, reason = "numbers for docs/testing.md; nobody fails by them")]
async fn every_death(variant: Variant) {
    let size = if cfg!(debug_assertions) { Size::Small } else { Size::Cgap };
    let Points { deaths, calls } = points(variant, size).await;
    let mut cases = 0;
    for &death in &deaths {
        for away in AWAY {
            dies_and_is_followed(variant, size, death, away).await;
            cases += 1;
        }
    }
    println!("{variant:?} of {size:?}: {calls} calls, {} deaths that differ, {cases} cases", deaths.len());
}

#[tokio::test(start_paused = true)]
async fn a_request_survives_a_crash_at_any_call() {
    every_death(Variant::Request).await;
}

#[tokio::test(start_paused = true)]
async fn kicks_by_others_survive_a_crash_at_any_call() {
    every_death(Variant::Kicks).await;
}

#[tokio::test(start_paused = true)]
async fn a_correction_of_one_row_survives_a_crash_at_any_call() {
    every_death(Variant::OneRow).await;
}

#[tokio::test(start_paused = true)]
async fn a_correction_of_every_row_at_first_contact_survives_a_crash_at_any_call() {
    every_death(Variant::AllRows).await;
}

#[tokio::test(start_paused = true)]
async fn a_rollback_is_a_failure_whatever_call_a_process_dies_at() {
    every_death(Variant::Rollback).await;
}

#[tokio::test(start_paused = true)]
async fn a_task_that_fails_is_not_run_again_whatever_call_a_process_dies_at() {
    every_death(Variant::TaskFails).await;
}

#[tokio::test(start_paused = true)]
async fn a_task_that_never_starts_is_given_up_whatever_call_a_process_dies_at() {
    every_death(Variant::NeverStarts).await;
}

#[tokio::test(start_paused = true)]
async fn a_retry_runs_once_whatever_call_a_process_dies_at() {
    every_death(Variant::Retry).await;
    every_death(Variant::RetryUnknown).await;
}

#[tokio::test(start_paused = true)]
async fn a_run_by_a_persons_word_runs_once_whatever_call_a_process_dies_at() {
    every_death(Variant::Run).await;
    every_death(Variant::RunFirst).await;
}

#[tokio::test(start_paused = true)]
async fn a_resolve_runs_nothing_whatever_call_a_process_dies_at() {
    every_death(Variant::Resolve).await;
}

#[tokio::test(start_paused = true)]
async fn an_aborted_rollout_runs_nothing_whatever_call_a_process_dies_at() {
    every_death(Variant::Abort).await;
    every_death(Variant::AbortAtLaunch).await;
}

#[tokio::test(start_paused = true)]
async fn an_abort_of_a_launch_that_was_sent_is_void_whatever_call_a_process_dies_at() {
    every_death(Variant::AbortAfterLaunch).await;
}

#[tokio::test(start_paused = true)]
async fn a_task_whose_log_says_that_it_failed_is_not_run_again_whatever_call_a_process_dies_at() {
    every_death(Variant::LogFails).await;
}

#[tokio::test(start_paused = true)]
async fn a_task_that_leaves_spot_runs_once_whatever_call_a_process_dies_at() {
    every_death(Variant::LeavesSpot).await;
}

#[tokio::test(start_paused = true)]
async fn a_task_that_spot_takes_back_is_not_run_again_whatever_call_a_process_dies_at() {
    every_death(Variant::Reclaimed).await;
}
