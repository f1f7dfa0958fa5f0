//! A controller in a process of its own with its HTTP API, and a client that is nothing but a socket.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Child;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use serde_json::Value;

use super::command::signal;
use super::sim::Sim;

/// A controller that listens.
pub(super) struct Served {
    child: Child,
    pub(super) address: String,
    said: Arc<Mutex<Vec<String>>>,
    hearing: Option<JoinHandle<()>>,
}

/// An answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: String,
}

/// An event stream that is being read.
pub(super) struct Events {
    reader: BufReader<TcpStream>,
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended by itself; either way nothing is left behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Served {
    /// A controller of this account's table, with more options.
    pub(super) fn of(sim: &Sim, options: &[&str]) -> Self {
        let listen = ["reconcile", "--reload", "20ms", "--listen", "127.0.0.1:0"];
        let arguments = [&listen[..], options, &[sim.table.as_str()]].concat();
        let mut child = sim.command(&arguments).spawn().expect("the binary that cargo built starts");
        let mut lines = BufReader::new(child.stderr.take().expect("stderr is kept")).lines();
        let mut before = Vec::new();
        let address = loop {
            let line = lines.next().unwrap_or_else(|| panic!("it ended: {before:?}")).expect("it speaks UTF-8");
            if let Some((_, address)) = line.split_once("listening on ") {
                break address.split_once("://").map_or(address, |(_, address)| address).to_owned();
            }
            before.push(line);
        };
        let said = Arc::new(Mutex::new(before));
        let heard = Arc::clone(&said);
        let hearing = std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                heard.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            }
        });
        Self { child, address, said, hearing: Some(hearing) }
    }

    /// Everything that it said so far.
    pub(super) fn said(&self) -> String {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).join("\n")
    }

    /// Terminates it; its exit code, and everything that it said.
    pub(super) fn terminated(mut self) -> (Option<i32>, String) {
        signal(&self.child, "TERM");
        let code = self.child.wait().expect("a child can be waited for").code();
        self.hearing.take().expect("it is heard").join().expect("hearing ends with what is heard");
        (code, self.said())
    }

    /// A connection.
    pub(super) fn connect(&self) -> TcpStream {
        TcpStream::connect(&self.address).expect("it listens")
    }

    /// Asks with headers, each with its line end, and a body.
    pub(super) fn ask(&self, method: &str, path: &str, headers: &str, body: &str) -> Answer {
        let mut stream = self.connect();
        let (host, length) = (&self.address, body.len());
        let host = if headers.contains("host:") { String::new() } else { format!("host: {host}\r\n") };
        let request = format!(
            "{method} {path} HTTP/1.1\r\n{host}connection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
        );
        stream.write_all(request.as_bytes()).expect("it reads");
        Answer::read(stream)
    }

    /// Asks for a path.
    pub(super) fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, "", "")
    }

    /// Opens the event stream.
    pub(super) fn events(&self, headers: &str) -> Events {
        let mut stream = self.connect();
        let request = format!("GET /v1/events HTTP/1.1\r\nhost: {}\r\n{headers}\r\n", self.address);
        stream.write_all(request.as_bytes()).expect("it reads");
        Events { reader: BufReader::new(stream) }
    }
}

impl Answer {
    /// Reads until the other side closes.
    pub(super) fn read(mut stream: TcpStream) -> Self {
        let mut bytes = Vec::new();
        // What was read before a reset counts.
        let _ = stream.read_to_end(&mut bytes);
        let text = String::from_utf8(bytes).expect("it answers in UTF-8");
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no HTTP response: {text:?}"));
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("it has a status");
        Self { status, head: head.to_lowercase(), body: body.to_owned() }
    }

    /// The body, which must be JSON, under this status.
    #[track_caller]
    pub(super) fn json(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}\n{}", self.head, self.body);
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// A problem of this type.
    #[track_caller]
    pub(super) fn problem(&self, status: u16, kind: &str) -> Value {
        assert!(self.head.contains("content-type: application/problem+json"), "{}\n{}", self.head, self.body);
        let problem = self.json(status);
        assert_eq!(problem["type"], format!("/problems/{kind}"), "{problem}");
        assert_eq!(problem["status"], status, "{problem}");
        problem
    }
}

impl Events {
    /// The next event: its name and its document. `None` when the stream has ended.
    pub(super) fn next(&mut self) -> Option<(String, Value)> {
        let mut name = String::new();
        loop {
            let mut line = String::new();
            if self.reader.read_line(&mut line).unwrap_or(0) == 0 {
                return None;
            }
            let line = line.trim_end();
            if let Some(event) = line.strip_prefix("event: ") {
                name = event.to_owned();
            }
            if let Some(data) = line.strip_prefix("data: ") {
                return Some((name, serde_json::from_str(data).expect("events are JSON")));
            }
        }
    }

    /// The first event of this name that fits.
    #[track_caller]
    pub(super) fn until(&mut self, event: &str, fits: impl Fn(&Value) -> bool) -> Value {
        loop {
            match self.next() {
                Some((name, document)) if name == event && fits(&document) => return document,
                Some(_) => {}
                None => panic!("the stream ended without {event}"),
            }
        }
    }
}
