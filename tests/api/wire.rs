//! A server without a controller on a real socket, with short limits, and clients at addresses of their own.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use evenkeel::api::{Api, Limits, Rate, Scrape, Server, Setup, Tls, TokenFile, start};
use evenkeel::controller::handle::{Door, door};
use evenkeel::telemetry::metrics::Metrics;
use tokio::net::TcpSocket;

use super::bench::{OPERATOR, READER, token};

pub(super) const SHORT: Duration = Duration::from_millis(300);

pub(super) const ALIVE: &str = "GET /livez HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

/// A server, for as long as this is kept.
pub(super) struct Wire {
    _server: Server,
    pub(super) address: SocketAddr,
    _door: Door,
}

pub(super) fn short() -> Limits {
    Limits {
        connections: 30,
        connections_per_peer: 10,
        head: SHORT,
        idle: SHORT,
        body: SHORT,
        write: SHORT,
        reload: Duration::from_millis(10),
        requests: Rate { burst: 100_000, every: Duration::from_millis(1) },
        ..Limits::default()
    }
}

/// The tokens of the bench.
pub(super) fn tokens() -> TokenFile {
    let lines = format!("{}\n{}\n", token(READER).line, token(OPERATOR).line);
    TokenFile::open(move || Ok(lines.clone().into_bytes())).unwrap()
}

impl Wire {
    /// Everybody at this machine may look.
    pub(super) fn of(limits: Limits) -> Self {
        Self::with(limits, None, None)
    }

    pub(super) fn with(limits: Limits, tokens: Option<TokenFile>, tls: Option<Tls>) -> Self {
        let (handle, door) = door();
        let metrics = Metrics::new(handle.clone());
        let api = Api::new(Setup {
            handle,
            speed: 1.0,
            limits,
            metrics: Scrape { media_type: "text/plain", text: Box::new(move |served| metrics.text(served)) },
            tokens,
            tls,
            said: Box::new(|_| {}),
        });
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        Self { _server: start(listener, Arc::new(api)).unwrap(), address, _door: door }
    }

    /// A connection from one of this machine's own addresses.
    pub(super) async fn connect(&self, last: u8) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::from(([127, 0, 0, last], 0))).unwrap();
        let stream = socket.connect(self.address).await.unwrap().into_std().unwrap();
        stream.set_nonblocking(false).unwrap();
        stream
    }

    /// A connection with an event stream, which has begun: who is answered gives its place to nobody.
    pub(super) async fn stream(&self, last: u8) -> TcpStream {
        let stream = self.connect(last).await;
        say(&stream, "GET /v1/events HTTP/1.1\r\nhost: localhost\r\n\r\n");
        (&stream).read_exact(&mut [0; 12]).unwrap();
        stream
    }

    /// Sends this, and hears what comes until the other side closes.
    pub(super) async fn ask(&self, last: u8, request: &str) -> String {
        let stream = self.connect(last).await;
        say(&stream, request);
        hear(&stream)
    }
}

pub(super) fn say(mut stream: &TcpStream, bytes: impl AsRef<[u8]>) {
    // The other side may have closed, which is then read.
    let _ = stream.write_all(bytes.as_ref());
}

pub(super) fn hear(mut stream: &TcpStream) -> String {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Asserts that this is a problem, whole, and the last thing on its connection.
#[track_caller]
pub(super) fn is_problem(heard: &str, status: u16, kind: &str) {
    let start = heard.rfind(&format!("HTTP/1.1 {status} ")).unwrap_or_else(|| panic!("no such answer: {heard:?}"));
    let (head, body) = heard[start..].split_once("\r\n\r\n").unwrap_or_else(|| panic!("no head: {heard:?}"));
    assert!(head.contains("content-type: application/problem+json"), "{heard}");
    assert!(head.contains(&format!("content-length: {}", body.len())), "{heard}");
    let problem: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(problem["type"], format!("/problems/{kind}"), "{heard}");
}
