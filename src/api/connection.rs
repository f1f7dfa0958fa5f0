//! One connection, from its greeting to its last words, within its limits.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use http::Request;
use hyper::body::{Frame, Incoming, SizeHint};
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
pub(super) async fn serve(stream: TcpStream, peer: SocketAddr, seat: Seat, router: Router, api: Arc<Api>) {
    // Answers are small and whole; waiting for more would only delay them.
    let _ = stream.set_nodelay(true);
    let seat = Arc::new(seat);
    tokio::select! {
        biased;
        () = seat.lost() => tracing::debug!("a client that only waited gave its place to another"),
        () = greet(stream, peer, &seat, router, &api) => {}
    }
}

async fn greet(stream: TcpStream, peer: SocketAddr, seat: &Arc<Seat>, router: Router, api: &Api) {
    let Some(tls) = &api.tls else { return serve_over(stream, peer, seat, router, api).await };
    match timeout(api.limits.head, tls.accept(stream)).await {
        Ok(Ok(stream)) => {
            seat.greeted();
            serve_over(stream, peer, seat, router, api).await;
        }
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

async fn serve_over<S>(stream: S, peer: SocketAddr, seat: &Arc<Seat>, router: Router, api: &Api)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut socket = Candid::new(Patient::new(stream, api.limits.write), Arc::clone(seat));
    let ended = answer(&mut socket, peer, seat, router, api).await;
    if let Some(Err(error)) = &ended {
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

/// Answers requests until one side has enough of it; `None` if the client took too long for a head.
async fn answer<S>(
    socket: &mut S,
    peer: SocketAddr,
    seat: &Arc<Seat>,
    router: Router,
    api: &Api,
) -> Option<Result<(), hyper::Error>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let Limits { head, idle, .. } = api.limits;
    let service = service_fn(|request: Request<Incoming>| {
        let (router, seat) = (router.clone(), Arc::clone(seat));
        async move {
            seat.asked();
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(Peer::of_address(peer));
            request.extensions_mut().insert(Arc::clone(&seat));
            let Ok(response) = router.oneshot(request).await;
            Ok::<_, Infallible>(response.map(|body| Answer { body, seat }))
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        // hyper's clock runs from the last answer to the end of the next head.
        .header_read_timeout(idle)
        .max_buf_size(limits::READ_BUFFER)
        .max_headers(limits::HEADER_LINES)
        .serve_connection(TokioIo::new(socket), service);
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        biased;
        ended = connection.as_mut() => Some(ended),
        () = seat.too_slow(head) => None,
        () = api.until_end() => {
            connection.as_mut().graceful_shutdown();
            Some(connection.await)
        }
    }
}

/// An answer's body, whose end is told.
struct Answer {
    body: Body,
    seat: Arc<Seat>,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.seat.answered();
    }
}

/// What a client should be told to whom nobody has answered.
fn unsaid<S>(socket: &mut Candid<S>, ended: &Option<Result<(), hyper::Error>>) -> Option<Reason> {
    let Some(ended) = ended else { return socket.is_waited_for().then_some(Reason::HeadTooSlow) };
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
