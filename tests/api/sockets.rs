//! Clients that hold what they should give back: each gets its own share and no more, and the others are served.
//!
//! Real sockets with short limits. Nothing here waits for a span of time: a server that closes is read from, and a place
//! that becomes free is asked for until it is.

use std::io::{Read, Write};
use std::time::Duration;

use evenkeel::api::Limits;

use super::bench::{READER, token};
use super::wire::{ALIVE, Wire, hear, is_problem, say, short, tokens};

const LONG: Duration = Duration::from_secs(600);

#[tokio::test]
async fn who_sends_heads_byte_by_byte_holds_its_own_share_and_loses_it() {
    let wire = Wire::of(short());
    let mut slow = Vec::new();
    for _ in 0..15 {
        let stream = wire.connect(2).await;
        say(&stream, "GET /livez HTTP/1.1\r\nhost: loc");
        slow.push(stream);
    }
    assert!(wire.ask(3, ALIVE).await.starts_with("HTTP/1.1 200"));
    for stream in &slow {
        assert!(!hear(stream).contains(" 200 "));
    }
    while !wire.ask(2, ALIVE).await.starts_with("HTTP/1.1 200") {}
}

#[tokio::test]
async fn a_connection_on_which_nothing_is_asked_any_more_is_closed() {
    let wire = Wire::of(short());
    let stream = wire.connect(2).await;
    say(&stream, "GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n");
    let heard = hear(&stream);
    assert_eq!(heard.matches("HTTP/1.1 200").count(), 1, "{heard}");
    assert_eq!(hear(&wire.connect(2).await), "");
}

#[tokio::test]
async fn who_has_asked_may_take_longer_for_the_next_request_than_for_a_head() {
    let wire = Wire::of(Limits { idle: LONG, ..short() });
    let (idle, slow) = (wire.connect(2).await, wire.connect(2).await);
    say(&idle, "GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n");
    let mut answered = [0; 12];
    (&idle).read_exact(&mut answered).unwrap();
    // This one is closed for its slowness, and has not waited longer than that one.
    say(&slow, "GET /livez HTTP/1.1\r\nhost: loc");
    is_problem(&hear(&slow), 408, "head-too-slow");
    say(&idle, ALIVE);
    assert!(hear(&idle).contains("\r\n\r\nalive\nHTTP/1.1 200"));
}

#[tokio::test]
async fn who_only_waits_gives_way_and_who_has_shown_a_token_does_not() {
    let wire = Wire::with(Limits { head: LONG, idle: LONG, ..short() }, Some(tokens()), None);
    let known = wire.connect(2).await;
    let secret = token(READER).token;
    let asks = |close| format!("GET /v1/whoami HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {secret}\r\n{close}\r\n");
    say(&known, asks(""));
    let mut answered = [0; 12];
    (&known).read_exact(&mut answered).unwrap();
    let mut waiting = Vec::new();
    for at in 0..60_u8 {
        waiting.push(wire.connect(3 + at / 6).await);
        say(&waiting[usize::from(at)], if at % 2 == 0 { "" } else { "GET /livez HTTP/1.1\r\nhost: loc" });
    }
    assert!(wire.ask(40, ALIVE).await.starts_with("HTTP/1.1 200"), "every place was taken, and more were wanted");
    say(&known, asks("connection: close\r\n"));
    assert!(hear(&known).contains("HTTP/1.1 200"));
    assert_eq!(hear(&waiting[0]), "", "who has waited longest was closed first");
}

#[tokio::test]
async fn who_asks_and_does_not_read_loses_the_connection() {
    let wire = Wire::of(Limits { connections_per_peer: 1, head: LONG, idle: LONG, ..short() });
    let greedy = wire.connect(2).await;
    let asks = "GET /openapi.json HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(2000);
    let mut writing = greedy.try_clone().unwrap();
    let writer = std::thread::spawn(move || drop(writing.write_all(asks.as_bytes())));
    // There is one place for this address, and it is given back though nobody reads.
    while !wire.ask(2, ALIVE).await.starts_with("HTTP/1.1 200") {}
    writer.join().unwrap();
}

#[tokio::test]
async fn hundreds_of_streams_are_open_at_once_one_more_is_sent_away_and_all_end_with_the_server() {
    let wire = Wire::of(Limits::default());
    let asked = "GET /v1/events HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let mut streams = Vec::new();
    for at in 0..256_u16 {
        let stream = wire.connect(10 + u8::try_from(at / 32).unwrap()).await;
        say(&stream, asked);
        streams.push(stream);
    }
    for stream in &streams {
        let mut heard = String::new();
        let mut buffer = [0; 4096];
        while !heard.contains("event: synced") {
            let read = (&mut &*stream).read(&mut buffer).unwrap();
            assert_ne!(read, 0, "it ended: {heard}");
            heard.push_str(std::str::from_utf8(&buffer[..read]).unwrap());
        }
    }
    let closing = asked.replace("\r\n\r\n", "\r\nconnection: close\r\n\r\n");
    let refused = wire.ask(40, &closing).await;
    assert!(refused.starts_with("HTTP/1.1 503") && refused.contains("retry-after: 5"), "{refused}");
    assert!(wire.ask(40, ALIVE).await.starts_with("HTTP/1.1 200"));
    drop(streams.pop());
    while !ask_for_a_stream(&wire).await {}
    drop(wire);
    for stream in &streams {
        let rest = hear(stream);
        assert!(!rest.contains("event: table"), "{rest}");
    }
}

async fn ask_for_a_stream(wire: &Wire) -> bool {
    let stream = wire.connect(41).await;
    say(&stream, "GET /v1/events HTTP/1.1\r\nhost: localhost\r\n\r\n");
    let mut buffer = [0; 12];
    (&stream).read_exact(&mut buffer).is_ok() && buffer.ends_with(b"200")
}
