//! Whole rollouts on the embedded AWS, judged by the world afterwards.

mod common;

use common::{World, cgap};
use evenkeel::controller::settle::{End, Until};
use evenkeel::lab::bench::Lab;
use evenkeel::lab::layout::Start;
use evenkeel::reconcile::pass::Verdict;

#[tokio::test(start_paused = true)]
async fn brings_the_table_to_its_state_and_runs_the_task_once() {
    let lab = Lab::new(cgap(), Start::Template, 1).unwrap();
    let ended = lab
        .settle(Until::Settled, |report| {
            println!("{} {:?} {:#?} {:#?}", report.at, report.plan.rollout.phase, report.plan.steps, report.plan.holds);
            for outcome in &report.outcomes {
                println!("   {:?}", outcome.result);
            }
        })
        .await;
    println!("{:?} passes {}", ended.end, ended.passes);
    assert_eq!(ended.end, End::Reached(Verdict::Converged));
    let world = World::of(&lab);
    assert_eq!(world.writes(), 0);
}
