//! How many calls a rollout makes of AWS, which throttles a whole account and not one program.

use std::collections::BTreeMap;

use evenkeel::controller::request::accept;
use evenkeel::controller::settle::{End, Until};
use evenkeel::lab::bench::Lab;
use evenkeel::lab::layout::Start;
use evenkeel::reconcile::pass::Verdict;

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
    accept(&lab.aws(), &lab.table, None, lab.now()).await.unwrap();
    let ended = lab.settle(Until::Settled, |_| {}).await;
    assert_eq!(ended.end, End::Reached(Verdict::Converged));
    let made: usize = calls(&lab).values().sum();
    assert!(made - before <= 240, "{} calls in {} passes: {:#?}", made - before, ended.passes, calls(&lab));
}
