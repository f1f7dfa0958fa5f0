//! How many calls a rollout makes of AWS, which throttles a whole account and not one program.

use std::collections::BTreeMap;

use evenkeel::controller::request::accept;
use evenkeel::controller::settle::{End, Until, settle};
use evenkeel::lab::bench::Lab;
use evenkeel::lab::layout::Start;
use evenkeel::reconcile::observe::observe;
use evenkeel::reconcile::pass::{Mode, Verdict};
use evenkeel::simulator::knobs::Throttling;

use crate::common::cgap;

/// The calls of this program, by operation.
fn calls(lab: &Lab) -> BTreeMap<String, usize> {
    let mut calls = BTreeMap::new();
    for line in lab.journal().iter().filter(|line| line["type"] == "api" && line["client"] == "evenkeel") {
        *calls.entry(line["operation"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    calls
}

#[tokio::test(start_paused = true)]
async fn a_whole_rollout_of_the_users_table_takes_few_calls() {
    let lab = Lab::new(cgap(), Start::Stated, 7).unwrap();
    lab.settle(Until::Settled, |_| {}).await;
    let before: usize = calls(&lab).values().sum();
    accept(&lab.aws(), &lab.table, &Default::default(), lab.now()).await.unwrap();
    let ended = lab.settle(Until::Settled, |_| {}).await;
    assert_eq!(ended.end, End::Reached(Verdict::Converged));
    let made: usize = calls(&lab).values().sum();
    assert!(made - before <= 240, "{} calls in {} passes: {:#?}", made - before, ended.passes, calls(&lab));
}

#[tokio::test(start_paused = true)]
async fn a_process_counts_the_calls_that_aws_counts() {
    let lab = Lab::new(cgap(), Start::Stated, 8).unwrap();
    let aws = lab.aws();
    settle(&aws, &lab.table, Mode::Act, Until::Settled, lab.pacing(), |_| {}).await;
    lab.world().knobs_mut().throttling = Throttling::Published;
    for _ in 0..60 {
        observe(&aws, &lab.table, lab.now()).await;
    }
    let traffic = aws.meter().traffic();
    let counted: BTreeMap<String, usize> = traffic
        .iter()
        .map(|(name, counts)| (name.split(':').nth(1).unwrap().to_owned(), usize::try_from(counts.attempts).unwrap()))
        .collect();
    assert_eq!(counted, calls(&lab));
    let throttled: u64 = traffic.values().map(|counts| counts.throttled).sum();
    let refused = lab.journal().iter().filter(|line| line["error"].as_str().is_some_and(is_throttling)).count();
    assert!(throttled > 0);
    assert_eq!(usize::try_from(throttled).unwrap(), refused);
}

fn is_throttling(code: &str) -> bool {
    code.starts_with("Throttling")
}
