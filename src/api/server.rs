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
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use tokio::task::JoinSet;
use tokio::time::{interval, sleep, timeout};
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
    let watcher = Arc::clone(api);
    let watching = tokio::spawn(async move { watcher.watched.watch(&watcher.handle).await });
    let mut reload = interval(limits::RELOAD);
    loop {
        tokio::select! {
            biased;
            () = api.until_end() => break,
            Some(_) = connections.join_next() => {}
            _ = reload.tick() => api.reload(),
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    // One too many is closed: an answer would cost what there is too little of.
                    let Ok(seat) = seats.take(&Peer::of_address(peer).counted()) else { continue };
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
    watching.abort();
    let all = async { while connections.join_next().await.is_some() {} };
    let _ = timeout(limits::GRACE, all).await;
    Ok(())
}

/// One connection, in plain text or not.
async fn connection(stream: TcpStream, peer: SocketAddr, _seat: Seat, router: Router, api: Arc<Api>) {
    // Answers are small and whole; waiting for more would only delay them.
    let _ = stream.set_nodelay(true);
    let Some(tls) = &api.tls else { return serve_over(stream, peer, router, &api).await };
    match timeout(api.limits.head, tls.accept(stream)).await {
        Ok(Ok(stream)) => serve_over(stream, peer, router, &api).await,
        Ok(Err(error)) => tracing::debug!(%error, "a client could not be greeted"),
        Err(_) => tracing::debug!("a client did not greet in time"),
    }
}

async fn serve_over<S>(stream: S, peer: SocketAddr, router: Router, api: &Api)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Limits { head, write, .. } = api.limits;
    let service = service_fn(move |request: Request<Incoming>| {
        let router = router.clone();
        async move {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(Peer::of_address(peer));
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
