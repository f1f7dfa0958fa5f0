//! What is wanted over HTTP is durable when it is answered, and done once.

use std::time::Duration;

use evenkeel::api::{Limits, Rate};
use evenkeel::model::time::Span;
use evenkeel::simulator::fault::{Effect, Match, Rule};
use http::StatusCode;
use serde_json::json;

use super::bench::{Bench, Client, OPERATOR};

const ROLLOUTS: &str = "/v1/tables/cgap-devtest/rollouts";

#[tokio::test(start_paused = true)]
async fn a_rollout_is_durable_when_it_is_accepted_and_found_by_its_location_until_it_has_ended() {
    let bench = &Bench::settled(411).await;
    bench
        .served(true, Limits::default(), |client| async move {
            let client = client.with(OPERATOR);
            let accepted = client.post(ROLLOUTS, r#"{"reason": "a new image"}"#).await;
            let document = accepted.json(202);
            let id = document["id"].as_str().unwrap();
            assert!(bench.lab.world().world_json().to_string().contains(&format!("id={id}")));
            let location = accepted.header("location").to_owned();
            assert_eq!(location, format!("{ROLLOUTS}/{id}"));
            assert_eq!(client.get(&location).await.json(200)["stage"], "Requested");
            bench.lab.wait(Span::minutes(3)).await;
            assert_eq!(client.get(&location).await.json(200)["stage"], "InHand");
            bench.lab.wait(Span::minutes(40)).await;
            let ended = client.get(&location).await.json(200);
            assert_eq!((&ended["stage"], &ended["ended"]["state"]), (&"Ended".into(), &"succeeded".into()), "{ended}");
            assert_eq!(bench.world().runs.len(), 1);
            let said = client.said.lock().unwrap().join("\n");
            assert!(said.contains("cgap-devtest: rollout by operator over the API"), "{said}");
        })
        .await;
    assert_eq!(bench.world().harms, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_sent_again_is_the_same_wish_and_one_that_cannot_be_one_is_refused() {
    let bench = &Bench::settled(414).await;
    bench
        .served(true, Limits::default(), |client| async move {
            let client = client.with(OPERATOR);
            let ask = async |key: &[(&str, &str)]| {
                let headers = [&[("content-type", "application/json")], key].concat();
                client.ask("POST", ROLLOUTS, &headers, "{}").await
            };
            let key = [("idempotency-key", "button 1")];
            let first = ask(&key).await.json(202);
            let again = ask(&key).await;
            assert_eq!((&again.json(202)["id"], &again.json(202)["known"]), (&first["id"], &true.into()));
            assert_eq!(again.header("location"), format!("{ROLLOUTS}/{}", first["id"].as_str().unwrap()));
            let long = "x".repeat(256);
            for wrong in ["", long.as_str()] {
                ask(&[("idempotency-key", wrong)]).await.problem(400, "bad-key");
            }
            ask(&[("idempotency-key", "a"), ("idempotency-key", "b")]).await.problem(400, "bad-key");
            bench.lab.wait(Span::minutes(45)).await;
            let late = ask(&key).await.json(202);
            assert_eq!((&late["id"], &late["stands"]), (&first["id"], &"Ended".into()));
            bench.lab.wait(Span::minutes(45)).await;
            assert_eq!(bench.world().runs.len(), 1);
        })
        .await;
}

#[tokio::test(start_paused = true)]
async fn an_abort_takes_the_rollout_back_and_one_about_another_rollout_is_refused() {
    let bench = &Bench::settled(412).await;
    bench
        .served(true, Limits::default(), |client| async move {
            let client = client.with(OPERATOR);
            let reason = r#"{"reason": "the wrong image"}"#;
            client.post(&format!("{ROLLOUTS}/abort"), reason).await.problem(409, "held");
            let id = client.post(ROLLOUTS, "{}").await.json(202)["id"].as_str().unwrap().to_owned();
            bench.lab.wait(Span::minutes(2)).await;
            client.post(&format!("{ROLLOUTS}/0123456789abcdef/abort"), reason).await.problem(404, "no-such-rollout");
            let accepted = client.post(&format!("{ROLLOUTS}/{id}/abort"), reason).await.json(202);
            assert_eq!((&accepted["wish"], &accepted["by"]), (&"abort".into(), &"operator".into()));
            bench.lab.wait(Span::minutes(40)).await;
            let ended = client.get(&format!("{ROLLOUTS}/{id}")).await.json(200);
            assert_eq!(
                (&ended["ended"]["state"], &ended["ended"]["by"]),
                (&"failed".into(), &"operator".into()),
                "{ended}"
            );
            let again = client.post(ROLLOUTS, "{}").await.json(202);
            bench.lab.wait(Span::minutes(2)).await;
            client.post(&format!("{ROLLOUTS}/{id}/abort"), reason).await.problem(409, "not-the-newest");
            let stage = client.get(&format!("{ROLLOUTS}/{}", again["id"].as_str().unwrap())).await;
            assert_eq!(stage.json(200)["stage"], "InHand");
        })
        .await;
    assert_eq!(bench.world().runs.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_request_for_which_nothing_was_kicked_is_withdrawn_by_an_abort() {
    let bench = &Bench::settled(415).await;
    bench
        .served(true, Limits::default(), |client| async move {
            let client = client.with(OPERATOR);
            let reason = r#"{"reason": "asked for twice"}"#;
            let first = client.post(ROLLOUTS, "{}").await.json(202)["id"].as_str().unwrap().to_owned();
            while bench.world().runs.is_empty() {
                bench.lab.wait(Span::seconds(5)).await;
            }
            let id = client.post(ROLLOUTS, "{}").await.json(202)["id"].as_str().unwrap().to_owned();
            // The task of the first one runs: that is not what the abort of the second is about.
            client.post(&format!("{ROLLOUTS}/{first}/abort"), reason).await.problem(409, "held");
            let accepted = client.post(&format!("{ROLLOUTS}/{id}/abort"), reason).await;
            let document = accepted.json(202);
            let said = (&document["wish"], &document["id"], &document["stands"]);
            assert_eq!(said, (&"abort".into(), &json!(id), &"Withdrawn".into()));
            assert_eq!(accepted.header("location"), format!("{ROLLOUTS}/{id}"));
            bench.lab.wait(Span::minutes(40)).await;
            let entry = client.get(&format!("{ROLLOUTS}/{id}")).await.json(200);
            let withdrawn = &entry["rollout"]["request"]["withdrawn"];
            assert_eq!((&entry["stage"], &withdrawn["by"]), (&"Withdrawn".into(), &"operator".into()), "{entry}");
            assert_eq!(client.get(&format!("{ROLLOUTS}/{first}")).await.json(200)["ended"]["state"], "succeeded");
            client.post(&format!("{ROLLOUTS}/{id}/abort"), reason).await.problem(409, "not-the-newest");
        })
        .await;
    assert_eq!((bench.world().runs.len(), bench.world().harms), (1, Vec::<String>::new()));
}

#[tokio::test(start_paused = true)]
async fn a_request_whose_place_another_took_or_that_was_withdrawn_is_told_as_such_after_a_restart_too() {
    let bench = &Bench::settled(418).await;
    let reason = r#"{"reason": "x"}"#;
    let stages = |client: &Client, ids: &[String; 3]| {
        let (client, ids) = (client.clone(), ids.clone());
        async move {
            let mut stages = Vec::new();
            for id in &ids {
                let entry = client.get(&format!("{ROLLOUTS}/{id}")).await.json(200);
                stages.push(entry["stage"].as_str().unwrap().to_owned());
            }
            stages
        }
    };
    let ids = bench
        .served(true, Limits::default(), |client| async move {
            let client = client.with(OPERATOR);
            let ask = async || {
                // Two of one second would be the same request.
                bench.lab.wait(Span::seconds(5)).await;
                client.post(ROLLOUTS, "{}").await.json(202)["id"].as_str().unwrap().to_owned()
            };
            let first = ask().await;
            while bench.world().runs.is_empty() {
                bench.lab.wait(Span::seconds(5)).await;
            }
            let [over, withdrawn] = [ask().await, ask().await];
            bench.lab.wait(Span::seconds(10)).await;
            let ids = [first, over, withdrawn];
            assert_eq!(stages(&client, &ids).await, ["InHand", "Over", "Requested"]);
            client.post(&format!("{ROLLOUTS}/{}/abort", ids[1]), reason).await.problem(409, "not-the-newest");
            client.post(&format!("{ROLLOUTS}/{}/abort", ids[2]), reason).await.json(202);
            bench.lab.wait(Span::seconds(10)).await;
            // The one whose place it had taken stands again.
            assert_eq!(stages(&client, &ids).await, ["InHand", "Requested", "Withdrawn"]);
            let newer = ask().await;
            bench.lab.wait(Span::seconds(10)).await;
            assert_eq!(stages(&client, &ids).await[1..], ["Over", "Withdrawn"]);
            client.post(&format!("{ROLLOUTS}/{newer}/abort"), reason).await.json(202);
            bench.lab.wait(Span::seconds(10)).await;
            client.post(&format!("{ROLLOUTS}/{}/abort", ids[1]), reason).await.json(202);
            bench.lab.wait(Span::minutes(40)).await;
            assert_eq!(stages(&client, &ids).await, ["Ended", "Withdrawn", "Over"]);
            bench.kick_all();
            bench.lab.wait(Span::minutes(2)).await;
            // The rollout of the kick is another than the one that the newest answered request began.
            assert_eq!(stages(&client, &ids).await, ["Ended", "Withdrawn", "Over"]);
            client.post(&format!("{ROLLOUTS}/{}/abort", ids[0]), reason).await.problem(409, "not-the-newest");
            ids
        })
        .await;
    bench
        .served(true, Limits::default(), |client| async move {
            let client = client.with(OPERATOR);
            assert_eq!(stages(&client, &ids).await, ["Ended", "Withdrawn", "Over"]);
            client.get(&format!("{ROLLOUTS}/0123456789abcdef")).await.problem(404, "no-such-rollout");
        })
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_request_whose_rows_are_being_kicked_is_not_withdrawn_by_an_abort() {
    for (seed, kicked) in [(419, 1), (420, 2), (421, 3)] {
        let bench = &Bench::settled(seed).await;
        // A controller that waits for the answer to each kick has not opened the rollout yet.
        let when = Match { client: Some("evenkeel".to_owned()), count: Some(3), ..Match::operation("UpdateService") };
        bench.lab.world().faults_mut().add(Rule { when, then: Effect::Slow { ms: 5_000 } });
        bench
            .served(true, Limits::default(), |client| async move {
                let client = client.with(OPERATOR);
                let before = bench.world().writes.len();
                let id = client.post(ROLLOUTS, "{}").await.json(202)["id"].as_str().unwrap().to_owned();
                let updates = || bench.world().writes_since(before).join(" ").matches("UpdateService").count();
                while updates() < kicked {
                    bench.lab.wait(Span::from_millis(50)).await;
                }
                let abort = format!("{ROLLOUTS}/{id}/abort");
                let reason = r#"{"reason": "the wrong image"}"#;
                let mut answer = client.post(&abort, reason).await;
                if answer.status == StatusCode::CONFLICT {
                    // It was about to open, or had just opened; now it has, and is taken back as a rollout.
                    bench.lab.wait(Span::minutes(1)).await;
                    answer = client.post(&abort, reason).await;
                }
                assert_eq!(answer.json(202)["stands"], "Pending");
                bench.lab.wait(Span::minutes(60)).await;
                let entry = client.get(&format!("{ROLLOUTS}/{id}")).await.json(200);
                assert_eq!((&entry["stage"], &entry["ended"]["state"]), (&"Ended".into(), &"failed".into()), "{entry}");
            })
            .await;
        assert_eq!((bench.world().runs.len(), bench.world().harms), (0, Vec::<String>::new()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_wish_that_takes_too_long_is_answered_and_may_be_asked_for_again_under_its_key() {
    let bench = &Bench::settled(417).await;
    bench
        .served(true, Limits::default(), |client| async move {
            let client = client.with(OPERATOR);
            let when = Match { client: Some("evenkeel".to_owned()), count: Some(1), ..Match::operation("TagResource") };
            bench.lab.world().faults_mut().add(Rule { when, then: Effect::Slow { ms: 40_000 } });
            let headers = [("content-type", "application/json"), ("idempotency-key", "monday")];
            let began = bench.lab.now();
            let refused = client.ask("POST", ROLLOUTS, &headers, "{}").await;
            refused.problem(504, "not-answered");
            assert_eq!(refused.header("retry-after"), "5");
            let waited = bench.lab.now().since(began);
            assert!(waited >= Span::seconds(25) && waited < Span::seconds(26), "{waited:?}");
            let again = client.ask("POST", ROLLOUTS, &headers, "{}").await.json(202);
            assert_eq!(again["known"], true, "{again}");
            bench.lab.wait(Span::minutes(45)).await;
            assert_eq!(bench.world().runs.len(), 1);
        })
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_not_what_is_asked_for_writes_nothing() {
    let bench = &Bench::settled(413).await;
    bench
        .served(
            true,
            Limits { wishes: Rate { burst: 100, every: Duration::ZERO }, ..Limits::default() },
            |client| async move {
                let client = client.with(OPERATOR);
                let written = bench.world().writes.len();
                let json = ("content-type", "application/json");
                for body in
                    ["", "[]", "{", r#"{"reson": "x"}"#, r#"{"reason": 1}"#, r#"{"reason": "a", "reason": "b"}"#]
                {
                    client.post(ROLLOUTS, body).await.problem(400, "bad-body");
                }
                client
                    .post(&format!("{ROLLOUTS}/resolve"), r#"{"as": "fine", "reason": "x"}"#)
                    .await
                    .problem(400, "bad-body");
                client.post(&format!("{ROLLOUTS}/abort"), "{}").await.problem(400, "bad-body");
                client.ask("POST", ROLLOUTS, &[], "{}").await.problem(415, "not-json");
                client.ask("POST", ROLLOUTS, &[("content-type", "text/plain")], "{}").await.problem(415, "not-json");
                client
                    .ask("POST", ROLLOUTS, &[json, ("origin", "http://evil.example")], "{}")
                    .await
                    .problem(403, "cross-site");
                client.post(ROLLOUTS, &"x".repeat(20_000)).await.problem(413, "body-too-large");
                client.post("/v1/tables/other/rollouts", "{}").await.problem(404, "no-such-table");
                bench.lab.wait(Span::minutes(2)).await;
                assert_eq!(bench.world().writes_since(written), Vec::<String>::new());
            },
        )
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_run_is_the_task_alone_once_for_its_key_and_of_no_row_but_the_task_row() {
    let bench = &Bench::settled(415).await;
    bench
        .served(true, Limits::default(), |client| async move {
            let client = client.with(OPERATOR);
            let run = "/v1/tables/cgap-devtest/rows/deployment/run";
            let headers = [("content-type", "application/json"), ("idempotency-key", "new users")];
            for row in ["portal", "nothing"] {
                client.post(&format!("/v1/tables/cgap-devtest/rows/{row}/run"), "{}").await.problem(404, "no-such-row");
            }
            let first = client.ask("POST", run, &headers, r#"{"reason": "new users"}"#).await.json(202);
            assert_eq!((&first["wish"], &first["known"]), (&"run".into(), &false.into()));
            let again = client.ask("POST", run, &headers, "{}").await.json(202);
            assert_eq!((&again["known"], &again["stands"]), (&true.into(), &"Pending".into()), "{again}");
            bench.lab.wait(Span::minutes(20)).await;
            let late = client.ask("POST", run, &headers, "{}").await.json(202);
            assert_eq!((&late["known"], &late["stands"]), (&true.into(), &"Ended".into()), "{late}");
            bench.lab.wait(Span::minutes(20)).await;
            assert_eq!(bench.world().runs.len(), 1);
        })
        .await;
    assert_eq!(bench.world().harms, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_command_that_names_a_rollout_leaves_one_alone_that_took_its_place_a_moment_ago() {
    let bench = &Bench::settled(416).await;
    bench
        .served(true, Limits::default(), |client| async move {
            let client = client.with(OPERATOR);
            let id = client.post(ROLLOUTS, "{}").await.json(202)["id"].as_str().unwrap().to_owned();
            bench.lab.wait(Span::minutes(2)).await;
            // Another controller has written a newer rollout down, which this one has not looked at yet.
            let cluster = bench.lab.call(
                "console",
                "DescribeClusters",
                json!({"clusters": [bench.lab.laid_out.cluster], "include": ["TAGS"]}),
            );
            let cluster = cluster.unwrap()["clusters"][0].clone();
            let tags = cluster["tags"].as_array().unwrap();
            let record = tags.iter().find(|tag| tag["key"] == "evenkeel:cgap-devtest:rollout").unwrap();
            let value = record["value"].as_str().unwrap();
            let since = format!("since={}", bench.lab.now().millis());
            let words = value.split(' ').map(|word| match word.split_once('=') {
                Some(("id", _)) => "id=0123456789abcdef",
                Some(("since", _)) => &since,
                _ => word,
            });
            let newer = words.collect::<Vec<_>>().join(" ");
            let tag = json!([{"key": record["key"], "value": newer}]);
            bench
                .lab
                .call("console", "TagResource", json!({"resourceArn": cluster["clusterArn"], "tags": tag}))
                .unwrap();
            let refused = client.post(&format!("{ROLLOUTS}/{id}/abort"), r#"{"reason": "x"}"#).await;
            refused.problem(409, "not-the-newest");
            assert!(!bench.lab.world().world_json().to_string().contains("do=abort"));
        })
        .await;
}
