//! How old a look may be when something that follows from it is sent, or sent again (docs/decisions/0014).

use std::time::Duration;

use evenkeel::aws::{Aws, Budgets, Class};
use evenkeel::model::ids::ClusterArn;
use evenkeel::simulator::fault::{Effect, Match, Rule, Side};
use tokio::time::{Instant, advance};

use super::attack::Attack;

/// As the executor has it.
const AGE: Duration = Duration::from_secs(180);

/// A way for what follows from a look that has begun just now, of an AWS whose time runs so fast.
fn way(attack: &Attack, speed: f64, lasted: Duration, age: Duration) -> Aws {
    attack.lab.aws().within(&Budgets::new(1.0, speed)).following(Instant::now(), lasted, age)
}

#[tokio::test(start_paused = true)]
async fn a_call_without_an_answer_is_not_sent_again_when_the_look_behind_it_has_grown_too_old() {
    let attack = Attack::new(114).await;
    let effect = Effect::ServerError { side: Side::Before, status: 503 };
    attack.lab.world().faults_mut().add(Rule { when: Match::operation("TagResource"), then: effect });
    let before = attack.count("TagResource");
    let cluster = ClusterArn::told(attack.lab.laid_out.cluster_arn.as_str());
    // It would be repeated after 0.2, 0.6, 1.4 and 3 seconds.
    let error =
        way(&attack, 1.0, Duration::ZERO, Duration::from_secs(2)).tag(&cluster, "any", "any").await.unwrap_err();
    assert_eq!(error.class, Class::Unsent);
    assert_eq!(attack.count("TagResource") - before, 4);
}

#[tokio::test(start_paused = true)]
async fn a_look_ages_in_the_time_of_aws_and_has_two_seconds_of_the_clock_here() {
    let attack = Attack::new(115).await;
    let [real, fast, faster] = [1.0, 60.0, 10_000.0].map(|speed| way(&attack, speed, Duration::ZERO, AGE));
    advance(Duration::from_millis(1999)).await;
    assert!(!real.is_over() && !fast.is_over() && !faster.is_over());
    advance(Duration::from_millis(1)).await;
    assert!(!real.is_over() && !fast.is_over() && faster.is_over());
    advance(Duration::from_secs(1)).await;
    assert!(!real.is_over() && fast.is_over());
    advance(Duration::from_secs(177)).await;
    assert!(real.is_over());
}

#[tokio::test(start_paused = true)]
async fn a_look_in_whose_middle_the_machine_slept_is_too_old_at_once() {
    let attack = Attack::new(116).await;
    let hour = Duration::from_secs(3600);
    assert!(!way(&attack, 1.0, Duration::from_secs(179), AGE).is_over());
    assert!([1.0, 60.0].into_iter().all(|speed| way(&attack, speed, hour, AGE).is_over()));
}
