//! One fault in one place of a rollout: the deployment task runs exactly once all the same.
//!
//! A settled account is asked for a forced rollout, so that there is every kind of call. What ends early (something was
//! refused for good) is begun again, as whoever runs it would.

use evenkeel::controller::request::accept;
use evenkeel::controller::settle::{End, Until};
use evenkeel::lab::bench::Lab;
use evenkeel::lab::layout::Start;
use evenkeel::plan::request::Wanted;
use evenkeel::reconcile::pass::Verdict;
use evenkeel::simulator::fault::{Effect, Match, Rule, Side};

use crate::common::cgap;
use crate::common::world::World;

/// Calls of a rollout, and which of them: a kick, the record before the launch, the launch.
const WRITES: [(&str, u64); 3] = [("UpdateService", 2), ("TagResource", 3), ("RunTask", 1)];
/// Looks in the middle of a rollout, by which the gate is decided.
const READS: [(&str, u64); 3] = [("DescribeServices", 10), ("DescribeTargetHealth", 4), ("DescribeTasks", 8)];

/// Passes of one process until it converges; begun again at most so many times.
async fn converges(lab: &Lab, most: usize) -> Result<(), String> {
    let mut said = Vec::new();
    for _ in 0..most {
        let ended = lab.settle(Until::Settled, |_| {}).await;
        match ended.end {
            End::Reached(Verdict::Converged) => return Ok(()),
            End::Reached(verdict) => said.push(format!("{verdict:?}: {:?}", ended.last.plan.holds)),
            End::TimedOut | End::Unseen => said.push(format!("{:?}: {:?}", ended.end, ended.last.plan.holds)),
        }
    }
    Err(said.join("\n"))
}

/// Each of these places of a rollout, with the fault in it.
async fn survives(effect: Effect, places: &[(&str, u64)]) {
    for (seed, &(operation, nth)) in (100..).zip(places) {
        let lab = Lab::new(cgap(), Start::Stated, seed).unwrap();
        let begun = lab.world().world_json();
        assert_eq!(lab.settle(Until::Settled, |_| {}).await.end, End::Reached(Verdict::Converged));
        let when = Match { nth: Some(nth), client: Some("evenkeel".to_owned()), ..Match::operation(operation) };
        lab.world().faults_mut().add(Rule { when, then: effect.clone() });
        let place = format!("{} at {operation} {nth}", effect.name());
        let mut asked = 0;
        while accept(
            &lab.aws(),
            &lab.table,
            &Wanted { reason: Some("asked".to_owned()), ..Wanted::default() },
            lab.now(),
        )
        .await
        .is_err()
        {
            asked += 1;
            assert!(asked < 3, "{place}: the request is refused for ever");
        }
        let ended = converges(&lab, 3).await;
        let fired: u64 = lab.world().faults().iter().map(|(_, fault)| fault.fired).sum();
        let world = World::of(&lab, &begun);
        assert_eq!(world.harms, Vec::<String>::new(), "{place}");
        assert_eq!(ended, Ok(()), "{place}");
        assert_eq!(world.runs.len(), 1, "{place}: {:?}", world.runs);
        assert_eq!(fired, 1, "{place} did not happen");
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_request_is_made_up_for() {
    survives(Effect::LostRequest, &WRITES).await;
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_doubles_nothing() {
    survives(Effect::LostAnswer, &WRITES).await;
}

#[tokio::test(start_paused = true)]
async fn a_request_that_arrives_late_doubles_nothing() {
    survives(Effect::LateRequest { ms: 90_000 }, &WRITES).await;
}

#[tokio::test(start_paused = true)]
async fn a_request_that_arrives_twice_doubles_nothing() {
    survives(Effect::Duplicate, &WRITES).await;
}

#[tokio::test(start_paused = true)]
async fn a_garbled_answer_is_no_answer() {
    survives(Effect::Garbled, &WRITES).await;
    survives(Effect::Garbled, &READS).await;
}

#[tokio::test(start_paused = true)]
async fn a_partial_answer_opens_nothing_early() {
    survives(Effect::Partial, &[READS[0], READS[2]]).await;
}

#[tokio::test(start_paused = true)]
async fn answers_of_a_newer_aws_are_understood() {
    survives(Effect::NewMembers, &READS).await;
}

#[tokio::test(start_paused = true)]
async fn a_server_error_before_the_effect_is_made_up_for() {
    survives(Effect::ServerError { side: Side::Before, status: 500 }, &WRITES).await;
}

#[tokio::test(start_paused = true)]
async fn a_server_error_after_the_effect_doubles_nothing() {
    survives(Effect::ServerError { side: Side::After, status: 503 }, &WRITES).await;
}

#[tokio::test(start_paused = true)]
async fn a_throttled_call_is_made_up_for() {
    survives(Effect::Throttle, &WRITES).await;
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_comes_after_the_timeout_doubles_nothing() {
    survives(Effect::Slow { ms: 12_000 }, &WRITES).await;
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_cut_doubles_nothing() {
    survives(Effect::Cut, &WRITES).await;
}

#[tokio::test(start_paused = true)]
async fn a_stale_read_opens_nothing_early() {
    survives(Effect::Stale { ms: 30_000 }, &READS).await;
}

#[tokio::test(start_paused = true)]
async fn a_permission_that_is_missing_for_once_is_made_up_for() {
    survives(Effect::Denied, &WRITES[..2]).await;
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_off_for_once_opens_nothing_early() {
    survives(Effect::Skew { ms: -90_000 }, &READS[..2]).await;
    survives(Effect::Skew { ms: 90_000 }, &READS[2..]).await;
}

/// AWS refused the task for good, so the rollout has failed, and after a failure a person begins.
#[tokio::test(start_paused = true)]
async fn a_launch_that_is_not_permitted_is_a_failure_until_somebody_asks_again() {
    let lab = Lab::new(cgap(), Start::Template, 120).unwrap();
    let begun = lab.world().world_json();
    let when = Match { count: Some(1), ..Match::operation("RunTask") };
    lab.world().faults_mut().add(Rule { when, then: Effect::Denied });
    assert_eq!(lab.settle(Until::Settled, |_| {}).await.end, End::Reached(Verdict::Failed));
    assert!(World::of(&lab, &begun).runs.is_empty());
    accept(&lab.aws(), &lab.table, &Wanted { reason: Some("permitted".to_owned()), ..Wanted::default() }, lab.now())
        .await
        .unwrap();
    assert_eq!(converges(&lab, 1).await, Ok(()));
    let world = World::of(&lab, &begun);
    assert_eq!((world.harms, world.runs.len()), (Vec::new(), 1));
}
