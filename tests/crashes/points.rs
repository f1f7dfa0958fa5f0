//! Whatever write a process dies at, the next one finishes what was begun: one run, or a person is asked.

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use evenkeel::aws::Aws;
use evenkeel::controller::request::accept;
use evenkeel::controller::settle::{End, Ended, Until, settle};
use evenkeel::lab::bench::Lab;
use evenkeel::lab::layout::Start;
use evenkeel::model::rollout::RecordState;
use evenkeel::model::time::Span;
use evenkeel::reconcile::pass::{Mode, Verdict};
use serde_json::Value;

use super::dying::{Death, Dying, Moment};
use crate::common::cgap;
use crate::common::world::World;

/// How a rollout begins.
#[derive(Clone, Copy, Debug)]
enum Beginning {
    /// The table's own drift, on a cluster that was never seen before.
    Drift,
    /// `rollout start`.
    Request,
    /// Foursight, service by service.
    Kicks,
}

/// A lab in which a rollout is about to begin.
async fn begun(beginning: Beginning) -> (Lab, Value) {
    let start = match beginning {
        Beginning::Drift => Start::Template,
        Beginning::Request | Beginning::Kicks => Start::Stated,
    };
    let lab = Lab::new(cgap(), start, 7).expect("the users' table can be laid out");
    let world = lab.world().world_json();
    match beginning {
        Beginning::Drift => {}
        Beginning::Request => {
            lab.settle(Until::Settled, |_| {}).await;
            accept(&lab.aws(), &lab.table, None, lab.now()).await.expect("the request is accepted");
        }
        Beginning::Kicks => {
            lab.settle(Until::Settled, |_| {}).await;
            for part in ["portal", "Indexer", "Ingester"] {
                lab.kick(lab.service(part)).expect("the service is there");
            }
        }
    }
    (lab, world)
}

/// A process that dies at a write. False if it came to its end before.
async fn dies(lab: &Lab, death: Death) -> bool {
    let client = Dying::new(lab, death);
    let aws = Aws::over(SharedHttpClient::new(client.clone()), &lab.table.region);
    tokio::select! {
        _ = settle(&aws, &lab.table, Mode::Act, Until::Settled, lab.pacing(), |_| {}) => false,
        () = client.died() => true,
    }
}

/// What the next process makes of it.
async fn next(lab: &Lab, away: Span) -> Ended {
    lab.wait(away).await;
    lab.settle(Until::Settled, |_| {}).await
}

/// Goes through every write of a rollout that begins like this, dying before or after it.
async fn every_write(beginning: Beginning, moment: Moment, away: Span) {
    let mut points = 0;
    for write in 0.. {
        let (lab, before) = begun(beginning).await;
        let death = Death { write, moment };
        if !dies(&lab, death).await {
            break;
        }
        points += 1;
        let ended = next(&lab, away).await;
        let world = World::of(&lab, &before);
        let case = format!("{beginning:?}, {death:?}, away for {away}");
        assert_eq!(world.harms, Vec::<String>::new(), "{case}");
        let record = ended.last.plan.rollout.record.as_ref().map(|record| &record.state);
        match (ended.end, record) {
            (End::Reached(Verdict::Converged), _) => assert_eq!(world.runs.len(), 1, "{case}"),
            // After an hour neither the token nor ECS's history can tell any more: a person is asked.
            (End::Reached(Verdict::Failed), Some(RecordState::Unknown(_))) if away > Span::minutes(55) => {
                assert!(world.runs.len() <= 1, "{case}");
            }
            (end, record) => panic!("{case}: {end:?}, {record:?}, {:?}", ended.last.plan.holds),
        }
    }
    // Opening, intent, RunTask, acceptance, outcome: no rollout has fewer.
    assert!(points >= 5, "only {points} writes");
}

#[tokio::test(start_paused = true)]
async fn a_correction_survives_a_crash_before_any_of_its_writes() {
    every_write(Beginning::Drift, Moment::Before, Span::ZERO).await;
}

#[tokio::test(start_paused = true)]
async fn a_correction_survives_a_crash_after_any_of_its_writes() {
    every_write(Beginning::Drift, Moment::After, Span::ZERO).await;
}

#[tokio::test(start_paused = true)]
async fn a_request_survives_a_crash_before_any_of_its_writes() {
    every_write(Beginning::Request, Moment::Before, Span::minutes(10)).await;
}

#[tokio::test(start_paused = true)]
async fn a_request_survives_a_crash_after_any_of_its_writes() {
    every_write(Beginning::Request, Moment::After, Span::minutes(10)).await;
}

#[tokio::test(start_paused = true)]
async fn kicks_by_others_survive_two_hours_without_a_controller_before_any_write() {
    every_write(Beginning::Kicks, Moment::Before, Span::minutes(120)).await;
}

#[tokio::test(start_paused = true)]
async fn kicks_by_others_survive_two_hours_without_a_controller_after_any_write() {
    every_write(Beginning::Kicks, Moment::After, Span::minutes(120)).await;
}

#[tokio::test(start_paused = true)]
async fn kicks_by_others_survive_two_days_without_a_controller() {
    every_write(Beginning::Kicks, Moment::After, Span::minutes(2 * 24 * 60)).await;
}
