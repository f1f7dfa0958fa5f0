//! `/openapi.json` describes every path that exists, and nothing is answered that it does not describe.

use evenkeel::api::Limits;
use evenkeel::model::time::Span;
use serde_json::{Value, json};

use super::bench::{Bench, Client, OPERATOR};
use super::schema::validate;

const TABLE: &str = "/v1/tables/cgap-devtest";

/// Asks, and compares the answer with what is described for this path.
async fn answered(client: &Client, description: &Value, path: &str, status: u16) -> Value {
    let asked = match path {
        "/v1/tables/{table}" => TABLE.to_owned(),
        other => other.replace("/v1/tables/{table}", TABLE),
    };
    let document = client.get(&asked).await.json(status);
    let schema = &description["paths"][path]["get"]["responses"][status.to_string()]["content"]["application/json"];
    validate(description, &schema["schema"], &document);
    document
}

#[tokio::test(start_paused = true)]
async fn every_answer_is_what_is_described_all_through_a_rollout() {
    let bench = &Bench::settled(401).await;
    bench
        .served(true, Limits::default(), |client| async move {
            let client = client.with(OPERATOR);
            let description = client.get("/openapi.json").await.json(200);
            assert_eq!(description["openapi"], "3.1.0");
            bench.kick_all();
            for _ in 0..40 {
                for path in ["/v1/whoami", "/v1/tables", "/v1/tables/{table}", "/v1/tables/{table}/rollouts", "/readyz"]
                {
                    answered(&client, &description, path, 200).await;
                }
                bench.lab.wait(Span::seconds(35)).await;
            }
            let rollouts = client.get(&format!("{TABLE}/rollouts")).await.json(200);
            let id = rollouts["ended"][0]["id"].as_str().unwrap();
            let one = client.get(&format!("{TABLE}/rollouts/{id}")).await.json(200);
            let path = "/v1/tables/{table}/rollouts/{rollout}";
            let schema =
                &description["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"];
            validate(&description, schema, &one);
            let accepted = client.post(&format!("{TABLE}/rollouts"), r#"{"reason": "new"}"#).await.json(202);
            let start = &description["paths"]["/v1/tables/{table}/rollouts"]["post"];
            validate(&description, &start["responses"]["202"]["content"]["application/json"]["schema"], &accepted);
            let body = &start["requestBody"]["content"]["application/json"]["schema"];
            validate(&description, body, &json!({"reason": "new"}));
            let refused = client.post(&format!("{TABLE}/rollouts/retry"), "{}").await.problem(409, "held");
            let problem = &start["responses"]["default"]["content"]["application/problem+json"]["schema"];
            validate(&description, problem, &refused);
        })
        .await;
}

#[tokio::test(start_paused = true)]
async fn every_path_that_is_described_is_there_and_has_no_other_method() {
    let bench = &Bench::settled(402).await;
    bench
        .served(true, Limits::default(), |client| async move {
            let client = client.with(OPERATOR);
            let description = client.get("/openapi.json").await.json(200);
            let paths = description["paths"].as_object().unwrap();
            assert!(paths.len() >= 16, "{}", paths.len());
            for (path, operations) in paths {
                let real = path.replace("{table}", "cgap-devtest").replace("{rollout}", "0123456789abcdef");
                let real = real.replace("{row}", "deployment");
                let methods: Vec<String> =
                    operations.as_object().unwrap().keys().map(|key| key.to_uppercase()).collect();
                let refused = client.ask("PUT", &real, &[], "").await;
                refused.problem(405, "method-not-allowed");
                let allowed: Vec<&str> =
                    refused.header("allow").split(',').filter(|method| *method != "HEAD").collect();
                let mut expected: Vec<&str> = methods.iter().map(String::as_str).collect();
                expected.sort_unstable();
                assert_eq!(allowed, expected, "{path}");
            }
            client.get("/v2/tables").await.problem(404, "no-such-path");
        })
        .await;
}
