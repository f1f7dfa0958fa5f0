//! The same crashes while a second controller is alive all the while, which looks and acts by itself.

use evenkeel::model::time::Span;

use super::dying::Death;
use super::points::{AWAY, Points, points};
use super::story::Story;
use super::variant::{Size, Variant};

/// How much later the second controller begins: at the same moments as the first, and between them.
const LATER: [Span; 2] = [Span::ZERO, Span::seconds(3)];

/// After so long the first process has begun whatever it begins. A settled table is looked at once an hour then.
const BUSY: Span = Span::minutes(30);

/// A controller that never ends.
async fn controller(story: &Story, later: Span) -> std::convert::Infallible {
    let began = story.lab.now();
    story.lab.wait(later).await;
    loop {
        story.bystander().await;
        let busy = story.lab.now().since(began) < BUSY;
        story.lab.wait(if busy { Span::seconds(30) } else { Span::minutes(60) }).await;
    }
}

/// One death beside a second controller, and the next process after it. The process may end before its death, where
/// the other was faster.
async fn dies_beside(variant: Variant, size: Size, death: Death, away: Span, later: Span) {
    let story = Story::new(variant, size).await;
    let case = format!("{variant:?} of {size:?}, {death:?}, away for {away}, beside one that began {later} later");
    let ended = async {
        if story.dies(death).await {
            story.lab.wait(away).await;
        }
        story.process(story.client(None)).await
    };
    let ended = tokio::select! {
        ended = ended => ended,
        never = story.meanwhile() => match never {},
        never = controller(&story, later) => match never {},
    };
    // Nobody was away for long: the other was there.
    story.judge(&ended, Span::ZERO, &case).await;
}

#[expect(clippy::print_stdout, reason = "numbers for docs/testing.md; nobody fails by them")]
async fn every_death_beside(variant: Variant) {
    let size = if cfg!(debug_assertions) { Size::Small } else { Size::Cgap };
    let Points { deaths, calls } = points(variant, size).await;
    let mut cases = 0;
    for (number, &death) in deaths.iter().enumerate() {
        for (turn, &away) in AWAY.iter().enumerate() {
            for (other, &later) in LATER.iter().enumerate() {
                let chosen = 3 * (turn * LATER.len() + other) == number % (3 * AWAY.len() * LATER.len());
                if !cfg!(debug_assertions) || chosen {
                    dies_beside(variant, size, death, away, later).await;
                    cases += 1;
                }
            }
        }
    }
    println!("{variant:?} of {size:?} beside another: {calls} calls, {} deaths, {cases} cases", deaths.len());
}

#[tokio::test(start_paused = true)]
async fn two_controllers_survive_the_crash_of_one_in_a_requested_rollout() {
    every_death_beside(Variant::Request).await;
}

#[tokio::test(start_paused = true)]
async fn two_controllers_survive_the_crash_of_one_after_kicks_by_others() {
    every_death_beside(Variant::Kicks).await;
}

#[tokio::test(start_paused = true)]
async fn two_controllers_survive_the_crash_of_one_in_corrections() {
    every_death_beside(Variant::OneRow).await;
    every_death_beside(Variant::AllRows).await;
}

#[tokio::test(start_paused = true)]
async fn two_controllers_survive_the_crash_of_one_over_a_person_s_command() {
    for variant in [Variant::Retry, Variant::RetryUnknown, Variant::Resolve] {
        every_death_beside(variant).await;
    }
    for variant in [Variant::Run, Variant::RunFirst] {
        every_death_beside(variant).await;
    }
    for variant in [Variant::Abort, Variant::AbortAtLaunch, Variant::AbortAfterLaunch] {
        every_death_beside(variant).await;
    }
}

#[tokio::test(start_paused = true)]
async fn two_controllers_survive_the_crash_of_one_over_a_log_and_off_spot() {
    for variant in [Variant::LogFails, Variant::LeavesSpot] {
        every_death_beside(variant).await;
    }
}

#[tokio::test(start_paused = true)]
async fn two_controllers_survive_the_crash_of_one_in_rollouts_that_fail() {
    for variant in [Variant::Rollback, Variant::TaskFails, Variant::NeverStarts, Variant::Reclaimed] {
        every_death_beside(variant).await;
    }
}
