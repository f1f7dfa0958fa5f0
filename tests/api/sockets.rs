//! Clients that hold what they should give back: each gets its own share and no more, and the others are served.
//!
//! Real sockets with short limits. Nothing here waits for a span of time: a server that closes is read from, and a place
//! that becomes free is asked for until it is.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use evenkeel::api::{Api, Limits, Rate, Scrape, Server, Setup, start};
use evenkeel::controller::handle::{Door, door};
use tokio::net::TcpSocket;

const SHORT: Duration = Duration::from_millis(300);

fn short() -> Limits {
    Limits {
        connections: 30,
        connections_per_peer: 10,
        head: SHORT,
        body: SHORT,
        write: SHORT,
        requests: Rate { burst: 100_000, every: Duration::from_millis(1) },
        ..Limits::default()
    }
}

/// A server without a controller, and its address.
fn served(limits: Limits) -> (Server, SocketAddr, Door) {
    let (handle, door) = door();
    let api = Api::new(Setup {
        handle,
        speed: 1.0,
        limits,
        metrics: Scrape { media_type: "text/plain", text: Box::new(String::new) },
        tokens: None,
        tls: None,
        said: Box::new(|_| {}),
    });
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    (start(listener, Arc::new(api)).unwrap(), address, door)
}

/// A connection from one of this machine's own addresses.
async fn connect(address: SocketAddr, last: u8) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from(([127, 0, 0, last], 0))).unwrap();
    let stream = socket.connect(address).await.unwrap().into_std().unwrap();
    stream.set_nonblocking(false).unwrap();
    stream
}

fn say(mut stream: &TcpStream, text: &str) {
    // The other side may have closed, which is then read.
    let _ = stream.write_all(text.as_bytes());
}

fn hear(mut stream: &TcpStream) -> String {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

async fn ask(address: SocketAddr, last: u8, request: &str) -> String {
    let stream = connect(address, last).await;
    say(&stream, request);
    hear(&stream)
}

const ALIVE: &str = "GET /livez HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

#[tokio::test]
async fn who_sends_heads_byte_by_byte_holds_its_own_share_and_loses_it() {
    let (_server, address, _door) = served(short());
    let mut slow = Vec::new();
    for _ in 0..15 {
        let stream = connect(address, 2).await;
        say(&stream, "GET /livez HTTP/1.1\r\nhost: loc");
        slow.push(stream);
    }
    assert!(ask(address, 3, ALIVE).await.starts_with("HTTP/1.1 200"));
    for stream in &slow {
        assert!(!hear(stream).contains(" 200 "));
    }
    assert!(ask(address, 2, ALIVE).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_connection_on_which_nothing_is_asked_any_more_is_closed() {
    let (_server, address, _door) = served(short());
    let stream = connect(address, 2).await;
    say(&stream, "GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n");
    let heard = hear(&stream);
    assert_eq!(heard.matches("HTTP/1.1 200").count(), 1, "{heard}");
    assert_eq!(hear(&connect(address, 2).await), "");
}

#[tokio::test]
async fn a_body_that_does_not_come_is_a_problem_and_what_is_no_http_is_refused() {
    let (_server, address, _door) = served(short());
    let garbage = ask(address, 2, "\x16\x03\x01\x02 hello\r\n\r\n").await;
    assert!(garbage.is_empty() || garbage.starts_with("HTTP/1.1 400"), "{garbage}");
    let lines = "x: y\r\n".repeat(200);
    let many = ask(address, 2, &format!("GET /livez HTTP/1.1\r\nhost: localhost\r\n{lines}\r\n")).await;
    assert!(many.starts_with("HTTP/1.1 431"), "{many}");
    let long =
        format!("GET /livez HTTP/1.1\r\nhost: localhost\r\nx: {}\r\nconnection: close\r\n\r\n", "y".repeat(20_000));
    let long = ask(address, 2, &long).await;
    assert!(long.starts_with("HTTP/1.1 431") && long.contains("/problems/head-too-large"), "{long}");
    let endless =
        ask(address, 2, &format!("GET /livez HTTP/1.1\r\nhost: localhost\r\nx: {}", "y".repeat(200_000))).await;
    assert!(endless.is_empty() || endless.starts_with("HTTP/1.1 431"), "{endless}");
}

#[tokio::test]
async fn who_asks_and_does_not_read_loses_the_connection() {
    let (_server, address, _door) =
        served(Limits { connections_per_peer: 1, head: Duration::from_secs(600), ..short() });
    let greedy = connect(address, 2).await;
    let asks = "GET /openapi.json HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(2000);
    let mut writing = greedy.try_clone().unwrap();
    let writer = std::thread::spawn(move || drop(writing.write_all(asks.as_bytes())));
    // There is one place for this address, and it is given back though nobody reads.
    while !ask(address, 2, ALIVE).await.starts_with("HTTP/1.1 200") {}
    writer.join().unwrap();
}

#[tokio::test]
async fn hundreds_of_streams_are_open_at_once_one_more_is_sent_away_and_all_end_with_the_server() {
    let (server, address, _door) = served(Limits::default());
    let asked = "GET /v1/events HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let mut streams = Vec::new();
    for at in 0..256_u16 {
        let stream = connect(address, 10 + u8::try_from(at / 32).unwrap()).await;
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
    let refused = ask(address, 40, &closing).await;
    assert!(refused.starts_with("HTTP/1.1 503") && refused.contains("retry-after: 5"), "{refused}");
    assert!(ask(address, 40, ALIVE).await.starts_with("HTTP/1.1 200"));
    drop(streams.pop());
    while !ask_for_a_stream(address).await {}
    drop(server);
    for stream in &streams {
        let rest = hear(stream);
        assert!(!rest.contains("event: table"), "{rest}");
    }
}

async fn ask_for_a_stream(address: SocketAddr) -> bool {
    let stream = connect(address, 41).await;
    say(&stream, "GET /v1/events HTTP/1.1\r\nhost: localhost\r\n\r\n");
    let mut buffer = [0; 12];
    (&stream).read_exact(&mut buffer).is_ok() && buffer.ends_with(b"200")
}
