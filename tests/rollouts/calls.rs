//! How many calls a rollout makes of AWS, which throttles a whole account and not one program.

use std::collections::BTreeMap;

use evenkeel::aws::Aws;
use evenkeel::controller::request::accept;
use evenkeel::controller::settle::{End, Until, settle, settle_from};
use evenkeel::lab::bench::Lab;
use evenkeel::lab::layout::Start;
use evenkeel::model::time::Span;
use evenkeel::reconcile::observe::observe;
use evenkeel::reconcile::pass::{Mode, Verdict};
use evenkeel::simulator::knobs::Throttling;
use futures_util::future::join_all;
use serde_json::Value;

use crate::common::cgap;

/// No rollout takes more, however its moments fall: one look beside the 60 that are usual.
const MOST: usize = 66;

/// The calls of this program, by operation.
fn calls(lab: &Lab) -> BTreeMap<String, usize> {
    let mut calls = BTreeMap::new();
    for line in lab.journal().iter().filter(|line| line["type"] == "api" && line["client"] == "evenkeel") {
        *calls.entry(line["operation"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    calls
}

/// A whole rollout that is asked for, in a lab of its own. The journal from its first kick on, and how many calls came
/// before that.
async fn rollout(seed: u64) -> (Vec<Value>, usize) {
    let lab = Lab::new(cgap(), Start::Stated, seed).unwrap();
    lab.settle(Until::Settled, |_| {}).await;
    let before = lab.journal().len();
    let (aws, pacing) = (lab.aws(), lab.pacing());
    let asked = accept(&aws, &lab.table, &Default::default(), lab.now()).await.unwrap();
    let ended = settle_from(asked.history, &aws, &lab.table, Mode::Act, Until::Settled, pacing, |_| {}).await;
    assert_eq!(ended.end, End::Reached(Verdict::Converged));
    let mut journal = lab.journal().split_off(before);
    let kick = journal.iter().position(|line| line["operation"] == "UpdateService").unwrap();
    let rollout = journal.split_off(kick);
    (rollout, made(&journal).len())
}

/// The operations of this program.
fn made(journal: &[Value]) -> Vec<&str> {
    let ours = journal.iter().filter(|line| line["type"] == "api" && line["client"] == "evenkeel");
    ours.map(|line| line["operation"].as_str().unwrap()).collect()
}

fn millis(line: &Value) -> i64 {
    let at: jiff::Timestamp = line["time"].as_str().unwrap().parse().unwrap();
    at.as_millisecond()
}

#[tokio::test(start_paused = true)]
async fn a_whole_rollout_of_the_users_table_takes_sixty_calls() {
    let (mut all, mut earlier) = (Vec::new(), Vec::new());
    for seed in 1..=9 {
        let (journal, before) = rollout(seed).await;
        all.push(made(&journal).len());
        earlier.push(before);
    }
    assert!(median(all.clone()) <= 60 && all.iter().all(|calls| *calls <= MOST), "{all:?}");
    assert!(earlier.iter().all(|calls| *calls <= 26), "before the first kick: {earlier:?}");
}

#[tokio::test(start_paused = true)]
async fn nothing_lies_between_the_last_old_task_and_the_launch_but_the_settle_time_and_a_moment() {
    let mut late = Vec::new();
    for seed in 11..=25 {
        let (journal, _) = rollout(seed).await;
        let run = journal.iter().find(|line| line["operation"] == "RunTask").map(millis).unwrap();
        let is_end = |line: &&Value| line["event"] == "task.status" && line["to"] == "STOPPED";
        let ends = journal.iter().filter(is_end).map(millis).filter(|at| *at < run);
        late.push(run - ends.max().unwrap() - cgap().policy.settle.millis());
    }
    assert!(late.iter().all(|late| *late > 0 && *late <= 10_000), "{late:?}");
    assert!(median(late.clone()) <= 3_000, "{late:?}");
}

fn median<T: Ord + Copy>(mut all: Vec<T>) -> T {
    all.sort_unstable();
    all[all.len() / 2]
}

#[tokio::test(start_paused = true)]
async fn a_process_counts_the_calls_that_aws_counts_and_slows_down_where_it_is_throttled() {
    let lab = Lab::new(cgap(), Start::Stated, 8).unwrap();
    let aws = lab.aws();
    settle(&aws, &lab.table, Mode::Act, Until::Settled, lab.pacing(), |_| {}).await;
    assert_eq!(aws.budgets().slowed(), []);
    lab.world().knobs_mut().throttling = Throttling::Published;
    // Half of a bucket each: more than AWS has.
    let others: Vec<Aws> = (0..4).map(|_| lab.aws().counted_by(aws.meter())).collect();
    let look = async |aws: &Aws| {
        for _ in 0..40 {
            observe(aws, &lab.table, lab.now()).await;
        }
    };
    join_all(others.iter().chain([&aws]).map(look)).await;
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
    assert!(!aws.budgets().slowed().is_empty());
    lab.wait(Span::minutes(2)).await;
    assert_eq!(aws.budgets().slowed(), []);
}

#[tokio::test(start_paused = true)]
async fn alone_in_an_account_a_process_is_never_throttled() {
    let lab = Lab::new(cgap(), Start::Stated, 9).unwrap();
    lab.world().knobs_mut().throttling = Throttling::Published;
    let aws = lab.aws();
    let look = async |aws: Aws| {
        for _ in 0..10 {
            observe(&aws, &lab.table, lab.now()).await;
        }
    };
    join_all((0..20).map(|_| look(aws.clone()))).await;
    let traffic = aws.meter().traffic();
    assert!(traffic["ecs:DescribeTasks"].attempts >= 200, "{traffic:?}");
    assert_eq!(traffic.values().map(|counts| counts.throttled).sum::<u64>(), 0, "{traffic:?}");
}

fn is_throttling(code: &str) -> bool {
    code.starts_with("Throttling")
}
