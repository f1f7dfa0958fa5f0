//! Who may do what.

use evenkeel::api::Limits;

use super::bench::{Bench, OPERATOR, READER, token};

const ROLLOUTS: &str = "/v1/tables/cgap-devtest/rollouts";

const READS: [&str; 5] = ["/v1/tables", "/v1/tables/cgap-devtest", ROLLOUTS, "/v1/whoami", "/metrics"];

#[tokio::test(start_paused = true)]
async fn with_tokens_nothing_about_tables_is_told_to_those_who_have_none() {
    let bench = &Bench::settled(421).await;
    bench
        .served(true, Limits::default(), |client| async move {
            for path in READS.into_iter().chain(["/v1/events", "/v1/tables/other"]) {
                let refused = client.get(path).await;
                refused.problem(401, "token-needed");
                assert!(refused.header("www-authenticate").starts_with("Bearer"));
            }
            for path in ["/livez", "/readyz", "/", "/openapi.json"] {
                let open = client.get(path).await;
                assert_eq!(open.status, 200, "{path}");
                assert!(!open.body.contains("cgap-devtest"), "{path}");
            }
            client.post(ROLLOUTS, "{}").await.problem(401, "token-needed");
        })
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_refused_token_is_told_nothing_and_is_repeated_nowhere() {
    let bench = &Bench::settled(422).await;
    bench
        .served(true, Limits::default(), |client| async move {
            let real = token(OPERATOR).token;
            for wrong in ["evk_wrong-token-0123456789", "", &real[..real.len() - 1], &format!("{real}x")] {
                let refused = client.with_token(wrong).get("/v1/tables").await;
                refused.problem(401, "token-unknown");
                assert!(wrong.is_empty() || !refused.body.contains(wrong), "{}", refused.body);
                assert!(!refused.body.contains("cgap-devtest"));
            }
            for shown in [format!("Basic {real}"), real.clone(), format!("Bearer  {real} {real}")] {
                client.ask("GET", "/v1/tables", &[("authorization", &shown)], "").await.problem(401, "token-unknown");
            }
            let twice = [("authorization", &*format!("Bearer {real}")), ("authorization", "Bearer x")];
            client.ask("GET", "/v1/tables", &twice, "").await.problem(401, "token-unknown");
            client.get(&format!("/v1/tables?token={real}")).await.problem(401, "token-needed");
            client
                .ask("GET", "/v1/tables", &[("cookie", &*format!("token={real}"))], "")
                .await
                .problem(401, "token-needed");
            assert!(!client.said.lock().unwrap().join("\n").contains(&real));
        })
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_reader_looks_and_changes_nothing() {
    let bench = &Bench::settled(423).await;
    bench
        .served(true, Limits::default(), |client| async move {
            let reader = client.with(READER);
            for path in READS {
                assert_eq!(reader.get(path).await.status, 200, "{path}");
            }
            let whoami = reader.get("/v1/whoami").await.json(200);
            assert_eq!((&whoami["name"], &whoami["role"]), (&"reader".into(), &"read".into()));
            let written = bench.world().writes.len();
            for path in ["", "/retry", "/abort", "/resolve", "/0123456789abcdef/abort"] {
                reader.post(&format!("{ROLLOUTS}{path}"), r#"{"reason": "x"}"#).await.problem(403, "role-needed");
            }
            assert_eq!(bench.world().writes_since(written), Vec::<String>::new());
        })
        .await;
}

#[tokio::test(start_paused = true)]
async fn without_tokens_this_machine_looks_and_nobody_changes_anything() {
    let bench = &Bench::settled(424).await;
    bench
        .served(false, Limits::default(), |client| async move {
            for path in READS {
                assert_eq!(client.get(path).await.status, 200, "{path}");
            }
            client.post(ROLLOUTS, "{}").await.problem(403, "no-tokens");
            client.with(OPERATOR).post(ROLLOUTS, "{}").await.problem(403, "no-tokens");
            let host = [("host", "evil.example")];
            client.ask("GET", "/v1/tables", &host, "").await.problem(421, "wrong-host");
            client.ask("POST", ROLLOUTS, &host, "{}").await.problem(421, "wrong-host");
        })
        .await;
}
