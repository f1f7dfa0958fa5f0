//! The TCP door: any AWS client with its endpoint set here drives the simulator.
//!
//! Owns the server and the size limit. What is answered is decided by `http` (AWS's own paths) and `inspect`
//! (`/_sim`), both plain functions; the lock is held for one of them at a time and never across an await.

use std::io;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use http::{Response, StatusCode};
use tokio::net::TcpListener;

use crate::simulator::wire::clock::Clock;
use crate::simulator::wire::http::respond;
use crate::simulator::wire::inspect::{self, inspect};
use crate::simulator::world::Simulator;

/// Bodies may be this large, in bytes. AWS's own limit for these services is smaller; this one only protects memory.
const BODY_LIMIT: usize = 4 * 1024 * 1024;

#[derive(Clone)]
struct Door {
    simulator: Arc<Mutex<Simulator>>,
    clock: Arc<dyn Clock>,
}

/// Serves AWS's APIs and `/_sim` on `listener` until the future is dropped.
///
/// # Errors
/// What the listener reports.
pub async fn serve(listener: TcpListener, simulator: Arc<Mutex<Simulator>>, clock: Arc<dyn Clock>) -> io::Result<()> {
    let router = Router::new().fallback(answer).with_state(Door { simulator, clock });
    axum::serve(listener, router).await
}

async fn answer(State(door): State<Door>, request: Request) -> Response<Body> {
    let (head, body) = request.into_parts();
    let response = match to_bytes(body, BODY_LIMIT).await {
        Ok(bytes) => door.answer(Request::from_parts(head, bytes.to_vec())),
        Err(_) => inspect::refusal(StatusCode::PAYLOAD_TOO_LARGE, "the body is unreadable or larger than 4 MiB"),
    };
    response.map(Body::from)
}

impl Door {
    fn answer(&self, request: http::Request<Vec<u8>>) -> Response<Vec<u8>> {
        let mut simulator = self.simulator.lock().expect("no request panics while it holds the simulator");
        if request.uri().path().starts_with("/_sim") {
            return inspect(&mut simulator, self.clock.as_ref(), &request);
        }
        // The clock is read under the lock, so that requests reach the world in the order of their times.
        respond(&mut simulator, self.clock.now(), request)
    }
}
