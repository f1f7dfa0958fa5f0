//! What came and went between two looks.

use evenkeel::controller::request::accept;
use evenkeel::controller::settle::{End, Ended, Until};
use evenkeel::lab::bench::Lab;
use evenkeel::model::time::Span;
use evenkeel::reconcile::pass::Verdict;
use serde_json::{Value, json};

use crate::crashes::variant::{Size, Variant, family, kick_all};
use crate::world::World;

async fn ended(lab: &Lab) -> Ended {
    lab.settle(Until::Settled, |_| {}).await
}

#[track_caller]
fn runs(lab: &Lab, begun: &Value) -> usize {
    let world = World::of(lab, begun);
    assert_eq!(world.harms, Vec::<String>::new());
    world.runs.iter().filter(|run| run.started_by.starts_with("evenkeel/")).count()
}

#[tokio::test(start_paused = true)]
async fn deployments_that_ecs_took_back_before_anybody_looked_run_nothing() {
    let (lab, begun) = Variant::Rollback.lab(Size::Small, 7).await;
    lab.wait(Span::minutes(180)).await;
    ended(&lab).await;
    lab.wait(Span::minutes(180)).await;
    ended(&lab).await;
    assert_eq!(runs(&lab, &begun), 0);
}

#[tokio::test(start_paused = true)]
async fn a_requests_deployments_that_ecs_took_back_before_anybody_looked_are_a_failure() {
    let (lab, begun) = Variant::Request.lab(Size::Cgap, 7).await;
    accept(&lab.aws(), &lab.table, &Default::default(), lab.now()).await.unwrap();
    crate::crashes::variant::spoil(&lab);
    lab.settle(Until::OnePass, |_| {}).await;
    lab.wait(Span::minutes(240)).await;
    assert_eq!(ended(&lab).await.end, End::Reached(Verdict::Failed));
    assert_eq!(runs(&lab, &begun), 0);
}

#[tokio::test(start_paused = true)]
async fn kicks_upon_kicks_that_nobody_saw_are_one_rollout() {
    let (lab, begun) = Variant::Kicks.lab(Size::Small, 7).await;
    for _ in 0..3 {
        lab.wait(Span::minutes(20)).await;
        kick_all(&lab);
    }
    lab.wait(Span::minutes(20)).await;
    assert_eq!(ended(&lab).await.end, End::Reached(Verdict::Converged));
    assert_eq!(runs(&lab, &begun), 1);
}

/// By a person, with the same definition, over before anybody looks; it stays described for a while.
#[tokio::test(start_paused = true)]
async fn a_task_by_hand_that_came_and_went_is_not_taken_for_ours() {
    let (lab, begun) = Variant::Kicks.lab(Size::Small, 7).await;
    let network = json!({"awsvpcConfiguration": {"subnets": ["subnet-1"]}});
    let input = json!({"cluster": lab.laid_out.cluster, "taskDefinition": family(&lab), "launchType": "FARGATE",
        "startedBy": "somebody", "networkConfiguration": network});
    lab.call("console", "RunTask", input).unwrap();
    lab.wait(Span::minutes(10)).await;
    assert_eq!(ended(&lab).await.end, End::Reached(Verdict::Converged));
    assert_eq!(runs(&lab, &begun), 1);
}

#[tokio::test(start_paused = true)]
async fn a_service_that_was_emptied_and_filled_between_two_looks_delays_and_doubles_nothing() {
    let (lab, begun) = Variant::Kicks.lab(Size::Small, 7).await;
    lab.settle(Until::OnePass, |_| {}).await;
    for count in [0, 2] {
        let input = json!({"cluster": lab.laid_out.cluster, "service": "web", "desiredCount": count});
        lab.call("console", "UpdateService", input).unwrap();
        lab.wait(Span::minutes(4)).await;
    }
    assert_eq!(ended(&lab).await.end, End::Reached(Verdict::Converged));
    assert_eq!(runs(&lab, &begun), 1);
}

/// The task came, went, and was forgotten by ECS: a person is asked, and nothing is run again.
#[tokio::test(start_paused = true)]
async fn a_task_that_was_launched_and_forgotten_unseen_is_unknown_for_ever() {
    let (lab, begun) = Variant::Kicks.lab(Size::Small, 7).await;
    let mut launched = false;
    let look = lab.settle(Until::Settled, |_| {});
    tokio::pin!(look);
    while !launched {
        tokio::select! {
            ended = &mut look => panic!("it ended before a launch: {:?}", ended.end),
            () = tokio::time::sleep(std::time::Duration::from_millis(500)) => {}
        }
        launched = lab.journal().iter().any(|line| line["operation"] == "RunTask");
    }
    for _ in 0..3 {
        lab.wait(Span::minutes(180)).await;
        assert_eq!(ended(&lab).await.end, End::Reached(Verdict::Failed));
        assert_eq!(runs(&lab, &begun), 1);
    }
}
