//! Each fault at each call of a rollout, one at a time: the deployment task runs exactly once all the same.
//!
//! What is refused for good fails the rollout, and whoever runs it asks again, as `tests/faults` has it.

use evenkeel::controller::request::accept;
use evenkeel::controller::settle::{End, Until};
use evenkeel::lab::bench::Lab;
use evenkeel::model::rollout::RecordState;
use evenkeel::plan::request::Wanted;
use evenkeel::reconcile::pass::Verdict;
use evenkeel::simulator::fault::{Effect, Match, Rule, Side};
use serde_json::Value;

use crate::crashes::variant::{Size, Variant};
use crate::world::World;

/// Without optimization one call of so many.
const STRIDE: usize = if cfg!(debug_assertions) { 149 } else { 1 };

/// A late request is one that comes while its rollout is under way: later it would be a kick of its own.
fn effects() -> Vec<Effect> {
    vec![
        Effect::LostRequest,
        Effect::LostAnswer,
        Effect::LateRequest { ms: 20_000 },
        Effect::Duplicate,
        Effect::ServerError { side: Side::Before, status: 503 },
        Effect::ServerError { side: Side::After, status: 500 },
        Effect::Throttle,
        Effect::Slow { ms: 12_000 },
        Effect::Cut,
        Effect::Garbled,
        Effect::Partial,
        Effect::NewMembers,
        Effect::Stale { ms: 30_000 },
        Effect::Denied,
        Effect::Expired,
        Effect::Skew { ms: -90_000 },
    ]
}

/// Processes one after the other until one converges. After a failure a person asks again.
async fn converges(lab: &Lab, case: &str) {
    let mut said = Vec::new();
    for _ in 0..4 {
        let ended = lab.settle(Until::Settled, |_| {}).await;
        if ended.end == End::Reached(Verdict::Converged) {
            return;
        }
        let record = ended.last.plan.rollout.record.as_ref().map(|record| &record.state);
        said.push(format!("{:?}, {record:?}, {:?}", ended.end, ended.last.plan.holds));
        if matches!(record, Some(RecordState::Failed(_))) {
            accept(
                &lab.aws(),
                &lab.table,
                &Wanted { reason: Some("again".to_owned()), ..Wanted::default() },
                lab.now(),
            )
            .await
            .unwrap();
        }
    }
    panic!("{case}: {said:#?}");
}

/// How many calls a rollout makes that nobody disturbs.
async fn calls() -> usize {
    let (lab, _) = Variant::OneRow.lab(Size::Small, 7).await;
    let from = lab.journal().len();
    converges(&lab, "undisturbed").await;
    let ours = |line: &&Value| line["type"] == "api" && line["client"] == "evenkeel";
    lab.journal()[from..].iter().filter(ours).count()
}

async fn survives(effect: &Effect, nth: usize) -> u64 {
    let (lab, begun) = Variant::OneRow.lab(Size::Small, 7).await;
    let when = Match { nth: Some(nth as u64), client: Some("evenkeel".to_owned()), ..Match::default() };
    lab.world().faults_mut().add(Rule { when, then: effect.clone() });
    let case = format!("{} at call {nth}", effect.name());
    converges(&lab, &case).await;
    let fired = lab.world().faults().iter().map(|(_, fault)| fault.fired).sum();
    let world = World::of(&lab, &begun);
    assert_eq!(world.harms, Vec::<String>::new(), "{case}");
    assert_eq!(world.runs.len(), 1, "{case}: {:?}", world.runs);
    // Faults are over by now, also one at a call that this rollout did not come to.
    lab.world().faults_mut().clear();
    lab.settle(Until::OnePass, |_| {}).await;
    let later = World::of(&lab, &begun);
    assert_eq!(later.writes_since(world.writes.len()), Vec::<String>::new(), "{case}: it does not stay");
    fired
}

#[tokio::test(start_paused = true)]
#[expect(clippy::print_stdout, reason = "numbers for docs/testing.md; nobody fails by them")]
async fn any_fault_at_any_call_of_a_rollout_is_made_up_for() {
    let calls = calls().await;
    for (number, effect) in effects().iter().enumerate() {
        let (mut cases, mut fired) = (0, 0);
        // Another place for each effect, so that together they come by many.
        for nth in (1 + (number * 37) % STRIDE..=calls).step_by(STRIDE) {
            fired += survives(effect, nth).await;
            cases += 1;
        }
        println!("{}: {cases} of {calls} calls, it did something to {fired}", effect.name());
        assert!(fired > 0 || cfg!(debug_assertions), "{} never happened", effect.name());
    }
}
