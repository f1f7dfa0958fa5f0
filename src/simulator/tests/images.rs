//! Images that are not there, or not there any more.

use serde_json::{Value, json};

use super::bench::{Bench, IMAGE};

fn digests(bench: &mut Bench) -> Vec<Value> {
    bench.tasks("RUNNING").iter().map(|task| task["containers"][0]["imageDigest"].clone()).collect()
}

#[test]
fn cannot_start_a_task_whose_pinned_image_was_deleted_and_leaves_the_others_alone() {
    let mut bench = Bench::new(0);
    bench.steady_service(2, false);
    let digest = digests(&mut bench)[0].clone();
    bench.sim.ecr_mut().remove_image("main", digest.as_str().unwrap());
    bench.sim.push_image(bench.sim.now(), "main", "latest").unwrap();
    let task = bench.tasks("RUNNING")[0].clone();
    bench.stop(&task);
    bench.pass(120);
    assert_eq!(digests(&mut bench).iter().filter(|found| **found == digest).count(), 1, "the other still runs");
    let failed =
        bench.tasks("STOPPED").into_iter().find(|task| task["stopCode"] == json!("TaskFailedToStart")).unwrap();
    assert!(failed["stoppedReason"].as_str().unwrap().starts_with("CannotPullContainerError: "), "{failed}");
    bench.kick();
    bench.wait_until_steady();
    assert!(!digests(&mut bench).contains(&digest));
}

#[test]
fn goes_on_without_digests_after_three_tries_if_there_is_no_breaker() {
    let mut bench = Bench::new(0);
    bench.register("web", &IMAGE.replace("latest", "gone"));
    bench.create_service(2, false, json!({}));
    bench.wait_for("three tries", |bench| bench.tasks("STOPPED").len() >= 3);
    assert_eq!(bench.said("has started 2 tasks"), 0, "one task finds the digest for all");
    let digest = bench.sim.push_image(bench.sim.now(), "main", "gone").unwrap();
    bench.wait_until_steady();
    assert_eq!(bench.said("has started 2 tasks"), 1);
    assert_eq!(digests(&mut bench), [json!(digest), json!(digest)]);
}
