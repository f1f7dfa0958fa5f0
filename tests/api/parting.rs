//! The last words on a connection: whoever is sent away is told why, whatever was sent and however much of it.

use super::bench::{OPERATOR, token};
use super::wire::{ALIVE, Wire, hear, is_problem, say, short, tokens};

#[tokio::test]
async fn a_connection_too_many_is_told_so_whether_it_asks_or_not_and_others_are_served() {
    let wire = Wire::of(short());
    let mut open = Vec::new();
    for _ in 0..10 {
        open.push(wire.stream(2).await);
    }
    let refused = wire.ask(2, ALIVE).await;
    is_problem(&refused, 503, "connections-taken");
    assert!(refused.contains("retry-after: 5") && refused.contains("connection: close"), "{refused}");
    is_problem(&hear(&wire.connect(2).await), 503, "connections-taken");
    assert!(wire.ask(3, ALIVE).await.starts_with("HTTP/1.1 200"));
    drop(open);
    while !wire.ask(2, ALIVE).await.starts_with("HTTP/1.1 200") {}
}

#[tokio::test]
async fn what_is_no_http_is_told_so() {
    let wire = Wire::of(short());
    for garbage in [
        "hello\r\n\r\n",
        "\x16\x03\x01\x02 hello\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "GET /livez HTTP/1.1\r\nhost localhost\r\n\r\n",
        "GET /livez HTTP/1.1\r\nhost: local\0host\r\n\r\n",
        "GET /livez HTTP/3.0\r\nhost: localhost\r\n\r\n",
        "POST /livez HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxx",
        "POST /livez HTTP/1.1\r\nhost: localhost\r\ncontent-length: -1\r\n\r\n",
    ] {
        is_problem(&wire.ask(2, garbage).await, 400, "not-http");
    }
}

#[tokio::test]
async fn a_head_that_is_too_large_is_told_so_however_large_it_is() {
    let wire = Wire::of(short());
    let get = "GET /livez HTTP/1.1\r\nhost: localhost\r\n";
    let lines = "x: y\r\n".repeat(200);
    is_problem(&wire.ask(2, &format!("{get}{lines}\r\n")).await, 431, "head-too-large");
    for bytes in [20_000, 80_000, 900_000] {
        let long = "y".repeat(bytes);
        is_problem(&wire.ask(2, &format!("{get}x: {long}\r\nconnection: close\r\n\r\n")).await, 431, "head-too-large");
        let path = format!("GET /{long} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        is_problem(&wire.ask(2, &path).await, 431, "head-too-large");
    }
    // One that has no end is not waited for when it is longer than may be kept.
    is_problem(&wire.ask(2, &format!("{get}x: {}", "y".repeat(900_000))).await, 431, "head-too-large");
}

#[tokio::test]
async fn a_head_that_does_not_come_to_its_end_is_told_so_and_one_that_never_began_is_not() {
    let wire = Wire::of(short());
    is_problem(&wire.ask(2, "GET /livez HTTP/1.1\r\nhost: loc").await, 408, "head-too-slow");
    assert_eq!(hear(&wire.connect(2).await), "");
    // Between two requests nobody waits, and an answer would be taken for that to the next.
    let idle = wire.ask(2, "GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
    assert_eq!((idle.matches("HTTP/1.1").count(), idle.matches("HTTP/1.1 200").count()), (1, 1), "{idle}");
    let second = "GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let stream = wire.connect(2).await;
    say(&stream, second);
    say_after_an_answer(&stream, "GET /l");
    is_problem(&hear(&stream), 408, "head-too-slow");
}

/// Waits for the answer to what was asked before.
fn say_after_an_answer(mut stream: &std::net::TcpStream, text: &str) {
    let mut first = [0; 12];
    std::io::Read::read_exact(&mut stream, &mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    say(stream, text);
}

#[tokio::test]
async fn a_body_that_does_not_come_and_one_that_is_too_large_are_told_so() {
    let wire = Wire::with(short(), Some(tokens()), None);
    let post = |length: usize| {
        format!(
            "POST /v1/tables/cgap-devtest/rollouts HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
             authorization: Bearer {}\r\ncontent-length: {length}\r\n\r\n",
            token(OPERATOR).token
        )
    };
    is_problem(&wire.ask(2, &format!("{}{{\"reason", post(20))).await, 408, "body-too-slow");
    is_problem(&wire.ask(2, &post(20)).await, 408, "body-too-slow");
    // All of it is sent before the answer is read, as simple clients do.
    let large = format!("{}{}", post(900_000), "x".repeat(900_000));
    is_problem(&wire.ask(2, &large).await, 413, "body-too-large");
}
