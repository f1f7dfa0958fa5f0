//! Connections, each within its limits, on a thread of their own: whatever clients do, the controller does not wait for it.

use std::convert::Infallible;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tower::ServiceExt as _;

use super::entrance::Peer;
use super::limits::{self, Limits};
use super::patience::Patient;
use super::router::router;
use super::seats::{Seat, Seats};
use super::state::Api;

/// After an `accept` that failed, most likely for want of file handles: connections that end give some back.
const BREATH: Duration = Duration::from_millis(100);

/// A server that runs until this is dropped.
#[derive(Debug)]
pub struct Server {
    api: Arc<Api>,
    ended: Receiver<()>,
}

/// Serves on a thread of its own.
///
/// # Errors
/// What the socket or the thread reports.
pub fn start(listener: TcpListener, api: Arc<Api>) -> io::Result<Server> {
    listener.set_nonblocking(true)?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let (end, ended) = channel();
    let shared = Arc::clone(&api);
    std::thread::Builder::new().name("api".to_owned()).spawn(move || {
        if let Err(error) = runtime.block_on(serve(listener, &shared)) {
            tracing::error!(%error, "the API ended");
        }
        // An error says that nobody waits for it.
        let _ = end.send(());
    })?;
    Ok(Server { api, ended })
}

impl Drop for Server {
    /// Lets what is being answered end, for a moment.
    fn drop(&mut self) {
        self.api.end();
        match self.ended.recv_timeout(limits::GRACE) {
            Ok(()) | Err(RecvTimeoutError::Disconnected) => {}
            Err(RecvTimeoutError::Timeout) => tracing::warn!("requests were cut off at the end"),
        }
    }
}

async fn serve(listener: TcpListener, api: &Arc<Api>) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let router = router(api);
    let seats = Arc::new(Seats::new(api.limits.connections, api.limits.connections_per_peer));
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            () = api.until_end() => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    // One too many is closed: an answer would cost what there is too little of.
                    let Ok(seat) = seats.take(&address(peer)) else { continue };
                    connections.spawn(connection(stream, peer, seat, router.clone(), Arc::clone(api)));
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    sleep(BREATH).await;
                }
            },
        }
    }
    drop(listener);
    let all = async { while connections.join_next().await.is_some() {} };
    let _ = timeout(limits::GRACE, all).await;
    Ok(())
}

async fn connection(stream: TcpStream, peer: SocketAddr, _seat: Seat, router: Router, api: Arc<Api>) {
    // Answers are small and whole; waiting for more would only delay them.
    let _ = stream.set_nodelay(true);
    let Limits { head, write, .. } = api.limits;
    let service = service_fn(move |request: Request<Incoming>| {
        let router = router.clone();
        async move {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(Peer(peer.ip().to_canonical()));
            let Ok(response) = router.oneshot(request).await;
            Ok::<_, Infallible>(response)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head)
        .max_buf_size(limits::READ_BUFFER)
        .max_headers(limits::HEADER_LINES)
        .serve_connection(TokioIo::new(Patient::new(stream, write)), service);
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        biased;
        ended = connection.as_mut() => ended,
        () = api.until_end() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke off");
    }
}

/// Who a connection counts for. An IPv6 client has a whole /64 to choose addresses from, so that counts as one.
fn address(peer: SocketAddr) -> String {
    match peer.ip().to_canonical() {
        std::net::IpAddr::V4(address) => address.to_string(),
        std::net::IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}
