//! Requests of every odd shape: each is answered by what it is, or by a problem that says what is wrong with it.

use evenkeel::api::Limits;

use super::bench::{OPERATOR, READER, token};
use super::wire::{ALIVE, Wire, hear, is_problem, say, short, tokens};

const ROLLOUTS: &str = "/v1/tables/cgap-devtest/rollouts";

/// A request by the reader, of these words and headers.
fn request(line: &str, headers: &str) -> String {
    let secret = token(READER).token;
    format!("{line}\r\nhost: localhost\r\nconnection: close\r\nauthorization: Bearer {secret}\r\n{headers}\r\n")
}

fn guarded() -> Wire {
    Wire::with(short(), Some(tokens()), None)
}

#[tokio::test]
async fn a_path_is_taken_as_it_is_written_and_never_as_another() {
    let wire = guarded();
    for path in [
        "/v1/tables/cgap-devtest/",
        "//v1/tables",
        "/v1//tables",
        "/v1/./tables",
        "/v1/tables/../tables",
        "/V1/tables",
        "/metrics/",
        "*",
        "/v1/tables/%FF",
        "/v1/tables/cgap-devtest/rollouts/%FE%FF",
    ] {
        is_problem(&wire.ask(2, &request(&format!("GET {path} HTTP/1.1"), "")).await, 404, "no-such-path");
    }
    for name in ["%00", "%2e%2e%2f", "cgap-devtest%0d%0ax:%20y", "%", "%zz", "a%2fb", "%e2%80%ae", "CGAP-DEVTEST"] {
        let heard = wire.ask(2, &request(&format!("GET /v1/tables/{name} HTTP/1.1"), "")).await;
        is_problem(&heard, 404, "no-such-table");
        assert!(!heard.contains("x: y"), "{heard}");
    }
    for line in ["GET /livez?x=%FF&y HTTP/1.1", "GET http://elsewhere.example/livez HTTP/1.1", "GET /%6civez HTTP/1.1"]
    {
        let heard = wire.ask(2, &request(line, "")).await;
        let found = if line.contains("%6c") { "404" } else { "200" };
        assert!(heard.starts_with(&format!("HTTP/1.1 {found}")), "{line}: {heard}");
    }
}

#[tokio::test]
async fn a_method_that_a_path_does_not_have_is_refused_with_those_that_it_has() {
    let wire = guarded();
    for method in ["OPTIONS", "TRACE", "PATCH", "DELETE", "PUT", "get", "BREW"] {
        let heard = wire.ask(2, &request(&format!("{method} /v1/tables HTTP/1.1"), "")).await;
        is_problem(&heard, 405, "method-not-allowed");
        assert!(heard.contains("allow: GET,HEAD"), "{heard}");
    }
    let head = wire.ask(2, &request("HEAD /v1/tables HTTP/1.1", "")).await;
    assert!(head.starts_with("HTTP/1.1 200") && head.ends_with("\r\n\r\n"), "{head}");
    // A stream that nobody can read takes no place.
    for _ in 0..300 {
        let head = wire.ask(2, &request("HEAD /v1/events HTTP/1.1", "")).await;
        assert!(head.starts_with("HTTP/1.1 200") && head.ends_with("\r\n\r\n"), "{head}");
    }
}

#[tokio::test]
async fn http_1_0_is_answered_and_closed_and_http_2_is_refused() {
    let wire = guarded();
    let old = wire.ask(2, "GET /livez HTTP/1.0\r\n\r\n").await;
    assert!(old.starts_with("HTTP/1.0 200") && old.ends_with("alive\n"), "{old}");
    is_problem(&wire.ask(2, "GET /livez\r\n\r\n").await, 400, "not-http");
    is_problem(&wire.ask(2, "GET /livez HTTP/2.0\r\n\r\n").await, 400, "not-http");
}

#[tokio::test]
async fn requests_that_come_at_once_are_answered_in_their_order() {
    let wire = guarded();
    let open = |path: &str| format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n");
    let all = [open("/livez"), open("/nothing"), open("/v1/tables"), ALIVE.to_owned(), open("/nothing")].concat();
    let heard = wire.ask(2, &all).await;
    let statuses: Vec<&str> = heard.split("HTTP/1.1 ").skip(1).map(|answer| &answer[..3]).collect();
    assert_eq!(statuses, ["200", "404", "401", "200"], "nothing is answered after the last that is wanted");
}

#[tokio::test]
async fn headers_that_could_be_read_in_two_ways_are_refused() {
    let wire = guarded();
    for header in ["x: a\rb\r\n", "x: a\0b\r\n", "x : a\r\n", "x: a\r\n b\r\n", "\r: a\r\n"] {
        is_problem(&wire.ask(2, &request("GET /v1/tables HTTP/1.1", header)).await, 400, "not-http");
    }
    let twice = format!("authorization: Bearer {}\r\n", token(OPERATOR).token);
    is_problem(&wire.ask(2, &request("GET /v1/tables HTTP/1.1", &twice)).await, 401, "token-unknown");
    let both = "content-type: application/json\r\ntransfer-encoding: chunked\r\ncontent-length: 5\r\n";
    let heard = wire.ask(2, &format!("{}0\r\n\r\n", request(&format!("POST {ROLLOUTS} HTTP/1.1"), both))).await;
    // The reader may not want anything, and what follows is no second request.
    assert_eq!(heard.matches("HTTP/1.1 4").count(), 1, "{heard}");
}

#[tokio::test]
async fn a_body_of_any_kind_is_json_of_the_right_shape_or_a_problem() {
    let wire = Wire::with(Limits { wishes: short().requests, ..short() }, Some(tokens()), None);
    let secret = token(OPERATOR).token;
    let post = |body: &[u8]| {
        let head = format!(
            "POST {ROLLOUTS} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nauthorization: Bearer {secret}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        [head.as_bytes(), body].concat()
    };
    let deep = |open: &str, times: usize| open.repeat(times).into_bytes();
    for body in [
        b"".to_vec(),
        b"null".to_vec(),
        b"{}{}".to_vec(),
        b"{\"reason\": \"a\", \"reason\": \"b\"}".to_vec(),
        b"\xef\xbb\xbf{}".to_vec(),
        b"{\"reason\": \"\xff\"}".to_vec(),
        b"{\"reason\": \"\\ud800\"}".to_vec(),
        b"{\"reason\": 1e999}".to_vec(),
        deep("{\"reason\":", 1500),
        [b"{\"reason\":".to_vec(), deep("[", 8000)].concat(),
        [b"{\"x\":".to_vec(), deep("[", 8000)].concat(),
    ] {
        let stream = wire.connect(2).await;
        say(&stream, post(&body));
        is_problem(&hear(&stream), 400, "bad-body");
    }
}
