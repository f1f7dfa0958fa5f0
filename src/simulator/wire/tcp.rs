//! The TCP door: any AWS client with its endpoint set here drives the simulator.
//!
//! Owns the server and the size limit. What is answered is decided by `http` (AWS's own paths) and `inspect`
//! (`/_sim`), both plain functions; the lock is held for one of them at a time and never across an await.

use std::io;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use http::{Response, StatusCode};
use tokio::net::TcpListener;
use tokio::time::sleep;

use crate::simulator::fault::Way;
use crate::simulator::wire::clock::Clock;
use crate::simulator::wire::http::{Reply, respond};
use crate::simulator::wire::inspect::{self, inspect};
use crate::simulator::wire::line::{Lines, Scissors};
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
    axum::serve(Lines(listener), router.into_make_service_with_connect_info::<Scissors>()).await
}

async fn answer(
    State(door): State<Door>,
    ConnectInfo(scissors): ConnectInfo<Scissors>,
    request: Request,
) -> Response<Body> {
    let (head, body) = request.into_parts();
    let reply = match to_bytes(body, BODY_LIMIT).await {
        Ok(bytes) => door.answer(&http::Request::from_parts(head, bytes.to_vec())),
        Err(_) => {
            let why = "the body is unreadable or larger than 4 MiB";
            Reply::Response(inspect::refusal(StatusCode::PAYLOAD_TOO_LARGE, why), Way::Whole)
        }
    };
    let response = match reply {
        Reply::Nothing => {
            scissors.cut_after(0);
            Response::new(Vec::new())
        }
        Reply::Response(response, Way::Cut) => {
            scissors.cut_after(head_length(&response) + response.body().len() / 2);
            response
        }
        Reply::Response(response, Way::Late(ms)) => {
            sleep(door.clock.wait_for(ms)).await;
            response
        }
        Reply::Response(response, Way::Whole | Way::Garbled) => response,
    };
    response.map(Body::from)
}

impl Door {
    fn answer(&self, request: &http::Request<Vec<u8>>) -> Reply {
        let mut simulator = self.simulator.lock().expect("no request panics while it holds the simulator");
        if inspect::is_ours(request.uri().path()) {
            return Reply::Response(inspect(&mut simulator, self.clock.as_ref(), request), Way::Whole);
        }
        // The clock is read under the lock, so that requests reach the world in the order of their times.
        respond(&mut simulator, self.clock.now(), request)
    }
}

/// How many bytes a response has before its body: the status line, our headers, and the length that the server adds.
fn head_length(response: &Response<Vec<u8>>) -> usize {
    let status = response.status();
    let status_line = "HTTP/1.1 200 \r\n".len() + status.canonical_reason().map_or(0, str::len);
    let line = |name: &str, value: usize| name.len() + ": ".len() + value + "\r\n".len();
    let headers: usize = response.headers().iter().map(|(name, value)| line(name.as_str(), value.len())).sum();
    status_line + headers + line("content-length", response.body().len().to_string().len()) + "\r\n".len()
}
