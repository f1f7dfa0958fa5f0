//! Minimum and maximum percent with every rounding, against the documented formulas.

use std::collections::BTreeMap;

use serde_json::json;

use super::bench::Bench;

const HEALTHY_AFTER_MS: i64 = 40_000;

/// Live tasks while a service is rolled: when each began to run, if it does.
#[derive(Default)]
struct Crowd(BTreeMap<String, Option<i64>>);

impl Crowd {
    fn healthy(&self, now: i64) -> i64 {
        let healthy = self.0.values().flatten().filter(|since| now - **since >= HEALTHY_AFTER_MS);
        i64::try_from(healthy.count()).unwrap()
    }

    fn live(&self) -> i64 {
        i64::try_from(self.0.len()).unwrap()
    }
}

/// Rolls a service without load balancer, and holds each start and each stop to the limits.
fn roll(desired: i64, most_percent: i64, fewest_percent: i64) {
    let case = format!("{desired} tasks at {most_percent}/{fewest_percent}");
    let most = desired * most_percent / 100;
    let fewest = (desired * fewest_percent + 99) / 100;
    let mut bench = Bench::new(0);
    let configuration = json!({"maximumPercent": most_percent, "minimumHealthyPercent": fewest_percent});
    bench.create_service(desired, false, json!({ "deploymentConfiguration": configuration }));
    bench.pass(300);
    assert_eq!(bench.service()["deployments"][0]["rolloutState"], json!("COMPLETED"), "{case}");
    bench.kick();
    bench.pass(desired * 150 + 300);
    let mut crowd = Crowd::default();
    let (mut highest, mut lowest) = (0, desired);
    let kicked = bench
        .sim
        .journal()
        .lines()
        .filter(|entry| entry.event().is_some_and(|(kind, _)| kind == "deployment.created"))
        .last()
        .unwrap()
        .time;
    for entry in bench.sim.journal().lines() {
        let Some((kind, fields)) = entry.event() else { continue };
        let Some(task) = fields["task"].as_str() else { continue };
        let told = kind == "task.told_to_stop";
        match fields["to"].as_str() {
            Some("PROVISIONING") => {
                crowd.0.insert(task.to_owned(), None);
                assert!(crowd.live() <= most, "{case}: {} are live", crowd.live());
            }
            Some("RUNNING") => {
                crowd.0.entry(task.to_owned()).and_modify(|since| *since = Some(entry.time.0));
            }
            _ if told => {
                crowd.0.remove(task);
                assert!(crowd.healthy(entry.time.0) >= fewest, "{case}: {} are healthy", crowd.healthy(entry.time.0));
            }
            _ => {}
        }
        if entry.time > kicked {
            (highest, lowest) = (highest.max(crowd.live()), lowest.min(crowd.live()));
        }
    }
    let completed = bench.service()["deployments"][0]["rolloutState"] == json!("COMPLETED");
    let deadlock = most <= desired && fewest >= desired;
    assert_eq!(completed, !deadlock, "{case}");
    assert_eq!(bench.said("was unable to stop or start tasks during a deployment"), usize::from(deadlock), "{case}");
    if !deadlock {
        assert!(lowest >= fewest, "{case}");
    }
    if !deadlock && fewest == desired {
        assert_eq!(highest, most.min(2 * desired), "{case}: what the maximum allows is used");
    }
}

#[test]
fn stays_within_the_minimum_and_the_maximum_for_every_rounding() {
    for desired in [1, 2, 3, 4, 7] {
        for most in [100, 110, 125, 133, 150, 200] {
            for fewest in [0, 1, 33, 50, 75, 99, 100] {
                roll(desired, most, fewest);
            }
        }
    }
}
