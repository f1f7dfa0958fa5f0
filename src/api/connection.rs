//! One connection, from its greeting to its last words, within its limits.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tower::ServiceExt as _;

use super::candid::Candid;
use super::entrance::Peer;
use super::farewell;
use super::limits::{self, Limits};
use super::patience::Patient;
use super::problem::Reason;
use super::seats::Seat;
use super::state::Api;

/// Serves a client that has a place, in plain text or not.
pub(super) async fn serve(stream: TcpStream, peer: SocketAddr, _seat: Seat, router: Router, api: Arc<Api>) {
    // Answers are small and whole; waiting for more would only delay them.
    let _ = stream.set_nodelay(true);
    let Some(tls) = &api.tls else { return serve_over(stream, peer, router, &api).await };
    match timeout(api.limits.head, tls.accept(stream)).await {
        Ok(Ok(stream)) => serve_over(stream, peer, router, &api).await,
        Ok(Err(error)) => tracing::debug!(%error, "a client could not be greeted"),
        Err(_) => tracing::debug!("a client did not greet in time"),
    }
}

/// Tells a client for whom there is no place.
pub(super) async fn send_away(stream: TcpStream, words: Bytes, _seat: Seat, api: Arc<Api>) {
    let telling = async {
        let mut stream = stream;
        match &api.tls {
            None => farewell::say(&mut stream, &words).await,
            Some(tls) => {
                if let Ok(mut stream) = tls.accept(stream).await {
                    farewell::say(&mut stream, &words).await;
                }
            }
        }
    };
    briefly(&api, telling).await;
}

async fn serve_over<S>(stream: S, peer: SocketAddr, router: Router, api: &Api)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut socket = Candid::new(Patient::new(stream, api.limits.write));
    let ended = answer(&mut socket, peer, router, api).await;
    if let Err(error) = &ended {
        tracing::debug!(%error, "a connection broke off");
    }
    let words = match unsaid(&mut socket, &ended) {
        Some(reason) => {
            api.tally.told(reason);
            farewell::written(reason.into()).await
        }
        None => Bytes::new(),
    };
    briefly(api, farewell::say(&mut socket, &words)).await;
}

/// Answers requests until one side has enough of it.
async fn answer<S>(socket: &mut S, peer: SocketAddr, router: Router, api: &Api) -> Result<(), hyper::Error>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let Limits { head, .. } = api.limits;
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
        .serve_connection(TokioIo::new(socket), service);
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        biased;
        ended = connection.as_mut() => ended,
        () = api.until_end() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    }
}

/// What a client should be told to whom nobody has answered.
fn unsaid<S>(socket: &mut Candid<S>, ended: &Result<(), hyper::Error>) -> Option<Reason> {
    match (socket.take_bare(), ended) {
        // The longest path is below what hyper takes, so 414 is no path of ours either.
        (Some(414 | 431), _) => Some(Reason::HeadTooLarge),
        (Some(_), _) => Some(Reason::NotHttp),
        // Between two requests nobody waits for an answer.
        (None, Err(error)) if error.is_timeout() && socket.is_waited_for() => Some(Reason::HeadTooSlow),
        (None, Err(error)) if error.is_parse() && socket.is_waited_for() => Some(Reason::NotHttp),
        (None, Ok(()) | Err(_)) => None,
    }
}

/// Does what does not keep the end of the server waiting, nor anybody's place for long.
async fn briefly(api: &Api, parting: impl Future<Output = ()>) {
    tokio::select! {
        biased;
        () = api.until_end() => {}
        _ = timeout(limits::FAREWELL, parting) => {}
    }
}
